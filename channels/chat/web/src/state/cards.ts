/** Digits that look like a payment card's: 13 to 19 of them that pass the Luhn check. */

const RUN = /\p{Nd}(?:[ \u00a0.\-/]?\p{Nd}){12,40}/gu;

/** Whether some words hold what may be a card number. */
export function hasCard(text: string): boolean {
  return maskCards(text) !== text;
}

/** The words with each such number cut to its last four digits. */
export function maskCards(text: string): string {
  return text.replace(RUN, maskRun);
}

function maskRun(run: string): string {
  const characters = Array.from(run);
  const places = characters.flatMap((character, index) => (/\p{Nd}/u.test(character) ? [index] : []));
  const starts = new Set(
    places.flatMap((place, index) => (index === 0 || place - (places[index - 1] ?? 0) > 1 ? [index] : [])),
  );
  const ends = new Set([...starts].map((start) => start - 1).concat(places.length - 1));
  for (let at = 0; at < places.length; ) {
    const length = starts.has(at) ? cardLength(characters, places, at, ends) : 0;
    for (const place of places.slice(at, at + Math.max(0, length - 4))) characters[place] = "•";
    at += length || 1;
  }
  return characters.join("");
}

function cardLength(characters: string[], places: number[], start: number, ends: Set<number>): number {
  for (let length = 19; length >= 13; length -= 1) {
    const last = start + length - 1;
    if (!ends.has(last)) continue;
    const digits = places.slice(start, last + 1).map((place) => digit(characters[place] ?? ""));
    if (isLuhnValid(digits)) return length;
  }
  return 0;
}

function digit(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  // Full-width digits of Chinese input methods; other scripts are left to the server.
  return code >= 0xff10 && code <= 0xff19 ? code - 0xff10 : Number(character);
}

function isLuhnValid(digits: number[]): boolean {
  const total = digits.reduceRight((sum, value, index) => {
    const doubled = (digits.length - 1 - index) % 2 === 1;
    return sum + (doubled ? (value > 4 ? value * 2 - 9 : value * 2) : value);
  }, 0);
  return total % 10 === 0;
}
