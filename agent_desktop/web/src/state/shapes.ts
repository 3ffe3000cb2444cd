/**
 * The shapes of the desk's protocol, version 1 (docs/protocol/desk.md), as they come over the line.
 * Times are milliseconds since 1970 in UTC, durations milliseconds.
 */

import type { PhoneNews } from "../phone/shapes";

export const PROTOCOL_VERSION = 1;

/** A title by language; the name behind it serves where no language fits. */
export type Titles = Readonly<Record<string, string>>;

export type Shown =
  | "fault"
  | "offered"
  | "talking"
  | "held"
  | "in_work"
  | "wrap_up"
  | "not_ready"
  | "ready"
  | "offline";

export type PresenceName = "ready" | "not_ready" | "offline";

/** A seat that serves other queues than its own until a moment. */
export interface Move {
  readonly by: string;
  readonly since: number;
  readonly until: number;
  readonly skills: Readonly<Record<string, number>>;
}

export interface Agent {
  readonly agent_id: string;
  readonly name: string;
  readonly presence: PresenceName;
  readonly reason: string;
  readonly set_by: string;
  readonly since: number;
  readonly shown: Shown;
  readonly asked: PresenceName | "" | null;
  readonly asked_reason: string;
  readonly desk_lost: boolean;
  readonly limit_ms: number | null;
  readonly used: Readonly<Record<string, number>>;
  readonly slots: Readonly<Record<string, number>>;
  readonly media: readonly string[] | null;
  /** The queues served now; with a `move` these are not the agent's own. */
  readonly queues: readonly string[];
  readonly move: Move | null;
}

/** The customer as an item or an offer names them. */
export interface Who {
  readonly subject: string;
  readonly name: string;
  readonly tier: string;
  readonly address: string;
  readonly verified: boolean;
}

export interface Refusal {
  readonly code: string;
  readonly count: number;
  readonly agents?: readonly string[];
  readonly detail?: string;
}

export interface Term {
  readonly name: string;
  readonly value: number;
  readonly unit?: string;
}

export interface Decision {
  readonly rule: string;
  readonly source?: { readonly file?: string; readonly line?: number };
  readonly version?: string;
}

/** Why this agent was offered this interaction. */
export interface Explanation {
  readonly strategy: string;
  readonly candidates: readonly string[];
  readonly candidate_count: number;
  readonly refusals?: readonly Refusal[];
  readonly terms?: readonly Term[];
  readonly decision?: Decision;
}

/** Why an interaction waits, as of `at`. */
export interface WhyWaiting {
  readonly at: number;
  readonly queue: string;
  readonly position: number;
  readonly matching_agents: number;
  readonly available_agents: number;
  readonly refusals?: readonly Refusal[];
  readonly terms?: readonly Term[];
  readonly decision?: Decision;
  readonly next_step?: string;
  readonly next_step_at?: number | null;
  readonly expected_wait?: { readonly low_ms: number; readonly high_ms: number } | null;
}

export interface Offer {
  readonly offer_id: string;
  readonly interaction_id: string;
  readonly medium: string;
  readonly kind: string;
  readonly queue: string;
  readonly queue_title: Titles;
  readonly customer: Who;
  readonly summary: string;
  readonly arrived: number;
  readonly due: number | null;
  readonly since: number;
  readonly expires: number;
  readonly waited_ms: number;
  readonly from_agent: string | null;
  readonly last_contact: { readonly at: number; readonly medium: string; readonly summary: string } | null;
  readonly why: Explanation | null;
}

export interface WrapUp {
  readonly since: number;
  readonly until: number | null;
  readonly extensions_left: number;
  readonly blocks: boolean;
  readonly required: boolean;
}

export interface Item {
  readonly interaction_id: string;
  readonly medium: string;
  readonly phase: string;
  readonly role: string;
  readonly queue: string;
  readonly queue_title: Titles;
  readonly customer: Who;
  readonly summary: string;
  readonly arrived: number;
  readonly due: number | null;
  readonly target_ms: number | null;
  readonly since: number;
  readonly waited_ms: number;
  readonly held_since: number | null;
  readonly held_ms: number;
  readonly parked_until: number | null;
  readonly wrap_up: WrapUp | null;
  readonly disposition: string | null;
  readonly dispositions: readonly { readonly name: string; readonly title: Titles }[];
  readonly others: readonly { readonly agent_id: string; readonly name: string; readonly role: string }[];
  readonly entries: number;
  readonly unread: number;
  readonly last_entry_at: number | null;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly case_id: string | null;
  readonly may_belong_to: readonly string[];
  readonly address: string;
  readonly can: readonly string[];
}

export interface FileRef {
  readonly file_id: string;
  readonly name: string;
  readonly media_type: string;
  readonly size_bytes: number;
  readonly url?: string;
}

export interface MailHeaders {
  readonly sender?: string;
  readonly sender_name?: string;
  readonly reply_to?: string;
  readonly to?: readonly string[];
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly subject?: string;
}

export type Mark = "" | "waiting" | "sent" | "delivered" | "seen" | "failed";

