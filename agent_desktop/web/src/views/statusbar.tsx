/** The one place for state: presence, load, line, find, and one's own menu. */

import { setPresence, withdrawPresence } from "../app/acts";
import { reasonWord, shownWord } from "../app/effects";
import { go } from "../app/route";
import { chordLabel } from "../keys/map";
import { DialButton } from "../phone/dial";
import { load, shownSince } from "../state/select";
import type { Agent } from "../state/shapes";
import { hourMinute } from "../words/format";
import { mediumWord, t, title } from "../words/words";
import { Clock } from "./clock";
import { useBeat, useDesk, usePart } from "./context";
import { Icon } from "./icon";
import { Menu, type MenuRow } from "./menu";
import { Press } from "./parts";
import { worksAtDesk } from "./places";
import { signOut } from "./signout";

export function StatusBar() {
  const desk = useDesk();
  const hasAgent = worksAtDesk(desk.session);
  return (
    <header class="statusbar" data-region="status" aria-label={t("region.status")}>
      {hasAgent ? <Presence /> : null}
      {hasAgent ? <Load /> : null}
      <span class="spring" />
      <DialButton />
      <SoundChip />
      <LineChip />
      <Press
        tone="quiet"
        icon="search"
        label={t("palette.open")}
        onPress={() => {
          desk.popover.value = "palette";
        }}
      >
        <span class="wide-only">{t("palette.open")}</span>{" "}
        <kbd class="wide-only">{chordLabel(desk.keys.value.get("palette") ?? "", onMac())}</kbd>
      </Press>
      <OwnMenu />
    </header>
  );
}

/** True on machines whose keys are Cmd and Option. */
export function onMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}

function Presence() {
  const desk = useDesk();
  const agent = usePart((state) => state.agent).value;
  const asked = usePart((state) => state.presenceAsked).value;
  if (agent === null) return <span class="presence-none">{t("line.first")}</span>;
  const word = shownWord(desk, agent.shown, agent.reason);
  const over = useOverLimit(agent);
  const since = shownSince(desk.state.value);
  return (
    <div class="presence">
      <Menu
        id="presence"
        tone={`presence presence-${over ? "over" : agent.shown}`}
        label={t("presence.label", { word })}
        disabled={!desk.acts}
        rows={presenceRows(desk, agent)}
        face={
          <>
            <span class="presence-shape" aria-hidden="true" />
            <span class="presence-word">{word}</span> <Clock at={since} />
            {agent.limit_ms === null ? null : <Limit agent={agent} over={over} />}
          </>
        }
      />
      {asked ? <span class="presence-asked">{t("presence.asked")}</span> : null}
      <Next agent={agent} />
      <Moved agent={agent} />
    </div>
  );
}

function useOverLimit(agent: Agent): boolean {
  const limit = agent.shown === "not_ready" ? agent.limit_ms : null;
  return useBeat((now) => limit !== null && now - agent.since > limit);
}

function Limit({ agent, over }: { agent: Agent; over: boolean }) {
  const minutes = Math.round((agent.limit_ms ?? 0) / 60_000);
  return (
    <span class="presence-limit">
      {over ? <Icon name="soon" size={14} /> : null}
      {t("presence.limit", { n: minutes })}
    </span>
  );
}

/** A wish for later: what comes after this work, and a way to take it back. */
function Next({ agent }: { agent: Agent }) {
  const desk = useDesk();
  const wish = agent.asked;
  if (wish === null || wish === "" || wish === "offline") return null;
  const word = wish === "ready" ? t("shown.ready") : reasonWord(desk, agent.asked_reason);
  return (
    <span class="presence-next">
      {t("presence.next", { word })}
      <Press small tone="quiet" onPress={() => void withdrawPresence(desk, wish, agent.asked_reason)}>
        {t("presence.withdraw")}
      </Press>
    </span>
  );
}

/** The seat serves other queues for a while: which, and until when. */
function Moved({ agent }: { agent: Agent }) {
  const queues = usePart((state) => state.queues).value;
  if (agent.move === null) return null;
  const names = agent.queues.map((name) => {
    const queue = queues.find((each) => each.queue === name);
    return queue === undefined ? name : title(queue.title, name);
  });
  const words = { queues: names.join(", "), time: hourMinute(agent.move.until) };
  return <span class="presence-next">{t("seat.moved", words)}</span>;
}

