import { describe, expect, it } from "vitest";
import { Ringer, ringNotes } from "../src/sound/ringer";

/** The part of Web Audio that the ring uses, with a record of what was asked. */
class TestAudio {
  state = "running";
  currentTime = 100;
  destination = {};
  readonly gains: {
    gain: { value: number; setValueAtTime: () => void; linearRampToValueAtTime: () => void };
  }[] = [];
  readonly started: number[] = [];
  stopped = 0;

  createGain() {
    const node = {
      gain: { value: 1, setValueAtTime: () => undefined, linearRampToValueAtTime: () => undefined },
      connect: <T>(to: T): T => to,
      disconnect: () => undefined,
    };
    this.gains.push(node);
    return node;
  }

  createOscillator() {
    return {
      type: "",
      frequency: { value: 0 },
      connect: <T>(to: T): T => to,
      start: (at: number) => this.started.push(at),
      stop: (at?: number) => {
        if (at === undefined) this.stopped += 1;
      },
    };
  }

  async resume() {}
}

const ringer = (audio: TestAudio): Ringer => new Ringer(() => audio as unknown as AudioContext);

describe("the notes of a ring", () => {
  it("for a call are a pair of 0.4 s every 2 s to the end", () => {
    const notes = ringNotes("voice", 20, false);
    expect(notes).toHaveLength(20);
    expect(notes.slice(0, 4).map((note) => note.at)).toEqual([0, 0.2, 2, 2.2]);
    expect(notes.at(-1)?.at).toBeCloseTo(18.2);
  });

  it("for a chat are a chime, again at half time", () => {
    expect(ringNotes("chat", 30, false).map((note) => note.at)).toEqual([0, 0.16, 15, 15.16]);
  });

  it("while talking are one soft tick, whatever the medium", () => {
    expect(ringNotes("voice", 20, true)).toHaveLength(1);
  });

  it("are bounded", () => {
    expect(ringNotes("voice", 1e9, false).length).toBeLessThanOrEqual(120);
  });
});

describe("the ringer", () => {
  it("schedules the whole ring when it begins, on the audio clock", () => {
    const audio = new TestAudio();
    ringer(audio).ring("o1", "voice", 20_000, false);
    expect(audio.started).toHaveLength(20);
    expect(audio.started[0]).toBeCloseTo(100.01);
  });

  it("is silent at once when stopped", () => {
    const audio = new TestAudio();
    const made = ringer(audio);
    made.ring("o1", "voice", 20_000, false);
    made.stop("o1");
    expect(audio.gains[0]?.gain.value).toBe(0);
    expect(audio.stopped).toBe(20);
  });

  it("does not ring for a medium that is switched off: mail by default", () => {
    const audio = new TestAudio();
    ringer(audio).ring("o1", "mail", 20_000, false);
    expect(audio.started).toHaveLength(0);
  });

  it("changes the volume of what rings now", () => {
    const audio = new TestAudio();
    const made = ringer(audio);
    made.ring("o1", "chat", 20_000, false);
    made.set({ volume: 0, media: { chat: true } });
    expect(audio.gains[0]?.gain.value).toBe(0);
  });

  it("stops every ring but those that still stand", () => {
    const audio = new TestAudio();
    const made = ringer(audio);
    made.ring("o1", "chat", 20_000, false);
    made.keepOnly(new Set(["o2"]));
    expect(audio.gains[0]?.gain.value).toBe(0);
  });

  it("says when the browser forbids sound, and when there is none at all", () => {
    const audio = new TestAudio();
    audio.state = "suspended";
    const told: boolean[] = [];
    const made = ringer(audio);
    made.watch((blocked) => told.push(blocked));
    made.ring("o1", "chat", 20_000, false);
    expect(told[0]).toBe(true);
    const none = new Ringer(() => {
      throw new Error("no audio");
    });
    none.watch((blocked) => told.push(blocked));
    none.ring("o1", "chat", 1_000, false);
    expect(told.at(-1)).toBe(true);
  });
});
