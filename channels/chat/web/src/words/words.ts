/** Words by name in the visitor's language, with named slots and plural rules. */

import { type Catalogue, en, type Name } from "./en";
import { zhCN } from "./zh-CN";

/** The stem of names that have plural forms (`queue.place` of `queue.place.one`). */
export type Stem = Name extends infer N ? (N extends `${infer S}.one` ? S : never) : never;

const MARKED: Record<string, string> = { a: "å", e: "é", i: "î", o: "ø", u: "ü", A: "Å", E: "É", O: "Ø", U: "Ü" };

/** A catalogue of long, marked words that shows what is cut or was never translated. */
function pseudo(): Catalogue {
  const entries = Object.entries(en).map(([name, text]) => {
    const marked = text.replace(/\{\w+\}|[aeiouAEOU]/g, (found) => MARKED[found] ?? found);
    return [name, `[${marked}${" ~".repeat(Math.ceil(text.length / 6))}]`];
  });
  return Object.fromEntries(entries) as Catalogue;
}

export class Words {
  private readonly catalogue: Catalogue;
  private readonly plural: Intl.PluralRules;

  constructor(readonly language: string) {
    this.catalogue = language === "zh-CN" ? zhCN : language === "pseudo" ? pseudo() : en;
    this.plural = new Intl.PluralRules(this.locale);
  }

  /** The language for `lang` and for Intl. */
  get locale(): string {
    return this.language === "pseudo" ? "en" : this.language;
  }

  /** The text of a name, its slots filled. */
  say(name: Name, slots: Record<string, string | number> = {}): string {
    return this.catalogue[name].replace(/\{(\w+)\}/g, (slot, key: string) => String(slots[key] ?? slot));
  }

  /** The text of a stem in the form for a count. */
  count(stem: Stem, count: number, slots: Record<string, string | number> = {}): string {
    const form = this.plural.select(count) === "one" ? "one" : "other";
    return this.say(`${stem}.${form}` as Name, { count, ...slots });
  }

  /** The words for a refusal's code. */
  refusal(code: string, slots: Record<string, string | number> = {}): string {
    const name = `refused.${code}`;
    return this.say(name in this.catalogue ? (name as Name) : "refused.other", slots);
  }

  /** Hours and minutes of a moment. */
  time(at: number): string {
    return new Intl.DateTimeFormat(this.locale, { hour: "2-digit", minute: "2-digit", hour12: false }).format(at);
  }

  /** The day of a moment, spelt out. */
  day(at: number): string {
    return new Intl.DateTimeFormat(this.locale, { weekday: "long", day: "numeric", month: "long" }).format(at);
  }

  /** A moment to come: weekday and time, with the date when it is more than six days away. */
  when(at: number, now: number): string {
    const far = at - now > 6 * 86_400_000;
    const date: Intl.DateTimeFormatOptions = far ? { day: "numeric", month: "long" } : { weekday: "long" };
    const clock = { hour: "2-digit", minute: "2-digit", hour12: false } as const;
    return new Intl.DateTimeFormat(this.locale, { ...date, ...clock }).format(at);
  }

  /** A size in a unit that fits. */
  size(bytes: number): string {
    const [value, unit] = bytes < 1_000_000 ? [bytes / 1_000, "kilobyte"] : [bytes / 1_000_000, "megabyte"];
    const digits = { maximumFractionDigits: value < 10 ? 1 : 0 };
    return new Intl.NumberFormat(this.locale, { style: "unit", unit, ...digits }).format(value);
  }
}
