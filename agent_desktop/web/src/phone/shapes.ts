/** Calls as the desk's protocol has them (docs/protocol/desk.md, "Telephone"). */

export interface Party {
  readonly kind: "customer" | "agent" | "outside" | "supervisor";
  readonly state: "ringing" | "talking" | "held";
  readonly name: string;
  readonly agent_id: string | null;
}

export type Watching = "listen" | "whisper" | "barge";

/** This agent's end of one call. */
export interface Call {
  readonly call_id: string;
  readonly interaction_id: string;
  readonly kind: "incoming" | "outgoing" | "consult" | "watch";
  readonly phase: "ringing" | "dialling" | "talking" | "held" | "lost" | "ended";
  readonly since: number;
  readonly device: "browser" | "phone";
  readonly number: string;
  readonly talking_since: number | null;
  readonly muted: boolean;
  readonly recording: "off" | "on" | "paused";
  readonly together: boolean;
  readonly digits_secret: boolean;
  readonly parties: readonly Party[];
  readonly watching: Watching | null;
  readonly quality: { readonly score: number; readonly loss: number; readonly jitter_ms: number } | null;
  readonly reason: string;
  /** Its sound is in this very page. */
  readonly here: boolean;
}

export type Device = "browser" | "phone";

/** News of telephones: without a place in the log, never replayed. */
export type PhoneNews = { readonly type: "live" } & (
  | { readonly kind: "calls"; readonly calls: readonly Call[]; readonly devices: readonly Device[] }
  | { readonly kind: "call"; readonly call: Call }
  | { readonly kind: "describe"; readonly request: string; readonly call: Call; readonly sdp: string }
);
