/** The configuration over HTTP: tables by section, checks, versions. Writes name the revision seen. */

import { request, withQuery } from "./http";

export type Table = Readonly<Record<string, unknown>>;

export interface Mistake {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly field: string;
  readonly message: string;
}

export interface ConfigState {
  readonly revision: string;
  readonly version: string;
  readonly since: number;
  readonly mistakes: readonly Mistake[];
  readonly warnings: readonly Mistake[];
  readonly files: readonly string[];
}

export interface VersionHead {
  readonly number: number;
  readonly at: number;
  readonly by: string;
  readonly why: string;
  readonly version: string;
  readonly revision: string;
}

const at = (...parts: string[]): string =>
  ["/api/v1/configuration", ...parts.map(encodeURIComponent)].join("/");

export const configState = (): Promise<ConfigState> => request(at());

/** A section's tables by name, and the revision to change them by. */
export async function section(name: string): Promise<{ revision: string; tables: Record<string, Table> }> {
  const answer = await request<Record<string, unknown>>(at(name));
  return { revision: String(answer["revision"]), tables: (answer[name] ?? {}) as Record<string, Table> };
}

/** What a change would lead to; nothing is written. */
export const checkTable = (
  sectionName: string,
  name: string,
  table: Table,
): Promise<{ ok: boolean; errors: Mistake[]; warnings: Mistake[] }> =>
  request(at("check"), { method: "POST", json: { section: sectionName, name, table } });

export const putTable = (
  sectionName: string,
  name: string,
  change: { table: Table; revision: string; why: string },
): Promise<unknown> => request(at(sectionName, name), { method: "PUT", json: change });

export const putRules = (change: {
  rules: unknown;
  rule: unknown;
  revision: string;
  why: string;
}): Promise<unknown> => request(at("rules"), { method: "PUT", json: change });

export const removeTable = (
  sectionName: string,
  name: string,
  revision: string,
  why: string,
): Promise<unknown> => request(withQuery(at(sectionName, name), { revision, why }), { method: "DELETE" });

export const closeHours = (name: string, closed: boolean, why: string): Promise<unknown> =>
  request(at("hours", name, "close"), { method: "POST", json: { closed, why } });

export const versions = (before?: number): Promise<{ versions: VersionHead[] }> =>
  request(withQuery(at("versions"), { before }));

export const version = (number: number): Promise<{ difference: string }> =>
  request(at("versions", String(number)));

export const restoreVersion = (number: number, revision: string, why: string): Promise<unknown> =>
  request(at("versions", String(number), "restore"), { method: "POST", json: { revision, why } });

/** The password once more, for what asks for it. */
export const confirmPassword = (password: string): Promise<void> =>
  request("/api/v1/session/confirm", { method: "POST", json: { password } });
