/** The server's clock as this desk knows it: the median offset of the last five pings. */

const SAMPLES = 5;

/** Milliseconds of the local clock; injected in tests. */
export type LocalClock = () => number;

export class ServerClock {
  #offsets: number[] = [];
  readonly #local: LocalClock;

  constructor(local: LocalClock) {
    this.#local = local;
  }

  /** A first guess, as good as one way: replaced by the first ping's sample. */
  hint(serverTime: number): void {
    if (this.#offsets.length === 0) this.#offsets = [serverTime - this.#local()];
  }

  /** One ping: sent and received by the local clock, answered with `serverTime` about halfway. */
  sample(sentAt: number, receivedAt: number, serverTime: number): void {
    if (receivedAt < sentAt) return; // The local clock was set back in between.
    this.#offsets.push(serverTime - (sentAt + receivedAt) / 2);
    if (this.#offsets.length > SAMPLES) this.#offsets.shift();
  }

  /** Server time minus local time, in milliseconds. */
  get offsetMs(): number {
    const sorted = [...this.#offsets].sort((a, b) => a - b);
    const middle = Math.floor(sorted.length / 2);
    const upper = sorted[middle];
    if (upper === undefined) return 0;
    return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
  }

  /** The server's time now, as far as known. */
  now(): number {
    return Math.round(this.#local() + this.offsetMs);
  }
}
