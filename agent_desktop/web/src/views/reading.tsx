/** Reading something for a page: the first time, again, further back, and again by itself after a break. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api/http";
import { backoffMs } from "../line/backoff";
import { t, tOr } from "../words/words";
import { Failed, Skeleton, Strip } from "./parts";

export interface Reading<T> {
  /** What was read last; it stays while it is read again. */
  readonly answer: T | null;
  readonly problem: Problem | null;
  readonly busy: boolean;
  readonly again: () => void;
}

/** True for what may be over in a moment: the server was not reached, or had too much to do. */
const passes = (problem: Problem): boolean => problem.status === 0 || problem.status === 503;

/** Reads now and whenever one of `causes` changes. What may be over soon is tried again by itself. */
export function useReading<T>(read: () => Promise<T>, causes: readonly unknown[]): Reading<T> {
  const [answer, setAnswer] = useState<T | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(true);
  const [turn, setTurn] = useState(0);
  const tries = useRef(0);
  useEffect(() => {
    let over = false;
    let timer: ReturnType<typeof setTimeout> | null = null;
    setBusy(true);
    const failed = (failure: unknown): void => {
      const found = failure instanceof Problem ? failure : new Problem(0, {});
      setProblem(found);
      if (!passes(found)) return;
      timer = setTimeout(() => setTurn((before) => before + 1), backoffMs(tries.current, Math.random));
      tries.current += 1;
    };
    const come = (found: T): void => {
      tries.current = 0;
      setProblem(null);
      setAnswer(found);
    };
    read()
      .then(
        (found) => over || come(found),
        (failure) => over || failed(failure),
      )
      .finally(() => over || setBusy(false));
    return () => {
      over = true;
      if (timer !== null) clearTimeout(timer);
    };
  }, [...causes, turn]);
  return { answer, problem, busy, again: () => setTurn((before) => before + 1) };
}

/** What stands where an answer is awaited, did not come, or is old because the server is away. */
export function ReadingState({ reading, failed }: { reading: Reading<unknown>; failed: string }) {
  const { answer, problem, again } = reading;
  if (problem === null) return answer === null ? <Skeleton rows={5} /> : null;
  if (passes(problem)) {
    return (
      <Strip tone="soon" name="reconnecting">
        {t(answer === null ? "reading.waits" : "reading.old")}
      </Strip>
    );
  }
  const words = problem.status === 403 ? t("refused.forbidden") : tOr(`refused.${problem.code}`, failed);
  return <Failed what={words} problem={problem.id} again={again} />;
}
