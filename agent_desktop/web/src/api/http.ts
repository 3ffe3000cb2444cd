/** Requests to the server: JSON both ways, problems as one error with the id to quote. */

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** A refused or failed request. `status` is 0 when the server was not reached. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly FieldError[];
  /** What to quote when asking for help. */
  readonly id: string;
  readonly retryAfterS: number | null;

  constructor(
    status: number,
    body: Partial<Problem> & { title?: string },
    retryAfterS: number | null = null,
  ) {
    super(body.detail ?? body.title ?? `status ${status}`);
    this.status = status;
    this.code = body.code ?? (status === 0 ? "unreachable" : `status_${status}`);
    this.detail = body.detail ?? body.title ?? "";
    this.errors = body.errors ?? [];
    this.id = body.id ?? "";
    this.retryAfterS = retryAfterS;
  }
}

const DEADLINE_MS = 15_000;
const UPLOAD_DEADLINE_MS = 300_000;

export interface RequestOptions {
  readonly method?: string;
  readonly json?: unknown;
  readonly body?: Blob;
  readonly signal?: AbortSignal;
}

/** Sends a request and gives the parsed answer (undefined for 204). Throws `Problem`. */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  const method = options.method ?? "GET";
  if (method !== "GET") headers["X-Carillon"] = "1";
  let body: BodyInit | null = null;
  if (options.json !== undefined) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(options.json);
  } else if (options.body !== undefined) {
    headers["Content-Type"] = options.body.type || "application/octet-stream";
    body = options.body;
  }
  const deadline = AbortSignal.timeout(options.body === undefined ? DEADLINE_MS : UPLOAD_DEADLINE_MS);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
  let response: Response;
  try {
    response = await fetch(path, { method, headers, body, signal, credentials: "same-origin" });
  } catch (failure) {
    if (options.signal?.aborted === true) throw failure;
    throw new Problem(0, { title: "unreachable" });
  }
  if (!response.ok) throw await problemOf(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function problemOf(response: Response): Promise<Problem> {
  const after = Number(response.headers.get("Retry-After"));
  const retryAfterS = Number.isFinite(after) && after > 0 ? after : null;
  try {
    return new Problem(response.status, (await response.json()) as Partial<Problem>, retryAfterS);
  } catch {
    return new Problem(response.status, {}, retryAfterS);
  }
}

/** `path?name=value&...` with the empty values left out. */
export function withQuery(
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}
