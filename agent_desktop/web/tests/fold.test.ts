import { describe, expect, it } from "vitest";
import { mentionsIn } from "../src/app/acts";
import { addEntries } from "../src/state/change";
import { type DeskState, EMPTY } from "../src/state/desk";
import { type DeskEvent, fold } from "../src/state/fold";
import type { Push, Welcome } from "../src/state/shapes";
import { agent, entry, item, NOW, offer, snapshot } from "./samples";

const welcome = (change: Partial<Welcome> = {}): Welcome => ({
  type: "welcome",
  protocol: 1,
  log: "L",
  server_time: NOW,
  owner: true,
  resumed: false,
  grace_ms: 30_000,
  ...change,
});

const run = (events: readonly DeskEvent[], from: DeskState = EMPTY, now = NOW): DeskState =>
  events.reduce((state, event) => fold(state, event, now), from);

const push = (seq: number, rest: object): Push =>
  ({ type: "push", seq, previous: seq - 1, at: NOW, ...rest }) as Push;

const started = run([welcome(), snapshot(), { type: "caught_up", seq: 10, missed: 0 }]);

describe("the place in the log", () => {
  it("is where the snapshot says, and moves with each push", () => {
    expect(started.seq).toBe(10);
    expect(run([push(11, { kind: "item", item: item("i2") })], started).seq).toBe(11);
  });

  it("takes a push that comes twice only once", () => {
    const once = run([push(11, { kind: "item_gone", interaction_id: "i1", how: "closed" })], started);
    expect(fold(once, push(11, { kind: "item", item: item("i1") }), NOW)).toBe(once);
  });

  it("sees a push that does not follow and applies nothing of it", () => {
    const state = run([push(13, { kind: "item", item: item("i9") })], started);
    expect(state.gap).toBe(true);
    expect(state.items.has("i9")).toBe(false);
    expect(state.seq).toBe(10);
  });

  it("is healed by the next welcome", () => {
    const state = run([push(13, { kind: "item", item: item("i9") }), welcome({ resumed: true })], started);
    expect(state.gap).toBe(false);
  });
});

describe("after a break", () => {
  it("lists what happened meanwhile, each once and in order", () => {
    const state = run(
      [
        welcome({ resumed: true }),
        push(11, { kind: "entry", interaction_id: "i1", entry: entry("e1", 1) }),
        push(12, { kind: "item_gone", interaction_id: "i1", how: "transferred" }),
        { type: "caught_up", seq: 12, missed: 2 },
      ],
      started,
    );
    expect(state.happened.map((each) => each.kind)).toEqual(["entry", "item_gone"]);
    expect(state.happened[0]?.name).toBe("Li Wei");
    expect(state.replay).toBeNull();
  });

  it("says nothing when nothing was missed", () => {
    const state = run([welcome({ resumed: true }), { type: "caught_up", seq: 10, missed: 0 }], started);
    expect(state.happened).toEqual([]);
  });

  it("keeps what was read and has it read again when a snapshot replaces all", () => {
    const read = run(
      [{ type: "entries_read", interaction_id: "i1", entries: [entry("e1", 1)], complete: true }],
      started,
    );
    const again = run([welcome(), snapshot({ seq: 40 })], read);
    expect(again.conversations.get("i1")?.entries).toHaveLength(1);
    expect(again.conversations.get("i1")?.status).toBe("absent");
  });
});

