/**
 * The line to the server: one websocket that is made anew whenever it breaks, resumes where it
 * stopped, keeps commands while there is none and sends each at most once in effect (same id).
 */

import type { Done, FromServer, Refused } from "../state/shapes";
import { PROTOCOL_VERSION } from "../state/shapes";
import { backoffMs } from "./backoff";
import type { ServerClock } from "./clock";

export type LineState = "connecting" | "online" | "reconnecting" | "signed_out" | "elsewhere" | "stopped";

/** What a socket of the browser offers; the tests bring their own. */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  readonly readyState: number;
  send(text: string): void;
  close(code?: number): void;
}

export interface LineOptions {
  readonly deskId: string;
  readonly open: (ticket: string) => Socket;
  /** A ticket for one socket; rejects with `SignedOut` when there is no session any more. */
  readonly ticket: () => Promise<string>;
  readonly clock: ServerClock;
  readonly local: () => number;
  readonly random: () => number;
  readonly newId: () => string;
  /** Where to resume: the log and the last place in it that this desk has folded. */
  readonly position: () => { readonly log: string; readonly after: number };
  readonly onEvent: (event: FromServer) => void;
  readonly onState: (state: LineState) => void;
  readonly timers?: Timers;
}

export interface Timers {
  readonly after: (ms: number, run: () => void) => unknown;
  readonly stop: (timer: unknown) => void;
}

/** Thrown by `ticket` when the session is over: the line stops instead of trying again. */
export class SignedOut extends Error {}

export type Answer = Done | Refused;

interface Wish {
  readonly frame: string;
  readonly resolve: (answer: Answer) => void;
  readonly patient: boolean;
  sent: boolean;
  timer: unknown;
}

const PING_MS = 5_000;
/** Nothing heard for so long: the line is dead, whatever the socket says. */
const SILENCE_MS = 12_000;
/** How long a command that cannot wait for the line waits for its answer. */
const ANSWER_MS = 15_000;
const CONNECT_MS = 10_000;
/** Wishes kept at most; over it a command is refused at once. */
const WISHES_KEPT = 500;

const CLOSED_SIGNED_OUT = 4401;
const CLOSED_NOT_ALLOWED = 4403;
const CLOSED_ELSEWHERE = 4409;

