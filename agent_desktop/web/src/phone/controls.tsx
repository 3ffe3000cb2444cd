/** What can be done to the sound of a call; what holds for every medium stands beside it. */

import { useEffect, useRef, useState } from "preact/hooks";
import { command } from "../app/acts";
import type { Desk } from "../app/desk";
import { t, tOr } from "../words/words";
import { Clock } from "../views/clock";
import { useDesk } from "../views/context";
import { Icon } from "../views/icon";
import { Press } from "../views/parts";
import type { Call, Party } from "./shapes";

/** "good", "poor" or "bad", by the mean opinion score of ITU-T G.107. */
export function lineWord(score: number): "good" | "poor" | "bad" {
  if (score >= 3.6) return "good";
  return score >= 3 ? "poor" : "bad";
}

/** How a call stands, in one line under the head of its conversation. */
export function CallFacts({ call }: { call: Call }) {
  const quality = call.quality === null ? null : lineWord(call.quality.score);
  return (
    <div class="call-facts">
      <span class={`call-phase call-${call.phase}`}>
        {t(`phone.phase.${call.phase}`)} <Clock at={call.talking_since ?? call.since} />
      </span>
      {call.number === "" ? null : <bdi class="number">{call.number}</bdi>}
      {call.recording === "off" ? null : (
        <span class={call.recording === "on" ? "call-recording" : "call-paused"}>
          <Icon name={call.recording === "on" ? "recording" : "hold"} size={14} />{" "}
          {t(`phone.recording.${call.recording}`)}
        </span>
      )}
      {quality === null ? null : (
        <span class={quality === "good" ? "muted" : "call-bad"}>
          {quality === "good" ? null : <Icon name="soon" size={14} />} {t(`phone.line.${quality}`)}
        </span>
      )}
      {call.digits_secret ? <span>{t("phone.digits_secret")}</span> : null}
      {call.device === "phone" ? <span class="muted">{t("phone.by_phone")}</span> : null}
      {call.reason === "" ? null : (
        <span class="call-bad">
          <Icon name="soon" size={14} /> {tOr(`phone.reason.${call.reason}`, call.reason)}
        </span>
      )}
    </div>
  );
}

/** The presses of a call. They belong into the group of the conversation's controls. */
export function CallControls({ call }: { call: Call }) {
  const desk = useDesk();
  const id = { call_id: call.call_id };
  const may = desk.session.permissions.includes("recording.pause");
  const keypad = desk.popover.value === "keypad";
  const talking = call.phase === "talking" || call.phase === "held";
  return (
    <>
      {call.phase === "lost" ? (
        <Press tone="primary" disabled={!desk.acts} onPress={() => desk.phone.reconnect(call)}>
          {t("phone.retry")}
        </Press>
      ) : null}
      <Press
        icon="muted"
        id="control-mute"
        pressed={call.muted}
        disabled={!desk.acts || !talking}
        onPress={() => desk.phone.mute(call, !call.muted)}
      >
        {t("phone.mute")}
      </Press>
      <Press
        icon="keypad"
        id="control-keypad"
        expanded={keypad}
        disabled={!desk.acts || !talking}
        onPress={() => {
          desk.popover.value = keypad ? "" : "keypad";
        }}
      >
        {t("phone.keypad")}
      </Press>
      {may && call.recording !== "off" ? (
        <Press
          icon="recording"
          pressed={call.recording === "paused"}
          disabled={!desk.acts}
          onPress={() => void command(desk, "pause_recording", { ...id, on: call.recording === "on" })}
        >
          {t("phone.pause_recording")}
        </Press>
      ) : null}
    </>
  );
}

/** Everybody else in the call, and what can be done where somebody was asked in. */
export function Parties({ call }: { call: Call }) {
  const desk = useDesk();
  const place = { interaction_id: call.interaction_id };
  const outside = call.parties.find((party) => party.kind === "outside");
  const colleague = call.parties.some((party) => party.kind === "agent");
  if (call.parties.length === 0) return null;
  const asked = outside !== undefined || colleague;
  return (
    <div class="parties">
      <ul aria-label={t("phone.parties")}>
        {call.parties.map((party, index) => (
          <li key={`${party.kind}${party.agent_id ?? party.name}${index}`}>
            <Icon name={party.kind === "supervisor" ? "listen" : "user"} size={14} />{" "}
            <bdi>{partyName(party)}</bdi> <span class="muted">{t(`phone.party.${party.state}`)}</span>
          </li>
        ))}
      </ul>
      {asked ? (
        <Press
          small
          icon="consult"
          pressed={call.together}
          disabled={!desk.acts}
          onPress={() => void command(desk, "gather", { ...place, together: !call.together })}
        >
          {t("phone.together")}
        </Press>
      ) : null}
      {outside === undefined ? null : (
        <>
          <Press
            small
            tone="primary"
            disabled={!desk.acts}
            onPress={() => void command(desk, "transfer_number", { ...place, number: outside.name })}
          >
            {t("controls.complete")}
          </Press>
          <Press small disabled={!desk.acts} onPress={() => void command(desk, "leave_number", place)}>
            {t("phone.leave_number")}
          </Press>
        </>
      )}
    </div>
  );
}

function partyName(party: Party): string {
  return party.name === "" ? t(`phone.kind.${party.kind}`) : party.name;
}

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"] as const;

/** The key pad: presses, typed keys and pasted digits go to the far side one by one. */
export function Keypad({ call }: { call: Call }) {
  const desk = useDesk();
  const box = useRef<HTMLElement>(null);
  const [pressed, setPressed] = useState("");
  useEffect(() => box.current?.focus(), []);
  const press = (text: string): void => {
    const digits = text.toUpperCase().replace(/[^0-9A-D*#]/g, "").slice(0, 64);
    if (digits === "") return;
    setPressed((before) => (before + digits).slice(-24));
    desk.announcer.say(digits);
    void command(desk, "press", { call_id: call.call_id, digits });
  };
  return (
    <section
      class="popover keypad"
      ref={box}
      tabIndex={-1}
      data-own-keys
      aria-label={t("phone.keypad")}
      onKeyDown={(event) => {
        if (event.key === "Escape") closeKeypad(desk);
        else if (/^[0-9*#]$/.test(event.key) && !event.ctrlKey && !event.metaKey) press(event.key);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
      onPaste={(event) => press(event.clipboardData?.getData("text") ?? "")}
    >
      <output class="keypad-pressed number">{pressed}</output>
      <div class="keypad-keys">
        {KEYS.map((key) => (
          <Press key={key} label={key === "*" ? t("phone.star") : key === "#" ? t("phone.hash") : key} onPress={() => press(key)}>
            {key}
          </Press>
        ))}
      </div>
      <Press small tone="quiet" onPress={() => closeKeypad(desk)}>
        {t("close")}
      </Press>
    </section>
  );
}

function closeKeypad(desk: Desk): void {
  desk.popover.value = "";
  document.getElementById("control-keypad")?.focus();
}
