/** Proposed changes of the configuration over HTTP. */

import type { Table } from "./config";
import { request, withQuery } from "./http";

export interface Change {
  readonly section: string;
  readonly name?: string;
  /** As it shall be; null removes it. */
  readonly table: Table | null;
  /** Of the rules, their list. */
  readonly rule?: readonly Table[];
}

export interface Proposal {
  readonly number: number;
  readonly at: number;
  readonly by: string;
  readonly why: string;
  readonly change: Change;
  /** What its author saw that it changes, as a unified difference. */
  readonly difference: string;
  readonly state: "open" | "published" | "rejected" | "withdrawn";
  readonly decided_at: number | null;
  readonly decided_by: string;
  readonly decided_why: string;
}

export interface ProposalPage {
  readonly proposals: readonly Proposal[];
  readonly next: number | null;
}

const PATH = "/api/v1/configuration/proposals";
const post = <T>(path: string, json: unknown = {}): Promise<T> => request(path, { method: "POST", json });

export const proposals = (before?: number): Promise<ProposalPage> => request(withQuery(PATH, { before }));

export const propose = (change: Change, why: string): Promise<Proposal> => post(PATH, { ...change, why });

export const publish = (number: number, revision: string, why: string): Promise<unknown> =>
  post(`${PATH}/${number}/publish`, { revision, why });

export const reject = (number: number, why: string): Promise<Proposal> =>
  post(`${PATH}/${number}/reject`, { why });

export const withdraw = (number: number): Promise<Proposal> => post(`${PATH}/${number}/withdraw`);
