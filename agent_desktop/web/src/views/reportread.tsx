/** What all reports share: the day they begin with, reading an answer, and why there is none. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api/http";
import type { Definition } from "../api/reports";
import { metricCounts, metricTitle, metricWord } from "../words/metrics";
import { t, tOr } from "../words/words";
import { Failed, Press, Skeleton } from "./parts";

/** Midnight of the day of `at`, in this machine's zone. */
export function dayStart(at: number): number {
  const day = new Date(at);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

export const DAY_MS = 24 * 60 * 60_000;

/** Reads a report anew for each question; the answer to an older one is let pass. */
export function useReport<Asked, Found>(
  question: Asked,
  ask: (question: Asked, signal: AbortSignal) => Promise<Found>,
) {
  const [report, setReport] = useState<Found | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController | null>(null);
  const read = async (): Promise<void> => {
    running.current?.abort();
    const own = new AbortController();
    running.current = own;
    setProblem(null);
    setBusy(true);
    try {
      setReport(await ask(question, own.signal));
    } catch (failure) {
      if (failure instanceof Problem) setProblem(failure);
    }
    if (running.current === own) setBusy(false);
  };
  useEffect(() => {
    void read();
    return () => running.current?.abort();
  }, [question]);
  const stop = (): void => {
    running.current?.abort();
    setBusy(false);
  };
  return { report, problem, busy, stop, again: () => void read() };
}

/** Why there is no answer; a question that asks for too much says what to choose instead. */
const refusalOf = (problem: Problem): string =>
  problem.code === "invalid_input" ? t("report.too_much") : tOr(`refused.${problem.code}`, t("report.failed"));

interface ReadingState {
  readonly problem: Problem | null;
  readonly busy: boolean;
  readonly stop: () => void;
  readonly again: () => void;
}

/** That the answer is being read, with a way to stop, or that it did not come. */
export function Reading({ reading }: { reading: ReadingState }) {
  const { problem, busy, stop, again } = reading;
  return (
    <>
      {busy ? (
        <div class="row">
          <Skeleton rows={1} />
          <Press small onPress={stop}>
            {t("report.stop")}
          </Press>
        </div>
      ) : null}
      {problem === null ? null : (
        <Failed what={refusalOf(problem)} problem={problem.id} again={again} />
      )}
    </>
  );
}

/** Every figure with what it counts, and over what. */
export function Meanings({ definitions }: { definitions: Readonly<Record<string, Definition>> }) {
  return (
    <dl class="card meanings">
      {Object.entries(definitions).map(([name, definition]) => (
        <div key={name}>
          <dt>
            {metricWord(name, definition)} <span class="muted">{metricTitle(name, definition)}</span>
          </dt>
          <dd>
            {metricCounts(name, definition)} <span class="muted">v{definition.version}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
