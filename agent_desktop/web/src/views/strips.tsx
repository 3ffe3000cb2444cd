/** Strips under the status bar: the line, another tab, a missed offer, what happened meanwhile, short words. */

import { setPresence } from "../app/acts";
import type { Desk } from "../app/desk";
import { PhoneStrips } from "../phone/strips";
import { clock, hourMinute } from "../words/format";
import { mediumWord, t, tOr } from "../words/words";
import { useDesk, usePart } from "./context";
import { Mentions } from "./mentions";
import { Press, Strip, useGuard } from "./parts";
import { worksAtDesk } from "./places";
import { signOut } from "./signout";

/** A break shorter than this only changes the word in the status bar. */
export const SHORT_BREAK_MS = 2_000;

export function Strips() {
  const desk = useDesk();
  if (!worksAtDesk(desk.session)) return <Notices />;
  return (
    <div class="strips">
      <LineStrip />
      <SecondTab />
      <PhoneStrips />
      <Missed />
      <Happened />
      <Mentions />
      <SignOutAsk />
      <Notices />
    </div>
  );
}

function LineStrip() {
  const desk = useDesk();
  const since = desk.awaySince.value;
  const state = desk.lineState.value;
  // Reading the beat draws this again each second: the only clock that must run without the server.
  const beat = desk.ticker.beat.value;
  if (state === "signed_out") return <SignedOutStrip />;
  if (since === null || !desk.state.value.known) return null;
  const away = Math.max(0, beat - since - desk.clock.offsetMs);
  if (away < SHORT_BREAK_MS) return null;
  const grace = desk.state.value.graceMs;
  return (
    <Strip tone={away > grace ? "late" : "soon"} name="line">
      {away > grace
        ? t("line.unreachable", { time: hourMinute(since + grace + desk.clock.offsetMs, true) })
        : t("line.strip", { time: clock(away) })}
    </Strip>
  );
}

function SignedOutStrip() {
  return (
    <Strip tone="late" name="signed_out">
      <span>{t("signin.expired")}</span>
      <Press small tone="primary" onPress={() => location.reload()}>
        {t("signin.go")}
      </Press>
    </Strip>
  );
}

function SecondTab() {
  const desk = useDesk();
  const owner = usePart((state) => state.owner).value;
  const known = usePart((state) => state.known).value;
  const elsewhere = desk.lineState.value === "elsewhere";
  const guard = useGuard();
  if (!elsewhere && (owner || !known)) return null;
  return (
    <Strip tone="soon" name="second_tab">
      <span>{t("tab.second")}</span>
      <Press
        small
        tone="primary"
        onPress={() => {
          if (guard()) takeOver(desk, elsewhere);
        }}
      >
        {t("tab.use")}
      </Press>
    </Strip>
  );
}

function takeOver(desk: Desk, elsewhere: boolean): void {
  void desk.ringer.unlock();
  if (elsewhere || desk.lineState.peek() !== "online") {
    desk.line.start(true);
    return;
  }
  void desk.line.do("take", {}).then((answer) => {
    if (answer.type === "done") desk.fold({ type: "owner", owner: true });
    else desk.say(t("tab.failed"), "trouble");
  });
}

function Missed() {
  const missed = usePart((state) => state.missed).value;
  return missed === null ? null : (
    <MissedStrip key={missed.at} at={missed.at} medium={missed.medium} end={missed.end} />
  );
}

function MissedStrip({ at, medium, end }: { at: number; medium: string; end: string }) {
  const desk = useDesk();
  const guard = useGuard();
  const words = { medium: mediumWord(medium), time: hourMinute(at) };
  return (
    <Strip tone="late" name="missed">
      <span>{end === "desk_lost" ? t("missed.asleep", words) : t("missed.strip", words)}</span>
      <Press
        small
        tone="primary"
        disabled={!desk.acts}
        onPress={() => {
          if (guard()) void setPresence(desk, "ready").then(() => desk.fold({ type: "missed_over" }));
        }}
      >
        {t("shown.ready")}
      </Press>
    </Strip>
  );
}

function Happened() {
  const desk = useDesk();
  const rows = usePart((state) => state.happened).value;
  if (rows.length === 0) return null;
  return (
    <Strip name="happened">
      <details>
        <summary>{t("happened.head", { n: rows.length })}</summary>
        <ul>
          {rows.map((row, index) => (
            <li key={`${row.at}-${index}`}>
              {hourMinute(row.at, true)} {tOr(`happened.${row.kind}`, t("happened.other"))}
              {row.name === "" ? "" : `: ${row.name}`}
            </li>
          ))}
        </ul>
      </details>
      <Press small tone="quiet" onPress={() => desk.fold({ type: "happened_over" })}>
        {t("close")}
      </Press>
    </Strip>
  );
}

function SignOutAsk() {
  const desk = useDesk();
  if (desk.popover.value !== "sign_out") return null;
  return (
    <Strip tone="soon" name="sign_out">
      <span>{t("signout.busy")}</span>
      <Press
        small
        tone="danger"
        onPress={() => {
          desk.popover.value = "";
          void signOut(desk, true);
        }}
      >
        {t("signout.anyway")}
      </Press>
      <Press
        small
        onPress={() => {
          desk.popover.value = "";
        }}
      >
        {t("signout.stay")}
      </Press>
    </Strip>
  );
}

function Notices() {
  const desk = useDesk();
  return (
    <div class="notices">
      {desk.notices.value.map((notice) => (
        <Strip
          key={notice.id}
          tone={notice.tone === "trouble" ? "late" : notice.tone === "ok" ? "ok" : "plain"}
          name="notice"
        >
          <span>{notice.text}</span>
          {notice.undo === null ? null : (
            <Press
              small
              onPress={() => {
                notice.undo?.();
                desk.unsay(notice.id);
              }}
            >
              {t("undo")}
            </Press>
          )}
          <Press small tone="quiet" icon="close" label={t("close")} onPress={() => desk.unsay(notice.id)}>
            {""}
          </Press>
        </Strip>
      ))}
    </div>
  );
}