describe("offers", () => {
  const ringing = run([push(11, { kind: "offered", offer: offer("o1") })], started);

  it("ring until they end", () => {
    expect(ringing.offers.map((card) => card.end)).toEqual([null]);
  });

  it("stay greyed for three seconds when withdrawn, then go", () => {
    const ended = run(
      [
        push(12, {
          kind: "offer_ended",
          offer_id: "o1",
          interaction_id: "of-o1",
          end: "withdrawn",
          reason: "",
        }),
      ],
      ringing,
    );
    expect(ended.offers[0]?.end).toBe("withdrawn");
    expect(fold(ended, { type: "tick" }, NOW + 2_900).offers).toHaveLength(1);
    expect(fold(ended, { type: "tick" }, NOW + 3_000).offers).toHaveLength(0);
  });

  it("vanish at once when accepted", () => {
    const taken = run(
      [
        push(12, {
          kind: "offer_ended",
          offer_id: "o1",
          interaction_id: "of-o1",
          end: "accepted",
          reason: "",
        }),
      ],
      ringing,
    );
    expect(taken.offers).toEqual([]);
    expect(taken.missed).toBeNull();
  });

  it("that ran out are missed until the agent is ready again", () => {
    const missed = run(
      [
        push(12, {
          kind: "offer_ended",
          offer_id: "o1",
          interaction_id: "of-o1",
          end: "no_answer",
          reason: "",
        }),
      ],
      ringing,
    );
    expect(missed.missed).toEqual({ at: NOW, medium: "chat", end: "no_answer" });
    const notReady = run(
      [push(13, { kind: "presence", agent: agent({ presence: "not_ready", shown: "not_ready" }) })],
      missed,
    );
    expect(notReady.missed).not.toBeNull();
    expect(run([push(14, { kind: "presence", agent: agent() })], notReady).missed).toBeNull();
  });

  it("asked for too late say so until the true reason comes", () => {
    const late = run([{ type: "offer_refused", offer_id: "o1" }], ringing);
    expect(late.offers[0]?.reason).toBe("gone");
    const told = run(
      [
        push(12, {
          kind: "offer_ended",
          offer_id: "o1",
          interaction_id: "of-o1",
          end: "customer_left",
          reason: "",
        }),
      ],
      late,
    );
    expect(told.offers[0]?.end).toBe("customer_left");
  });
});

describe("entries", () => {
  it("stand in the order of their numbers, each once", () => {
    const rows = addEntries([entry("b", 2)], [entry("a", 1), entry("b", 2), entry("c", 3)]);
    expect(rows.map((each) => each.entry_id)).toEqual(["a", "b", "c"]);
  });

  it("never lose a later mark to an earlier one", () => {
    const marked = run(
      [
        push(11, {
          kind: "entry",
          interaction_id: "i1",
          entry: entry("e1", 1, { author: "agent", mark: "sent" }),
        }),
        push(12, { kind: "entry_marked", interaction_id: "i1", entry_id: "e1", mark: "seen", reason: "" }),
        push(13, {
          kind: "entry_marked",
          interaction_id: "i1",
          entry_id: "e1",
          mark: "delivered",
          reason: "",
        }),
      ],
      started,
    );
    expect(marked.conversations.get("i1")?.entries[0]?.mark).toBe("seen");
  });

  it("end the typing of who wrote them", () => {
    const typing = run(
      [{ type: "live", kind: "typing", interaction_id: "i1", who: "customer", typing: true }],
      started,
    );
    expect(typing.typing.has("i1")).toBe(true);
    const wrote = run([push(11, { kind: "entry", interaction_id: "i1", entry: entry("e1", 1) })], typing);
    expect(wrote.typing.has("i1")).toBe(false);
  });
});

describe("what is shown for a while", () => {
  it("typing fades when it is not said again", () => {
    const typing = run(
      [{ type: "live", kind: "typing", interaction_id: "i1", who: "customer", typing: true }],
      started,
    );
    expect(fold(typing, { type: "tick" }, NOW + 5_000).typing.size).toBe(1);
    expect(fold(typing, { type: "tick" }, NOW + 6_001).typing.size).toBe(0);
  });

  it("a finished wrap-up stays editable for 15 minutes", () => {
    const wrap = { since: NOW, until: NOW, extensions_left: 0, blocks: true, required: false };
    const gone = run(
      [
        push(11, { kind: "item", item: item("i1", { phase: "wrap_up", wrap_up: wrap }) }),
        push(12, { kind: "item_gone", interaction_id: "i1", how: "closed" }),
      ],
      started,
    );
    expect(gone.items.size).toBe(0);
    expect(fold(gone, { type: "tick" }, NOW + 15 * 60_000).justDone.size).toBe(1);
    expect(fold(gone, { type: "tick" }, NOW + 15 * 60_000 + 1).justDone.size).toBe(0);
  });

  it("a tick that changes nothing gives the same state back", () => {
    expect(fold(started, { type: "tick" }, NOW)).toBe(started);
  });
});

