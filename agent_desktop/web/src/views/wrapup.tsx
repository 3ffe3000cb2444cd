/** Wrap-up: outcome and note, with the time that is left. At zero nothing is lost. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { command, refusalWords } from "../app/acts";
import type { Desk } from "../app/desk";
import type { Item, WrapUp } from "../state/shapes";
import { t, title } from "../words/words";
import { Clock } from "./clock";
import { useBeat, useDesk } from "./context";
import { Choice, Press, Strip } from "./parts";

/** How long before the end it is said. */
export const WARN_MS = 20_000;

export function WrapUpTray({ item, gone }: { item: Item; gone: boolean }) {
  const desk = useDesk();
  const chosen = useSignal(item.disposition ?? "");
  const wrap = item.wrap_up;
  useEffect(() => {
    if (item.disposition !== null) chosen.value = item.disposition;
  }, [item.disposition]);
  const options: readonly (readonly [string, string])[] = [
    ["", t("wrapup.none")],
    ...item.dispositions.map((each): [string, string] => [each.name, title(each.title, each.name)]),
  ];
  const save = (done: boolean): void => void wrapUp(desk, item, chosen.value, done);
  return (
    <section class="wrapup" data-region="wrapup" id="wrapup" aria-label={t("region.wrapup")} tabIndex={-1}>
      <h2>{gone ? t("wrapup.after") : t("wrapup.title")}</h2>
      {item.dispositions.length === 0 ? null : (
        <Choice
          label={wrap?.required === true ? t("wrapup.outcome_required") : t("wrapup.outcome")}
          value={chosen.value}
          options={options}
          onChoose={(value) => {
            chosen.value = value;
            if (!gone) save(false);
          }}
        />
      )}
      {!gone && wrap !== null && wrap.until !== null ? (
        <TimeLeft item={item} wrap={wrap} until={wrap.until} />
      ) : null}
      <Press tone="primary" disabled={!desk.acts} onPress={() => save(!gone)}>
        {gone ? t("wrapup.save") : t("wrapup.done")}
      </Press>
    </section>
  );
}

async function wrapUp(desk: Desk, item: Item, disposition: string, done: boolean): Promise<void> {
  const args: Record<string, unknown> = { interaction_id: item.interaction_id, done };
  if (disposition !== "") args["disposition"] = disposition;
  else if (!done) return;
  const answer = await desk.line.do("wrap_up", args);
  if (answer.type === "refused") {
    desk.say(refusalWords(answer.code, answer.message), "trouble");
    return;
  }
  if (done) desk.announcer.say(t("wrapup.said_done"));
}

function TimeLeft({ item, wrap, until }: { item: Item; wrap: WrapUp; until: number }) {
  const desk = useDesk();
  const near = useBeat((now) => until - now <= WARN_MS);
  useEffect(() => {
    if (near) desk.announcer.say(t("wrapup.soon", { n: Math.round(WARN_MS / 1000) }), "alert");
  }, [near, until]);
  return (
    <Strip tone={near ? "soon" : "plain"} name="wrapup">
      <span class="wrapup-left">
        {t("wrapup.left")} <Clock at={until} mode="down" />
      </span>
      <Press
        small
        disabled={!desk.acts || wrap.extensions_left <= 0}
        title={t("wrapup.more_left", { n: wrap.extensions_left })}
        onPress={() => void moreTime(desk, item)}
      >
        {t("wrapup.more")}
      </Press>
    </Strip>
  );
}

async function moreTime(desk: Desk, item: Item): Promise<void> {
  if (await command(desk, "extend_wrap_up", { interaction_id: item.interaction_id })) {
    desk.announcer.say(t("wrapup.said_more"));
  }
}
