/** What the views read out of the state: pure functions. */

import { CARDS_SHOWN, type DeskState, type OfferCard } from "./desk";
import type { Item } from "./shapes";

export type SlaState = "on_time" | "soon" | "late";

export interface Sla {
  readonly state: SlaState;
  /** Milliseconds left; below zero when late. */
  readonly leftMs: number;
}

/** "soon" begins when this share of the target, or less, is left. */
export const SOON_SHARE = 0.3;

/** Where a promise stands at `now`: on time above 30 % of its target, then soon, below zero late. */
export function slaAt(due: number | null, targetMs: number | null, now: number): Sla | null {
  if (due === null) return null;
  const leftMs = due - now;
  if (leftMs < 0) return { state: "late", leftMs };
  const target = targetMs ?? 0;
  return { state: leftMs <= target * SOON_SHARE ? "soon" : "on_time", leftMs };
}

/** The promise of an item while it still runs: none in wrap-up, parked or done. */
export function itemSla(item: Item, now: number): Sla | null {
  return item.phase === "engaged" ? slaAt(item.due, item.target_ms, now) : null;
}

export type GroupName = "now" | "yours" | "wrap_up" | "parked";

export interface Group {
  readonly name: GroupName;
  readonly items: readonly Item[];
}

const LIVE_MEDIA = new Set(["voice", "callback"]);

/** The work list: calls first, then the rest by due time, then wrap-up and parked. */
export function groups(items: ReadonlyMap<string, Item>): readonly Group[] {
  const rows: Record<GroupName, Item[]> = { now: [], yours: [], wrap_up: [], parked: [] };
  for (const item of items.values()) rows[groupOf(item)].push(item);
  const names: readonly GroupName[] = ["now", "yours", "wrap_up", "parked"];
  return names
    .map((name) => ({ name, items: rows[name].sort(byDue) }))
    .filter((group) => group.items.length > 0);
}

function groupOf(item: Item): GroupName {
  if (item.phase === "wrap_up") return "wrap_up";
  if (item.phase === "parked") return "parked";
  return LIVE_MEDIA.has(item.medium) ? "now" : "yours";
}

/** Earliest promise first, items without one last, then the older first. */
export function byDue(a: Item, b: Item): number {
  return (
    (a.due ?? Number.MAX_SAFE_INTEGER) - (b.due ?? Number.MAX_SAFE_INTEGER) ||
    a.since - b.since ||
    (a.interaction_id < b.interaction_id ? -1 : 1)
  );
}

/** `items` in the order in which their ids stood before; new ones at the end. Says how many moved. */
export function keepOrder(
  items: readonly Item[],
  before: readonly string[],
): { readonly items: readonly Item[]; readonly moved: number } {
  const place = new Map(before.map((id, index) => [id, index]));
  const kept = [...items].sort(
    (a, b) => (place.get(a.interaction_id) ?? before.length) - (place.get(b.interaction_id) ?? before.length),
  );
  const moved = kept.filter((item, index) => items[index] !== item).length;
  return { items: kept, moved };
}

/** The cards to show: at most three, in the order in which they came; a ringing one before an ended one. */
export function cardsShown(state: DeskState): readonly OfferCard[] {
  if (!state.owner) return [];
  const ringing = state.offers.filter((card) => card.end === null);
  const ended = state.offers.filter((card) => card.end !== null);
  return [...ringing, ...ended].slice(0, CARDS_SHOWN);
}

/** The offer that F2 accepts: the first one that still rings. */
export function firstOffer(state: DeskState): OfferCard | null {
  return state.offers.find((card) => card.end === null) ?? null;
}

/** Since when an agent is in the state that is shown: a ring, work and wrap-up have their own beginnings. */
export function shownSince(state: DeskState): number {
  const agent = state.agent;
  if (agent === null) return 0;
  const items = [...state.items.values()];
  const starts: Partial<Record<string, readonly number[]>> = {
    offered: state.offers.filter((card) => card.end === null).map((card) => card.offer.since),
    in_work: items.filter((item) => item.phase === "engaged").map((item) => item.since),
    wrap_up: items.flatMap((item) => (item.wrap_up === null ? [] : [item.wrap_up.since])),
  };
  const known = starts[agent.shown] ?? [];
  return known.length === 0 ? agent.since : Math.min(...known);
}

/** Slots in use and there, per medium that has any. */
export function load(state: DeskState): readonly { medium: string; used: number; slots: number }[] {
  const agent = state.agent;
  if (agent === null) return [];
  return Object.entries(agent.slots)
    .filter(([, slots]) => slots > 0)
    .map(([medium, slots]) => ({ medium, used: agent.used[medium] ?? 0, slots }));
}

/** The number of the last entry of an interaction this desk has read; 0 when it has read none. */
export function lastNumber(state: DeskState, interactionId: string): number {
  return state.conversations.get(interactionId)?.entries.at(-1)?.number ?? 0;
}

/** True when the desk may send commands that change something. */
export function mayAct(state: DeskState): boolean {
  return state.known && state.owner;
}
