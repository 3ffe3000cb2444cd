/** Numbers, clocks, times and sizes as people read them. */

import { t, tag } from "./words";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Formatters are costly to make and are asked for by every line of a list: one each is kept. */
const made = new Map<string, unknown>();

function kept<T>(what: string, make: (locale: string) => T): T {
  const locale = tag();
  const key = `${locale} ${what}`;
  const known = made.get(key) as T | undefined;
  if (known !== undefined) return known;
  const fresh = make(locale);
  made.set(key, fresh);
  return fresh;
}

const dates = (what: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  kept(what, (locale) => new Intl.DateTimeFormat(locale, options));

const numbers = (what: string, options: Intl.NumberFormatOptions): Intl.NumberFormat =>
  kept(what, (locale) => new Intl.NumberFormat(locale, options));

const two = (value: number): string => String(value).padStart(2, "0");

/** A running clock: `mm:ss`, from one hour `h:mm:ss`, from two days `2 d 4 h`. */
export function clock(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / SECOND);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  if (seconds >= (2 * DAY) / SECOND) {
    return t("clock.days", { d: Math.floor(hours / 24), h: hours % 24 });
  }
  return hours >= 1
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${two(minutes)}:${two(seconds % 60)}`;
}

/** What is left of a promise: a true minus sign when it is over. */
export function leftClock(leftMs: number): string {
  // The last second still counts as time left, the first one over it as late.
  return leftMs < 0 ? `\u2212${clock(-leftMs)}` : clock(leftMs);
}

/** A duration in words, for people who hear it: "12 minutes", "2 hours 5 minutes". */
export function spoken(ms: number): string {
  const minutes = Math.floor(Math.abs(ms) / MINUTE);
  if (minutes < 1) return t("spoken.seconds", { n: Math.round(Math.abs(ms) / SECOND) });
  if (minutes < 120) return t("spoken.minutes", { n: minutes });
  if (minutes < 2 * 24 * 60) return t("spoken.hours", { n: Math.floor(minutes / 60) });
  return t("spoken.days", { n: Math.floor(minutes / 1440) });
}

/** A duration in a table: `mm:ss` or `h:mm:ss`; "-" when there is none. */
export function length(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? "-" : clock(ms);
}

/** A count by Intl; "-" when empty. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? "-" : numbers("count", {}).format(value);
}

/** A share (0 to 1) in percent with `decimals`; "-" when empty. */
export function percent(share: number | null | undefined, decimals = 0): string {
  if (share === null || share === undefined) return "-";
  return numbers(`percent ${decimals}`, {
    style: "percent",
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }).format(share);
}

/** The hour and minute of a time, on a 24-hour clock of this machine's zone. */
export function hourMinute(at: number, seconds = false): string {
  return dates(seconds ? "second" : "minute", {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    ...(seconds ? { second: "2-digit" } : {}),
  }).format(at);
}

/** A time as short as it stays clear: today the hour, this year day and month, else the date. */
export function moment(at: number, now: number): string {
  const then = new Date(at);
  const today = new Date(now);
  if (then.toDateString() === today.toDateString()) return hourMinute(at);
  return then.getFullYear() === today.getFullYear()
    ? dates("day", { day: "numeric", month: "short" }).format(at)
    : dates("date", { day: "numeric", month: "short", year: "numeric" }).format(at);
}

/** Date and time in full, for tool tips and records. */
export function full(at: number): string {
  return dates("full", { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" }).format(at);
}

/** A day, for separators between messages. */
export function dayName(at: number): string {
  return dates("weekday", { weekday: "long", day: "numeric", month: "long" }).format(at);
}

/** A size in bytes, kB or MB. */
export function size(bytes: number): string {
  const format = (value: number, unit: string): string => {
    const digits = value < 10 ? 1 : 0;
    return numbers(`${unit} ${digits}`, { style: "unit", unit, maximumFractionDigits: digits }).format(value);
  };
  if (bytes < 1000) return format(bytes, "byte");
  return bytes < 1_000_000 ? format(bytes / 1000, "kilobyte") : format(bytes / 1_000_000, "megabyte");
}

/** Names in the order people expect, whatever the language. */
export function byName<T>(rows: readonly T[], name: (row: T) => string): readonly T[] {
  const collator = kept("names", (locale) => new Intl.Collator(locale));
  return [...rows].sort((a, b) => collator.compare(name(a), name(b)));
}

/** True when `text` holds `wanted`, whatever case or width. */
export function matches(text: string, wanted: string): boolean {
  const plain = (value: string): string => value.normalize("NFKC").toLocaleLowerCase();
  return plain(text).includes(plain(wanted.trim()));
}
