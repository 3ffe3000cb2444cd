import { describe, expect, it } from "vitest";
import { moved, shownOrder, sortedKeys } from "../src/state/gridorder";

const rows = [
  { id: "a", n: 2 },
  { id: "b", n: null },
  { id: "c", n: 9 },
  { id: "d", n: 2 },
];
const id = (row: { id: string }): string => row.id;
const n = (row: { n: number | null }): number | null => row.n;

describe("the order of a grid", () => {
  it("sorts by value, equal rows as they came, empty ones last either way", () => {
    expect(sortedKeys(rows, id, n, true)).toEqual(["c", "a", "d", "b"]);
    expect(sortedKeys(rows, id, n, false)).toEqual(["a", "d", "c", "b"]);
    expect(sortedKeys(rows, id, undefined, true)).toEqual(["a", "b", "c", "d"]);
  });

  it("leaves rows where they stand while they are held, new ones last, gone ones out", () => {
    expect(shownOrder(["c", "a", "x"], ["a", "new", "c"])).toEqual(["c", "a", "new"]);
    expect(moved(["c", "a", "new"], ["a", "new", "c"])).toBe(3);
    expect(moved(["a", "c"], ["a", "c"])).toBe(0);
  });
});
