/** Contrast of colours (WCAG 2.2), so that any accent of a site stays readable. */

export type Rgb = readonly [number, number, number];

const WHITE: Rgb = [255, 255, 255];
const INK: Rgb = [15, 18, 22];

/** The channels of `rgb(33, 93, 179)`, `rgb(33 93 179)` or `#215db3`; null for anything else. */
export function readColour(text: string): Rgb | null {
  const hex = /^#([0-9a-f]{6})$/i.exec(text.trim());
  if (hex?.[1] !== undefined) {
    const value = Number.parseInt(hex[1], 16);
    return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
  }
  const rgb = /^rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)/.exec(text.trim());
  return rgb === null ? null : [Number(rgb[1]), Number(rgb[2]), Number(rgb[3])];
}

/** The contrast ratio of two colours, 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** What to write on an accent, and whether the accent needs an outline on its ground. */
export function onAccent(accent: Rgb, ground: Rgb): { text: string; outline: boolean } {
  const text = contrast(accent, WHITE) >= contrast(accent, INK) ? "#ffffff" : "#0f1216";
  return { text, outline: contrast(accent, ground) < 3 };
}

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
