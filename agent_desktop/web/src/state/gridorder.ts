/** In which order the rows of a grid stand: as sorted, or as they stood while somebody is at them. */

export interface Order {
  readonly column: string;
  readonly down: boolean;
}

/** The keys of the rows as they are wanted; equal rows stay as they come, rows without a value last. */
export function sortedKeys<Row>(
  rows: readonly Row[],
  key: (row: Row) => string,
  by: ((row: Row) => number | string | null) | undefined,
  down: boolean,
): readonly string[] {
  if (by === undefined) return rows.map(key);
  const sign = down ? -1 : 1;
  const valued = rows.map((row) => ({ key: key(row), value: by(row) }));
  valued.sort((a, b) => {
    if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
    if (typeof a.value === "number" && typeof b.value === "number") return sign * (a.value - b.value);
    return sign * String(a.value).localeCompare(String(b.value));
  });
  return valued.map((each) => each.key);
}

/** The order while nothing may move: what stood there stays, what is new comes last. */
export function shownOrder(before: readonly string[], wanted: readonly string[]): readonly string[] {
  const left = new Set(wanted);
  const stayed = before.filter((key) => left.delete(key));
  return [...stayed, ...wanted.filter((key) => left.has(key))];
}

/** How many rows stand elsewhere than they would if sorted again. */
export const moved = (shown: readonly string[], wanted: readonly string[]): number =>
  shown.filter((key, at) => wanted[at] !== key).length;
