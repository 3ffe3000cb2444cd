/** What a person does at the desk: each act says what it asks, and what came of it when it failed. */

import { interaction, olderEntries } from "../api/calls";
import { Problem } from "../api/http";
import { mapWith, mapWithout } from "../state/change";
import { addresses } from "../state/envelope";
import { lastNumber } from "../state/select";
import type { Colleague, DraftKind, Entry, OfferCardId } from "../state/shapes";
import { hourMinute } from "../words/format";
import { t, tOr } from "../words/words";
import type { Desk } from "./desk";
import { whoName } from "./effects";
import { go } from "./route";

/** Sends a command that needs a line now; says in words when it was refused. True when done. */
export async function command(
  desk: Desk,
  name: string,
  args: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const answer = await desk.line.do(name, args);
  if (answer.type === "done") return true;
  desk.say(refusalWords(answer.code, answer.message), "trouble");
  return false;
}

/** A refusal in words: the catalogue's, else the server's own, else the code to quote. */
export function refusalWords(code: string, message = ""): string {
  return tOr(`refused.${code}`, message === "" ? t("refused.other", { code }) : message);
}

/** Takes the offer. */
export async function accept(desk: Desk, offer: OfferCardId): Promise<void> {
  desk.fold({ type: "asked_offer", offer_id: offer.offer_id, ask: "accept" });
  desk.ringer.stop(offer.offer_id);
  const answer = await desk.line.do("accept", { offer_id: offer.offer_id });
  if (answer.type === "done") {
    go("work", offer.interaction_id);
    return;
  }
  offerRefused(desk, offer.offer_id, answer.code, answer.message);
}

/** Does not take the offer, with a reason. */
export async function decline(desk: Desk, offer: OfferCardId, reason: string): Promise<void> {
  desk.fold({ type: "asked_offer", offer_id: offer.offer_id, ask: "decline" });
  desk.ringer.stop(offer.offer_id);
  const answer = await desk.line.do("decline", { offer_id: offer.offer_id, reason });
  if (answer.type === "refused") offerRefused(desk, offer.offer_id, answer.code, answer.message);
}

function offerRefused(desk: Desk, offerId: string, code: string, message: string): void {
  if (code === "offer_gone") desk.fold({ type: "offer_refused", offer_id: offerId });
  else desk.say(refusalWords(code, message), "trouble");
}

/** Wishes a presence; while busy the server keeps it for later. Without `media` it is for all of them. */
export async function setPresence(
  desk: Desk,
  presence: string,
  reason = "",
  media?: readonly string[],
): Promise<void> {
  const wanted = desk.phone.media(media);
  await wishPresence(
    desk,
    wanted === undefined ? { presence, reason } : { presence, reason, media: wanted },
  );
}

/** Takes back what was wished for later. */
export async function withdrawPresence(desk: Desk, presence: string, reason: string): Promise<void> {
  await wishPresence(desk, { presence, reason, withdraw: true });
}

async function wishPresence(desk: Desk, args: Readonly<Record<string, unknown>>): Promise<void> {
  desk.fold({ type: "asked_presence" });
  const answer = await desk.line.do("presence", args);
  if (answer.type === "done") return;
  desk.fold({ type: "presence_refused" });
  desk.say(refusalWords(answer.code, answer.message), "trouble");
}

/** Reads the words of an interaction, unless that is being done. */
export async function readEntries(desk: Desk, id: string): Promise<void> {
  if (desk.state.peek().conversations.get(id)?.status === "loading") return;
  desk.fold({ type: "entries_asked", interaction_id: id });
  try {
    const record = await interaction(id);
    const complete = record.entries.length < 100;
    desk.fold({ type: "entries_read", interaction_id: id, entries: record.entries, complete });
    for (const draft of record.drafts ?? []) desk.drafts.receive(id, draft);
    desk.drafts.arrived(id, new Set(record.entries.map((entry) => entry.entry_id)));
  } catch (problem) {
    const quote = problem instanceof Problem ? problem.id || problem.code : "";
    desk.fold({ type: "entries_failed", interaction_id: id, problem: quote });
  }
}

/** Reads the hundred entries before those that are known. True when it worked. */
export async function readOlder(desk: Desk, id: string): Promise<boolean> {
  const first = desk.state.peek().conversations.get(id)?.entries[0];
  if (first === undefined) return false;
  try {
    const { entries } = await olderEntries(id, first.number);
    desk.fold({ type: "entries_read", interaction_id: id, entries, complete: entries.length < 100 });
    return true;
  } catch (problem) {
    desk.say(t("history.failed", { id: problem instanceof Problem ? problem.id : "" }), "trouble");
    return false;
  }
}

