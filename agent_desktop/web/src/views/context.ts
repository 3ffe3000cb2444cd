/** How a view reaches its desk. */

import { computed, type ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Desk } from "../app/desk";
import type { DeskState } from "../state/desk";

export const DeskContext = createContext<Desk | null>(null);

/** The desk of this page. */
export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === null) throw new Error("a view of the desk was drawn outside of it");
  return desk;
}

/**
 * A part of the state; the view is drawn again only when that part changes. The computed signal is
 * made anew at each drawing, since `select` may close over what the view was given.
 */
export function usePart<T>(select: (state: DeskState) => T): ReadonlySignal<T> {
  const desk = useDesk();
  return computed(() => select(desk.state.value));
}

/** Something that depends on the server's time; drawn again only when it changes, at full seconds. */
export function useBeat<T>(select: (now: number) => T): T {
  const desk = useDesk();
  return computed(() => select(desk.ticker.beat.value)).value;
}
