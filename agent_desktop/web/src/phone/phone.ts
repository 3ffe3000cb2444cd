/** The telephone of this page: it rings, has the sound of calls, and knows how each one stands. */

import { type Signal, signal } from "@preact/signals";
import { refusalWords } from "../app/acts";
import type { Desk } from "../app/desk";
import { mapWith, mapWithout } from "../state/change";
import { t } from "../words/words";
import { Leg } from "./leg";
import { LevelMeter, SpeechCounter } from "./level";
import { Microphone } from "./microphone";
import type { Call, Device, PhoneNews, Watching } from "./shapes";

export const VOICE = "voice";
/** A call that has its sound here and is going on. */
const GOING_ON: ReadonlySet<string> = new Set(["talking", "held", "dialling", "lost"]);

export interface Watched {
  readonly agent_id: string;
  readonly name: string;
}

export class Phone {
  /** False where the centre has no telephones. */
  readonly running = signal(false);
  readonly calls: Signal<ReadonlyMap<string, Call>> = signal<ReadonlyMap<string, Call>>(new Map());
  readonly devices: Signal<readonly Device[]> = signal<readonly Device[]>([]);
  /** How loud the microphone is while a call goes on, 0 to 1. */
  readonly level = signal(0);
  /** True when somebody speaks into a muted microphone. */
  readonly mutedSpeech = signal(false);
  /** The device that sound moved to during a call, for a strip; "" for none. */
  readonly movedTo = signal("");
  /** The colleague whose call this supervisor last took part in. */
  readonly watched: Signal<Watched | null> = signal<Watched | null>(null);
  readonly microphone = new Microphone();
  readonly #desk: Desk;
  readonly #legs = new Map<string, Leg>();
  readonly #speech = new SpeechCounter();
  #track: MediaStreamTrack | null = null;
  #meter: LevelMeter | null = null;
  #said = "";
  #narrowed = false;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.microphone.hearing.subscribe(() => this.#tell());
    desk.state.subscribe(() => this.#tell());
  }