const BROWSER_TIMERS: Timers = {
  after: (ms, run) => setTimeout(run, ms),
  stop: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

export class Line {
  #state: LineState = "connecting";
  #socket: Socket | null = null;
  #tries = 0;
  #take = false;
  #ready = false;
  #retry: unknown = null;
  #ping: unknown = null;
  #silence: unknown = null;
  #refusedTickets = 0;
  readonly #pings = new Map<string, number>();
  readonly #wishes = new Map<string, Wish>();
  readonly #options: LineOptions;
  readonly #timers: Timers;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#timers = options.timers ?? BROWSER_TIMERS;
  }

  get state(): LineState {
    return this.#state;
  }

  /** Commands that wait for the line or for their answer. */
  get pending(): number {
    return this.#wishes.size;
  }

  /** Opens the line; `take` makes this desk the owner of sound and offers. */
  start(take = false): void {
    this.#take = take;
    this.#timers.stop(this.#retry);
    void this.#connect();
  }

  /** Closes the line for good. */
  stop(): void {
    this.#drop();
    this.#become("stopped");
  }

  /** Drops the socket and makes a new one at once: a gap was seen, or the network came back. */
  renew(): void {
    if (this.#state === "signed_out" || this.#state === "elsewhere" || this.#state === "stopped") return;
    this.#drop();
    this.#become("reconnecting");
    this.#timers.stop(this.#retry);
    void this.#connect();
  }

  /**
   * Sends a command and gives the server's answer. A `patient` one waits for the line as long as it
   * takes; another is refused with `offline` at once, or `no_answer` after 15 seconds.
   */
  do(
    name: string,
    args: Readonly<Record<string, unknown>>,
    patient = false,
    id: string = this.#options.newId(),
  ): Promise<Answer> {
    if (!patient && !this.#ready) return Promise.resolve(refusal(id, "offline"));
    if (this.#wishes.size >= WISHES_KEPT) return Promise.resolve(refusal(id, "too_many"));
    return new Promise((resolve) => {
      const frame = JSON.stringify({ type: "do", id, do: name, args });
      const wish: Wish = { frame, resolve, patient, sent: false, timer: null };
      if (!patient) wish.timer = this.#timers.after(ANSWER_MS, () => this.#answer(refusal(id, "no_answer")));
      this.#wishes.set(id, wish);
      if (this.#ready) this.#send(wish);
    });
  }

  /** Takes a patient command back that has not left yet; false when it may have. */
  withdraw(id: string): boolean {
    const wish = this.#wishes.get(id);
    if (wish === undefined || wish.sent) return false;
    this.#answer(refusal(id, "withdrawn"));
    return true;
  }

  /** Says something that needs no answer; lost when there is no line. */
  tell(name: string, args: Readonly<Record<string, unknown>>): void {
    if (!this.#ready) return;
    this.#socket?.send(JSON.stringify({ type: "do", id: this.#options.newId(), do: name, args }));
  }

  /** Sends a frame that is no command; lost when there is no line. */
  say(frame: Readonly<Record<string, unknown>>): void {
    if (this.#ready) this.#socket?.send(JSON.stringify(frame));
  }

  async #connect(): Promise<void> {
    const { ticket, open, deskId, position } = this.#options;
    let spent: string;
    try {
      spent = await ticket();
    } catch (problem) {
      if (problem instanceof SignedOut) this.#become("signed_out");
      else this.#again();
      return;
    }
    if (this.#state === "stopped" || this.#socket !== null) return;
    const socket = open(spent);
    this.#socket = socket;
    this.#silence = this.#timers.after(CONNECT_MS, () => this.#lost(socket, 0));
    socket.onopen = () => {
      const { log, after } = position();
      const hello = { type: "hello", protocol: PROTOCOL_VERSION, desk: deskId, log, after, take: this.#take };
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = (event) => this.#hear(socket, event.data);
    socket.onclose = (event) => this.#lost(socket, event.code);
  }

  #hear(socket: Socket, data: unknown): void {
    if (socket !== this.#socket || typeof data !== "string") return;
    this.#listen(socket);
    const event = JSON.parse(data) as FromServer;
    if (event.type === "pong") this.#pong(event.id, event.server_time);
    else if (event.type === "done" || event.type === "refused") this.#answer(event);
    else {
      if (event.type === "welcome") this.#options.clock.hint(event.server_time);
      this.#options.onEvent(event);
      if (event.type === "caught_up") this.#caughtUp();
    }
  }

  #caughtUp(): void {
    this.#tries = 0;
    this.#take = false;
    this.#refusedTickets = 0;
    this.#ready = true;
    this.#become("online");
    for (const wish of this.#wishes.values()) this.#send(wish);
    this.#doPing();
  }

  #send(wish: Wish): void {
    wish.sent = true;
    this.#socket?.send(wish.frame);
  }

  #answer(answer: Answer): void {
    const wish = this.#wishes.get(answer.id);
    if (wish === undefined) return;
    this.#wishes.delete(answer.id);
    this.#timers.stop(wish.timer);
    wish.resolve(answer);
  }

  #doPing(): void {
    const id = this.#options.newId();
    this.#pings.clear();
    this.#pings.set(id, this.#options.local());
    this.#socket?.send(JSON.stringify({ type: "ping", id }));
    this.#timers.stop(this.#ping);
    this.#ping = this.#timers.after(PING_MS, () => this.#doPing());
  }

  #pong(id: string, serverTime: number): void {
    const sentAt = this.#pings.get(id);
    if (sentAt !== undefined) this.#options.clock.sample(sentAt, this.#options.local(), serverTime);
    this.#pings.delete(id);
  }

  #listen(socket: Socket): void {
    this.#timers.stop(this.#silence);
    this.#silence = this.#timers.after(SILENCE_MS, () => this.#lost(socket, 0));
  }

  #lost(socket: Socket, code: number): void {
    if (socket !== this.#socket) return;
    this.#drop();
    if (code === CLOSED_ELSEWHERE) this.#become("elsewhere");
    else if (code === CLOSED_NOT_ALLOWED) this.#become("signed_out");
    else if (code === CLOSED_SIGNED_OUT && ++this.#refusedTickets > 1) this.#become("signed_out");
    else this.#again();
  }

  #again(): void {
    if (this.#state === "stopped") return;
    this.#become("reconnecting");
    this.#timers.stop(this.#retry);
    this.#retry = this.#timers.after(backoffMs(this.#tries++, this.#options.random), () => {
      void this.#connect();
    });
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#ready = false;
    this.#timers.stop(this.#ping);
    this.#timers.stop(this.#silence);
    if (socket === null) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  #become(state: LineState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onState(state);
  }
}

function refusal(id: string, code: string): Refused {
  return { type: "refused", id, code, message: "" };
}
