/** The requests about recordings of docs/protocol/desk.md. */

import { request } from "./http";

export interface RecordingRecord {
  readonly recording_id: string;
  readonly kind: string;
  readonly began: number;
  readonly duration_ms: number;
  readonly channels: readonly string[];
  readonly torn: boolean;
  readonly removed: number | null;
  readonly kept_until: number | null;
  readonly hold: { readonly by: string; readonly reason: string } | null;
  readonly may_listen: boolean;
  readonly heard: readonly { readonly name: string; readonly at: number }[];
}

const at = (id: string, ...parts: string[]): string =>
  ["/api/v1/interactions", id, "recordings", ...parts].map((part, index) =>
    index === 0 ? part : encodeURIComponent(part),
  ).join("/");

export const recordings = (id: string): Promise<{ recordings: RecordingRecord[] }> => request(at(id));

/** Begins to listen, which is noted; the address plays until it expires. */
export const listen = (id: string, recordingId: string): Promise<{ url: string; expires: number }> =>
  request(at(id, recordingId, "listen"), { method: "POST", json: {} });
