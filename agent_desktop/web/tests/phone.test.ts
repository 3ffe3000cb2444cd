/** The telephone's own judgements, without a browser's sound. */

import { describe, expect, it } from "vitest";
import { lineWord } from "../src/phone/controls";
import { looksLikeNumber, plainNumber } from "../src/phone/dial";
import { SPEECH_LEVEL, SpeechCounter } from "../src/phone/level";
import { hearingOf } from "../src/phone/microphone";
import { targets } from "../src/views/transfer";
import { EMPTY } from "../src/state/desk";

describe("speech into a muted microphone", () => {
  it("is noticed after a second, short pauses allowed, and not before", () => {
    const counter = new SpeechCounter();
    const heard = [1, 1, 1, 1, 0, 1, 1, 1, 1, 1].map((loud) => counter.hear(loud * SPEECH_LEVEL));
    expect(heard.every((each) => !each)).toBe(true);
    expect(counter.hear(1)).toBe(false);
    expect(counter.hear(1)).toBe(true);
  });

  it("is not a door that slams or a quiet room", () => {
    const counter = new SpeechCounter();
    expect(counter.hear(1)).toBe(false);
    for (let look = 0; look < 100; look += 1) expect(counter.hear(SPEECH_LEVEL / 2)).toBe(false);
  });
});

describe("numbers", () => {
  it("are known as people write them, and dialled without the marks", () => {
    for (const text of ["+49 30 123-456", "(030) 123/45", "112", "sip:tom@example.com"]) {
      expect(looksLikeNumber(text)).toBe(true);
    }
    for (const text of ["", "Tom", "12", "+", "1234 ext 5"]) expect(looksLikeNumber(text)).toBe(false);
    expect(plainNumber(" +49 (30) 123-456 ")).toBe("+4930123456");
    expect(plainNumber("sip:tom@example.com")).toBe("sip:tom@example.com");
  });

  it("stand in the picker of a call alone", () => {
    expect(targets(EMPTY, "consult", "+4930123456", true).map((row) => row.id)).toEqual([
      "number:+4930123456",
    ]);
    expect(targets(EMPTY, "consult", "+4930123456")).toEqual([]);
  });
});

describe("what a browser says", () => {
  it("of a microphone that cannot be had becomes a reason in words", () => {
    const failed = (name: string): Error => Object.assign(new Error("no"), { name });
    expect(hearingOf(failed("NotAllowedError"))).toBe("blocked");
    expect(hearingOf(failed("NotFoundError"))).toBe("missing");
    expect(hearingOf(failed("OverconstrainedError"))).toBe("missing");
    expect(hearingOf(failed("NotReadableError"))).toBe("busy");
  });

  it("of a line is one of three words", () => {
    expect([4.4, 3.6, 3.59, 3, 2.9].map(lineWord)).toEqual(["good", "good", "poor", "poor", "bad"]);
  });
});
