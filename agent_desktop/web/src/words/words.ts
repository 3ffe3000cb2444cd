/** Words: whole sentences from one catalogue, with named slots and plural rules. */

import { signal } from "@preact/signals";
import type { Titles } from "../state/shapes";
import { en, type Key } from "./en";
import { pseudo } from "./pseudo";

export type { Key };

/** A sentence, or its forms by plural rule of the slot `n`. */
export type Message = string | { readonly one?: string; readonly other: string };
export type Catalogue = Readonly<Record<Key, Message>>;
export type Slots = Readonly<Record<string, string | number>>;
export type Language = "en" | "zh-CN" | "pseudo";

export const LANGUAGES: readonly Language[] = ["en", "zh-CN", "pseudo"];

/** The language in use. Whatever reads it in a view is drawn again when it changes. */
export const language = signal<Language>("en");
const catalogue = signal<Catalogue>(en);

/** The tag for `lang` attributes and for Intl. */
export function tag(): string {
  return language.value === "pseudo" ? "en" : language.value;
}

/** Loads the catalogue of `next` and switches to it. */
export async function speak(next: Language): Promise<void> {
  const loaded: Catalogue =
    next === "zh-CN" ? (await import("./zh")).zh : next === "pseudo" ? pseudo(en) : en;
  catalogue.value = loaded;
  language.value = next;
  document.documentElement.lang = tag();
}

/** The language that fits the browser's wishes best. */
export function preferred(wishes: readonly string[]): Language {
  for (const wish of wishes) {
    if (wish.toLowerCase().startsWith("zh")) return "zh-CN";
    if (wish.toLowerCase().startsWith("en")) return "en";
  }
  return "en";
}

/** The sentence of `key` with its slots filled; plural by slot `n`. */
export function t(key: Key, slots: Slots = {}): string {
  return fill(catalogue.value[key], slots, tag());
}

/** As `t`, for keys made from data ("medium.chat"): `fallback` when there is no such sentence. */
export function tOr(key: string, fallback: string, slots: Slots = {}): string {
  const message = catalogue.value[key as Key];
  return message === undefined ? fallback : fill(message, slots, tag());
}

/** A message with its slots filled, for the plural rules of `locale`. */
export function fill(message: Message, slots: Slots, locale: string): string {
  let text: string;
  if (typeof message === "string") text = message;
  else {
    const rule = new Intl.PluralRules(locale).select(Number(slots["n"] ?? 0));
    text = rule === "one" && message.one !== undefined ? message.one : message.other;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = slots[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? new Intl.NumberFormat(locale).format(value) : value;
  });
}

/** A title of the configuration in the language in use, else English, else its name. */
export function title(titles: Titles | string | undefined, name: string): string {
  if (typeof titles === "string") return titles === "" ? name : titles;
  return titles?.[tag()] || titles?.[tag().split("-")[0] ?? ""] || titles?.["en"] || name;
}

/** The word for a medium. */
export function mediumWord(medium: string): string {
  return tOr(`medium.${medium}`, medium);
}
