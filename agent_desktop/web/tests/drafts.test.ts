import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Drafts } from "../src/drafts/drafts";
import { type DraftStore, MemoryDraftStore, openDraftStore } from "../src/drafts/store";
import type { Answer } from "../src/line/line";
import { NOW } from "./samples";

interface Saved {
  readonly text: string;
  readonly revision: number;
}

let saved: Saved[];
let answer: (saved: Saved) => Answer;

const done = (revision: number): Answer => ({ type: "done", id: "x", seq: 1, result: { revision } });
const refused = (code: string, details = {}): Answer => ({
  type: "refused",
  id: "x",
  code,
  message: "",
  details,
});

function drafts(store: DraftStore): Drafts {
  let ids = 0;
  return new Drafts({
    store,
    newId: () => `entry-${++ids}`,
    now: () => NOW,
    timers: { after: (ms, run) => setTimeout(run, ms), stop: (timer) => clearTimeout(timer as never) },
    save: async (_, __, text, revision) => {
      saved.push({ text, revision });
      return answer({ text, revision });
    },
  });
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  saved = [];
  answer = ({ revision }) => done(revision + 1);
});

describe("a draft", () => {
  it("is on disk within 250 ms and on the server within 2 s of the first key", async () => {
    const store = new MemoryDraftStore();
    const made = drafts(store);
    made.write("i1", "reply", { text: "h" });
    await vi.advanceTimersByTimeAsync(100);
    made.write("i1", "reply", { text: "he" });
    await vi.advanceTimersByTimeAsync(150);
    expect((await store.all()).get("reply:i1")?.text).toBe("he");
    expect(saved).toEqual([]);
    // Going on typing does not put the server off.
    for (let at = 0; at < 17; at++) {
      made.write("i1", "reply", { text: `he${at}` });
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(saved).toHaveLength(1);
  });

  it("of one item never shows in another, nor the note in the reply", () => {
    const made = drafts(new MemoryDraftStore());
    made.write("i1", "reply", { text: "for one" });
    expect(made.draft("i2", "reply").value.text).toBe("");
    expect(made.draft("i1", "note").value.text).toBe("");
  });

  it("keeps its entry id until it was sent, so that a repeated send is the same entry", () => {
    const made = drafts(new MemoryDraftStore());
    made.write("i1", "reply", { text: "a" });
    const first = made.draft("i1", "reply").value.entryId;
    made.write("i1", "reply", { text: "ab" });
    expect(made.draft("i1", "reply").value.entryId).toBe(first);
    made.sent("i1", "reply", "ab");
    expect(made.draft("i1", "reply").value.entryId).not.toBe(first);
  });

  it("loses only what was sent: words typed meanwhile stay", () => {
    const made = drafts(new MemoryDraftStore());
    made.write("i1", "reply", { text: "first line\nsecond" });
    made.sent("i1", "reply", "first line");
    expect(made.draft("i1", "reply").value.text).toBe("second");
  });

  it("that was changed after the send stays whole", () => {
    const made = drafts(new MemoryDraftStore());
    made.write("i1", "reply", { text: "something else" });
    made.sent("i1", "reply", "first line");
    expect(made.draft("i1", "reply").value.text).toBe("something else");
  });

  it("is saved when the line comes back", async () => {
    answer = () => refused("offline");
    const made = drafts(new MemoryDraftStore());
    made.write("i1", "reply", { text: "a" });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(made.unsaved).toBe(true);
    answer = ({ revision }) => done(revision + 1);
    made.flush();
    await vi.advanceTimersByTimeAsync(0);
    expect(made.unsaved).toBe(false);
    expect(made.draft("i1", "reply").value.savedAt).toBe(NOW);
  });

  it("wins over an older copy from another tab and is saved above it", async () => {
    const made = drafts(new MemoryDraftStore());
    made.write("i1", "reply", { text: "mine" });
    answer = ({ revision }) =>
      revision < 5 ? refused("stale", { revision: 5, text: "theirs" }) : done(revision + 1);
    await vi.advanceTimersByTimeAsync(1_500);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(saved.at(-1)).toEqual({ text: "mine", revision: 5 });
    expect(made.draft("i1", "reply").value.text).toBe("mine");
  });

  it("takes a newer copy from another machine while nothing is typed here", () => {
    const made = drafts(new MemoryDraftStore());
    made.receive("i1", { kind: "reply", text: "from home", revision: 3 });
    expect(made.draft("i1", "reply").value.text).toBe("from home");
    made.receive("i1", { kind: "reply", text: "old", revision: 2 });
    expect(made.draft("i1", "reply").value.text).toBe("from home");
  });

  it("whose entry is found among the messages was sent before the page died", () => {
    const made = drafts(new MemoryDraftStore());
    made.write("i1", "reply", { text: "sent already" });
    made.arrived("i1", new Set([made.draft("i1", "reply").value.entryId]));
    expect(made.draft("i1", "reply").value.text).toBe("");
  });

  it("comes back whole after being discarded", () => {
    const made = drafts(new MemoryDraftStore());
    made.write("i1", "reply", { text: "wait" });
    const old = made.discard("i1", "reply");
    expect(made.draft("i1", "reply").value.text).toBe("");
    made.restore("i1", "reply", old);
    expect(made.draft("i1", "reply").value.text).toBe("wait");
  });

  it("survives a disk that refuses to write", async () => {
    const store = new MemoryDraftStore();
    store.put = () => Promise.reject(new Error("quota"));
    const made = drafts(store);
    made.write("i1", "reply", { text: "a" });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(saved).toHaveLength(1);
  });
});

describe("the disk", () => {
  it("gives drafts back to a new page, and to nobody else", async () => {
    vi.useRealTimers();
    const mia = await openDraftStore("mia");
    const made = drafts(mia);
    made.write("i1", "reply", { text: "after reload" });
    made.flush();
    await vi.waitFor(async () => expect((await mia.all()).size).toBe(1));
    expect(mia.lasting).toBe(true);
    const again = drafts(await openDraftStore("mia"));
    await again.load();
    expect(again.draft("i1", "reply").value.text).toBe("after reload");
    expect((await (await openDraftStore("tom")).all()).size).toBe(0);
    await again.forget();
    expect((await mia.all()).size).toBe(0);
  });

  it("that is blocked is replaced by memory, and it says so", async () => {
    vi.useRealTimers();
    const open = vi.spyOn(indexedDB, "open").mockImplementation(() => {
      throw new Error("blocked");
    });
    const store = await openDraftStore("mia");
    expect(store.lasting).toBe(false);
    open.mockRestore();
  });
});
