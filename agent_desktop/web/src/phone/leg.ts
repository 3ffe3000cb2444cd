/** The sound of one call: one peer connection, what is said and what is heard. */

/** Gathering our own addresses is not waited for: the other end learns them from our checks. */
const NO_SERVERS: RTCConfiguration = { iceServers: [], bundlePolicy: "max-bundle" };

type Sink = HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> };

export class Leg {
  readonly #peer = new RTCPeerConnection(NO_SERVERS);
  readonly #out: Sink = new Audio();
  #said: MediaStreamTrack;
  #muted = false;

  /** `track` stays its giver's; what is sent is a copy, so that a muted one can still be watched. */
  constructor(track: MediaStreamTrack, onLost: () => void) {
    this.#said = track.clone();
    this.#out.autoplay = true;
    this.#peer.ontrack = (event) => {
      this.#out.srcObject = new MediaStream([event.track]);
      void this.#out.play().catch(() => undefined);
    };
    this.#peer.onconnectionstatechange = () => {
      if (this.#peer.connectionState === "failed") onLost();
    };
  }

  /** Our answer to an offer. Rejects when the browser cannot make one. */
  async answer(offer: string): Promise<string> {
    await this.#peer.setRemoteDescription({ type: "offer", sdp: offer });
    this.#peer.addTrack(this.#said, new MediaStream([this.#said]));
    await this.#peer.setLocalDescription();
    const sdp = this.#peer.localDescription?.sdp;
    if (sdp === undefined) throw new Error("the browser described nothing");
    return sdp;
  }

  mute(on: boolean): void {
    this.#muted = on;
    this.#said.enabled = !on;
  }

  /** Speaks through another microphone from now on; mute is kept. */
  async speakThrough(track: MediaStreamTrack): Promise<void> {
    const former = this.#said;
    this.#said = track.clone();
    this.#said.enabled = !this.#muted;
    await this.#peer.getSenders()[0]?.replaceTrack(this.#said);
    former.stop();
  }

  /** Plays on this device; "" is the system's own choice. A device that is gone is passed over. */
  async playOn(deviceId: string): Promise<void> {
    await this.#out.setSinkId?.(deviceId).catch(() => undefined);
  }

  close(): void {
    this.#peer.onconnectionstatechange = null;
    this.#peer.close();
    this.#said.stop();
    this.#out.srcObject = null;
  }
}
