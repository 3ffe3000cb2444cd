/** The keys: what each does, where it works, and how a person may change it. */

import type { Key } from "../words/en";

export type ActName =
  | "accept"
  | "next_region"
  | "previous_region"
  | "palette"
  | "send"
  | "send_finish"
  | "next_item"
  | "previous_item"
  | "reply"
  | "note"
  | "transfer"
  | "consult"
  | "hold"
  | "mute"
  | "hold_call"
  | "keypad"
  | "wrap_up"
  | "presence"
  | "customer"
  | "why"
  | "search"
  | "go_work"
  | "go_board"
  | "go_reports"
  | "go_settings"
  | "end"
  | "finish"
  | "overview";

export interface KeyAct {
  readonly name: ActName;
  /** The chord as it comes: "F2", "Mod+K", "g w". Mod is Ctrl, or Cmd on a Mac. */
  readonly chord: string;
  /** "anywhere" works while typing too; "outside" only outside text fields, and can be switched off. */
  readonly where: "anywhere" | "outside";
  readonly words: Key;
}

export const KEY_ACTS: readonly KeyAct[] = [
  { name: "accept", chord: "F2", where: "anywhere", words: "keys.accept" },
  { name: "next_region", chord: "F6", where: "anywhere", words: "keys.next_region" },
  { name: "previous_region", chord: "Shift+F6", where: "anywhere", words: "keys.previous_region" },
  { name: "palette", chord: "Mod+k", where: "anywhere", words: "keys.palette" },
  { name: "send", chord: "Mod+Enter", where: "anywhere", words: "keys.send" },
  { name: "send_finish", chord: "Mod+Shift+Enter", where: "anywhere", words: "keys.send_finish" },
  { name: "mute", chord: "F8", where: "anywhere", words: "keys.mute" },
  { name: "hold_call", chord: "Shift+F8", where: "anywhere", words: "keys.hold_call" },
  { name: "next_item", chord: "j", where: "outside", words: "keys.next_item" },
  { name: "previous_item", chord: "k", where: "outside", words: "keys.previous_item" },
  { name: "reply", chord: "r", where: "outside", words: "keys.reply" },
  { name: "note", chord: "n", where: "outside", words: "keys.note" },
  { name: "transfer", chord: "t", where: "outside", words: "keys.transfer" },
  { name: "consult", chord: "c", where: "outside", words: "keys.consult" },
  { name: "hold", chord: "h", where: "outside", words: "keys.hold" },
  { name: "keypad", chord: "d", where: "outside", words: "keys.keypad" },
  { name: "wrap_up", chord: "w", where: "outside", words: "keys.wrap_up" },
  { name: "presence", chord: "p", where: "outside", words: "keys.presence" },
  { name: "customer", chord: "o", where: "outside", words: "keys.customer" },
  { name: "why", chord: "y", where: "outside", words: "keys.why" },
  { name: "search", chord: "/", where: "outside", words: "keys.search" },
  { name: "go_work", chord: "g w", where: "outside", words: "keys.go_work" },
  { name: "go_board", chord: "g b", where: "outside", words: "keys.go_board" },
  { name: "go_reports", chord: "g r", where: "outside", words: "keys.go_reports" },
  { name: "go_settings", chord: "g s", where: "outside", words: "keys.go_settings" },
  { name: "end", chord: "E", where: "outside", words: "keys.end" },
  { name: "finish", chord: "F", where: "outside", words: "keys.finish" },
  { name: "overview", chord: "?", where: "outside", words: "keys.overview" },
];

export type KeyMap = ReadonlyMap<ActName, string>;

/** The keys as they come, with a person's own ones in their places; nonsense is left out. */
export function keyMap(own: Readonly<Record<string, string>>): KeyMap {
  let map: KeyMap = new Map(KEY_ACTS.map((act) => [act.name, act.chord]));
  for (const act of KEY_ACTS) {
    const chord = own[act.name];
    if (chord === undefined) continue;
    const remapped = remap(map, act.name, chord);
    if (remapped.map !== null) map = remapped.map;
  }
  return map;
}

export type Remap =
  | { readonly map: KeyMap; readonly clash: null; readonly reserved: false }
  | { readonly map: null; readonly clash: ActName | null; readonly reserved: boolean };

/** Chords that belong to the browser, the system, input methods or screen readers. */
const RESERVED =
  /^(Mod\+(Shift\+)?[nNtTwWfF]|Mod\+Space|Mod\+\.|.*Alt\+.*|Insert|CapsLock|Escape|Tab|Shift\+Tab|Enter|Space|Shift|Mod|Backspace|Delete|Arrow\w+|[1-9]|F1|F5|F11|F12)$/;

/** The map with `act` on another chord; refused when another act has it or it is not ours to take. */
export function remap(map: KeyMap, act: ActName, chord: string): Remap {
  const where = KEY_ACTS.find((each) => each.name === act)?.where;
  const plain = !chord.startsWith("Mod+") && !/^(Shift\+)?F\d+$/.test(chord);
  if (RESERVED.test(chord) || (where === "anywhere" && plain))
    return { map: null, clash: null, reserved: true };
  for (const [other, taken] of map) {
    if (other !== act && clash(taken, chord)) return { map: null, clash: other, reserved: false };
  }
  return { map: new Map(map).set(act, chord), clash: null, reserved: false };
}

/** Two chords clash when they are equal or one begins the other ("g" and "g w"). */
function clash(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other} `) || other.startsWith(`${one} `);
}

/** The chord of a key event; "" for a lone modifier. Letters carry Shift in their case. */
export function chordOf(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">,
): string {
  if (
    ["Control", "Shift", "Alt", "Meta", "AltGraph", "Dead", "Process", "Unidentified"].includes(event.key)
  ) {
    return "";
  }
  const mod = event.ctrlKey || event.metaKey;
  const key = event.key === " " ? "Space" : event.key;
  const printable = key.length === 1;
  const parts: string[] = [];
  if (mod) parts.push("Mod");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && (!printable || mod)) parts.push("Shift");
  parts.push(printable && mod ? key.toLowerCase() : key);
  return parts.join("+");
}

/** How a chord reads on a key cap: "Ctrl K", "Shift E", "g w". */
export function chordLabel(chord: string, mac: boolean): string {
  return chord
    .split(" ")
    .map((step) =>
      step
        .split("+")
        .map((part) =>
          part === "Mod"
            ? mac
              ? "⌘"
              : "Ctrl"
            : part.length === 1 && step.includes("+")
              ? part.toUpperCase()
              : part,
        )
        .map((part) => (/^[A-Z]$/.test(part) && !step.includes("+") ? `Shift ${part}` : part))
        .join(" "),
    )
    .join(" ");
}
