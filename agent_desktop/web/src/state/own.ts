/** The part of the fold that concerns what this desk itself asks for and reads. */

import { addEntries, changeConversation, mapKeeping, mapWith, mapWithout } from "./change";
import {
  ABSENT,
  type Conversation,
  type DeskState,
  ENDED_SHOWN_MS,
  JUST_DONE_MS,
  type OfferCard,
} from "./desk";
import type { Entry } from "./shapes";

/** What this desk does or reads by itself. */
export type OwnEvent =
  | { readonly type: "asked_offer"; readonly offer_id: string; readonly ask: "accept" | "decline" }
  | { readonly type: "asked_presence" }
  | { readonly type: "offer_refused"; readonly offer_id: string }
  | { readonly type: "presence_refused" }
  | { readonly type: "entries_asked"; readonly interaction_id: string }
  | {
      readonly type: "entries_read";
      readonly interaction_id: string;
      readonly entries: readonly Entry[];
      readonly complete: boolean;
    }
  | { readonly type: "entries_failed"; readonly interaction_id: string; readonly problem: string }
  | {
      readonly type: "stale";
      readonly interaction_id: string;
      readonly entries: readonly Entry[];
    }
  | { readonly type: "stale_over"; readonly interaction_id: string }
  | { readonly type: "read"; readonly interaction_id: string }
  | { readonly type: "missed_over" }
  | { readonly type: "happened_over" }
  | { readonly type: "tick" };

/** The state after this desk's own `event` at `now` (server time). */
export function foldOwn(state: DeskState, event: OwnEvent, now: number): DeskState {
  switch (event.type) {
    case "asked_offer":
      return changeOffer(state, event.offer_id, (card) => ({ ...card, asked: event.ask }));
    case "offer_refused":
      return changeOffer(state, event.offer_id, (card) =>
        card.end === null ? { ...card, end: "withdrawn", endedAt: now, reason: "gone", asked: null } : card,
      );
    case "asked_presence":
      return { ...state, presenceAsked: true };
    case "presence_refused":
      return { ...state, presenceAsked: false };
    case "stale":
      return foldStale(state, event, now);
    case "stale_over":
      return { ...state, stale: mapWithout(state.stale, event.interaction_id) };
    case "read":
      return foldRead(state, event.interaction_id);
    case "missed_over":
      return { ...state, missed: null };
    case "happened_over":
      return { ...state, happened: [] };
    case "tick":
      return foldTick(state, now);
    default:
      return foldReading(state, event);
  }
}

type ReadingEvent = Extract<OwnEvent, { type: "entries_asked" | "entries_read" | "entries_failed" }>;

function foldReading(state: DeskState, event: ReadingEvent): DeskState {
  const old = state.conversations.get(event.interaction_id) ?? ABSENT;
  const next: Conversation =
    event.type === "entries_asked"
      ? { ...old, status: "loading", problem: "" }
      : event.type === "entries_failed"
        ? { ...old, status: "failed", problem: event.problem }
        : {
            entries: addEntries(old.entries, event.entries),
            status: "loaded",
            complete: old.complete || event.complete,
            problem: "",
          };
  return { ...state, conversations: mapWith(state.conversations, event.interaction_id, next) };
}

function foldStale(state: DeskState, event: Extract<OwnEvent, { type: "stale" }>, now: number): DeskState {
  const next = changeConversation(state, event.interaction_id, (entries) =>
    addEntries(entries, event.entries),
  );
  return { ...next, stale: mapWith(next.stale, event.interaction_id, { entries: event.entries, at: now }) };
}

function foldRead(state: DeskState, id: string): DeskState {
  const item = state.items.get(id);
  if (item === undefined || item.unread === 0) return state;
  return { ...state, items: mapWith(state.items, id, { ...item, unread: 0 }) };
}

/** Lets go of what is shown for a while only. */
function foldTick(state: DeskState, now: number): DeskState {
  const offers = state.offers.filter((card) => card.endedAt === null || now - card.endedAt < ENDED_SHOWN_MS);
  const typing = mapKeeping(state.typing, (until) => until > now);
  const writing = mapKeeping(state.writing, (each) => each.until > now);
  const justDone = mapKeeping(state.justDone, (done) => now - done.at <= JUST_DONE_MS);
  const same =
    offers.length === state.offers.length &&
    typing === state.typing &&
    writing === state.writing &&
    justDone === state.justDone;
  return same ? state : { ...state, offers, typing, writing, justDone };
}

function changeOffer(state: DeskState, id: string, change: (card: OfferCard) => OfferCard): DeskState {
  return {
    ...state,
    offers: state.offers.map((card) => (card.offer.offer_id === id ? change(card) : card)),
  };
}