/** Tells the server that this item has been read up to its last entry. */
export function markRead(desk: Desk, id: string): void {
  const state = desk.state.peek();
  const number = lastNumber(state, id);
  if (number === 0 || (state.items.get(id)?.unread ?? 0) === 0) return;
  desk.fold({ type: "read", interaction_id: id });
  if (desk.acts) void desk.line.do("read", { interaction_id: id, number });
}

export interface SendOptions {
  readonly finish?: boolean;
  readonly force?: boolean;
}

const sendKey = (id: string, kind: DraftKind): string => `${kind}:${id}`;

/** Sends what is written. The text stays in its field until the server has confirmed it. */
export async function send(
  desk: Desk,
  id: string,
  kind: DraftKind,
  options: SendOptions = {},
): Promise<void> {
  const key = sendKey(id, kind);
  const draft = desk.drafts.draft(id, kind).peek();
  const empty = draft.text.trim() === "" && draft.files.length === 0;
  if (empty || desk.sending.peek().has(key)) return;
  const wish = desk.newId();
  const mark = { id: wish, text: draft.text, finish: options.finish === true };
  desk.sending.value = mapWith(desk.sending.peek(), key, mark);
  desk.fold({ type: "stale_over", interaction_id: id });
  const args: Record<string, unknown> = { interaction_id: id, entry_id: draft.entryId, text: draft.text };
  if (kind === "reply") {
    args["seen"] = lastNumber(desk.state.peek(), id);
    if (draft.files.length > 0) args["files"] = draft.files.map((file) => file.file_id);
    if (draft.mail !== null) args["mail"] = envelope(draft.mail);
    if (options.force === true) args["force"] = true;
    if (options.finish === true) args["finish"] = true;
  }
  if (kind === "note") {
    const mentions = mentionsIn(draft.text, desk.state.peek().colleagues);
    if (mentions.length > 0) args["mentions"] = mentions;
  }
  const answer = await desk.line.do(kind === "reply" ? "send" : "note", args, true, wish);
  desk.sending.value = mapWithout(desk.sending.peek(), key);
  if (answer.type === "done") {
    desk.drafts.sent(id, kind, draft.text);
    desk.announcer.say(t(kind === "reply" ? "sent.reply" : "sent.note"));
  } else if (answer.code === "stale")
    stopped(desk, id, (answer.details?.["entries"] ?? []) as readonly Entry[]);
  else if (answer.code !== "withdrawn")
    desk.say(t("sent.not", { why: refusalWords(answer.code, answer.message) }), "trouble");
}

const MENTIONS_MAX = 20;

/** The colleagues a note names as "@Name"; of names that begin alike the longer one is meant. */
export function mentionsIn(text: string, colleagues: readonly Colleague[]): readonly string[] {
  let left = text;
  const found: string[] = [];
  for (const each of [...colleagues].sort((a, b) => b.name.length - a.name.length)) {
    const parts = left.split(`@${each.name}`);
    if (parts.length === 1) continue;
    found.push(each.agent_id);
    left = parts.join(" ");
  }
  return found.slice(0, MENTIONS_MAX);
}

/** Takes a held send back; the text stays where it is. */
export function withdrawSend(desk: Desk, id: string, kind: DraftKind): void {
  const sending = desk.sending.peek().get(sendKey(id, kind));
  if (sending !== undefined) desk.line.withdraw(sending.id);
}

function stopped(desk: Desk, id: string, entries: readonly Entry[]): void {
  desk.fold({ type: "stale", interaction_id: id, entries });
  desk.announcer.say(t("stale.said", { what: staleWords(entries) }), "alert");
}

/** "Tom replied at 14:02": whose newer words stopped a reply. */
export function staleWords(entries: readonly Entry[]): string {
  const last = entries.at(-1);
  if (last === undefined) return t("stale.changed");
  const time = hourMinute(last.at);
  if (last.author === "customer") return t("stale.customer", { time });
  return t("stale.colleague", { name: whoName(last.agent_name), time });
}

function envelope(mail: { to: string; cc: string; bcc: string; subject: string }): Record<string, unknown> {
  return { to: addresses(mail.to), cc: addresses(mail.cc), bcc: addresses(mail.bcc), subject: mail.subject };
}