function presenceRows(desk: ReturnType<typeof useDesk>, agent: Agent): readonly MenuRow[] {
  const reasons = desk.state.value.reasons;
  const busy = !["ready", "not_ready", "offline"].includes(agent.shown);
  const group = busy ? t("presence.after") : t("presence.now");
  return [
    {
      id: "ready",
      words: t("shown.ready"),
      checked: agent.presence === "ready",
      group,
      onChoose: () => void setPresence(desk, "ready"),
    },
    ...reasons.map(
      (reason): MenuRow => ({
        id: reason.name,
        words: title(reason.title, reason.name),
        checked: agent.presence === "not_ready" && agent.reason === reason.name,
        group,
        ...(reason.limit_ms === null
          ? {}
          : { hint: t("presence.limit", { n: Math.round(reason.limit_ms / 60_000) }) }),
        onChoose: () => void setPresence(desk, "not_ready", reason.name),
      }),
    ),
    ...mediaRows(desk, agent),
  ];
}

/** Which media one is ready for; nothing to choose where there is but one. */
function mediaRows(desk: ReturnType<typeof useDesk>, agent: Agent): readonly MenuRow[] {
  const all = load(desk.state.value).map((row) => row.medium);
  if (all.length < 2) return [];
  const on = all.filter((medium) => agent.media === null || agent.media.includes(medium));
  return all.map((medium): MenuRow => {
    const next = on.includes(medium) ? on.filter((each) => each !== medium) : [...on, medium];
    return {
      id: `medium-${medium}`,
      words: mediumWord(medium),
      checked: on.includes(medium),
      many: true,
      group: t("presence.media"),
      // Ready for nothing would be another word for not ready.
      disabled: next.length === 0,
      onChoose: () => {
        const wish = next.length === all.length ? undefined : next;
        void setPresence(desk, agent.presence === "offline" ? "ready" : agent.presence, agent.reason, wish);
      },
    };
  });
}

function Load() {
  const rows = usePart(load).value;
  const media = usePart((state) => state.agent?.media ?? null).value;
  const off = (medium: string): boolean => media !== null && !media.includes(medium);
  const used = rows.reduce((sum, row) => sum + row.used, 0);
  const slots = rows.reduce((sum, row) => sum + row.slots, 0);
  return (
    <>
      <ul class="load" aria-label={t("load.label")}>
        {rows.map((row) => (
          <li
            key={row.medium}
            class={off(row.medium) ? "load-off" : row.used >= row.slots ? "load-full" : ""}
          >
            <Icon name={row.medium} size={14} />
            {off(row.medium) ? (
              t("load.off", { medium: mediumWord(row.medium) })
            ) : (
              <>
                <span class="load-word">{mediumWord(row.medium)}</span> {row.used}/{row.slots}
              </>
            )}
          </li>
        ))}
      </ul>
      <span class="load-short" aria-hidden="true">
        {t("load.short", { used, slots })}
      </span>
    </>
  );
}

function LineChip() {
  const desk = useDesk();
  const state = desk.lineState.value;
  if (!worksAtDesk(desk.session)) return null;
  const online = state === "online";
  return (
    <span class={`chip ${online ? "chip-ok" : "chip-soon"}`}>
      <Icon name={online ? "on_time" : "offline"} size={14} />
      <span class="chip-word">{online ? t("line.online") : t("line.reconnecting")}</span>
    </span>
  );
}

function SoundChip() {
  const desk = useDesk();
  if (!desk.soundBlocked.value) return null;
  return (
    <button type="button" class="chip chip-soon chip-press" onClick={() => void desk.ringer.unlock()}>
      <Icon name="soon" size={14} /> {t("sound.blocked")}
    </button>
  );
}

function OwnMenu() {
  const desk = useDesk();
  const expires = hourMinute(desk.session.expires);
  const rows: MenuRow[] = [
    { id: "settings", words: t("place.settings"), onChoose: () => go("settings") },
    {
      id: "keys",
      words: t("keys.title"),
      hint: "?",
      onChoose: () => {
        desk.popover.value = "keys";
      },
    },
    {
      id: "sign_out",
      words: t("signout"),
      hint: t("signout.until", { time: expires }),
      onChoose: () => void signOut(desk),
    },
  ];
  if (worksAtDesk(desk.session)) {
    rows.unshift({ id: "day", words: t("place.day"), onChoose: () => go("day") });
  }
  return (
    <Menu
      tone="quiet"
      align="end"
      label={t("own.label", { name: desk.session.name })}
      rows={rows}
      face={
        <>
          <Icon name="user" />
          <span class="wide-only">{desk.session.name}</span>
        </>
      }
    />
  );
}
