/** Hears the keys of the page and says which act is meant. */

import { type ActName, chordOf, KEY_ACTS, type KeyMap } from "./map";

/** How long the second key of "g w" may take. */
const SEQUENCE_MS = 1_500;

export interface KeysOptions {
  readonly map: () => KeyMap;
  /** False when single keys are switched off. */
  readonly singleKeys: () => boolean;
  /** Does the act; false when there was nothing to do, so that the key stays the browser's. */
  readonly act: (name: ActName) => boolean;
  readonly nth: (index: number) => boolean;
  readonly now: () => number;
}

/** True while an input method composes: such keys are never ours. */
export function composing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

/** True in anything that takes text or keys of its own. */
export function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  ) {
    return true;
  }
  if (target instanceof HTMLInputElement)
    return !/^(checkbox|radio|button|submit|range|file)$/.test(target.type);
  return target.closest('[role="combobox"],[role="grid"],[role="slider"],[data-own-keys]') !== null;
}

/** A listener for `keydown` on the document. */
export function keyListener(options: KeysOptions): (event: KeyboardEvent) => void {
  const where = new Map(KEY_ACTS.map((act) => [act.name, act.where]));
  let prefix = "";
  let prefixAt = 0;
  return (event) => {
    if (event.defaultPrevented || composing(event)) return;
    const chord = chordOf(event);
    if (chord === "") return;
    const outside = !takesText(event.target) && options.singleKeys();
    const joined = prefix !== "" && options.now() - prefixAt < SEQUENCE_MS ? `${prefix} ${chord}` : "";
    prefix = "";
    const open = [...options.map()].filter(([name]) => where.get(name) === "anywhere" || outside);
    const meant = open.find(([, bound]) => bound === joined) ?? open.find(([, bound]) => bound === chord);
    if (meant !== undefined) {
      if (options.act(meant[0])) event.preventDefault();
      return;
    }
    if (open.some(([, bound]) => bound.startsWith(`${chord} `))) {
      prefix = chord;
      prefixAt = options.now();
    }
    if (outside && /^[1-9]$/.test(chord) && options.nth(Number(chord) - 1)) event.preventDefault();
  };
}
