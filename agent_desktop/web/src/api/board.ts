/** The board's feed: a first answer by HTTP, then a socket; both end when the page is left. */

import { backoffMs } from "../line/backoff";
import type { Colleague, Queue } from "../state/shapes";
import { deskTicket } from "./calls";
import { Problem, request, withQuery } from "./http";

export type BoardAgent = Colleague;

export interface Board {
  readonly at: number;
  readonly queues: readonly Queue[];
  readonly agents: readonly BoardAgent[];
  readonly conservation: {
    readonly accepted: number;
    readonly self_service?: number;
    readonly waiting: number;
    readonly offered: number;
    readonly in_work: number;
    readonly finished: number;
    readonly balances?: boolean;
  } | null;
}

/** Sets somebody else's state; `offline` signs them out unless they are engaged. */
export const setAgentState = (agentId: string, presence: string, reason: string): Promise<unknown> =>
  request(`/api/v1/agents/${encodeURIComponent(agentId)}/presence`, {
    method: "POST",
    json: { presence, reason },
  });

/** What a moved seat would do to one queue: ready seats and the expected wait, now and then. */
export interface QueueForecast {
  readonly queue: string;
  readonly waiting: number;
  readonly seats: number;
  readonly seats_then: number;
  readonly expected: readonly [number, number] | null;
  readonly expected_then: readonly [number, number] | null;
  readonly lacks: Readonly<Record<string, number>>;
}

const seat = (agentId: string): string => `/api/v1/agents/${encodeURIComponent(agentId)}/seat`;

/** What it would do if the agent served these queues; none: their own again. */
export const seatForecast = async (
  agentId: string,
  queues: readonly string[],
  signal: AbortSignal,
): Promise<readonly QueueForecast[]> => {
  const search = new URLSearchParams(queues.map((queue) => ["queue", queue]));
  const path = `${seat(agentId)}/forecast?${search.toString()}`;
  return (await request<{ readonly queues: readonly QueueForecast[] }>(path, { signal })).queues;
};

/** What a seat is asked to serve instead of its own queues. */
export interface SeatWish {
  readonly queues: readonly string[];
  readonly until: number;
  readonly skills: Readonly<Record<string, number>>;
}

/** Lets an agent serve other queues until a moment; null: their own again. */
export const moveSeat = (agentId: string, wish: SeatWish | null): Promise<unknown> =>
  wish === null
    ? request(seat(agentId), { method: "DELETE" })
    : request(seat(agentId), { method: "POST", json: wish });

/** The board as it stands. */
export const board = (): Promise<Board> => request("/api/v1/board");

/** The board of a moment of the past, made from the log by the code that makes the live one. */
export const boardAt = (at: number, signal: AbortSignal): Promise<Board> =>
  request(`/api/v1/board?at=${Math.round(at)}`, { signal });

/** Between which moments there is a past. */
export const boardSpan = (): Promise<{ readonly first: number; readonly last: number }> =>
  request("/api/v1/board/span");

/** A row behind a number: an interaction, or an agent; null is what one may not see. */
export interface FigureRow {
  readonly interaction_id: string | null;
  readonly medium: string;
  readonly state: string;
  readonly queue: string;
  readonly since: number;
  readonly agents: readonly string[];
}

export interface FigureRows {
  readonly total: number;
  readonly rows: readonly FigureRow[];
  readonly next: number | null;
}

/** Which number is opened: of a queue, or of the whole centre; `at` is 0 for now. */
export interface FigureAsked {
  readonly figure: string;
  readonly queue: string;
  readonly at: number;
}

/** A page of the rows behind a number of the board. */
export const figureRows = (asked: FigureAsked, skip: number): Promise<FigureRows> =>
  request(
    withQuery("/api/v1/board/rows", {
      figure: asked.figure,
      queue: asked.queue,
      at: asked.at === 0 ? undefined : asked.at,
      skip,
    }),
  );

/** How often the feed is asked whether it still lives; an answer is a sign of life, not news. */
const PING_MS = 1_000;

/** Feeds `onBoard` until the result is called. `onAlive` says that the feed answers though nothing is new. */
export function boardFeed(
  onBoard: (board: Board) => void,
  onAlive: (alive: boolean) => void,
  onProblem: (id: string) => void,
  onTime: (serverTime: number) => void,
): () => void {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;
  let over = false;
  const again = (): void => {
    if (over) return;
    timer = setTimeout(() => void connect(), backoffMs(tries++, Math.random));
  };
  const connect = async (): Promise<void> => {
    try {
      const first = await board();
      if (over) return;
      onTime(first.at);
      onBoard(first);
      const { ticket } = await deskTicket();
      if (over) return;
      const scheme = location.protocol === "https:" ? "wss:" : "ws:";
      socket = new WebSocket(`${scheme}//${location.host}/ws/board?ticket=${encodeURIComponent(ticket)}`);
      listen(socket);
    } catch (problem) {
      onProblem(problem instanceof Problem ? problem.id : "");
      again();
    }
  };
  const listen = (opened: WebSocket): void => {
    const pings = setInterval(() => {
      if (opened.readyState === WebSocket.OPEN) opened.send(JSON.stringify({ type: "ping", id: "board" }));
    }, PING_MS);
    opened.onmessage = (event) => {
      tries = 0;
      const news = JSON.parse(String(event.data)) as { type: string } & Board;
      if (news.type === "board") onBoard(news);
      else onAlive(true);
    };
    opened.onclose = () => {
      clearInterval(pings);
      again();
    };
  };
  void connect();
  return () => {
    over = true;
    clearTimeout(timer);
    if (socket !== null) {
      socket.onclose = null;
      socket.close();
    }
  };
}
