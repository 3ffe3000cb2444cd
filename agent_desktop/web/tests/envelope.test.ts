import { describe, expect, it } from "vitest";
import { addresses, isAddress, joinLine, others, splitLine } from "../src/state/envelope";

describe("a line of addresses", () => {
  it("is read however they are parted", () => {
    expect(addresses("a@x.de, <b@y.es>；c@z.cn d@w.org")).toEqual(["a@x.de", "b@y.es", "c@z.cn", "d@w.org"]);
  });

  it("keeps what is being typed apart from what is finished", () => {
    expect(splitLine("a@x.de, b@y")).toEqual({ chips: ["a@x.de"], typed: "b@y" });
    expect(splitLine("a@x.de；")).toEqual({ chips: ["a@x.de"], typed: "" });
    expect(splitLine("")).toEqual({ chips: [], typed: "" });
  });

  it("has every address once", () => {
    expect(joinLine(["a@x.de", "A@X.de", "b@y.es"], "c")).toBe("a@x.de, b@y.es, c");
  });

  it("tells an address from a slip", () => {
    expect(["a@x.de", "李@例子.中国"].every(isAddress)).toBe(true);
    expect(["a", "a@", "@x", "a@b@c"].some(isAddress)).toBe(false);
  });
});

describe("a reply to all", () => {
  it("goes to everybody once, and neither to the sender again nor to ourselves", () => {
    const headers = {
      sender: "ana@x.de",
      to: ["Help@us.de", "tom@x.de"],
      cc: ["ANA@x.de", "tom@x.de", "eva@x.de"],
    };
    expect(others(headers, ["help@us.de"])).toEqual({ to: ["tom@x.de"], cc: ["eva@x.de"] });
  });
});
