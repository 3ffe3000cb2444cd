/** A table of the configuration as lines of a form, and back: nothing of it may change by the way. */

export type LineKind = "text" | "number" | "yes_no" | "list" | "nested";

export interface FormLine {
  readonly name: string;
  readonly kind: LineKind;
  readonly text: string;
}

/** One line per field; lists of words one word a line, tables within as JSON. */
export function toLines(table: Readonly<Record<string, unknown>>): readonly FormLine[] {
  return Object.entries(table).map(([name, value]) => toLine(name, value));
}

function toLine(name: string, value: unknown): FormLine {
  if (typeof value === "string") return { name, kind: "text", text: value };
  if (typeof value === "number") return { name, kind: "number", text: String(value) };
  if (typeof value === "boolean") return { name, kind: "yes_no", text: String(value) };
  if (Array.isArray(value) && value.every((each) => typeof each === "string" && !each.includes("\n"))) {
    return { name, kind: "list", text: value.join("\n") };
  }
  return { name, kind: "nested", text: JSON.stringify(value, null, 2) };
}

export type Read =
  | { readonly table: Readonly<Record<string, unknown>>; readonly wrong: null }
  | {
      readonly table: null;
      readonly wrong: { readonly name: string; readonly problem: "number" | "json" | "twice" };
    };

/** The table the lines stand for, or the first line that cannot be read. */
export function fromLines(lines: readonly FormLine[]): Read {
  const table: Record<string, unknown> = {};
  for (const line of lines) {
    if (line.name in table) return { table: null, wrong: { name: line.name, problem: "twice" } };
    const value = valueIn(line);
    if (value === undefined) {
      return { table: null, wrong: { name: line.name, problem: line.kind === "number" ? "number" : "json" } };
    }
    table[line.name] = value;
  }
  return { table, wrong: null };
}

function valueIn(line: FormLine): unknown {
  switch (line.kind) {
    case "text":
      return line.text;
    case "yes_no":
      return line.text === "true";
    case "list":
      return line.text
        .split("\n")
        .map((each) => each.trim())
        .filter((each) => each !== "");
    case "number": {
      const value = Number(line.text);
      return line.text.trim() === "" || !Number.isFinite(value) ? undefined : value;
    }
    case "nested":
      try {
        return JSON.parse(line.text) as unknown;
      } catch {
        return undefined;
      }
  }
}
