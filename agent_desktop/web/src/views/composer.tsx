/** Where replies and notes are written. The draft belongs to the item, never to this box. */

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { type SendOptions, send, staleWords, withdrawSend } from "../app/acts";
import type { Desk } from "../app/desk";
import { composing } from "../keys/dispatch";
import type { DraftKind, Item } from "../state/shapes";
import { hourMinute } from "../words/format";
import { mediumWord, t } from "../words/words";
import { AttachButton, Attachments } from "./attach";
import { CannedPicker } from "./canned";
import { ColleaguePicker } from "./colleague";
import { useDesk, usePart } from "./context";
import { Envelope, prepareMail } from "./envelope";
import { Icon } from "./icon";
import { Press, Strip, useGuard } from "./parts";

export function Composer({ item }: { item: Item }) {
  const desk = useDesk();
  const can = new Set(item.can);
  const kinds = (["reply", "note"] as const).filter((kind) => can.has(kind === "reply" ? "send" : "note"));
  const wanted = desk.composerTab.value;
  const kind = kinds.includes(wanted) ? wanted : kinds[0];
  if (kind === undefined) return null;
  return (
    <section
      class={`composer composer-${kind}`}
      data-region="composer"
      aria-label={t("region.composer")}
      id="composer"
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would be read as a form */}
      <div class="composer-kinds" role="group" aria-label={t("composer.kind")}>
        {kinds.map((each) => (
          <Press
            key={each}
            small
            tone="quiet"
            pressed={each === kind}
            onPress={() => {
              desk.composerTab.value = each;
            }}
          >
            {t(`composer.${each}`)}
          </Press>
        ))}
        <Saved item={item} kind={kind} />
      </div>
      <StaleStrip item={item} />
      {item.medium === "mail" && kind === "reply" ? <Envelope item={item} /> : null}
      <Writing key={kind} item={item} kind={kind} />
    </section>
  );
}

/** How to send while nothing is written; then what became of the draft: here only, or saved. */
function Saved({ item, kind }: { item: Item; kind: DraftKind }) {
  const desk = useDesk();
  const draft = desk.drafts.draft(item.interaction_id, kind).value;
  const words =
    draft.text === ""
      ? item.medium === "chat" && kind === "reply"
        ? t("composer.enter_sends")
        : t("composer.ctrl_enter")
      : draft.savedAt > 0
        ? t("composer.saved", { time: hourMinute(draft.savedAt, true) })
        : desk.lastingDrafts
          ? t("composer.here")
          : t("composer.memory");
  return (
    <span class="composer-saved muted" id="composer-hint">
      {words}
    </span>
  );
}

function Writing({ item, kind }: { item: Item; kind: DraftKind }) {
  const desk = useDesk();
  const id = item.interaction_id;
  const field = useRef<HTMLTextAreaElement>(null);
  const picking = useSignal<Picking | null>(null);
  const draft = desk.drafts.draft(id, kind);
  useDraftText(field, draft.value.text);
  const typing = useTyping(desk, id, kind);
  const sendNow = (options: SendOptions = {}): void => {
    if (prepareMail(desk, item, kind)) void send(desk, id, kind, options);
  };
  const over = (): void => {
    picking.value = null;
    field.current?.focus();
  };
  const insert = (text: string): void =>
    insertText(desk, field.current, id, kind, picking.value ?? NO_PICKING, text);
  const Picker = kind === "note" && picking.value?.what === "colleague" ? ColleaguePicker : CannedPicker;
  return (
    <div class="writing">
      {picking.value === null ? null : (
        <Picker item={item} find={picking.value.find} onClose={over} onText={insert} />
      )}
      <label for="composer-field" class="hidden-text">
        {t(kind === "reply" ? "composer.reply_label" : "composer.note_label", {
          medium: mediumWord(item.medium),
        })}
      </label>
      <textarea
        id="composer-field"
        ref={field}
        rows={item.medium === "mail" && kind === "reply" ? 8 : 3}
        data-kind={kind}
        aria-describedby="composer-hint stale-strip"
        placeholder={t(kind === "reply" ? "composer.placeholder" : "composer.note_placeholder")}
        readOnly={!desk.state.value.owner && desk.state.value.known}
        onInput={(event) => {
          const text = event.currentTarget.value;
          desk.drafts.write(id, kind, { text });
          typing(text !== "");
          picking.value = pickingAt(text, event.currentTarget.selectionStart, kind);
        }}
        onKeyDown={(event) => {
          if (!isSendKey(event, item, kind, picking.value !== null)) return;
          event.preventDefault();
          sendNow();
        }}
      />
      <WritingControls
        item={item}
        kind={kind}
        sendNow={sendNow}
        onPick={(what) => {
          picking.value = { what, find: "", from: field.current?.selectionStart ?? 0 };
        }}
      />
    </div>
  );
}

/** Enter alone sends in a chat, and never while an input method composes. */
function isSendKey(event: KeyboardEvent, item: Item, kind: DraftKind, picking: boolean): boolean {
  if (event.key !== "Enter" || composing(event) || picking) return false;
  const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey;
  return plain && kind === "reply" && item.medium === "chat";
}

/** The field shows the draft; what is typed is never put back by an older one. */
function useDraftText(field: { readonly current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    const element = field.current;
    if (element !== null && element.value !== text) element.value = text;
  }, [text]);
}

/** Tells the customer that somebody writes: at most every 4 s, and that it stopped. */
function useTyping(desk: Desk, id: string, kind: DraftKind): (typing: boolean) => void {
  const saidAt = useRef(0);
  const stop = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(stop.current), []);
  return (typing) => {
    if (kind !== "reply" || !desk.acts) return;
    clearTimeout(stop.current);
    if (typing) {
      stop.current = setTimeout(() => {
        saidAt.current = 0;
        desk.line.tell("typing", { interaction_id: id, typing: false });
      }, 5_000);
      if (performance.now() - saidAt.current < 4_000 && saidAt.current > 0) return;
      saidAt.current = performance.now();
    } else saidAt.current = 0;
    desk.line.tell("typing", { interaction_id: id, typing });
  };
}

