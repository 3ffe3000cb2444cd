import { describe, expect, it } from "vitest";
import { readFrame } from "../src/line/frames";
import { hasCard, maskCards } from "../src/state/cards";
import { contrast, onAccent, readColour } from "../src/state/contrast";
import { Keep, keyOf } from "../src/state/keep";
import { BLANK, lastSeq, received, shown } from "../src/state/model";
import { composing } from "../src/views/composer";
import { chosenLanguage } from "../src/words/choice";
import { en } from "../src/words/en";
import { Words } from "../src/words/words";
import { zhCN } from "../src/words/zh-CN";

describe("card numbers", () => {
  it.each([
    ["card 4111111111111111 thanks", "card ••••••••••••1111 thanks"],
    ["3782 822463 10005", "•••• •••••• •0005"],
    ["order 4111111111111112", "order 4111111111111112"],
    ["call +34 600 123 456", "call +34 600 123 456"],
  ])("%s", (said, kept) => {
    expect(maskCards(said)).toBe(kept);
    expect(hasCard(said)).toBe(said !== kept);
  });
});

describe("contrast", () => {
  it("picks the text that reads better, and an edge where the accent is lost on its ground", () => {
    expect(onAccent([33, 93, 179], [255, 255, 255])).toEqual({ text: "#ffffff", outline: false });
    expect(onAccent([255, 214, 10], [255, 255, 255])).toEqual({ text: "#0f1216", outline: true });
    expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 5);
    expect(readColour("rgb(33 93 179 / 50%)")).toEqual([33, 93, 179]);
    expect(readColour("oklch(0.5 0.1 200)")).toBeNull();
  });
});

describe("what is kept", () => {
  it("is nothing before the first words and goes after a day", () => {
    localStorage.clear();
    let now = 1_000;
    const keep = new Keep("k", localStorage, () => now);
    keep.set({ open: true });
    expect(localStorage.length).toBe(0);
    keep.set({ token: "t", active: true });
    expect(new Keep("k", localStorage, () => now).get().token).toBe("t");
    now += 86_400_001;
    expect(new Keep("k", localStorage, () => now).get().token).toBe("");
    keep.forget();
    expect(localStorage.getItem(keyOf("k"))).toBeNull();
  });

  it("is in memory where there is no storage", () => {
    const keep = new Keep("k", null);
    keep.set({ token: "t" });
    expect([keep.lasting, keep.get().token]).toEqual([false, "t"]);
  });
});

describe("what is shown", () => {
  it("takes each item once and in order, and follows the chat through its phases", () => {
    const said = { seq: 1, at: 0, kind: "said" as const, text: "a" };
    let model = received(BLANK, { type: "items", items: [said, said] });
    expect([model.items.length, lastSeq(model), model.phase]).toEqual([1, 1, "waiting"]);
    model = shown(model, { seq: 2, at: 0, kind: "joined", name: "Mia" });
    expect([model.phase, model.agent]).toEqual(["talking", "Mia"]);
    model = shown(model, { seq: 3, at: 0, kind: "ended", outcome: "handled" });
    expect([model.phase, model.outcome]).toEqual(["ended", "handled"]);
  });
});

describe("words", () => {
  it("have the same names and slots in every language", () => {
    expect(Object.keys(zhCN).sort()).toEqual(Object.keys(en).sort());
    const slots = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
    for (const [name, text] of Object.entries(en)) {
      expect(slots(zhCN[name as keyof typeof en]), name).toEqual(slots(text));
      expect(slots(new Words("pseudo").say(name as keyof typeof en)), name).toEqual(slots(text));
    }
  });

  it("have plural forms, and are spoken in the visitor's language where there is one", () => {
    expect(new Words("en").count("queue.place", 1)).toBe("You are next");
    expect(new Words("en").count("queue.place", 3)).toBe("You are number 3 in the queue");
    expect(chosenLanguage("auto", ["de", "zh-Hans-CN", "en"])).toBe("zh-CN");
    expect(chosenLanguage("", ["en-GB"])).toBe("en");
  });
});

describe("frames and keys", () => {
  it("what is no frame is nothing", () => {
    for (const odd of ["", "{", "[]", "7", "null", "{}", '{"type":7}']) expect(readFrame(odd)).toBeNull();
  });

  it("Enter belongs to an input method while it composes", () => {
    const enter = { key: "Enter", isComposing: false, keyCode: 13 } as KeyboardEvent;
    expect(composing(enter)).toBe(false);
    expect(composing({ ...enter, isComposing: true })).toBe(true);
    expect(composing({ ...enter, keyCode: 229 })).toBe(true);
  });
});
