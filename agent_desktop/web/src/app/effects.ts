/** What follows from a change of state: sound, announcements, notifications, reading what is missing. */

import { chordLabel } from "../keys/map";
import { VOICE } from "../phone/phone";
import type { DeskState, OfferCard } from "../state/desk";
import type { DeskEvent } from "../state/fold";
import type { Entry, Offer } from "../state/shapes";
import { spoken } from "../words/format";
import { mediumWord, t, title, tOr } from "../words/words";
import { accept, readEntries } from "./acts";
import type { Desk } from "./desk";
import { dot, notify, unnotify } from "./outside";
import { route } from "./route";

/** How long before its end an offer is said again. */
export const REMINDER_MS = 5_000;

/** How long after its beep a call is answered by itself. */
export const ANSWERED_AFTER_MS = 1_000;

const TALKING = new Set(["talking", "held"]);

/** Does what follows from `event` having turned `before` into `after`. */
export function react(desk: Desk, before: DeskState, after: DeskState, event: DeskEvent): void {
  if (before.offers !== after.offers || before.owner !== after.owner) offersChanged(desk, before, after);
  if (event.type === "push" && event.kind === "entry") entryCame(desk, event.interaction_id, event.entry);
  if (event.type === "push" && event.kind === "mention") {
    desk.announcer.say(t("mention.said", { name: event.mention.by, text: event.mention.text }));
  }
  if (event.type === "snapshot") for (const id of before.conversations.keys()) void readEntries(desk, id);
  if (event.type === "caught_up" && after.happened.length > 0 && after.happened !== before.happened) {
    desk.announcer.say(t("happened.head", { n: after.happened.length }));
  }
  if (event.type === "push" && before.agent?.shown !== after.agent?.shown) {
    presenceChanged(desk, before, after);
  }
}

/** "Ready", "Break": how a presence reads. */
export function shownWord(desk: Desk, shown: string, reason: string): string {
  if (shown !== "not_ready") return tOr(`shown.${shown}`, shown);
  return reason === "" ? t("shown.not_ready") : reasonWord(desk, reason);
}

/** The title of a not-ready reason, whoever set it. */
export function reasonWord(desk: Desk, reason: string): string {
  const configured = desk.state.value.reasons.find((each) => each.name === reason);
  return configured === undefined ? tOr(`reason.${reason}`, reason) : title(configured.title, reason);
}

function presenceChanged(desk: Desk, before: DeskState, after: DeskState): void {
  const agent = after.agent;
  if (agent === null || !["ready", "not_ready"].includes(agent.shown)) return;
  if (before.agent?.shown === agent.shown && before.agent.reason === agent.reason) return;
  desk.announcer.say(shownWord(desk, agent.shown, agent.reason));
}

function offersChanged(desk: Desk, before: DeskState, after: DeskState): void {
  const ringing = after.offers.filter((card) => card.end === null);
  const ids = new Set(after.owner ? ringing.map((card) => card.offer.offer_id) : []);
  desk.ringer.keepOnly(ids);
  unnotify(ids);
  dot(ringing.length > 0);
  if (!after.owner) return;
  const known = new Set(before.owner ? before.offers.map((card) => card.offer.offer_id) : []);
  const talking = TALKING.has(after.agent?.shown ?? "");
  for (const card of ringing) if (!known.has(card.offer.offer_id)) offerCame(desk, card.offer, talking);
  for (const card of before.offers) if (card.end === null) offerMayHaveEnded(desk, card, after);
}

function offerCame(desk: Desk, offer: Offer, talking: boolean): void {
  const leftMs = offer.expires - desk.now();
  desk.ringer.ring(offer.offer_id, offer.medium, leftMs, talking);
  answerByItself(desk, offer);
  if (!document.hasFocus()) notify(offer);
  desk.announcer.say(offerSentence(desk, offer, leftMs), "alert");
  setTimeout(
    () => {
      const card = desk.state.peek().offers.find((each) => each.offer.offer_id === offer.offer_id);
      if (card === undefined || card.end !== null || card.asked !== null || !desk.state.peek().owner) return;
      const medium = mediumWord(offer.medium);
      desk.announcer.say(t("offer.reminder", { medium, name: whoName(offer.customer.name), n: 5 }), "alert");
    },
    Math.max(0, leftMs - REMINDER_MS),
  );
}

/** Whoever wants it so has calls answered for them: a beep, a second, and they talk. */
function answerByItself(desk: Desk, offer: Offer): void {
  const wanted = desk.settings.peek().auto_answer && desk.phone.microphone.hearing.peek() === "ready";
  if (offer.medium !== VOICE || !wanted || desk.phone.current() !== null) return;
  desk.ringer.test();
  setTimeout(() => {
    const card = desk.state.peek().offers.find((each) => each.offer.offer_id === offer.offer_id);
    if (card?.end === null && card.asked === null && desk.acts) void accept(desk, offer);
  }, ANSWERED_AFTER_MS);
}

/** "Chat offered: Ana Ruiz, Billing, waited 12 seconds, gold. F2 accepts, 20 seconds." */
export function offerSentence(desk: Desk, offer: Offer, leftMs: number): string {
  return t("offer.said", {
    medium: mediumWord(offer.medium),
    name: whoName(offer.customer.name),
    queue: title(offer.queue_title, offer.queue),
    waited: spoken(offer.waited_ms),
    tier: offer.customer.tier === "" ? t("tier.none") : offer.customer.tier,
    key: chordLabel(desk.keys.peek().get("accept") ?? "F2", false),
    left: spoken(leftMs),
  });
}

/** A customer's name, or the word for somebody without one. */
export function whoName(name: string): string {
  return name === "" ? t("who.unknown") : name;
}

function offerMayHaveEnded(desk: Desk, card: OfferCard, after: DeskState): void {
  const now = after.offers.find((each) => each.offer.offer_id === card.offer.offer_id);
  if (now !== undefined && now.end === null) return;
  if (now === undefined) {
    const taken = card.asked === "accept" || after.items.has(card.offer.interaction_id);
    if (taken) desk.announcer.say(t("offer.accepted", { name: whoName(card.offer.customer.name) }), "alert");
    else if (card.asked === "decline") desk.announcer.say(t("offer.declined"), "alert");
    return;
  }
  desk.announcer.say(endSentence(now), "alert");
}

/** How an offer ended, in words. */
export function endSentence(card: OfferCard): string {
  if (card.reason === "gone") return t("offer.end.gone");
  return tOr(`offer.end.${card.end ?? "withdrawn"}`, t("offer.end.withdrawn"));
}

function entryCame(desk: Desk, interactionId: string, entry: Entry): void {
  // A push carries the beginning of very long words; the whole of them is read.
  if (entry.notices.includes("cut")) void readEntries(desk, interactionId);
  if (entry.author !== "customer" || route.peek().id === interactionId) return;
  const item = desk.state.peek().items.get(interactionId);
  if (item === undefined) return;
  const words = { medium: mediumWord(item.medium), name: whoName(item.customer.name) };
  desk.announcer.say(t("entry.elsewhere", words));
}
