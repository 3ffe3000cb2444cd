/** What the panel shows, as a value; every change is a function of the value and what happened. */

import type { LineState } from "../line/line";
import type { FileItem, Item, ServerFrame, Site } from "../line/frames";

export type Phase = "connecting" | "before" | "served" | "waiting" | "talking" | "ended";
export type SendState = "sending" | "late" | "failed";

/** Words on their way: shown at once, replaced by the server's numbered item. */
export interface Outgoing {
  id: string;
  text: string;
  files: FileItem[];
  at: number;
  state: SendState;
  /** Why it was not sent: a code of the server. */
  code: string;
  /** The answer to a question for a secret: its text stands nowhere. */
  secret?: true;
}

export interface Place {
  position: number | null;
  lowMs: number | null;
  highMs: number | null;
}

export interface Model {
  line: LineState;
  phase: Phase;
  site: Site | null;
  items: Item[];
  outgoing: Outgoing[];
  place: Place | null;
  /** Who is here: the name of the agent, empty when nobody is. */
  agent: string;
  held: boolean;
  typist: string;
  seenNumber: number;
  readSeq: number;
  caughtUp: boolean;
  mayKeep: boolean;
  kept: boolean;
  rated: boolean;
  /** How the chat ended, as the server names it. */
  outcome: string;
}

export const BLANK: Model = {
  line: "closed",
  phase: "connecting",
  site: null,
  items: [],
  outgoing: [],
  place: null,
  agent: "",
  held: false,
  typist: "",
  seenNumber: 0,
  readSeq: 0,
  caughtUp: false,
  mayKeep: false,
  kept: false,
  rated: false,
  outcome: "",
};

/** Whether a chat runs: begun, and not over. */
export const runs = (phase: Phase): boolean =>
  phase === "served" || phase === "waiting" || phase === "talking";

/** What the flow asks now: its last message, until something is said to it. */
export function asked(model: Model): Item | null {
  if (model.phase !== "served" || model.outgoing.length > 0) return null;
  const last = model.items.findLast((item) => item.kind === "message" || item.kind === "said");
  return last?.kind === "message" ? last : null;
}

/** The number of the last item, 0 when there is none. */
export function lastSeq(model: Model): number {
  return model.items.at(-1)?.seq ?? 0;
}

/** How many words of others the visitor has not looked at. */
export function unread(model: Model): number {
  return model.items.filter((item) => item.kind === "message" && item.seq > model.readSeq).length;
}

/** A frame of the server, taken in. */
export function received(model: Model, frame: ServerFrame): Model {
  switch (frame.type) {
    case "welcome":
      return welcomed(model, frame);
    case "items":
      return frame.items.reduce(shown, model);
    case "caught_up":
      return { ...model, caughtUp: true };
    case "queue":
      return { ...model, place: { position: frame.position, lowMs: frame.low_ms, highMs: frame.high_ms } };
    case "typing":
      return { ...model, typist: frame.typing ? frame.name : "" };
    case "seen":
      return { ...model, seenNumber: Math.max(model.seenNumber, frame.number) };
    default:
      return model;
  }
}

function welcomed(model: Model, frame: Extract<ServerFrame, { type: "welcome" }>): Model {
  const talk = frame.conversation;
  if (talk === undefined) {
    // Nothing has begun, or what had begun is forgotten; words on their way stay.
    const { line, outgoing } = model;
    return { ...BLANK, line, outgoing, site: frame.site, phase: "before", caughtUp: true };
  }
  return {
    ...model,
    site: frame.site,
    phase: talk.state === "starting" ? "waiting" : talk.state,
    readSeq: Math.max(model.readSeq, talk.read),
    seenNumber: Math.max(model.seenNumber, talk.seen_number),
    rated: model.rated || talk.rated,
    kept: model.kept || talk.kept,
    typist: "",
  };
}

/** An item joins, once and in order. */
export function shown(model: Model, item: Item): Model {
  if (item.seq <= lastSeq(model)) return model;
  const next: Model = { ...model, items: [...model.items, item] };
  switch (item.kind) {
    case "said":
      if (next.phase === "before" || next.phase === "connecting")
        next.phase = model.site?.self_service === true ? "served" : "waiting";
      next.outgoing = model.outgoing.filter((each) => each.id !== item.id);
      return next;
    case "message":
      return { ...next, typist: "" };
    case "waiting":
      return { ...next, phase: "waiting", agent: "", held: false };
    case "joined":
      return { ...next, phase: "talking", agent: item.name ?? "", place: null, mayKeep: false, held: false };
    case "left":
      return { ...next, agent: item.name === model.agent ? "" : model.agent, typist: "" };
    case "held":
    case "retrieved":
      return { ...next, held: item.kind === "held" };
    case "notice":
      return { ...next, mayKeep: model.mayKeep || item.may_keep === true };
    case "kept":
      return { ...next, kept: true };
    case "ended":
      return { ...next, phase: "ended", outcome: item.outcome ?? "", typist: "", place: null };
    default:
      return next;
  }
}

/** Words set out. */
export function setOut(model: Model, words: Outgoing): Model {
  return { ...model, outgoing: [...model.outgoing, words] };
}

/** What became of words on their way. */
export function became(model: Model, id: string, state: SendState, code = ""): Model {
  return {
    ...model,
    outgoing: model.outgoing.map((each) => (each.id === id ? { ...each, state, code } : each)),
  };
}

/** Words on their way that are given up. */
export function withdrawn(model: Model, id: string): Model {
  return { ...model, outgoing: model.outgoing.filter((each) => each.id !== id) };
}
