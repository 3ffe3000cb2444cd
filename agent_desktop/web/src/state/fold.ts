/**
 * `fold(state, event)`: the only way the desk's state changes. Pure; events are what the line brings
 * and what this desk itself has asked for or read.
 */

import { addEntries, changeConversation, mapWith, mapWithout, markEntry } from "./change";
import type { DeskState, Happening, OfferCard } from "./desk";
import { foldOwn, type OwnEvent } from "./own";
import type { PhoneNews } from "../phone/shapes";
import type { Agent, Entry, FromServer, Item, Live, Push, Snapshot } from "./shapes";

export type DeskEvent = FromServer | OwnEvent;

/** How long "is typing" and "is writing" stand without being said again. */
const TYPING_SHOWN_MS = 6_000;
/** Notes that ask one to look: so many are kept. */
const MENTIONS_KEPT = 20;
const WRITING_SHOWN_MS = 10_000;

/** The state after `event` at `now` (server time, ms). The same object comes back when nothing changed. */
export function fold(state: DeskState, event: DeskEvent, now: number): DeskState {
  switch (event.type) {
    case "welcome":
      return {
        ...state,
        log: event.log,
        owner: event.owner,
        graceMs: event.grace_ms,
        gap: false,
        replay: event.resumed && state.known ? [] : null,
      };
    case "snapshot":
      return foldSnapshot(state, event);
    case "caught_up":
      return { ...state, happened: event.missed > 0 ? (state.replay ?? []) : state.happened, replay: null };
    case "owner":
      return { ...state, owner: event.owner };
    case "push":
      return foldPush(state, event);
    case "live":
      return foldLive(state, event, now);
    case "done":
    case "refused":
    case "pong":
      return state;
    default:
      return foldOwn(state, event, now);
  }
}

function foldSnapshot(state: DeskState, event: Snapshot): DeskState {
  // What was read before stays readable, marked for reading again: entries may have been missed.
  const conversations = new Map(
    [...state.conversations].map(([id, each]) => [id, { ...each, status: "absent" as const }]),
  );
  return {
    ...state,
    seq: event.seq,
    known: true,
    agent: event.agent,
    items: new Map(event.items.map((item) => [item.interaction_id, item])),
    offers: event.offers.map(
      (offer): OfferCard =>
        state.offers.find((card) => card.end === null && card.offer.offer_id === offer.offer_id) ?? {
          offer,
          end: null,
          reason: "",
          endedAt: null,
          asked: null,
        },
    ),
    queues: event.queues,
    colleagues: event.colleagues,
    reasons: event.reasons,
    mentions: event.mentions ?? [],
    conversations,
    presenceAsked: false,
    replay: null,
    gap: false,
  };
}

function foldPush(state: DeskState, push: Push): DeskState {
  if (push.seq <= state.seq) return state; // Seen before: at most once.
  if (push.previous !== state.seq) return { ...state, gap: true };
  const next = foldAlong(foldFact({ ...state, seq: push.seq }, push), push);
  return next.replay === null ? next : { ...next, replay: [...next.replay, happening(state, push)] };
}

/** A fact may bring along how the agent and the item stand after it. */
function foldAlong(state: DeskState, push: Push): DeskState {
  let next = state;
  if (push.kind !== "item" && push.kind !== "item_gone" && push.item) next = foldItem(next, push.item);
  if (push.kind !== "presence" && push.agent) next = foldPresence(next, push.agent);
  return next;
}

function foldFact(state: DeskState, push: Push): DeskState {
  switch (push.kind) {
    case "offered":
      return {
        ...state,
        offers: [
          ...state.offers.filter((card) => card.offer.offer_id !== push.offer.offer_id),
          { offer: push.offer, end: null, reason: "", endedAt: null, asked: null },
        ],
      };
    case "offer_ended":
      return foldOfferEnd(state, push);
    case "item":
      return foldItem(state, push.item);
    case "item_gone":
      return foldGone(state, push.interaction_id, push.how, push.at);
    case "entry":
      return foldEntry(state, push.interaction_id, push.entry);
    case "mention":
      return {
        ...foldEntry(state, push.interaction_id, push.entry),
        mentions: [...state.mentions, push.mention].slice(-MENTIONS_KEPT),
      };
    case "entry_marked":
      return changeConversation(state, push.interaction_id, (entries) =>
        markEntry(entries, push.entry_id, push.mark, push.reason),
      );
    case "presence":
      return foldPresence(state, push.agent);
    case "catalogue":
      return { ...state, queues: push.queues, colleagues: push.colleagues, reasons: push.reasons };
    default:
      return state; // A newer server tells what this page does not know yet.
  }
}

