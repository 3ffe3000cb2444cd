import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { clock, count, leftClock, length, matches, percent, size, spoken } from "../src/words/format";
import { en, type Key } from "../src/words/en";
import { pseudo, stretch } from "../src/words/pseudo";
import { fill, language, mediumWord, type Message, preferred, speak, t, title } from "../src/words/words";
import { zh } from "../src/words/zh";

const SOURCE = join(__dirname, "..", "src");

function sources(): string {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf-8" });
  return files
    .filter((name) => /\.tsx?$/.test(name) && !name.includes("words/en") && !name.includes("words/zh"))
    .map((name) => readFileSync(join(SOURCE, name), "utf-8"))
    .join("\n");
}

const slots = (message: Message): string[] => {
  const text = typeof message === "string" ? message : message.other;
  return [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string).sort();
};

afterEach(() => speak("en"));

describe("the catalogue", () => {
  const keys = Object.keys(en) as Key[];

  it("has every key in every language, with the same slots", () => {
    const made = pseudo(en);
    expect(Object.keys(zh).sort()).toEqual([...keys].sort());
    for (const key of keys) {
      expect([key, slots(made[key])]).toEqual([key, slots(en[key])]);
      // A plural form of English may leave its number out; Chinese has one form, with the number.
      const own = slots(zh[key]).filter((slot) => slot !== "n");
      expect([key, own]).toEqual([key, slots(en[key]).filter((slot) => slot !== "n")]);
    }
  });

  it("has no sentence that nothing uses", () => {
    const text = sources();
    // Keys made from data are used by their first part: t(`medium.${medium}`).
    const made = [...text.matchAll(/`([a-z]+\.(?:[a-z_.]*[._])?)\$\{/g)].map((match) => match[1] as string);
    const unused = keys.filter(
      (key) =>
        !text.includes(`"${key}"`) && !made.some((prefix) => key.startsWith(prefix)) && !/_means$/.test(key),
    );
    expect(unused).toEqual([]);
  });

  it("has a Chinese sentence that is not the English one, but for names", () => {
    const same = keys.filter((key) => JSON.stringify(zh[key]) === JSON.stringify(en[key]));
    expect(same.sort()).toEqual(["report.csv", "title.place"]);
  });
});

describe("a sentence", () => {
  it("fills its named slots and leaves unknown ones visible", () => {
    expect(fill("{a} of {b}", { a: 1200 }, "en")).toBe("1,200 of {b}");
  });

  it("follows the plural of its number", () => {
    expect(t("spoken.minutes", { n: 1 })).toBe("1 minute");
    expect(t("spoken.minutes", { n: 12 })).toBe("12 minutes");
  });

  it("changes with the language, and so does the page", async () => {
    await speak("zh-CN");
    expect(t("offer.accept")).toBe("接受");
    expect(document.documentElement.lang).toBe("zh-CN");
    expect(mediumWord("mail")).toBe("邮件");
    expect(title({ en: "Billing", "zh-CN": "账务" }, "billing")).toBe("账务");
    expect(title({ en: "Sales" }, "sales")).toBe("Sales");
    expect(title({}, "night")).toBe("night");
  });

  it("in pseudo is longer and keeps its slots", async () => {
    expect(stretch("Hold {n}")).toBe("[Höld {n}····]");
    await speak("pseudo");
    expect(language.value).toBe("pseudo");
    expect(document.documentElement.lang).toBe("en");
    expect(t("offer.accept")).toMatch(/^\[.*·\]$/);
  });

  it("is in the language the browser asks for first", () => {
    expect(preferred(["fr-FR", "zh-TW", "en"])).toBe("zh-CN");
    expect(preferred(["de"])).toBe("en");
  });
});

describe("numbers and clocks", () => {
  it.each([
    [0, "00:00"],
    [59_999, "00:59"],
    [3_599_000, "59:59"],
    [3_600_000, "1:00:00"],
    [47 * 3_600_000, "47:00:00"],
    [52 * 3_600_000, "2 d 4 h"],
  ])("%i ms reads %s", (ms, text) => {
    expect(clock(ms)).toBe(text);
  });

  it("late has a true minus sign", () => {
    expect(leftClock(-130_000)).toBe("\u221202:10");
    expect(leftClock(40_000)).toBe("00:40");
  });

  it("empty is a dash, never zero", () => {
    expect([length(null), count(null), percent(undefined)]).toEqual(["-", "-", "-"]);
  });

  it("shares and sizes are by Intl", () => {
    expect(percent(0.805, 1)).toBe("80.5%");
    expect(count(1204)).toBe("1,204");
    expect(size(182_034)).toBe("182 kB");
    expect(spoken(2 * 3_600_000 + 5)).toBe("2 hours");
  });

  it("finds whatever the case and width", () => {
    expect(matches("ＢＩＬＬＩＮＧ", "bill")).toBe(true);
    expect(matches("账务", "账")).toBe(true);
    expect(matches("Sales", "bill")).toBe(false);
  });
});
