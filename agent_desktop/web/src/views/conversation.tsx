/** One interaction: header, controls, words, composer, wrap-up. */

import { useEffect } from "preact/hooks";
import { command, markRead, readEntries } from "../app/acts";
import { whoName } from "../app/effects";
import { go } from "../app/route";
import { CallControls, CallFacts, Keypad, Parties } from "../phone/controls";
import { Recordings } from "../phone/recordings";
import type { Call } from "../phone/shapes";
import type { Item } from "../state/shapes";
import { hourMinute } from "../words/format";
import { mediumWord, t, title } from "../words/words";
import { Clock, SlaClock } from "./clock";
import { Composer } from "./composer";
import { useDesk, usePart } from "./context";
import { Entries } from "./entries";
import { Icon } from "./icon";
import { Menu, type MenuRow } from "./menu";
import { Empty, Press } from "./parts";
import { worksAtDesk } from "./places";
import { Picker } from "./transfer";
import { WrapUpTray } from "./wrapup";

/** Media whose sound may have been recorded. */
export const RECORDED: ReadonlySet<string> = new Set(["voice", "callback", "voicemail"]);

export function Conversation({ id }: { id: string }) {
  const desk = useDesk();
  const item = usePart((state) => state.items.get(id) ?? null).value;
  const done = usePart((state) => state.justDone.get(id) ?? null).value;
  const status = usePart((state) => state.conversations.get(id)?.status ?? "absent").value;
  const shown = item ?? done?.item ?? null;
  useEffect(() => {
    if (shown !== null && status === "absent") void readEntries(desk, id);
  }, [id, status, shown === null]);
  useReadMark(id);
  const phase = item === null ? "finished" : item.phase;
  if (shown === null) return <Nothing />;
  return (
    <main class="conversation" id="main" data-region="conversation" tabIndex={-1}>
      <Header item={shown} gone={item === null} />
      {RECORDED.has(shown.medium) ? <Recordings key={`recordings-${id}`} id={id} phase={phase} /> : null}
      <Entries key={id} item={shown} />
      {item === null ? null : <Composer key={`composer-${id}`} item={item} />}
      {shown.wrap_up === null && item !== null ? null : (
        <WrapUpTray key={`wrap-${id}`} item={shown} gone={item === null} />
      )}
    </main>
  );
}

function useReadMark(id: string): void {
  const desk = useDesk();
  const last = usePart((state) => state.conversations.get(id)?.entries.at(-1)?.number ?? 0).value;
  useEffect(() => {
    const read = (): void => {
      if (document.hasFocus()) markRead(desk, id);
    };
    read();
    addEventListener("focus", read);
    return () => removeEventListener("focus", read);
  }, [id, last]);
}

function Nothing() {
  const desk = useDesk();
  const known = usePart((state) => state.known).value;
  return (
    <main class="conversation conversation-none" id="main" data-region="conversation" tabIndex={-1}>
      <h1 class="hidden-text">{t("place.work")}</h1>
      {known && worksAtDesk(desk.session) ? (
        <Empty icon="work">
          <p>{t("conversation.empty")}</p>
          <p class="muted">
            <kbd>j</kbd> <kbd>k</kbd> {t("conversation.empty_keys")}
          </p>
        </Empty>
      ) : null}
    </main>
  );
}

function Header({ item, gone }: { item: Item; gone: boolean }) {
  const call = useDesk().phone.of(item.interaction_id);
  return (
    <div class="conversation-head">
      <div class="conversation-title">
        <Press small tone="quiet" label={t("conversation.back")} onPress={() => go("work")}>
          <span class="narrow-only" aria-hidden="true">
            ‹
          </span>
        </Press>
        <h1 id="conversation-title" tabIndex={-1}>
          <Icon name={item.medium} size={20} />
          <bdi>{whoName(item.customer.name)}</bdi>
          <span class="conversation-medium">{mediumWord(item.medium)}</span>
        </h1>
        <span class="spring" />
        <SlaClock item={item} word />
        <DrawerButton />
      </div>
      <div class="conversation-facts">
        <span>{title(item.queue_title, item.queue)}</span>
        {item.summary === "" ? null : <bdi class="conversation-summary">{item.summary}</bdi>}
        <span class="muted">{t("conversation.waited", { time: hourMinute(item.arrived) })}</span>
        <Others item={item} />
        <Held item={item} />
      </div>
      {call === null ? null : <CallFacts call={call} />}
      {gone ? <p class="muted">{t("conversation.gone")}</p> : <Controls item={item} call={call} />}
      {call === null ? null : <Parties call={call} />}
      <MaybeCase item={item} />
    </div>
  );
}

