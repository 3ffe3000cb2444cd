/** A person's own settings, as the server keeps them; unknown or broken values fall back. */

import { DEFAULT_SOUND, type SoundSettings } from "../sound/ringer";
import { LANGUAGES, type Language } from "../words/words";

export interface Settings {
  readonly language: Language;
  readonly theme: "system" | "light" | "dark";
  readonly density: "normal" | "compact" | "touch";
  readonly single_keys: boolean;
  readonly interrupt: boolean;
  /** Calls are answered by themselves, after one beep. */
  readonly auto_answer: boolean;
  readonly keys: Readonly<Record<string, string>>;
  readonly sound: SoundSettings;
}

export const DEFAULTS: Settings = {
  language: "en",
  theme: "system",
  density: "normal",
  single_keys: true,
  interrupt: false,
  auto_answer: false,
  keys: {},
  sound: DEFAULT_SOUND,
};

/** Settings out of whatever the server sent. */
export function readSettings(raw: Readonly<Record<string, unknown>>, fallback: Language): Settings {
  const pick = <T extends string>(value: unknown, allowed: readonly T[], otherwise: T): T =>
    allowed.find((each) => each === value) ?? otherwise;
  const sound = (
    typeof raw["sound"] === "object" && raw["sound"] !== null ? raw["sound"] : {}
  ) as Partial<SoundSettings>;
  return {
    language: pick(raw["language"], LANGUAGES, fallback),
    theme: pick(raw["theme"], ["system", "light", "dark"], "system"),
    density: pick(raw["density"], ["normal", "compact", "touch"], "normal"),
    single_keys: raw["single_keys"] !== false,
    interrupt: raw["interrupt"] === true,
    auto_answer: raw["auto_answer"] === true,
    keys: texts(raw["keys"]),
    sound: {
      volume:
        typeof sound.volume === "number" ? Math.min(1, Math.max(0, sound.volume)) : DEFAULT_SOUND.volume,
      media: { ...DEFAULT_SOUND.media, ...(sound.media ?? {}) },
    },
  };
}

function texts(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, each]) => typeof each === "string"));
}

/** Puts theme and density on the page; the style sheets read them. */
export function applySettings(settings: Settings): void {
  const root = document.documentElement;
  if (settings.theme === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = settings.theme;
  root.dataset["density"] = settings.density;
}
