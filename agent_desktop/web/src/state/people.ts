/** Who is signed in, customers, and canned replies, as HTTP gives them. */

import type { Titles } from "./shapes";

/** Who is signed in, as `GET /api/v1/session` says. */
export interface Session {
  readonly user: string;
  readonly name: string;
  readonly role: string;
  readonly agent_id: string | null;
  readonly teams: readonly string[];
  readonly language: string;
  readonly permissions: readonly string[];
  readonly idle_ms: number;
  readonly expires: number;
}

/** A customer card. */
export interface Card {
  readonly subject: string;
  readonly name: string;
  readonly addresses: readonly {
    readonly kind: string;
    readonly value: string;
    readonly verified?: boolean;
  }[];
  readonly tier: string;
  readonly language: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly notes: string;
  readonly revision: number;
  readonly merged: readonly string[];
}

export interface Contact {
  readonly interaction_id: string;
  readonly medium: string;
  readonly at: number;
  readonly ended: number | null;
  readonly queue: string;
  readonly agents: readonly string[];
  readonly summary: string;
  readonly outcome: string;
  readonly disposition: string | null;
}

export interface Canned {
  readonly name: string;
  readonly title: Titles | string;
  readonly text: string;
  readonly queues: readonly string[];
  readonly language: string;
}
