/** Small pure changes of maps and of lists of entries. */

import { ABSENT, type DeskState } from "./desk";
import type { Entry, Mark } from "./shapes";

/** `map` with `key` set; the old map is untouched. */
export function mapWith<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  const next = new Map(map);
  next.set(key, value);
  return next;
}

/** `map` without `key`; the same map when it was not there. */
export function mapWithout<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  if (!map.has(key)) return map;
  const next = new Map(map);
  next.delete(key);
  return next;
}

/** `map` with only the values that `keep` says; the same map when all stay. */
export function mapKeeping<K, V>(map: ReadonlyMap<K, V>, keep: (value: V) => boolean): ReadonlyMap<K, V> {
  const kept = [...map].filter(([, value]) => keep(value));
  return kept.length === map.size ? map : new Map(kept);
}

const MARK_ORDER: readonly Mark[] = ["", "waiting", "sent", "delivered", "seen", "failed"];

/** The entries of both lists in the order of their numbers, each id once; the fresh one wins. */
export function addEntries(old: readonly Entry[], fresh: readonly Entry[]): readonly Entry[] {
  if (fresh.length === 0) return old;
  const byId = new Map(old.map((entry) => [entry.entry_id, entry]));
  for (const entry of fresh) {
    const known = byId.get(entry.entry_id);
    byId.set(entry.entry_id, known === undefined ? entry : { ...entry, ...laterMark(known, entry) });
  }
  return [...byId.values()].sort((a, b) => a.number - b.number);
}

/** `entries` with the mark of one of them moved on; a mark never moves back. */
export function markEntry(
  entries: readonly Entry[],
  entryId: string,
  mark: Mark,
  reason: string,
): readonly Entry[] {
  const index = entries.findIndex((entry) => entry.entry_id === entryId);
  const old = entries[index];
  if (old === undefined) return entries;
  const next = { ...old, ...laterMark(old, { mark, mark_reason: reason }) };
  return entries.map((entry, at) => (at === index ? next : entry));
}

type Marked = Pick<Entry, "mark" | "mark_reason">;

function laterMark(one: Marked, other: Marked): Marked {
  const later = MARK_ORDER.indexOf(other.mark ?? "") >= MARK_ORDER.indexOf(one.mark ?? "") ? other : one;
  return { mark: later.mark, mark_reason: later.mark_reason };
}

/** The state with the entries of one conversation changed. */
export function changeConversation(
  state: DeskState,
  id: string,
  change: (entries: readonly Entry[]) => readonly Entry[],
): DeskState {
  const old = state.conversations.get(id) ?? ABSENT;
  const entries = change(old.entries);
  if (entries === old.entries) return state;
  return { ...state, conversations: mapWith(state.conversations, id, { ...old, entries }) };
}
