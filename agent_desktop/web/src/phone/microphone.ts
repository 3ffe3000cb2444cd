/** The microphone, the speaker and the ringer of this machine: which there are, and whether they may be used. */

import { type Signal, signal } from "@preact/signals";

/** `asking`: nobody has said yes or no; `busy`: another program has the microphone. */
export type Hearing = "unknown" | "asking" | "ready" | "blocked" | "missing" | "busy";

/** What this machine uses; "" is what the system thinks best. It stays on this machine. */
export interface Headset {
  readonly microphone: string;
  readonly speaker: string;
  readonly ringer: string;
  /** Whether the browser takes out echo and noise. */
  readonly cleaning: boolean;
}

const USUAL: Headset = { microphone: "", speaker: "", ringer: "", cleaning: true };
const KEPT_UNDER = "carillon-headset";

/** The headset of this machine as it was chosen last; broken or forbidden storage is none. */
export function keptHeadset(): Headset {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT_UNDER) ?? "{}") as Partial<Headset>;
    const text = (value: unknown): string => (typeof value === "string" ? value : "");
    return {
      microphone: text(kept.microphone),
      speaker: text(kept.speaker),
      ringer: text(kept.ringer),
      cleaning: kept.cleaning !== false,
    };
  } catch {
    return USUAL;
  }
}

/** Which state a failed `getUserMedia` means. */
export function hearingOf(failure: unknown): Hearing {
  const name = failure instanceof Error ? failure.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "blocked";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  return "busy";
}

export class Microphone {
  readonly hearing: Signal<Hearing> = signal<Hearing>("unknown");
  readonly headset: Signal<Headset> = signal(keptHeadset());
  readonly found: Signal<readonly MediaDeviceInfo[]> = signal<readonly MediaDeviceInfo[]>([]);
  #onChange: () => void = () => undefined;
  #watched = false;

  /** `onChange` is called when devices came or went. */
  watch(onChange: () => void): void {
    this.#onChange = onChange;
    if (this.#watched) return;
    this.#watched = true;
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.#changed());
    void this.look();
    void permission().then((status) => status?.addEventListener("change", () => void this.look()));
  }

  /** Looks whether there is a microphone that may be used, without asking for it. */
  async look(): Promise<void> {
    if (navigator.mediaDevices === undefined) {
      this.hearing.value = "missing";
      return;
    }
    await this.#list();
    const status = await permission();
    if (status?.state === "denied") this.hearing.value = "blocked";
    else if (!this.found.peek().some((each) => each.kind === "audioinput")) this.hearing.value = "missing";
    else if (status?.state === "granted") this.hearing.value = "ready";
    else if (this.hearing.peek() === "unknown") this.hearing.value = "asking";
  }

  /** Asks the person for the microphone; to be called from a click or key. */
  async allow(): Promise<boolean> {
    const track = await this.open();
    track?.stop();
    await this.#list();
    return track !== null;
  }

  /** The sound of the microphone; null when it cannot be had, and `hearing` says why. */
  async open(): Promise<MediaStreamTrack | null> {
    const { microphone, cleaning } = this.headset.peek();
    const audio: MediaTrackConstraints = {
      echoCancellation: cleaning,
      noiseSuppression: cleaning,
      autoGainControl: cleaning,
      ...(microphone === "" || !this.has(microphone) ? {} : { deviceId: { exact: microphone } }),
    };
    try {
      if (navigator.mediaDevices === undefined) throw new DOMException("", "NotFoundError");
      const stream = await navigator.mediaDevices.getUserMedia({ audio });
      const track = stream.getAudioTracks()[0];
      if (track === undefined) throw new DOMException("", "NotFoundError");
      this.hearing.value = "ready";
      return track;
    } catch (failure) {
      this.hearing.value = hearingOf(failure);
      return null;
    }
  }

  /** Chooses devices; kept on this machine, where storage is allowed. */
  choose(part: Partial<Headset>): void {
    this.headset.value = { ...this.headset.peek(), ...part };
    try {
      localStorage.setItem(KEPT_UNDER, JSON.stringify(this.headset.peek()));
    } catch {
      // Storage is forbidden: it holds until the page is closed.
    }
  }

  has(deviceId: string): boolean {
    return this.found.peek().some((each) => each.deviceId === deviceId);
  }

  /** The name of a device as the system gives it; "" for one it does not know. */
  nameOf(deviceId: string): string {
    return this.found.peek().find((each) => each.deviceId === deviceId)?.label ?? "";
  }

  async #changed(): Promise<void> {
    await this.look();
    this.#onChange();
  }

  async #list(): Promise<void> {
    this.found.value = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  }
}

async function permission(): Promise<PermissionStatus | null> {
  try {
    return await navigator.permissions.query({ name: "microphone" as PermissionName });
  } catch {
    return null; // Browsers that cannot say are asked when it is needed.
  }
}
