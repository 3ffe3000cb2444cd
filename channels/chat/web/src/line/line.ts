/** The line to the server: opens, keeps alive, opens again with growing pauses. */

import { PROTOCOL, readFrame, type ServerFrame } from "./frames";

export type LineState = "closed" | "connecting" | "open";

export interface Hello {
  token: string;
  after: number;
  language: string;
  fresh: boolean;
}

export interface LineOptions {
  url: string;
  hello: () => Hello;
  onFrame: (frame: ServerFrame) => void;
  onState: (state: LineState) => void;
  makeSocket?: (url: string) => WebSocket;
  random?: () => number;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const OPEN_WITHIN_MS = 10_000;
const PING_EVERY_MS = 15_000;
const PONG_WITHIN_MS = 10_000;
const NOT_UNDERSTOOD = 4400;

export class Line {
  private socket: WebSocket | null = null;
  private tries = 0;
  private wanted = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setTimeout> | undefined;
  private ping: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly options: LineOptions) {}

  /** Opens the line and keeps it open until `close`. */
  open(): void {
    this.wanted = true;
    if (this.socket === null) this.connect();
  }

  /** Closes the line for good. */
  close(): void {
    this.wanted = false;
    this.drop();
    this.options.onState("closed");
  }

  /** Opens a new connection at once: the network is back, or a new beginning is wanted. */
  renew(): void {
    if (!this.wanted) return;
    this.tries = 0;
    this.drop();
    this.connect();
  }

  /** Sends a frame; false when the line is not open (then it is the caller's to send it again). */
  send(frame: object): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  private connect(): void {
    clearTimeout(this.retry);
    this.options.onState("connecting");
    let socket: WebSocket;
    try {
      socket = (this.options.makeSocket ?? ((url) => new WebSocket(url)))(this.options.url);
    } catch {
      // A page's own policy forbids the address: it may be allowed on the next page.
      this.later();
      return;
    }
    this.socket = socket;
    this.watch = setTimeout(() => this.lost(socket), OPEN_WITHIN_MS);
    socket.onopen = () => {
      const { token, after, language, fresh } = this.options.hello();
      this.send({ type: "hello", protocol: PROTOCOL, token, after, language, fresh });
    };
    socket.onmessage = (event) => {
      if (socket === this.socket && typeof event.data === "string") this.take(event.data);
    };
    socket.onclose = (event) => this.lost(socket, event.code);
  }

  private take(text: string): void {
    clearTimeout(this.watch);
    const frame = readFrame(text);
    if (frame === null) return;
    if (frame.type === "welcome") {
      this.tries = 0;
      clearInterval(this.ping);
      this.ping = setInterval(() => this.sound(), PING_EVERY_MS);
      this.options.onState("open");
    }
    this.options.onFrame(frame);
  }

  private sound(): void {
    const socket = this.socket;
    if (socket === null || !this.send({ type: "ping", id: "" })) return;
    clearTimeout(this.watch);
    this.watch = setTimeout(() => this.lost(socket), PONG_WITHIN_MS);
  }

  private lost(socket: WebSocket, code = 0): void {
    if (socket !== this.socket) return;
    this.drop();
    if (code === NOT_UNDERSTOOD) {
      // The server speaks another version: only a new page can help.
      this.wanted = false;
      this.options.onState("closed");
      return;
    }
    this.later();
  }

  private later(): void {
    if (!this.wanted) return;
    this.options.onState("connecting");
    const spread = 1 + (this.options.random ?? Math.random)() * 2;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * spread * 2 ** Math.min(this.tries, 6));
    this.tries += 1;
    this.retry = setTimeout(() => this.connect(), pause);
  }

  private drop(): void {
    clearTimeout(this.retry);
    clearTimeout(this.watch);
    clearInterval(this.ping);
    const socket = this.socket;
    this.socket = null;
    if (socket !== null) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }
}
