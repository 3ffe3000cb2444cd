import { describe, expect, it } from "vitest";
import { blankLike, type FormValue, fromLines, movedTo, toLines, toValue } from "../src/state/tableform";

const text = (words: string): FormValue => ({ kind: "text", text: words });

describe("a table of the configuration", () => {
  it("comes back from its form as it went in, however deep it is", () => {
    const table = {
      name: "Mia",
      slots: 3,
      share: 0.5,
      open: false,
      queues: ["billing", "sales"],
      none: [],
      title: { en: "Billing", "zh-CN": "账务" },
      step: [{ after: "2 min", raise: { credit: "30 s" } }, { after: "5 min" }],
      mixed: ["solved", { name: "spam", title: { en: "Unwanted" } }, 3, true],
      lines: ["two\nlines", " edges ", ""],
      wrap_up: { chat: { mode: "mandatory", extensions: 3 } },
    };
    expect(fromLines(toLines(table))).toEqual({ table, wrong: null });
  });

  it("names the field that cannot be read, with the tables it stands in", () => {
    const number = (words: string): FormValue => ({ kind: "number", text: words });
    expect(fromLines([{ name: "slots", value: number("many") }]).wrong).toEqual({
      name: "slots",
      problem: "number",
    });
    expect(fromLines([{ name: "slots", value: number(" ") }]).wrong?.problem).toBe("number");
    const step: FormValue = { kind: "table", lines: [{ name: "extensions", value: number("x") }] };
    const steps: FormValue = { kind: "items", items: [toValue({}), step] };
    expect(fromLines([{ name: "step", value: steps }]).wrong?.name).toBe("step.2.extensions");
    const twice = [
      { name: "a", value: text("") },
      { name: "a", value: text("") },
    ];
    expect(fromLines([{ name: "title", value: { kind: "table", lines: twice } }]).wrong).toEqual({
      name: "title.a",
      problem: "twice",
    });
  });

  it("keeps names that other tables own", () => {
    const table = { constructor: "a", toString: { valueOf: 1 } };
    expect(fromLines(toLines(table)).table).toEqual(table);
  });

  it("leaves empty lines out of a list", () => {
    const queues: FormValue = { kind: "list", text: "a\n\n b \n" };
    expect(fromLines([{ name: "queues", value: queues }]).table).toEqual({ queues: ["a", "b"] });
  });

  it("makes one more row of the same shape, with nothing in it", () => {
    const row = toValue({ name: "spam", title: { en: "Unwanted" }, n: 3 });
    expect(fromLines([{ name: "row", value: blankLike(row) }]).table).toEqual({
      row: { name: "", title: { en: "" }, n: 0 },
    });
  });

  it("moves a row and loses none", () => {
    expect(movedTo(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
    expect(movedTo(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
  });
});