function DrawerButton() {
  const desk = useDesk();
  return (
    <span class="drawer-only">
      <Press
        small
        icon="customer"
        expanded={desk.drawerOpen.value}
        onPress={() => {
          desk.drawerOpen.value = !desk.drawerOpen.value;
        }}
      >
        {t("side.customer")}
      </Press>
    </span>
  );
}

function Others({ item }: { item: Item }) {
  if (item.others.length === 0) return null;
  return (
    <span>{t("conversation.others", { names: item.others.map((other) => other.name).join(", ") })}</span>
  );
}

function Held({ item }: { item: Item }) {
  if (item.held_since === null) return null;
  return (
    <span class="held">
      <Icon name="hold" size={14} /> {t("conversation.held")} <Clock at={item.held_since} />
    </span>
  );
}

function MaybeCase({ item }: { item: Item }) {
  if (item.may_belong_to.length === 0) return null;
  return (
    <p class="conversation-case">
      {t("conversation.may_belong_to")}{" "}
      {item.may_belong_to.map((id, index) => (
        <a key={id} href={`#/timeline/${encodeURIComponent(id)}`}>
          {t("conversation.case_link", { n: index + 1 })}
        </a>
      ))}
    </p>
  );
}

function Controls({ item, call }: { item: Item; call: Call | null }) {
  const desk = useDesk();
  const id = item.interaction_id;
  const can = new Set(item.can);
  const acts = desk.acts;
  const run = (name: string): void => void command(desk, name, { interaction_id: id });
  const picking = desk.popover.value;
  const consulting = can.has("complete_consult") || can.has("end_consult");
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would be read as a form */}
      <div class="controls" role="group" aria-label={t("controls.label")}>
        {call === null ? null : <CallControls call={call} />}
        {can.has("hold") || can.has("retrieve") ? (
          <Press
            icon="hold"
            pressed={item.held_since !== null}
            disabled={!acts}
            onPress={() => run(item.held_since === null ? "hold" : "retrieve")}
          >
            {t("controls.hold")}
          </Press>
        ) : null}
        {["transfer", "consult"].map((act) =>
          can.has(act) ? (
            <Press
              key={act}
              icon={act}
              id={`control-${act}`}
              disabled={!acts}
              expanded={picking === act}
              onPress={() => {
                desk.popover.value = picking === act ? "" : act;
              }}
            >
              {t(`controls.${act}` as "controls.transfer")}
            </Press>
          ) : null,
        )}
        {consulting ? <ConsultControls can={can} run={run} disabled={!acts} /> : null}
        <ParkMenu item={item} can={can} disabled={!acts} />
        <span class="spring" />
        {can.has("end") ? (
          <Press tone="danger" id="control-end" disabled={!acts} onPress={() => run("end")}>
            {t("controls.end")}
          </Press>
        ) : null}
      </div>
      {picking === "keypad" && call !== null ? <Keypad call={call} /> : null}
      {picking === "transfer" || picking === "consult" ? <Picker item={item} act={picking} /> : null}
    </>
  );
}

interface ConsultProps {
  readonly can: ReadonlySet<string>;
  readonly run: (name: string) => void;
  readonly disabled: boolean;
}

function ConsultControls({ can, run, disabled }: ConsultProps) {
  return (
    <>
      {can.has("complete_consult") ? (
        <Press tone="primary" disabled={disabled} onPress={() => run("complete_consult")}>
          {t("controls.complete")}
        </Press>
      ) : null}
      {can.has("end_consult") ? (
        <Press disabled={disabled} onPress={() => run("end_consult")}>
          {t("controls.end_consult")}
        </Press>
      ) : null}
    </>
  );
}

const MINUTE = 60_000;

function ParkMenu({ item, can, disabled }: { item: Item; can: ReadonlySet<string>; disabled: boolean }) {
  const desk = useDesk();
  const id = item.interaction_id;
  if (can.has("unpark")) {
    return (
      <Press
        tone="primary"
        disabled={disabled}
        onPress={() => void command(desk, "unpark", { interaction_id: id })}
      >
        {t("controls.unpark")}
      </Press>
    );
  }
  if (!can.has("park")) return null;
  const rows = [15, 60, 240, 1440].map(
    (minutes): MenuRow => ({
      id: String(minutes),
      words: t(`park.${minutes}` as "park.15"),
      onChoose: () =>
        void command(desk, "park", { interaction_id: id, until: desk.now() + minutes * MINUTE }),
    }),
  );
  return <Menu face={t("controls.park")} disabled={disabled} rows={rows} />;
}
