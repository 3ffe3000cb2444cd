import { beforeEach, describe, expect, it, vi } from "vitest";
import { composing, keyListener, takesText } from "../src/keys/dispatch";
import { type ActName, chordLabel, chordOf, KEY_ACTS, keyMap, remap } from "../src/keys/map";

const event = (key: string, change: KeyboardEventInit = {}): KeyboardEvent =>
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...change });

let done: string[];
let single: boolean;
let now: number;

function press(key: string, change: KeyboardEventInit = {}, target: Element = document.body): KeyboardEvent {
  const made = event(key, change);
  target.dispatchEvent(made);
  return made;
}

beforeEach(() => {
  document.body.innerHTML = "";
  done = [];
  single = true;
  now = 0;
});

const listener = keyListener({
  map: () => keyMap({}),
  singleKeys: () => single,
  act: (name: ActName) => {
    done.push(name);
    return true;
  },
  nth: (index) => {
    done.push(`nth ${index}`);
    return true;
  },
  now: () => now,
});
document.addEventListener("keydown", listener);

describe("keys", () => {
  it("F2 works anywhere, also while typing", () => {
    const field = document.body.appendChild(document.createElement("textarea"));
    expect(press("F2", {}, field).defaultPrevented).toBe(true);
    expect(done).toEqual(["accept"]);
  });

  it("single letters do nothing in a field, nor when they are off", () => {
    const field = document.body.appendChild(document.createElement("textarea"));
    press("r", {}, field);
    single = false;
    press("r");
    expect(done).toEqual([]);
    single = true;
    press("r");
    expect(done).toEqual(["reply"]);
  });

  it("g then w goes to the work; w alone is the wrap-up; too late is alone", () => {
    press("g");
    press("w");
    press("w");
    press("g");
    now = 2_000;
    press("w");
    expect(done).toEqual(["go_work", "wrap_up", "wrap_up"]);
  });

  it("1 to 9 choose the nth item", () => {
    press("3");
    expect(done).toEqual(["nth 2"]);
  });

  it("nothing happens while an input method composes", () => {
    const field = document.body.appendChild(document.createElement("textarea"));
    press("Enter", { isComposing: true, ctrlKey: true }, field);
    press("F2", { keyCode: 229 } as KeyboardEventInit, field);
    expect(done).toEqual([]);
    expect(composing(event("a", { isComposing: true }))).toBe(true);
  });

  it("what somebody has handled is left alone", () => {
    const made = event("r");
    made.preventDefault();
    document.body.dispatchEvent(made);
    expect(done).toEqual([]);
  });

  it("boxes and buttons are no text fields, selects and comboboxes are", () => {
    document.body.innerHTML =
      '<input type="checkbox" id="a"><select id="b"></select><button id="c"></button>';
    const at = (id: string): Element | null => document.getElementById(id);
    expect([takesText(at("a")), takesText(at("b")), takesText(at("c"))]).toEqual([false, true, false]);
  });
});

describe("chords", () => {
  it.each([
    [event("k", { ctrlKey: true }), "Mod+k"],
    [event("K", { metaKey: true, shiftKey: true }), "Mod+Shift+k"],
    [event("E", { shiftKey: true }), "E"],
    [event("F6", { shiftKey: true }), "Shift+F6"],
    [event("Enter", { ctrlKey: true, shiftKey: true }), "Mod+Shift+Enter"],
    [event("Shift", { shiftKey: true }), ""],
    [event("?", { shiftKey: true }), "?"],
  ])("%#: are read", (made, chord) => {
    expect(chordOf(made)).toBe(chord);
  });

  it("read well on a key cap", () => {
    expect(chordLabel("Mod+k", false)).toBe("Ctrl K");
    expect(chordLabel("Mod+Shift+Enter", true)).toBe("⌘ Shift Enter");
    expect(chordLabel("E", false)).toBe("Shift E");
    expect(chordLabel("g w", false)).toBe("g w");
  });
});

describe("remapping", () => {
  const map = keyMap({});

  it("gives an act another key", () => {
    expect(remap(map, "reply", "x").map?.get("reply")).toBe("x");
  });

  it("refuses a key that another act has, and names it", () => {
    expect(remap(map, "reply", "n")).toMatchObject({ map: null, clash: "note" });
    expect(remap(map, "reply", "g")).toMatchObject({ map: null, clash: "go_work" });
  });

  it.each(["Mod+n", "Mod+Shift+f", "Alt+x", "Mod+Alt+x", "Escape", "Tab", "Insert", "5", "Mod+w", "Enter"])(
    "refuses %s, which is not ours",
    (chord) => {
      expect(remap(map, "reply", chord).reserved).toBe(true);
    },
  );

  it("refuses a plain letter for what works while typing", () => {
    expect(remap(map, "accept", "x").reserved).toBe(true);
    expect(remap(map, "accept", "F9").map?.get("accept")).toBe("F9");
  });

  it("leaves out what the server kept and cannot be", () => {
    expect(keyMap({ reply: "n", note: "x" }).get("reply")).toBe("r");
    expect(keyMap({ nonsense: "q" }).size).toBe(KEY_ACTS.length);
  });

  it("no two acts share a key as they come", () => {
    const chords = KEY_ACTS.map((act) => act.chord);
    expect(new Set(chords).size).toBe(chords.length);
  });
});

it("the listener says when there was nothing to do", () => {
  const idle = keyListener({
    map: () => keyMap({}),
    singleKeys: () => true,
    act: () => false,
    nth: () => false,
    now: () => 0,
  });
  const made = event("F2");
  idle(made);
  expect(made.defaultPrevented).toBe(false);
  vi.restoreAllMocks();
});
