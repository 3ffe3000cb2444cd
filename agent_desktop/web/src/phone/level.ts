/** How loud a sound is, ten times a second, and whether somebody has been speaking for a while. */

const EVERY_MS = 100;
/** Louder than this somebody speaks; a quiet room lies a tenth below. */
export const SPEECH_LEVEL = 0.04;
/** So many looks of speech make "speaking": one second, short pauses allowed. */
const SPEAKING_LOOKS = 10;

/** Counts speech: up while it is heard, slowly down in pauses. `speaking` after a second of it. */
export class SpeechCounter {
  #count = 0;

  hear(level: number): boolean {
    this.#count = level >= SPEECH_LEVEL ? this.#count + 1 : Math.max(0, this.#count - 0.5);
    return this.#count >= SPEAKING_LOOKS;
  }

  reset(): void {
    this.#count = 0;
  }
}

export class LevelMeter {
  readonly #context: AudioContext;
  readonly #analyser: AnalyserNode;
  readonly #source: MediaStreamAudioSourceNode;
  readonly #samples: Float32Array<ArrayBuffer>;
  readonly #timer: ReturnType<typeof setInterval>;

  /** Tells `onLevel` the loudness of `track`, 0 to 1, until it is closed. */
  constructor(track: MediaStreamTrack, onLevel: (level: number) => void) {
    this.#context = new AudioContext();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
    this.#timer = setInterval(() => onLevel(this.#level()), EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#source.disconnect();
    void this.#context.close();
  }

  #level(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    return Math.min(1, Math.sqrt(sum / this.#samples.length) * 2);
  }
}