/** What is being looked for while writing, and where in the text its name began. */
export interface Picking {
  readonly what: "canned" | "colleague";
  readonly find: string;
  readonly from: number;
}

const NO_PICKING: Picking = { what: "canned", find: "", from: 0 };

/** A `/` at the start of a line asks for canned text, a `@` at the start of a word of a note for a colleague. */
export function pickingAt(text: string, caret: number, kind: DraftKind): Picking | null {
  const from = text.lastIndexOf("\n", caret - 1) + 1;
  const line = text.slice(from, caret);
  if (line.startsWith("/") && !line.includes(" ")) return { what: "canned", find: line.slice(1), from };
  const at = kind === "note" ? /(?:^|\s)@(\S*)$/.exec(line) : null;
  return at === null
    ? null
    : { what: "colleague", find: at[1] ?? "", from: caret - (at[1] ?? "").length - 1 };
}

function insertText(
  desk: Desk,
  field: HTMLTextAreaElement | null,
  id: string,
  kind: DraftKind,
  { from }: Picking,
  text: string,
): void {
  const old = desk.drafts.draft(id, kind).peek().text;
  const typed = /^[/@]\S*/.exec(old.slice(from))?.[0].length ?? 0;
  const next = old.slice(0, from) + text + old.slice(from + typed);
  desk.drafts.write(id, kind, { text: next });
  if (field === null) return;
  field.value = next;
  field.focus();
  field.setSelectionRange(from + text.length, from + text.length);
}

interface ControlsProps {
  readonly item: Item;
  readonly kind: DraftKind;
  readonly sendNow: (options?: SendOptions) => void;
  readonly onPick: (what: Picking["what"]) => void;
}

function WritingControls({ item, kind, sendNow, onPick }: ControlsProps) {
  const desk = useDesk();
  const id = item.interaction_id;
  const sending = desk.sending.value.get(`${kind}:${id}`);
  const online = desk.lineState.value === "online";
  const reads = desk.state.value.known && !desk.state.value.owner;
  return (
    <>
      {kind === "reply" ? <Attachments item={item} /> : null}
      <div class="composer-controls">
        <Press small tone="quiet" icon="replies" onPress={() => onPick("canned")}>
          {t("composer.canned")}
        </Press>
        {kind === "note" ? (
          <Press small tone="quiet" icon="colleague" onPress={() => onPick("colleague")}>
            {t("composer.colleague")}
          </Press>
        ) : null}
        {kind === "reply" ? <AttachButton item={item} /> : null}
        <DiscardButton item={item} kind={kind} />
        <span class="spring" />
        {sending !== undefined && !online ? (
          <Press onPress={() => withdrawSend(desk, id, kind)}>{t("composer.held_undo")}</Press>
        ) : null}
        <Press tone="primary" disabled={sending !== undefined || reads} onPress={() => sendNow()}>
          {sendWords(kind, sending !== undefined, online)}
        </Press>
        {kind === "reply" && item.can.includes("end") ? (
          <Press disabled={sending !== undefined || reads} onPress={() => sendNow({ finish: true })}>
            {t("composer.send_finish")}
          </Press>
        ) : null}
      </div>
    </>
  );
}

function sendWords(kind: DraftKind, sending: boolean, online: boolean): string {
  if (!online) return sending ? t("composer.held") : t("composer.send_when_back");
  if (sending) return t("composer.sending");
  return kind === "reply" ? t("composer.send") : t("composer.add_note");
}

function DiscardButton({ item, kind }: { item: Item; kind: DraftKind }) {
  const desk = useDesk();
  const id = item.interaction_id;
  if (desk.drafts.draft(id, kind).value.text === "") return null;
  return (
    <Press
      small
      tone="quiet"
      onPress={() => {
        const old = desk.drafts.discard(id, kind);
        desk.say(t("composer.discarded"), "plain", () => desk.drafts.restore(id, kind, old));
        document.getElementById("composer-field")?.focus();
      }}
    >
      {t("composer.discard")}
    </Press>
  );
}

/** "Tom replied at 14:02 (Show)(Edit)(Send anyway)": a reply that was stopped. */
function StaleStrip({ item }: { item: Item }) {
  const stale = usePart((state) => state.stale.get(item.interaction_id) ?? null).value;
  return (
    <div id="stale-strip">
      {stale === null ? null : <StaleChoices item={item} words={staleWords(stale.entries)} />}
    </div>
  );
}

function StaleChoices({ item, words }: { item: Item; words: string }) {
  const desk = useDesk();
  const guard = useGuard();
  const id = item.interaction_id;
  const over = (): void => desk.fold({ type: "stale_over", interaction_id: id });
  const press = (run: () => void) => () => {
    if (guard()) run();
  };
  return (
    <Strip tone="late" name="stale">
      <span>{t("stale.strip", { what: words })}</span>
      <Press
        small
        onPress={press(() =>
          document.querySelector(".entry-slot:last-child")?.scrollIntoView({ block: "center" }),
        )}
      >
        {t("stale.show")}
      </Press>
      <Press
        small
        onPress={press(() => {
          over();
          document.getElementById("composer-field")?.focus();
        })}
      >
        {t("stale.edit")}
      </Press>
      <Press small tone="danger" onPress={press(() => void send(desk, id, "reply", { force: true }))}>
        <Icon name="soon" size={14} /> {t("stale.anyway")}
      </Press>
    </Strip>
  );
}
