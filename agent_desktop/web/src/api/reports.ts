/** The queue report: figures by queue and interval of arrival, with their definitions. */

import { request, withQuery } from "./http";

export type Figure = number | null;

export interface Definition {
  readonly title: string;
  readonly short: string;
  readonly formula: string;
  readonly population: string;
  readonly unit: "count" | "share" | "ms";
  readonly version: number;
}

export interface ReportRow {
  readonly start: number;
  readonly label: string;
  readonly queue: string;
  readonly medium: string;
  readonly figures: Readonly<Record<string, Figure>>;
}

export interface Report {
  readonly question: {
    readonly start: number;
    readonly end: number;
    readonly minutes: number;
    readonly zone: string;
  };
  readonly rows: readonly ReportRow[];
  readonly totals: Readonly<Record<string, Figure>>;
  readonly definitions: Readonly<Record<string, Definition>>;
  readonly complete_to: number;
  readonly attribution?: string;
}

export interface Question {
  readonly from: number;
  readonly to: number;
  readonly interval: number;
  readonly queue: string;
  readonly medium: string;
  readonly zone: string;
}

const PATH = "/api/v1/reports/queue-by-interval";

export const queueReport = (question: Question, signal: AbortSignal): Promise<Report> =>
  request(withQuery(PATH, { ...question }), { signal });

/** The same figures as a file for spreadsheets. */
export const csvAddress = (question: Question): string => withQuery(`${PATH}.csv`, { ...question });

/** What a figure counted: a queue visit, or an engagement that came of one. */
export interface BehindRow {
  /** Null for rows of others that the asker may not see. */
  readonly interaction_id: string | null;
  readonly visit: number;
  readonly queue: string;
  readonly medium: string;
  readonly entered_at: number;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly agent_id: string | null;
  readonly outcome: string;
  readonly value: number;
}

export interface Behind {
  readonly figure: string;
  readonly value: Figure;
  /** How many rows there are on all pages. */
  readonly total: number;
  readonly rows: readonly BehindRow[];
  readonly next: string | null;
  readonly definition: Definition;
}

/** Which number is opened: a figure of the interval that holds `at`, or of the whole question. */
export interface Opening {
  readonly question: Question;
  readonly figure: string;
  readonly at: number | undefined;
}

/** A page of the rows behind a number. */
export const rowsBehind = ({ question, figure, at }: Opening, after: string): Promise<Behind> =>
  request(withQuery(`${PATH}/rows`, { ...question, figure, at, after }));
