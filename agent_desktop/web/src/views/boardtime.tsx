/** The board of any second of the past: a bar to go there, and the way back to live. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Board, boardAt, boardSpan } from "../api/board";
import { Problem } from "../api/http";
import { full } from "../words/format";
import { t } from "../words/words";
import { useBeat, useDesk } from "./context";
import { Press, Strip } from "./parts";

const SECOND_MS = 1_000;
/** How much of the past the bar holds at once. */
const WINDOW_MS = 12 * 3_600_000;
/** So long after the last move the board of that moment is asked for. */
const REST_MS = 120;

/** A moment that is looked at, and its board once it has come. */
export interface Past {
  readonly at: number;
  readonly board: Board | null;
  readonly problem: Problem | null;
}

/** The moment that is looked at (null is live), and how to go elsewhere. */
export interface Travel {
  readonly past: Signal<Past | null>;
  readonly go: (at: number | null) => void;
}

/** Goes to moments of the past; what is asked for last is what is shown. */
export function useTravel(): Travel {
  const past = useSignal<Past | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const asked = useRef<AbortController | null>(null);
  const stop = (): void => {
    clearTimeout(timer.current);
    asked.current?.abort();
  };
  useEffect(() => stop, []);
  const fetch = async (at: number): Promise<void> => {
    const control = new AbortController();
    asked.current = control;
    try {
      const board = await boardAt(at, control.signal);
      if (past.peek()?.at === at) past.value = { at, board, problem: null };
    } catch (failure) {
      if (past.peek()?.at !== at || !(failure instanceof Problem)) return;
      past.value = { at, board: past.peek()?.board ?? null, problem: failure };
    }
  };
  const go = (at: number | null): void => {
    stop();
    if (at === null) {
      past.value = null;
      return;
    }
    past.value = { at, board: past.peek()?.board ?? null, problem: null };
    timer.current = setTimeout(() => void fetch(at), REST_MS);
  };
  return { past, go };
}

/** The strip that says when it is, for as long as it is not now. */
export function PastStrip({ travel }: { travel: Travel }) {
  const past = travel.past.value;
  if (past === null) return null;
  return (
    <Strip tone="soon" name="past">
      <span>{t("past.strip", { time: full(past.at) })}</span>
      {past.problem === null ? null : <span>{t("past.failed", { why: past.problem.detail })}</span>}
      <Press small tone="primary" onPress={() => travel.go(null)}>
        {t("past.back")}
      </Press>
    </Strip>
  );
}

/** Second by second with the arrows, ten with Shift, five minutes with Page keys; End is live. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -SECOND_MS,
  ArrowDown: -SECOND_MS,
  ArrowRight: SECOND_MS,
  ArrowUp: SECOND_MS,
  PageUp: -300 * SECOND_MS,
  PageDown: 300 * SECOND_MS,
};

export function TimeBar({ travel }: { travel: Travel }) {
  const desk = useDesk();
  const [first, setFirst] = useState<number | null>(null);
  const now = useBeat((at) => Math.floor(at / SECOND_MS) * SECOND_MS);
  useEffect(() => {
    boardSpan().then(
      (span) => setFirst(Math.ceil(span.first / SECOND_MS) * SECOND_MS),
      () => setFirst(null),
    );
  }, []);
  if (first === null || first >= now) return null;
  const at = travel.past.value?.at ?? now;
  const low = Math.max(first, Math.min(now - WINDOW_MS, at - WINDOW_MS / 2));
  const high = Math.min(now, low + WINDOW_MS);
  const to = (moment: number): void => {
    const there = Math.round(Math.max(first, moment) / SECOND_MS) * SECOND_MS;
    travel.go(there >= Math.floor(desk.now() / SECOND_MS) * SECOND_MS ? null : there);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = (STEPS[event.key] ?? 0) * (event.shiftKey ? 10 : 1);
    if (event.key === "End") travel.go(null);
    else if (event.key === "Home") to(low);
    else if (step !== 0) to((travel.past.value?.at ?? desk.now()) + step);
    else return;
    event.preventDefault();
  };
  return (
    <div class="time-bar">
      <Press small pressed={travel.past.value === null} onPress={() => travel.go(null)}>
        {t("past.live")}
      </Press>
      <input
        type="range"
        id="time-bar"
        min={low}
        max={high}
        step={SECOND_MS}
        value={at}
        aria-label={t("past.bar")}
        aria-valuetext={travel.past.value === null ? t("past.live") : full(at)}
        onInput={(event) => to(Number(event.currentTarget.value))}
        onKeyDown={onKeyDown}
      />
      <label class="time-go">
        {t("past.go")}{" "}
        <input
          type="datetime-local"
          step={1}
          value={localTime(at)}
          onChange={(event) => {
            const wanted = new Date(event.currentTarget.value).getTime();
            if (Number.isFinite(wanted)) to(wanted);
          }}
        />
      </label>
    </div>
  );
}

/** A moment as a field for local times has it. */
function localTime(at: number): string {
  const zone = new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - zone).toISOString().slice(0, 19);
}
