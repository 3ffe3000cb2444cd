/** How the desk's line reaches the server, and what the page shows of it. */

import { deskTicket } from "../api/calls";
import { Problem } from "../api/http";
import { type LineOptions, SignedOut, type Socket } from "../line/line";
import { readEntries } from "./acts";
import type { Desk } from "./desk";
import { freshId } from "./ids";

/** Random, per tab, kept over reloads, so that a reload is the same desk to the server. */
function tabId(): string {
  const key = "carillon-tab";
  try {
    const known = sessionStorage.getItem(key);
    if (known !== null) return known;
    const fresh = freshId();
    sessionStorage.setItem(key, fresh);
    return fresh;
  } catch {
    return freshId();
  }
}

async function ticket(): Promise<string> {
  try {
    return (await deskTicket()).ticket;
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) throw new SignedOut();
    throw problem;
  }
}

function openSocket(spent: string): Socket {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return new WebSocket(`${scheme}//${location.host}/ws/desk?ticket=${encodeURIComponent(spent)}`) as Socket;
}

/** The line's view of this desk. */
export function connection(desk: Desk): LineOptions {
  return {
    deskId: tabId(),
    ticket,
    open: openSocket,
    clock: desk.clock,
    local: () => Date.now(),
    random: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
    newId: () => desk.newId(),
    position: () => {
      const { log, seq, known } = desk.state.peek();
      return { log: known ? log : "", after: known ? seq : 0 };
    },
    onEvent: (event) => desk.hear(event),
    onState: (state) => {
      desk.lineState.value = state;
      if (state === "online") {
        desk.awaySince.value = null;
        desk.drafts.flush();
        readWhatFailed(desk);
      } else desk.awaySince.value ??= Date.now();
    },
  };
}

/** What could not be read while the line was away is read again, unasked. */
function readWhatFailed(desk: Desk): void {
  for (const [id, conversation] of desk.state.peek().conversations) {
    if (conversation.status === "failed") void readEntries(desk, id);
  }
}
