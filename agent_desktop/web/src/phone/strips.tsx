/** Strips of the telephone: a call elsewhere on the page, sound that moved, a microphone that is not heard. */

import { command } from "../app/acts";
import { whoName } from "../app/effects";
import { go, route } from "../app/route";
import { t } from "../words/words";
import { Clock } from "../views/clock";
import { useDesk, usePart } from "../views/context";
import { Icon } from "../views/icon";
import { Press, Strip } from "../views/parts";
import { VOICE, type Watched } from "./phone";
import type { Call, Watching } from "./shapes";

export function PhoneStrips() {
  const desk = useDesk();
  if (!desk.phone.running.value) return null;
  return (
    <>
      <NotHeard />
      <CallStrip />
      <WatchStrip />
      <Moved />
      <MutedSpeech />
    </>
  );
}

/** Calls cannot come, why not, and what to do about it. */
function NotHeard() {
  const desk = useDesk();
  const takes = usePart((state) => (state.agent?.slots[VOICE] ?? 0) > 0).value;
  const owner = usePart((state) => state.owner).value;
  const hearing = desk.phone.microphone.hearing.value;
  if (!takes || !owner || hearing === "ready" || hearing === "unknown") return null;
  if (desk.phone.devices.value.includes("phone")) return null;
  return (
    <Strip tone="soon" name="microphone">
      <span>{t(`phone.hearing.${hearing}`)}</span>
      {hearing === "blocked" ? <span>{t("phone.how_to_allow")}</span> : null}
      <Press small tone="primary" onPress={() => void desk.phone.microphone.allow()}>
        {t(hearing === "asking" ? "phone.allow" : "phone.check_again")}
      </Press>
    </Strip>
  );
}

/** The call in hand, on pages that do not show its conversation. */
function CallStrip() {
  const desk = useDesk();
  const call = [...desk.phone.calls.value.values()].find(
    (each) => each.kind !== "watch" && each.phase !== "ringing",
  );
  const shown = route.value.page === "work" && route.value.id === call?.interaction_id;
  const name = usePart((state) => state.items.get(call?.interaction_id ?? "")?.customer.name ?? "").value;
  if (call === undefined || shown) return null;
  const lost = call.phase === "lost";
  return (
    <Strip tone={lost ? "late" : "ok"} name="call">
      <span>
        <Icon name="voice" size={14} /> {t(`phone.phase.${call.phase}`)}{" "}
        <bdi>{name === "" ? call.number : whoName(name)}</bdi> <Clock at={call.talking_since ?? call.since} />
      </span>
      <Press small pressed={call.muted} disabled={!desk.acts} onPress={() => desk.phone.mute(call, !call.muted)}>
        {t("phone.mute")}
      </Press>
      <Press small tone="primary" onPress={() => go("work", call.interaction_id)}>
        {t("phone.show")}
      </Press>
    </Strip>
  );
}

export const WAYS: readonly Watching[] = ["listen", "whisper", "barge"];

/** A supervisor's own part in a colleague's call. */
function WatchStrip() {
  const desk = useDesk();
  const call = [...desk.phone.calls.value.values()].find((each) => each.kind === "watch");
  if (call === undefined) return null;
  const whom = agentOf(call) ?? desk.phone.watched.value ?? undefined;
  return (
    <Strip tone="soon" name="watch">
      <span>
        <Icon name="listen" size={14} /> {t("phone.watching", { name: whom?.name ?? "" })}{" "}
        <Clock at={call.since} />
      </span>
      {WAYS.map((way) => (
        <Press
          key={way}
          small
          pressed={call.watching === way}
          disabled={!desk.acts || whom === undefined}
          onPress={() => {
            if (whom !== undefined) void desk.phone.watch(whom, way);
          }}
        >
          {t(`phone.watch.${way}`)}
        </Press>
      ))}
      <Press
        small
        tone="danger"
        disabled={!desk.acts}
        onPress={() => void command(desk, "stop_watching", { interaction_id: call.interaction_id })}
      >
        {t("phone.stop_watching")}
      </Press>
    </Strip>
  );
}

/** On the board: taking part in what an agent's telephone is in, for those who may. */
export function WatchPresses({ agent, onChosen }: { agent: Watched; onChosen: () => void }) {
  const desk = useDesk();
  if (!desk.phone.running.value || !desk.session.permissions.includes("monitor")) return null;
  if (agent.agent_id === desk.session.agent_id) return null;
  return (
    <>
      {WAYS.map((way) => (
        <Press
          key={way}
          icon={way === "listen" ? "listen" : undefined}
          disabled={!desk.acts}
          onPress={() => {
            onChosen();
            void desk.phone.watch({ agent_id: agent.agent_id, name: agent.name }, way);
          }}
        >
          {t(`phone.watch.${way}`)}
        </Press>
      ))}
    </>
  );
}

function agentOf(call: Call): { readonly name: string; readonly agent_id: string } | undefined {
  const found = call.parties.find((party) => party.kind === "agent" && party.agent_id !== null);
  return found === undefined ? undefined : { name: found.name, agent_id: found.agent_id ?? "" };
}

function Moved() {
  const desk = useDesk();
  const device = desk.phone.movedTo.value;
  if (device === "") return null;
  return (
    <Strip tone="soon" name="device">
      <span>{t("phone.moved", { device })}</span>
      <Press
        small
        tone="quiet"
        onPress={() => {
          desk.phone.movedTo.value = "";
        }}
      >
        {t("close")}
      </Press>
    </Strip>
  );
}

function MutedSpeech() {
  const desk = useDesk();
  if (!desk.phone.mutedSpeech.value) return null;
  const call = desk.phone.current();
  return (
    <Strip tone="late" name="muted">
      <span>{t("phone.you_are_muted")}</span>
      {call === null ? null : (
        <Press small tone="primary" disabled={!desk.acts} onPress={() => desk.phone.mute(call, false)}>
          {t("phone.unmute")}
        </Press>
      )}
    </Strip>
  );
}
