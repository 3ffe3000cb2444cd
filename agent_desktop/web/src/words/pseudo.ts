/** A made-up language that shows cut labels and words that bypass the catalogue. */

import type { Key } from "./en";
import type { Catalogue, Message } from "./words";

const ACCENTS: Readonly<Record<string, string>> = {
  a: "à",
  c: "ç",
  e: "é",
  i: "î",
  n: "ñ",
  o: "ö",
  u: "ü",
  y: "ý",
  A: "Å",
  C: "Ç",
  E: "É",
  I: "Î",
  N: "Ñ",
  O: "Ö",
  U: "Ü",
  Y: "Ý",
};

/** `text` with accents and about 40 % longer; its slots stay. */
export function stretch(text: string): string {
  const body = text.replace(/\{\w+\}|[a-zA-Z]/g, (part) =>
    part.length > 1 ? part : (ACCENTS[part] ?? part),
  );
  return `[${body}${"·".repeat(Math.ceil(text.length * 0.4))}]`;
}

/** The pseudo catalogue made from `source`. */
export function pseudo(source: Readonly<Record<Key, Message>>): Catalogue {
  const made: Record<string, Message> = {};
  for (const [key, message] of Object.entries(source)) {
    made[key] =
      typeof message === "string"
        ? stretch(message)
        : {
            other: stretch(message.other),
            ...(message.one === undefined ? {} : { one: stretch(message.one) }),
          };
  }
  return made as Catalogue;
}