it("a fact may bring along how agent and item stand after it", () => {
  const state = run(
    [
      push(11, {
        kind: "entry",
        interaction_id: "i1",
        entry: entry("e1", 1),
        item: item("i1", { unread: 4 }),
        agent: agent({ shown: "in_work", used: { chat: 2 } }),
      }),
    ],
    started,
  );
  expect(state.items.get("i1")?.unread).toBe(4);
  expect(state.agent?.shown).toBe("in_work");
  const gone = run(
    [push(12, { kind: "item_gone", interaction_id: "i1", how: "closed", item: item("i1") })],
    state,
  );
  expect(gone.items.size).toBe(0);
});

describe("own wishes", () => {
  it("a presence reads as asked until its event comes", () => {
    const asked = run([{ type: "asked_presence" }], started);
    expect(asked.presenceAsked).toBe(true);
    expect(run([push(11, { kind: "presence", agent: agent() })], asked).presenceAsked).toBe(false);
    expect(run([{ type: "presence_refused" }], asked).presenceAsked).toBe(false);
  });

  it("a stopped reply brings the newer words into the conversation", () => {
    const stale = run([{ type: "stale", interaction_id: "i1", entries: [entry("e5", 5)] }], started);
    expect(stale.stale.get("i1")?.entries).toHaveLength(1);
    expect(stale.conversations.get("i1")?.entries.map((each) => each.number)).toEqual([5]);
    expect(run([{ type: "stale_over", interaction_id: "i1" }], stale).stale.size).toBe(0);
  });

  it("an item that is read has nothing new", () => {
    const unread = run([push(11, { kind: "item", item: item("i1", { unread: 3 }) })], started);
    expect(run([{ type: "read", interaction_id: "i1" }], unread).items.get("i1")?.unread).toBe(0);
  });
});

describe("the catalogue", () => {
  it("live rows replace their own and leave the others in place", () => {
    const row = (queue: string, waiting: number) => ({
      queue,
      title: {},
      waiting,
      offered: 0,
      engaged: 0,
      longest_since: null,
      ready: 0,
      signed_in: 0,
      open: true,
      expected: null,
    });
    const two = run([snapshot({ queues: [row("a", 1), row("b", 2)] })]);
    const next = run([{ type: "live", kind: "queues", queues: [row("b", 9)] }], two);
    expect(next.queues.map((each) => [each.queue, each.waiting])).toEqual([
      ["a", 1],
      ["b", 9],
    ]);
  });
});

describe("what a newer server tells", () => {
  it("changes nothing this page knows, and keeps its place", () => {
    const news = { type: "live", kind: "weather" } as unknown as DeskEvent;
    expect(fold(started, news, NOW)).toBe(started);
    const next = run([push(11, { kind: "weather", agent: agent({ shown: "in_work" }) })], started);
    expect(next.seq).toBe(11);
    expect(next.agent?.shown).toBe("in_work");
    expect(next.items).toBe(started.items);
  });
});

describe("a colleague's note that asks to look", () => {
  const mention = { seq: 11, at: NOW, interaction_id: "x", entry_id: "e9", by: "Tom", text: "@Mia look" };

  it("is kept, in hand or not, and replaced by what a snapshot tells", () => {
    const told = push(11, { kind: "mention", interaction_id: "x", entry: entry("e9", 1), mention });
    const next = run([told], started);
    expect(next.mentions).toEqual([mention]);
    expect(run([snapshot({ mentions: [] })], next).mentions).toEqual([]);
  });

  it("names whom the text names, the longer of names that begin alike", () => {
    const row = (agent_id: string, name: string) => ({
      agent_id,
      name,
      shown: "ready" as const,
      reason: "",
      since: NOW,
      queues: [],
      move: null,
    });
    const colleagues = [row("ann", "Ann"), row("anna", "Anna Lee"), row("bob", "Bob")];
    expect(mentionsIn("@Anna Lee and @Bob, mail to ann@x.example", colleagues)).toEqual(["anna", "bob"]);
    expect(mentionsIn("Ann, Bob", colleagues)).toEqual([]);
  });
});