  /** Takes news of telephones; true when it was one. */
  hear(news: PhoneNews): void {
    if (news.kind === "calls") {
      this.devices.value = news.devices;
      this.calls.value = new Map(news.calls.map((call) => [call.call_id, call]));
      if (!this.running.peek()) this.#begin();
      for (const id of [...this.#legs.keys()]) if (!this.calls.peek().has(id)) this.#end(id);
      for (const call of news.calls) this.#stands(call);
      this.#tell();
    } else if (news.kind === "call") this.#take(news.call);
    else void this.#describe(news.request, news.call, news.sdp);
  }

  /** The call of an interaction, if this agent's telephone is in one. */
  of(interactionId: string): Call | null {
    return [...this.calls.value.values()].find((call) => call.interaction_id === interactionId) ?? null;
  }

  /** The call whose customer is spoken with now; a supervisor's own watching counts last. */
  current(): Call | null {
    const calls = [...this.calls.value.values()].filter((call) => GOING_ON.has(call.phase));
    return calls.find((call) => call.kind !== "watch") ?? calls[0] ?? null;
  }

  /** True while this page has the sound of a call: closing it would end that. */
  get sounding(): boolean {
    return this.#legs.size > 0;
  }

  /** True when calls can come: by this page, or by a telephone of the agent's own. */
  get reachable(): boolean {
    return this.microphone.hearing.value === "ready" || this.devices.value.includes("phone");
  }

  /** The media to be ready for, when calls cannot come; undefined for all the agent has. */
  media(wish: readonly string[] | undefined): readonly string[] | undefined {
    const slots = this.#desk.state.peek().agent?.slots ?? {};
    this.#narrowed = this.running.peek() && (slots[VOICE] ?? 0) > 0 && !this.reachable;
    if (!this.#narrowed) return wish;
    return (wish ?? Object.keys(slots)).filter((medium) => medium !== VOICE);
  }

  /** Mutes here at once, and says so to the server, which mutes too. */
  mute(call: Call, on: boolean): void {
    this.#legs.get(call.call_id)?.mute(on);
    this.#quiet();
    void this.#desk.line.do("mute", { call_id: call.call_id, on });
  }

  /** Takes the microphone and the speaker that were chosen; sound that is going on moves. */
  async useHeadset(): Promise<void> {
    const { speaker, ringer } = this.microphone.headset.peek();
    this.#desk.ringer.playOn(ringer);
    for (const leg of this.#legs.values()) void leg.playOn(speaker);
    if (this.#track !== null) await this.#openAgain();
  }

  #begin(): void {
    this.running.value = true;
    this.#desk.ringer.playOn(this.microphone.headset.peek().ringer);
    this.microphone.watch(() => void this.#devicesChanged());
    addEventListener("beforeunload", (event) => {
      if (this.sounding) event.preventDefault();
    });
  }

  #take(call: Call): void {
    if (call.phase === "ended") {
      this.calls.value = mapWithout(this.calls.peek(), call.call_id);
      this.#end(call.call_id);
      return;
    }
    this.calls.value = mapWith(this.calls.peek(), call.call_id, call);
    this.#stands(call);
  }

  /** A call whose sound should be here and is not, as after a reload, is taken up again. */
  #stands(call: Call): void {
    const leg = this.#legs.get(call.call_id);
    if (leg !== undefined) leg.mute(call.muted);
    else if (call.here && GOING_ON.has(call.phase) && this.#desk.state.peek().owner) this.reconnect(call);
    if (!call.muted) this.#quiet();
  }

  /** Takes part in what a colleague's telephone is in, or changes how. */
  async watch(agent: Watched, watching: Watching): Promise<void> {
    const answer = await this.#desk.line.do("watch", { agent: agent.agent_id, watching });
    if (answer.type === "done") this.watched.value = agent;
    else this.#desk.say(refusalWords(answer.code, answer.message), "trouble");
  }

  /** Lets this page have the sound of a call. */
  reconnect(call: Call): void {
    void this.#desk.line.do("reconnect", { call_id: call.call_id });
  }

  async #describe(request: string, call: Call, offer: string): Promise<void> {
    this.#end(call.call_id);
    this.calls.value = mapWith(this.calls.peek(), call.call_id, call);
    const track = await this.#open();
    if (track === null) {
      this.#desk.line.say({ type: "described", request, code: "no_microphone" });
      return;
    }
    const leg = new Leg(track, () => this.reconnect(call));
    this.#legs.set(call.call_id, leg);
    void leg.playOn(this.microphone.headset.peek().speaker);
    leg.mute(call.muted);
    try {
      this.#desk.line.say({ type: "described", request, sdp: await leg.answer(offer) });
    } catch {
      this.#end(call.call_id);
      this.#desk.line.say({ type: "described", request, code: "failed" });
    }
  }

  #end(callId: string): void {
    this.#legs.get(callId)?.close();
    this.#legs.delete(callId);
    if (this.#legs.size === 0) this.#release();
  }

  // --- the microphone

  async #open(): Promise<MediaStreamTrack | null> {
    if (this.#track !== null && this.#track.readyState === "live") return this.#track;
    this.#release();
    this.#track = await this.microphone.open();
    if (this.#track !== null) {
      this.#track.addEventListener("ended", () => void this.#openAgain());
      this.#meter = new LevelMeter(this.#track, (level) => this.#heard(level));
    }
    return this.#track;
  }

  #release(): void {
    this.#meter?.close();
    this.#meter = null;
    this.#track?.stop();
    this.#track = null;
    this.level.value = 0;
    this.movedTo.value = "";
    this.#quiet();
  }

  /** The microphone went away, or another was chosen: sound goes on through the next one. */
  async #openAgain(): Promise<void> {
    const before = this.#track?.getSettings().deviceId ?? "";
    const moved = this.movedTo.peek();
    this.#release();
    const track = await this.#open();
    if (track === null) {
      this.#desk.say(t("phone.microphone_gone"), "trouble");
      return;
    }
    for (const leg of this.#legs.values()) await leg.speakThrough(track);
    const { deviceId = "" } = track.getSettings();
    this.movedTo.value = deviceId === before ? moved : track.label;
    if (deviceId !== before) this.#desk.announcer.say(t("phone.moved", { device: track.label }), "alert");
  }

  async #devicesChanged(): Promise<void> {
    if (this.#track === null || this.#legs.size === 0) return;
    const { deviceId = "" } = this.#track.getSettings();
    const wanted = this.microphone.headset.peek().microphone;
    const better = wanted !== "" && wanted !== deviceId && this.microphone.has(wanted);
    if (better || !this.microphone.has(deviceId)) await this.#openAgain();
    for (const leg of this.#legs.values()) void leg.playOn(this.microphone.headset.peek().speaker);
  }

  #heard(level: number): void {
    this.level.value = level;
    const muted = [...this.#legs.keys()].some((id) => this.calls.peek().get(id)?.muted === true);
    if (!muted) this.#speech.reset();
    else if (this.#speech.hear(level) && !this.mutedSpeech.peek()) {
      this.mutedSpeech.value = true;
      this.#desk.announcer.say(t("phone.you_are_muted"), "alert");
    }
  }

  #quiet(): void {
    this.#speech.reset();
    this.mutedSpeech.value = false;
  }

  // --- what the server must know

  /** Says whether this page can be heard, and that calls may (not) come, when that changes. */
  #tell(): void {
    const { owner, known } = this.#desk.state.peek();
    const hearing = this.microphone.hearing.peek();
    if (!this.running.peek() || !known || hearing === "unknown") return;
    if (this.#desk.lineState.peek() !== "online") {
      this.#said = "";
      return;
    }
    const why = owner ? hearing : "elsewhere";
    if (why === this.#said) return;
    this.#said = why;
    const sound = why === "ready";
    void this.#desk.line.do("telephone", sound ? { sound } : { sound, why });
    if (owner) this.#askForMedia();
  }

  /** Calls come no more, or come again: what the agent is ready for follows. */
  #askForMedia(): void {
    const agent = this.#desk.state.peek().agent;
    const before = this.#narrowed;
    const narrow = this.media(agent?.media ?? undefined);
    if (agent === null || agent.presence === "offline") return;
    const wish = { presence: agent.presence, reason: agent.reason };
    if (this.#narrowed) {
      if (agent.media !== null && !agent.media.includes(VOICE)) return;
      void this.#desk.line.do("presence", { ...wish, media: narrow });
    } else if (before) {
      const media = [...(agent.media ?? []).filter((medium) => medium !== VOICE), VOICE];
      const whole = Object.keys(agent.slots).every((medium) => media.includes(medium));
      void this.#desk.line.do("presence", whole ? wish : { ...wish, media });
    }
  }
}
