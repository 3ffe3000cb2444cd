/** One timer for every clock on the page: it beats on the server's full second. */

import { signal } from "@preact/signals";

export interface Beating {
  readonly element: Element;
  /** Writes the text for the server time `now`. */
  readonly write: (now: number) => void;
}

export class Ticker {
  /** Server time of the last beat, in milliseconds. */
  readonly beat = signal(0);
  readonly #now: () => number;
  readonly #clocks = new Set<Beating>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(now: () => number) {
    this.#now = now;
    this.beat.value = now();
  }

  /** Starts beating. */
  start(): void {
    this.#timer ??= setTimeout(() => this.#strike(), 1000 - (this.#now() % 1000));
  }

  /** Stops beating. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Writes a clock now and at every beat while it is visible; call the result to end that. */
  add(clock: Beating): () => void {
    this.#clocks.add(clock);
    clock.write(this.#now());
    return () => this.#clocks.delete(clock);
  }

  #strike(): void {
    this.#timer = null;
    const now = this.#now();
    this.beat.value = now;
    for (const clock of this.#clocks) {
      if (typeof clock.element.checkVisibility !== "function" || clock.element.checkVisibility())
        clock.write(now);
    }
    this.start();
  }
}
