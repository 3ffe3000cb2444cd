/** Running clocks and promises. The text is written by the shared ticker, not by drawing again. */

import { useEffect, useRef } from "preact/hooks";
import { itemSla, type Sla, slaAt } from "../state/select";
import type { Item } from "../state/shapes";
import { clock, leftClock, spoken } from "../words/format";
import { t, tOr } from "../words/words";
import { useBeat, useDesk } from "./context";
import { Icon } from "./icon";

type Mode = "since" | "left" | "down";

function read(mode: Mode, at: number, now: number): string {
  if (mode === "since") return clock(now - at);
  return mode === "left" ? leftClock(at - now) : clock(at - now);
}

/** A clock that counts from `at` ("since"), to it with a minus sign after ("left"), or to zero ("down"). It stands still at `stoppedAt`. */
export function Clock({ at, mode = "since", stoppedAt }: { at: number; mode?: Mode; stoppedAt?: number }) {
  const desk = useDesk();
  const ref = useRef<HTMLTimeElement>(null);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const write = (now: number): void => {
      const text = read(mode, at, stoppedAt ?? now);
      if (element.textContent !== text) element.textContent = text;
    };
    return desk.ticker.add({ element, write });
  }, [desk, at, mode, stoppedAt]);
  return <time ref={ref} class="clock" role="timer" aria-live="off" />;
}

/** The promise to an item: shape, word and clock; nothing where none runs. */
export function SlaClock({ item, word = false }: { item: Item; word?: boolean }) {
  const state = useBeat((now) => itemSla(item, now)?.state ?? null);
  if (state === null || item.due === null) return null;
  return <SlaMark state={state} due={item.due} word={word} />;
}

/** The same for a due time that belongs to no item of this desk. */
export function DueClock({ due, targetMs }: { due: number; targetMs: number | null }) {
  const state = useBeat((now) => slaAt(due, targetMs, now)?.state ?? "on_time");
  return <SlaMark state={state} due={due} word />;
}

function SlaMark({ state, due, word }: { state: Sla["state"]; due: number; word: boolean }) {
  return (
    <span class={`sla sla-${state}`} title={slaWord(state)}>
      <Icon name={state} size={14} />
      <span class={word ? "sla-word" : "hidden-text"}>{slaWord(state)}</span>
      <Clock at={due} mode="left" />
    </span>
  );
}

/** "on time", "soon", "late". */
export const slaWord = (state: Sla["state"]): string => tOr(`sla.${state}`, state);

/** The promise in words for people who hear it: "late by 2 minutes". */
export function slaSpoken(item: Item, now: number): string {
  const sla = itemSla(item, now);
  if (sla === null) return "";
  const time = spoken(sla.leftMs);
  if (sla.state === "late") return t("sla.spoken.late", { time });
  return sla.state === "soon" ? t("sla.spoken.soon", { time }) : t("sla.spoken.on_time", { time });
}