function foldOfferEnd(state: DeskState, push: Push & { kind: "offer_ended" }): DeskState {
  const card = state.offers.find((each) => each.offer.offer_id === push.offer_id);
  // "gone" is what this desk was told when it asked too late; the fact says more.
  if (card === undefined || (card.end !== null && card.reason !== "gone")) return state;
  const missed =
    push.end === "no_answer" || push.end === "desk_lost"
      ? { at: push.at, medium: card.offer.medium, end: push.end }
      : state.missed;
  const quiet = push.end === "accepted" || push.end === "declined";
  const offers = quiet
    ? state.offers.filter((each) => each !== card)
    : state.offers.map((each) =>
        each === card ? { ...each, end: push.end, reason: push.reason, endedAt: push.at } : each,
      );
  return { ...state, offers, missed };
}

function foldItem(state: DeskState, item: Item): DeskState {
  return {
    ...state,
    items: mapWith(state.items, item.interaction_id, item),
    justDone: mapWithout(state.justDone, item.interaction_id),
  };
}

function foldGone(state: DeskState, id: string, how: string, at: number): DeskState {
  const item = state.items.get(id);
  if (item === undefined) return state;
  const editable = item.phase === "wrap_up" || item.wrap_up !== null;
  return {
    ...state,
    items: mapWithout(state.items, id),
    justDone: editable ? mapWith(state.justDone, id, { item, at, how }) : state.justDone,
    typing: mapWithout(state.typing, id),
    writing: mapWithout(state.writing, id),
    stale: mapWithout(state.stale, id),
  };
}

function foldEntry(state: DeskState, id: string, entry: Entry): DeskState {
  const next = changeConversation(state, id, (entries) => addEntries(entries, [entry]));
  const writing = entry.author === "agent" ? mapWithout(next.writing, id) : next.writing;
  const typing = entry.author === "customer" ? mapWithout(next.typing, id) : next.typing;
  return { ...next, writing, typing };
}

function foldPresence(state: DeskState, agent: Agent): DeskState {
  const missed = agent.presence === "ready" ? null : state.missed;
  return { ...state, agent, missed, presenceAsked: false };
}

function foldLive(state: DeskState, live: Live | PhoneNews, now: number): DeskState {
  switch (live.kind) {
    case "calls":
    case "call":
    case "describe":
      return state; // The telephone keeps them, see phone/.
    case "typing":
      if (live.who !== "customer") return state;
      return {
        ...state,
        typing: live.typing
          ? mapWith(state.typing, live.interaction_id, now + TYPING_SHOWN_MS)
          : mapWithout(state.typing, live.interaction_id),
      };
    case "queues":
      return { ...state, queues: merge(state.queues, live.queues, (queue) => queue.queue) };
    case "colleagues":
      return { ...state, colleagues: merge(state.colleagues, live.colleagues, (each) => each.agent_id) };
    case "writing":
      return {
        ...state,
        writing: mapWith(state.writing, live.interaction_id, {
          name: live.name,
          until: now + WRITING_SHOWN_MS,
        }),
      };
    case "draft":
      return state; // The drafts keep it, see drafts/.
    default:
      return state; // News of a part that this page does not draw changes nothing it does.
  }
}

/** Rows of `fresh` replace those of the same key, in place; unknown ones are appended. */
function merge<T>(old: readonly T[], fresh: readonly T[], key: (row: T) => string): readonly T[] {
  const byKey = new Map(fresh.map((row) => [key(row), row]));
  const kept = old.map((row) => byKey.get(key(row)) ?? row);
  const known = new Set(old.map(key));
  return [...kept, ...fresh.filter((row) => !known.has(key(row)))];
}

function happening(state: DeskState, push: Push): Happening {
  const id =
    "interaction_id" in push ? push.interaction_id : push.kind === "item" ? push.item.interaction_id : "";
  const item = push.kind === "item" ? push.item : state.items.get(id);
  const offer =
    push.kind === "offered"
      ? push.offer
      : state.offers.find((card) => card.offer.interaction_id === id)?.offer;
  const kind = push.kind === "offer_ended" ? `offer_ended_${push.end}` : push.kind;
  return {
    kind,
    at: push.at,
    name: item?.customer.name ?? offer?.customer.name ?? "",
    medium: item?.medium ?? offer?.medium ?? "",
  };
}
