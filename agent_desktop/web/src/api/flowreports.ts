/** Where customers leave self-service: the figures of each node of each flow, and the ways taken. */

import { request, withQuery } from "./http";
import type { Definition, Figure } from "./reports";

export interface NodeRow {
  readonly flow: string;
  readonly node: string;
  readonly kind: string;
  readonly figures: Readonly<Record<string, Figure>>;
  /** How often each way out was taken; the empty one is hanging up. */
  readonly ways: Readonly<Record<string, number>>;
}

export interface FlowReport {
  readonly question: { readonly zone: string };
  readonly rows: readonly NodeRow[];
  readonly totals: Readonly<Record<string, Figure>>;
  readonly definitions: Readonly<Record<string, Definition>>;
  readonly complete_to: number;
}

export interface FlowQuestion {
  readonly from: number;
  readonly to: number;
  readonly medium: string;
  readonly zone: string;
}

const PATH = "/api/v1/reports/self-service";

export const flowReport = (question: FlowQuestion, signal: AbortSignal): Promise<FlowReport> =>
  request(withQuery(PATH, { ...question }), { signal });

/** The same figures as a file for spreadsheets. */
export const flowCsvAddress = (question: FlowQuestion): string => withQuery(`${PATH}.csv`, { ...question });

/** One visit to a node. */
export interface StepBehind {
  /** Null for visits of interactions that the asker may not see. */
  readonly interaction_id: string | null;
  readonly medium: string;
  readonly entered_at: number;
  readonly left_at: number;
  readonly exit: string;
  readonly value: number;
}

export interface StepsBehind {
  readonly figure: string;
  readonly value: Figure;
  readonly total: number;
  readonly rows: readonly StepBehind[];
  readonly next: number | null;
  readonly definition: Definition;
}

/** Which number is opened: a figure of one node. */
export interface FlowOpening {
  readonly question: FlowQuestion;
  readonly flow: string;
  readonly node: string;
  readonly figure: string;
}

/** A page of the visits behind a number. */
export const stepsBehind = ({ question, ...opened }: FlowOpening, after: number): Promise<StepsBehind> =>
  request(withQuery(`${PATH}/rows`, { ...question, ...opened, after }));
