/** To, Cc and Bcc as lines of text: what of them is an address, and whom a reply goes to. */

import type { MailHeaders } from "./shapes";

const BETWEEN = /[\s,;，；、]+/;

/** Mail addresses out of a line of text, separated by commas, semicolons (also full-width) or spaces. */
export function addresses(text: string): readonly string[] {
  return text
    .split(BETWEEN)
    .map((each) => each.replace(/^<|>$/g, ""))
    .filter((each) => each !== "");
}

/** The line as finished addresses and what is still being typed behind the last separator. */
export function splitLine(text: string): { readonly chips: readonly string[]; readonly typed: string } {
  const typed = text.split(BETWEEN).at(-1) ?? "";
  return { chips: addresses(text.slice(0, text.length - typed.length)), typed };
}

/** A line out of finished addresses, each once, and what is being typed. */
export function joinLine(chips: readonly string[], typed = ""): string {
  const once = chips.filter((each, at) => chips.findIndex((other) => same(each, other)) === at);
  return once.map((each) => `${each}, `).join("") + typed;
}

/** True for what can be written to at all; whether somebody is there, only sending tells. */
export const isAddress = (text: string): boolean => /^[^@\s]+@[^@\s]+$/.test(text);

/** True for two ways to write one address. */
export const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Everybody a reply to all goes to besides the sender; `own` are addresses of the centre. */
export function others(
  headers: MailHeaders,
  own: readonly string[],
): { readonly to: readonly string[]; readonly cc: readonly string[] } {
  const sender = headers.reply_to || headers.sender || "";
  const without = (list: readonly string[] | undefined, taken: readonly string[]): readonly string[] =>
    (list ?? []).filter((each) => !taken.some((other) => same(each, other)));
  const to = without(headers.to, [sender, ...own]);
  return { to, cc: without(headers.cc, [sender, ...own, ...to]) };
}
