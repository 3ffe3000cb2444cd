/** The requests of docs/protocol/desk.md, one function each. */

import type {
  Canned,
  Card,
  Contact,
  DraftShape,
  Entry,
  Explanation,
  FileRef,
  Item,
  Session,
  WhyWaiting,
} from "../state/shapes";
import { request, withQuery } from "./http";

const ROOT = "/api/v1";

const at = (...parts: string[]): string => `${ROOT}/${parts.map(encodeURIComponent).join("/")}`;

export const signIn = (user: string, password: string): Promise<Session> =>
  request(at("session"), { method: "POST", json: { user, password } });

export const session = (): Promise<Session> => request(at("session"));

export const signOut = (): Promise<void> => request(at("session"), { method: "DELETE" });

export const deskTicket = (): Promise<{ ticket: string; expires: number }> =>
  request(at("desk", "ticket"), { method: "POST", json: {} });

/** A stretch of an interaction's life, `from` to `to` (null while it lasts). */
export interface Segment {
  readonly kind: string;
  readonly from: number;
  readonly to: number | null;
  readonly queue: string | null;
  readonly agent_id: string | null;
  readonly outcome: string | null;
  readonly detail: string;
}

/** A decision of the router with its reasons; `kind` is `queued`, `step` or `offered`. */
export interface DecisionRecord {
  readonly at: number;
  readonly kind: string;
  readonly queue: string | null;
  readonly agent_id: string | null;
  readonly why: Explanation | null;
  readonly detail: string;
}

export interface InteractionRecord {
  readonly item: Item;
  readonly entries: readonly Entry[];
  readonly segments: readonly Segment[];
  readonly decisions: readonly DecisionRecord[];
  readonly drafts?: readonly DraftShape[];
}

export const interaction = (id: string): Promise<InteractionRecord> => request(at("interactions", id));

export const olderEntries = (id: string, before: number): Promise<{ entries: Entry[] }> =>
  request(withQuery(at("interactions", id, "entries"), { before, limit: 100 }));

export const why = (id: string): Promise<WhyWaiting> => request(at("interactions", id, "why"));

/** Where the cleaned HTML of an entry lies, for a sandboxed frame. */
export const contentAddress = (id: string, entryId: string, images: boolean): string =>
  withQuery(at("interactions", id, "content", entryId), { images: images ? 1 : 0 });

export const fileAddress = (id: string, fileId: string): string => at("interactions", id, "files", fileId);

export const upload = (id: string, file: File): Promise<FileRef> =>
  request(withQuery(at("interactions", id, "files"), { name: file.name }), { method: "POST", body: file });

export const findCustomers = (kind: string, value: string): Promise<{ customers: Card[] }> =>
  request(withQuery(at("customers"), { kind, value }));

export const customer = (subject: string): Promise<Card> => request(at("customers", subject));

export const changeCustomer = (
  subject: string,
  change: Partial<Pick<Card, "name" | "tier" | "language" | "fields" | "notes">> & { revision: number },
): Promise<Card> => request(at("customers", subject), { method: "PATCH", json: change });

export const contacts = (subject: string, before?: number): Promise<{ interactions: Contact[] }> =>
  request(withQuery(at("customers", subject, "timeline"), { before }));

export const merge = (subject: string, into: string): Promise<Card> =>
  request(at("customers", subject, "merge"), { method: "POST", json: { into } });

export const unmerge = (subject: string): Promise<Card> =>
  request(at("customers", subject, "unmerge"), { method: "POST", json: {} });

export const replies = (query: {
  language?: string;
  find?: string;
  queue?: string;
  medium?: string;
}): Promise<{
  replies: Canned[];
}> => request(withQuery(at("replies"), query));

/** Own figures of the day, milliseconds. */
export interface Day {
  readonly engagements: number;
  readonly talk_ms: number;
  readonly hold_ms: number;
  readonly wrap_up_ms: number;
  readonly by_medium: Readonly<Record<string, number>>;
  readonly missed: number;
  readonly ready_ms: number;
  readonly not_ready_ms: number;
  readonly log: readonly { at: number; presence: string; reason: string; set_by: string }[];
}

export const day = (): Promise<Day> => request(at("me", "day"));

export const settings = (): Promise<Record<string, unknown>> => request(at("me", "settings"));

export const saveSettings = (value: unknown): Promise<unknown> =>
  request(at("me", "settings"), { method: "PUT", json: value });
