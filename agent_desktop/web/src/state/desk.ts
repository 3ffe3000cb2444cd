/** What a desk knows: a plain value that `fold` alone makes from the one before. */

import type { Agent, Colleague, Entry, Item, Mention, Offer, OfferEnd, Queue, Reason } from "./shapes";

/** An offer as the card shows it; an ended one stays greyed for a moment. */
export interface OfferCard {
  readonly offer: Offer;
  readonly end: OfferEnd | null;
  readonly reason: string;
  /** Server time of its end, or null while it rings. */
  readonly endedAt: number | null;
  /** What this desk has asked about it and not yet heard of. */
  readonly asked: "accept" | "decline" | null;
}

/** The words of one interaction, oldest first, as far as they have been read. */
export interface Conversation {
  readonly entries: readonly Entry[];
  readonly status: "absent" | "loading" | "loaded" | "failed";
  /** True when nothing older than the first entry is left on the server. */
  readonly complete: boolean;
  /** The id to quote when reading failed. */
  readonly problem: string;
}

/** A reply that was stopped because newer words exist. */
export interface Stale {
  readonly entries: readonly Entry[];
  readonly at: number;
}

export interface Missed {
  readonly at: number;
  readonly medium: string;
  readonly end: OfferEnd;
}

/** One line of "4 things happened" after a break. */
export interface Happening {
  readonly kind: string;
  readonly at: number;
  readonly name: string;
  readonly medium: string;
}

export interface DeskState {
  readonly log: string;
  readonly seq: number;
  /** False until the first snapshot. */
  readonly known: boolean;
  readonly owner: boolean;
  readonly graceMs: number;
  readonly agent: Agent | null;
  readonly items: ReadonlyMap<string, Item>;
  readonly offers: readonly OfferCard[];
  readonly queues: readonly Queue[];
  readonly colleagues: readonly Colleague[];
  readonly reasons: readonly Reason[];
  /** Notes that ask this agent to look, the newest last. */
  readonly mentions: readonly Mention[];
  readonly conversations: ReadonlyMap<string, Conversation>;
  /** Finished here in the last 15 minutes: still open for outcome and note. */
  readonly justDone: ReadonlyMap<string, { readonly item: Item; readonly at: number; readonly how: string }>;
  readonly typing: ReadonlyMap<string, number>;
  readonly writing: ReadonlyMap<string, { readonly name: string; readonly until: number }>;
  readonly stale: ReadonlyMap<string, Stale>;
  readonly missed: Missed | null;
  /** Being filled while pushes are replayed, shown when the replay is over. */
  readonly replay: readonly Happening[] | null;
  readonly happened: readonly Happening[];
  readonly presenceAsked: boolean;
  /** A push did not follow the one before it: the line must be made anew. */
  readonly gap: boolean;
}

export const EMPTY: DeskState = {
  log: "",
  seq: 0,
  known: false,
  owner: false,
  graceMs: 30_000,
  agent: null,
  items: new Map(),
  offers: [],
  queues: [],
  colleagues: [],
  reasons: [],
  mentions: [],
  conversations: new Map(),
  justDone: new Map(),
  typing: new Map(),
  writing: new Map(),
  stale: new Map(),
  missed: null,
  replay: null,
  happened: [],
  presenceAsked: false,
  gap: false,
};

export const ABSENT: Conversation = { entries: [], status: "absent", complete: false, problem: "" };

/** How long an ended offer stays on the screen, greyed. */
export const ENDED_SHOWN_MS = 3_000;
/** How long note and outcome of a finished item stay editable. */
export const JUST_DONE_MS = 15 * 60_000;
/** Cards on the screen at most; further offers wait behind them. */
export const CARDS_SHOWN = 3;
