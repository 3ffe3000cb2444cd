import { describe, expect, it } from "vitest";
import { fromLines, toLines } from "../src/state/tableform";

describe("a table of the configuration", () => {
  it("comes back from its form as it went in", () => {
    const table = {
      name: "Mia",
      slots: 3,
      share: 0.5,
      open: false,
      queues: ["billing", "sales"],
      none: [],
      title: { en: "Billing", "zh-CN": "账务" },
      step: [{ after: "2 min" }],
    };
    expect(fromLines(toLines(table))).toEqual({ table, wrong: null });
  });

  it("names the field that cannot be read", () => {
    expect(fromLines([{ name: "slots", kind: "number", text: "many" }]).wrong).toEqual({
      name: "slots",
      problem: "number",
    });
    expect(fromLines([{ name: "slots", kind: "number", text: " " }]).wrong?.problem).toBe("number");
    expect(fromLines([{ name: "title", kind: "nested", text: "{" }]).wrong).toEqual({
      name: "title",
      problem: "json",
    });
    const twice = fromLines([
      { name: "a", kind: "text", text: "" },
      { name: "a", kind: "text", text: "" },
    ]);
    expect(twice.wrong).toEqual({ name: "a", problem: "twice" });
  });

  it("leaves empty lines out of a list", () => {
    expect(fromLines([{ name: "queues", kind: "list", text: "a\n\n b \n" }]).table).toEqual({
      queues: ["a", "b"],
    });
  });
});
