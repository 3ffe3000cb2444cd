/** The board's feed: a first answer by HTTP, then a socket; both end when the page is left. */

import { backoffMs } from "../line/backoff";
import type { Queue, Shown } from "../state/shapes";
import { deskTicket } from "./calls";
import { Problem, request } from "./http";

export interface BoardAgent {
  readonly agent_id: string;
  readonly name: string;
  readonly shown: Shown;
  readonly reason?: string;
  readonly since: number;
  readonly queues: readonly string[];
}

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

/** The board as it stands. */
export const board = (): Promise<Board> => request("/api/v1/board");

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
