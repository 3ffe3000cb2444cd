/**
 * What a screen reader is told: two regions that are in the page from the start. One text each
 * 500 ms, gone after 15 s, never the same one twice in a row within that time.
 */

import type { Timers } from "../line/line";

export type Urgency = "alert" | "status";

const SPACING_MS = 500;
const CLEARED_MS = 15_000;
/** Texts kept waiting at most; over it the oldest is dropped, it is no longer news. */
const WAITING_KEPT = 12;

class Region {
  readonly #element: Element;
  readonly #timers: Timers;
  readonly #waiting: string[] = [];
  #last = "";
  #spacing: unknown = null;
  #clearing: unknown = null;

  constructor(element: Element, timers: Timers) {
    this.#element = element;
    this.#timers = timers;
  }

  say(text: string): void {
    const newest = this.#waiting.at(-1) ?? this.#last;
    if (text === "" || text === newest) return;
    this.#waiting.push(text);
    if (this.#waiting.length > WAITING_KEPT) this.#waiting.shift();
    if (this.#spacing === null) this.#next();
  }

  #next(): void {
    const text = this.#waiting.shift();
    this.#spacing = null;
    if (text === undefined) return;
    this.#last = text;
    this.#element.textContent = text;
    this.#timers.stop(this.#clearing);
    this.#clearing = this.#timers.after(CLEARED_MS, () => {
      this.#element.textContent = "";
      this.#last = "";
    });
    this.#spacing = this.#timers.after(SPACING_MS, () => this.#next());
  }
}

export class Announcer {
  readonly #regions: Record<Urgency, Region>;

  constructor(alert: Element, status: Element, timers: Timers) {
    this.#regions = { alert: new Region(alert, timers), status: new Region(status, timers) };
  }

  /** Says `text`: an alert interrupts, a status waits its turn. */
  say(text: string, urgency: Urgency = "status"): void {
    this.#regions[urgency].say(text);
  }
}
