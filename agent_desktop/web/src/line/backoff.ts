/** How long to wait before the next try to connect. */

const FIRST_LOW_MS = 500;
const FIRST_HIGH_MS = 1_500;
const LONGEST_MS = 15_000;

/** The wait before try number `tries` (0 is the first): 0.5 to 1.5 s, doubled each time, 15 s at most. */
export function backoffMs(tries: number, random: () => number): number {
  const first = FIRST_LOW_MS + random() * (FIRST_HIGH_MS - FIRST_LOW_MS);
  return Math.min(LONGEST_MS, first * 2 ** Math.min(tries, 10));
}
