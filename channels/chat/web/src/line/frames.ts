/** The frames of `docs/protocol/chat.md`, version 1. */

export const PROTOCOL = 1;

export interface Choice {
  value: string;
  title: string;
}

export interface Field {
  name: string;
  title: string;
  kind: "text" | "phone" | "choice";
  required: boolean;
  choices: Choice[];
}

export type Ask = "no" | "optional" | "required";

/** What a site says of itself, in one language. */
export interface Site {
  title: string;
  greeting: string;
  hours: string;
  open: boolean;
  next_opening: number | null;
  form: boolean;
  ask_name: Ask;
  ask_mail: Ask;
  topics: Choice[];
  fields: Field[];
  theme: "auto" | "light" | "dark";
  accent: string;
  privacy_url: string;
  share_typing: boolean;
  share_page: boolean;
  transcript: boolean;
  rating: boolean;
  /** Whether a chat begins in a flow, which asks before an agent does. */
  self_service: boolean;
  characters_max: number;
  file_bytes: number;
}

export interface FileItem {
  file_id: string;
  name: string;
  media_type: string;
  size_bytes: number;
}

export type ItemKind =
  | "said"
  | "message"
  | "notice"
  | "joined"
  | "left"
  | "held"
  | "retrieved"
  | "waiting"
  | "kept"
  | "ended";

/** One thing a visitor is shown; numbered 1, 2, 3 ... within its conversation. */
export interface Item {
  seq: number;
  at: number;
  kind: ItemKind;
  id?: string;
  text?: string;
  files?: FileItem[];
  name?: string;
  number?: number;
  may_keep?: boolean;
  outcome?: string;
  reason?: string;
  gone?: boolean;
  /** What a flow lets the visitor choose from. */
  choices?: Choice[];
  /** Asks for something that is kept nowhere, or is the answer to it. */
  secret?: boolean;
}

export interface ConversationFacts {
  state: "starting" | "served" | "waiting" | "talking" | "ended";
  last: number;
  read: number;
  seen_number: number;
  rated: boolean;
  kept: boolean;
}

export type ServerFrame =
  | {
      type: "welcome";
      protocol: number;
      server_time: number;
      language: string;
      site: Site;
      token?: string;
      conversation?: ConversationFacts;
    }
  | { type: "items"; items: Item[] }
  | { type: "caught_up"; seq: number }
  | { type: "queue"; position: number | null; low_ms: number | null; high_ms: number | null }
  | { type: "typing"; name: string; typing: boolean }
  | { type: "seen"; number: number }
  | { type: "done"; id: string; seq?: number; sent?: string }
  | { type: "refused"; id: string; code: string; message: string; field?: string }
  | { type: "pong"; id: string; server_time: number };

/** A wish that is answered by `done` or `refused`. */
export type Wish =
  | {
      type: "start";
      id: string;
      text: string;
      name: string;
      mail: string;
      topic: string;
      fields: Record<string, string>;
      page: string;
      website: string;
      identity: string;
    }
  | { type: "say"; id: string; text: string; files: string[]; secret?: true }
  | { type: "leave"; id: string }
  | { type: "keep"; id: string; mail: string; text: string }
  | {
      type: "form";
      id: string;
      text: string;
      mail: string;
      name: string;
      topic: string;
      fields: Record<string, string>;
      website: string;
    }
  | { type: "rate"; id: string; score: number; comment: string }
  | { type: "transcript"; id: string; mail: string; code: string }
  | { type: "identify"; id: string; token: string };

/** Reads a frame of the server; what is not one is nothing. */
export function readFrame(text: string): ServerFrame | null {
  try {
    const frame: unknown = JSON.parse(text);
    if (typeof frame === "object" && frame !== null && "type" in frame && typeof frame.type === "string") {
      return frame as ServerFrame;
    }
  } catch {
    // Not JSON: not ours.
  }
  return null;
}

/** 128 random bits that name one wish. */
export function once(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
