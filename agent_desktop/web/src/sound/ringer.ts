/**
 * The ring: scheduled whole on the audio clock when an offer arrives and cut at its end, so that the
 * slow timers of a hidden tab do not matter.
 */

export interface SoundSettings {
  /** 0 silent to 1. */
  readonly volume: number;
  /** Media that ring; voice and chat do by default, mail and fax do not. */
  readonly media: Readonly<Record<string, boolean>>;
}

export const DEFAULT_SOUND: SoundSettings = {
  volume: 0.7,
  media: { voice: true, chat: true, mail: false, fax: false },
};

/** A note: start in seconds after the ring began, length in seconds, pitch in hertz. */
export interface Note {
  readonly at: number;
  readonly length: number;
  readonly pitch: number;
}

const PAIR_S = 0.4;
const PAIR_EVERY_S = 2;
/** The longest ring that is scheduled. */
const LONGEST_S = 120;

/**
 * The notes of one ring. Voice: a pair of 0.4 s every 2 s to the end; others: a chime at once and
 * again at half time; while talking one soft tick, whatever the medium.
 */
export function ringNotes(medium: string, lengthS: number, talking: boolean): readonly Note[] {
  const length = Math.min(LONGEST_S, Math.max(0, lengthS));
  if (talking) return [{ at: 0, length: 0.06, pitch: 660 }];
  if (medium !== "voice" && medium !== "callback")
    return [...chime(0), ...(length > 2 ? chime(length / 2) : [])];
  const notes: Note[] = [];
  for (let at = 0; at < length; at += PAIR_EVERY_S) {
    notes.push(
      { at, length: PAIR_S / 2, pitch: 740 },
      { at: at + PAIR_S / 2, length: PAIR_S / 2, pitch: 587 },
    );
  }
  return notes;
}

function chime(at: number): readonly Note[] {
  return [
    { at, length: 0.18, pitch: 880 },
    { at: at + 0.16, length: 0.34, pitch: 1175 },
  ];
}

/** Not every browser lets a page choose where it sounds. */
type Sink = AudioContext & { setSinkId?: (id: string) => Promise<void> };

interface Ringing {
  readonly gain: GainNode;
  readonly tones: readonly OscillatorNode[];
}

export class Ringer {
  readonly #make: () => AudioContext;
  #context: AudioContext | null = null;
  #device = "";
  #settings: SoundSettings = DEFAULT_SOUND;
  readonly #ringing = new Map<string, Ringing>();
  #onBlocked: (blocked: boolean) => void = () => undefined;

  constructor(make: () => AudioContext) {
    this.#make = make;
  }

  /** Called with true when the browser forbids sound, with false when it allows it again. */
  watch(onBlocked: (blocked: boolean) => void): void {
    this.#onBlocked = onBlocked;
  }

  /** Takes effect at once, also on what rings now. */
  set(settings: SoundSettings): void {
    this.#settings = settings;
    for (const { gain } of this.#ringing.values()) gain.gain.value = this.#level();
  }

  /** Rings on this device; "" is the system's own choice. A device that is gone is passed over. */
  playOn(deviceId: string): void {
    this.#device = deviceId;
    const context: Sink | null = this.#context;
    void context?.setSinkId?.(deviceId).catch(() => undefined);
  }

  /** To be called from a click or key: browsers allow sound only then. */
  async unlock(): Promise<void> {
    const context = this.#open();
    if (context === null) return;
    await context.resume().catch(() => undefined);
    this.#onBlocked(context.state !== "running");
  }

  /** Rings for an offer for `lengthMs`; silent where its medium is switched off. */
  ring(id: string, medium: string, lengthMs: number, talking: boolean): void {
    if (this.#ringing.has(id) || this.#settings.media[medium] === false) return;
    this.#play(id, ringNotes(medium, lengthMs / 1000, talking), talking ? 0.3 : 1);
  }

  /** One chime, to hear the volume. */
  test(): void {
    this.stop("test");
    this.#play("test", ringNotes("chat", 0, false), 1);
  }

  /** Silence at once. */
  stop(id: string): void {
    const ringing = this.#ringing.get(id);
    if (ringing === undefined) return;
    this.#ringing.delete(id);
    ringing.gain.gain.value = 0;
    for (const tone of ringing.tones) tone.stop();
    ringing.gain.disconnect();
  }

  /** Stops every ring whose id is not among `ids`. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of [...this.#ringing.keys()]) if (id !== "test" && !ids.has(id)) this.stop(id);
  }

  #level(): number {
    return Math.min(1, Math.max(0, this.#settings.volume)) * 0.5;
  }

  #open(): AudioContext | null {
    try {
      if (this.#context === null) {
        this.#context = this.#make();
        if (this.#device !== "") this.playOn(this.#device);
      }
    } catch {
      this.#onBlocked(true);
    }
    return this.#context;
  }

  #play(id: string, notes: readonly Note[], loudness: number): void {
    const context = this.#open();
    if (context === null) return;
    if (context.state !== "running") {
      this.#onBlocked(true);
      void context.resume().then(
        () => this.#onBlocked(context.state !== "running"),
        () => undefined,
      );
    }
    const gain = context.createGain();
    gain.gain.value = this.#level() * loudness;
    gain.connect(context.destination);
    const start = context.currentTime + 0.01;
    this.#ringing.set(id, { gain, tones: notes.map((note) => tone(context, gain, start, note)) });
  }
}

function tone(context: AudioContext, into: AudioNode, start: number, note: Note): OscillatorNode {
  const oscillator = context.createOscillator();
  const envelope = context.createGain();
  oscillator.type = "sine";
  oscillator.frequency.value = note.pitch;
  const from = start + note.at;
  const to = from + note.length;
  envelope.gain.setValueAtTime(0, from);
  envelope.gain.linearRampToValueAtTime(1, from + 0.015);
  envelope.gain.setValueAtTime(1, Math.max(from + 0.015, to - 0.08));
  envelope.gain.linearRampToValueAtTime(0, to);
  oscillator.connect(envelope).connect(into);
  oscillator.start(from);
  oscillator.stop(to + 0.02);
  return oscillator;
}
