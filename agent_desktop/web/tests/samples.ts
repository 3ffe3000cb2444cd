/** Small true-to-protocol values for the tests. */

import type { Agent, Entry, Item, Offer, Snapshot } from "../src/state/shapes";

export const NOW = 1_790_000_000_000;

export const agent = (change: Partial<Agent> = {}): Agent => ({
  agent_id: "mia",
  name: "Mia Kaya",
  presence: "ready",
  reason: "",
  set_by: "mia",
  since: NOW,
  shown: "ready",
  asked: null,
  asked_reason: "",
  desk_lost: false,
  limit_ms: null,
  used: { chat: 1 },
  slots: { chat: 3, mail: 2, voice: 0 },
  media: null,
  queues: ["billing"],
  move: null,
  ...change,
});

export const who = { subject: "s1", name: "Li Wei", tier: "gold", address: "li@example.com", verified: true };

export const item = (id: string, change: Partial<Item> = {}): Item => ({
  interaction_id: id,
  medium: "chat",
  phase: "engaged",
  role: "lead",
  queue: "billing",
  queue_title: { en: "Billing", "zh-CN": "账务" },
  customer: who,
  summary: "Where is my order?",
  arrived: NOW,
  due: null,
  target_ms: null,
  since: NOW,
  waited_ms: 12_000,
  held_since: null,
  held_ms: 0,
  parked_until: null,
  wrap_up: null,
  disposition: null,
  dispositions: [],
  others: [],
  entries: 0,
  unread: 0,
  last_entry_at: null,
  attributes: {},
  case_id: null,
  may_belong_to: [],
  address: "",
  can: ["send", "note", "end"],
  ...change,
});

export const offer = (id: string, change: Partial<Offer> = {}): Offer => ({
  offer_id: id,
  interaction_id: `of-${id}`,
  medium: "chat",
  kind: "queue",
  queue: "billing",
  queue_title: { en: "Billing" },
  customer: who,
  summary: "Refund",
  arrived: NOW - 12_000,
  due: NOW + 60_000,
  since: NOW,
  expires: NOW + 30_000,
  waited_ms: 12_000,
  from_agent: null,
  last_contact: null,
  why: null,
  ...change,
});

export const entry = (id: string, number: number, change: Partial<Entry> = {}): Entry => ({
  entry_id: id,
  number,
  at: NOW + number * 1000,
  author: "customer",
  agent_id: null,
  agent_name: "",
  note: false,
  text: `text ${number}`,
  quoted: "",
  html: "",
  mail: null,
  files: [],
  mark: null,
  mark_reason: "",
  notices: [],
  ...change,
});

export const snapshot = (change: Partial<Snapshot> = {}): Snapshot => ({
  type: "snapshot",
  seq: 10,
  agent: agent(),
  items: [item("i1")],
  offers: [],
  queues: [],
  colleagues: [],
  reasons: [],
  ...change,
});
