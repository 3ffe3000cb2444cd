/** The audit over HTTP: who did and changed what, and whether the chain holds. */

import { request, withQuery } from "./http";

export interface AuditEntry {
  readonly seq: number;
  readonly utc: string;
  readonly actor: string;
  readonly role: string;
  readonly address: string;
  readonly action: string;
  readonly object: string;
  readonly reason: string;
  /** What it changed, as a unified difference; "" where nothing was. */
  readonly detail: string;
}

export interface AuditQuestion {
  readonly actor: string;
  /** The beginning of the actions asked for. */
  readonly action: string;
  /** Any part of what was acted on. */
  readonly about: string;
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** What to ask for lines before; null when there are none. */
  readonly next: number | null;
}

export interface Verdict {
  readonly entries: number;
  readonly first_bad: number | null;
  readonly reason: string;
  readonly checkpoints: number;
  readonly signed_to: number;
}

const PATH = "/api/v1/audit";

export const auditPage = (question: AuditQuestion, before?: number): Promise<AuditPage> =>
  request(withQuery(PATH, { ...question, before, limit: 50 }));

export const auditVerdict = (): Promise<Verdict> => request(`${PATH}/verdict`);