/** One message, note or notice of an interaction. */
export interface Entry {
  readonly entry_id: string;
  readonly number: number;
  readonly at: number;
  readonly author: "customer" | "agent" | "system";
  readonly agent_id: string | null;
  readonly agent_name: string;
  readonly note: boolean;
  readonly text: string;
  readonly quoted: string;
  readonly html: string;
  readonly mail: MailHeaders | null;
  readonly files: readonly FileRef[];
  readonly mark: Mark | null;
  readonly mark_reason: string;
  readonly notices: readonly string[];
}

export interface Queue {
  readonly queue: string;
  readonly title: Titles;
  readonly waiting: number;
  readonly offered: number;
  readonly engaged: number;
  readonly longest_since: number | null;
  readonly ready: number;
  readonly signed_in: number;
  readonly open: boolean;
  readonly expected: readonly [number, number] | null;
}

export interface Colleague {
  readonly agent_id: string;
  readonly name: string;
  readonly shown: Shown;
  /** Why they are not ready; "" otherwise. */
  readonly reason: string;
  readonly since: number;
  readonly queues: readonly string[];
  readonly move: Move | null;
}

export interface Reason {
  readonly name: string;
  readonly title: Titles;
  readonly limit_ms: number | null;
}

/** A colleague's note that asks this agent to look. */
export interface Mention {
  readonly seq: number;
  readonly at: number;
  readonly interaction_id: string;
  readonly entry_id: string;
  readonly by: string;
  readonly text: string;
}

export type OfferEnd = "accepted" | "declined" | "no_answer" | "customer_left" | "withdrawn" | "desk_lost";

export interface Snapshot {
  readonly type: "snapshot";
  readonly seq: number;
  readonly agent: Agent;
  readonly items: readonly Item[];
  readonly offers: readonly Offer[];
  readonly queues: readonly Queue[];
  readonly colleagues: readonly Colleague[];
  readonly reasons: readonly Reason[];
  readonly mentions?: readonly Mention[];
  readonly settings?: Readonly<Record<string, unknown>>;
}

interface PushHead {
  readonly type: "push";
  readonly seq: number;
  readonly previous: number;
  readonly at: number;
  /** How own presence and load stand after the fact, whatever its kind. */
  readonly agent?: Agent | null;
  /** How the item stands after the fact, where it changed by the way. */
  readonly item?: Item | null;
}

/** A fact with a place in the log. */
export type Push = PushHead &
  (
    | { readonly kind: "offered"; readonly offer: Offer }
    | {
        readonly kind: "offer_ended";
        readonly offer_id: string;
        readonly interaction_id: string;
        readonly end: OfferEnd;
        readonly reason: string;
      }
    | { readonly kind: "item"; readonly item: Item }
    | { readonly kind: "item_gone"; readonly interaction_id: string; readonly how: string }
    | { readonly kind: "entry"; readonly interaction_id: string; readonly entry: Entry }
    | {
        readonly kind: "mention";
        readonly interaction_id: string;
        readonly entry: Entry;
        readonly mention: Mention;
      }
    | {
        readonly kind: "entry_marked";
        readonly interaction_id: string;
        readonly entry_id: string;
        readonly mark: Mark;
        readonly reason: string;
      }
    | { readonly kind: "presence"; readonly agent: Agent }
    | {
        readonly kind: "catalogue";
        readonly queues: readonly Queue[];
        readonly colleagues: readonly Colleague[];
        readonly reasons: readonly Reason[];
      }
  );

/** News without a place in the log; never replayed. News of telephones is in phone/shapes. */
export type Live = { readonly type: "live" } & (
  | {
      readonly kind: "typing";
      readonly interaction_id: string;
      readonly who: string;
      readonly typing: boolean;
    }
  | { readonly kind: "queues"; readonly queues: readonly Queue[] }
  | { readonly kind: "colleagues"; readonly colleagues: readonly Colleague[] }
  | {
      readonly kind: "writing";
      readonly interaction_id: string;
      readonly agent_id: string;
      readonly name: string;
    }
  | {
      readonly kind: "draft";
      readonly interaction_id: string;
      readonly draft: DraftShape;
    }
);

export type DraftKind = "reply" | "note";

export interface DraftShape {
  readonly kind: DraftKind;
  readonly text: string;
  readonly revision: number;
}

export interface Welcome {
  readonly type: "welcome";
  readonly protocol: number;
  readonly log: string;
  readonly server_time: number;
  readonly owner: boolean;
  readonly resumed: boolean;
  readonly grace_ms: number;
}

export interface Done {
  readonly type: "done";
  readonly id: string;
  readonly seq: number;
  readonly result?: Readonly<Record<string, unknown>>;
}

export interface Refused {
  readonly type: "refused";
  readonly id: string;
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export type FromServer =
  | Welcome
  | Snapshot
  | Push
  | Live
  | PhoneNews
  | Done
  | Refused
  | { readonly type: "caught_up"; readonly seq: number; readonly missed: number }
  | { readonly type: "owner"; readonly owner: boolean }
  | { readonly type: "pong"; readonly id: string; readonly server_time: number };

export type { Canned, Card, Contact, Session } from "./people";

/** What an act needs to know of an offer. */
export type OfferCardId = Pick<Offer, "offer_id" | "interaction_id">;
