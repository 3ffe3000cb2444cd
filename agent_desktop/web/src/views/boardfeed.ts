/** A board that follows the feed, with its age; shared by the board and the wall. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Board, boardFeed } from "../api/board";
import type { Desk } from "../app/desk";

/** Older than this at a full second, what stands there is not live any more: it is told within 3 s. */
export const OLD_MS = 2_000;
/** Paints a second at most. */
const PAINT_MS = 250;

export interface Followed {
  /** What is on the screen. */
  readonly board: Signal<Board | null>;
  /** When the feed last said anything, by the server's clock; it goes on while updates pause. */
  readonly fedAt: Signal<number>;
  readonly problem: Signal<string | null>;
  readonly paused: Signal<boolean>;
  /** Shows the newest board, whatever stood there. */
  readonly catchUp: () => void;
}

/** Follows the feed for as long as the part is on the screen. */
export function useBoardFeed(desk: Desk): Followed {
  const latest = useRef<Board | null>(null);
  const shown = {
    board: useSignal<Board | null>(null),
    fedAt: useSignal(0),
    problem: useSignal<string | null>(null),
    paused: useSignal(false),
  };
  useEffect(() => {
    let painted = 0;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const paint = (): void => {
      timer = null;
      painted = performance.now();
      if (!shown.paused.peek()) shown.board.value = latest.current;
    };
    const stop = boardFeed(
      (board) => {
        latest.current = board;
        shown.problem.value = null;
        shown.fedAt.value = desk.now();
        timer ??= setTimeout(paint, Math.max(0, PAINT_MS - (performance.now() - painted)));
      },
      (alive) => {
        if (alive) shown.fedAt.value = desk.now();
      },
      (problem) => {
        shown.problem.value = problem;
      },
      (serverTime) => desk.clock.hint(serverTime),
    );
    return () => {
      stop();
      if (timer !== null) clearTimeout(timer);
    };
  }, []);
  const catchUp = (): void => {
    shown.board.value = latest.current;
  };
  return { ...shown, catchUp };
}
