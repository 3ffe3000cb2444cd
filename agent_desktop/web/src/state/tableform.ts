/** A table of the configuration as a form, and back: nothing of it may change by the way. */

export type PlainKind = "text" | "number" | "yes_no" | "list";
export type LineKind = PlainKind | "table" | "items";

/** A value as a form edits it: a plain one, a table of named lines, or values one after another. */
export type FormValue =
  | { readonly kind: PlainKind; readonly text: string }
  | { readonly kind: "table"; readonly lines: readonly FormLine[] }
  | { readonly kind: "items"; readonly items: readonly FormValue[] };

export interface FormLine {
  readonly name: string;
  readonly value: FormValue;
}

/** One line per field; lists of words one word a line, tables and rows of tables as forms within. */
export function toLines(table: Readonly<Record<string, unknown>>): readonly FormLine[] {
  return Object.entries(table).map(([name, value]) => ({ name, value: toValue(value) }));
}

export function toValue(value: unknown): FormValue {
  if (typeof value === "string") return { kind: "text", text: value };
  if (typeof value === "number") return { kind: "number", text: String(value) };
  if (typeof value === "boolean") return { kind: "yes_no", text: String(value) };
  if (Array.isArray(value)) {
    const words = value.every((each) => typeof each === "string" && isWord(each));
    return words ? { kind: "list", text: value.join("\n") } : { kind: "items", items: value.map(toValue) };
  }
  return { kind: "table", lines: toLines((value ?? {}) as Readonly<Record<string, unknown>>) };
}

/** True for what comes back from a line of a list as it went in. */
const isWord = (text: string): boolean => text !== "" && text === text.trim() && !text.includes("\n");

const BLANK: Readonly<Record<LineKind, FormValue>> = {
  text: { kind: "text", text: "" },
  number: { kind: "number", text: "0" },
  yes_no: { kind: "yes_no", text: "false" },
  list: { kind: "list", text: "" },
  table: { kind: "table", lines: [] },
  items: { kind: "items", items: [] },
};

/** A new value of a kind, with nothing in it. */
export const blank = (kind: LineKind): FormValue => BLANK[kind];

/** A new value of the same shape as `value`, for one more row of the same kind. */
export function blankLike(value: FormValue): FormValue {
  if (value.kind !== "table") return BLANK[value.kind];
  return { kind: "table", lines: value.lines.map((line) => ({ ...line, value: blankLike(line.value) })) };
}

/** The first line that cannot be read: its name, with those of the tables it stands in before it. */
export interface Wrong {
  readonly name: string;
  readonly problem: "number" | "twice";
}

export type Read =
  | { readonly table: Readonly<Record<string, unknown>>; readonly wrong: null }
  | { readonly table: null; readonly wrong: Wrong };

class Unreadable extends Error {
  readonly wrong: Wrong;

  constructor(wrong: Wrong) {
    super(wrong.name);
    this.wrong = wrong;
  }
}

/** The table the lines stand for, or the first line that cannot be read. */
export function fromLines(lines: readonly FormLine[]): Read {
  try {
    return { table: tableOf(lines, ""), wrong: null };
  } catch (failure) {
    if (failure instanceof Unreadable) return { table: null, wrong: failure.wrong };
    throw failure;
  }
}

function tableOf(lines: readonly FormLine[], place: string): Readonly<Record<string, unknown>> {
  const table: Record<string, unknown> = {};
  for (const line of lines) {
    const name = `${place}${line.name}`;
    if (Object.hasOwn(table, line.name)) throw new Unreadable({ name, problem: "twice" });
    table[line.name] = plain(line.value, name);
  }
  return table;
}

function plain(value: FormValue, name: string): unknown {
  switch (value.kind) {
    case "text":
      return value.text;
    case "yes_no":
      return value.text === "true";
    case "list":
      return value.text
        .split("\n")
        .map((each) => each.trim())
        .filter((each) => each !== "");
    case "number": {
      const number = Number(value.text);
      if (value.text.trim() === "" || !Number.isFinite(number)) {
        throw new Unreadable({ name, problem: "number" });
      }
      return number;
    }
    case "table":
      return tableOf(value.lines, `${name}.`);
    case "items":
      return value.items.map((each, at) => plain(each, `${name}.${at + 1}`));
  }
}

/** `list` with the element at `at` put in place of the one there. */
export const replaced = <T>(list: readonly T[], at: number, element: T): readonly T[] =>
  list.map((each, index) => (index === at ? element : each));

/** `list` without the element at `at`. */
export const without = <T>(list: readonly T[], at: number): readonly T[] =>
  list.filter((_, index) => index !== at);

/** `list` with the element at `at` moved to `to`. */
export function movedTo<T>(list: readonly T[], at: number, to: number): readonly T[] {
  const rest = [...without(list, at)];
  rest.splice(to, 0, ...list.slice(at, at + 1));
  return rest;
}
