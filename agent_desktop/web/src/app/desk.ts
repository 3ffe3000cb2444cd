/** The desk as a whole: it wires the parts together and is what the views read and act through. */

import { batch, computed, type Signal, signal } from "@preact/signals";
import { Drafts } from "../drafts/drafts";
import type { DraftStore } from "../drafts/store";
import { keyMap } from "../keys/map";
import { ServerClock } from "../line/clock";
import { Line, type LineState, type Timers } from "../line/line";
import { Phone } from "../phone/phone";
import type { Ringer } from "../sound/ringer";
import { type DeskState, EMPTY } from "../state/desk";
import { type DeskEvent, fold } from "../state/fold";
import type { FromServer, Session } from "../state/shapes";
import type { Announcer } from "./announcer";
import { connection } from "./connection";
import { react } from "./effects";
import { freshId } from "./ids";
import { DEFAULTS, type Settings } from "./settings";
import { Ticker } from "./ticker";

/** A short word from the desk itself, with an undo where there is one. */
export interface Notice {
  readonly id: string;
  readonly text: string;
  readonly tone: "plain" | "ok" | "trouble";
  readonly undo: (() => void) | null;
}

/** A send that was asked for and is not yet confirmed. */
export interface Sending {
  readonly id: string;
  readonly text: string;
  readonly finish: boolean;
}

export const TIMERS: Timers = {
  after: (ms, run) => setTimeout(run, ms),
  stop: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

const NOTICE_MS = 10_000;

export class Desk {
  readonly session: Session;
  readonly state: Signal<DeskState> = signal(EMPTY);
  readonly lineState: Signal<LineState> = signal<LineState>("connecting");
  /** Local time since which the line is away, or null. */
  readonly awaySince: Signal<number | null> = signal<number | null>(null);
  readonly settings: Signal<Settings> = signal(DEFAULTS);
  readonly keys = computed(() => keyMap(this.settings.value.keys));
  readonly notices: Signal<readonly Notice[]> = signal<readonly Notice[]>([]);
  readonly sending: Signal<ReadonlyMap<string, Sending>> = signal<ReadonlyMap<string, Sending>>(new Map());
  readonly soundBlocked = signal(false);
  /** Which side tab, drawer or popover is open; "" for none. */
  readonly sideTab = signal("customer");
  readonly drawerOpen = signal(false);
  readonly popover = signal("");
  readonly composerTab = signal<"reply" | "note">("reply");
  readonly clock: ServerClock;
  readonly ticker: Ticker;
  readonly drafts: Drafts;
  readonly line: Line;
  readonly ringer: Ringer;
  readonly announcer: Announcer;
  readonly lastingDrafts: boolean;
  readonly phone: Phone;

  constructor(session: Session, store: DraftStore, announcer: Announcer, ringer: Ringer) {
    this.session = session;
    this.announcer = announcer;
    this.ringer = ringer;
    this.lastingDrafts = store.lasting;
    this.clock = new ServerClock(() => Date.now());
    this.ticker = new Ticker(() => this.now());
    this.line = new Line(connection(this));
    this.drafts = new Drafts({
      store,
      newId: () => this.newId(),
      now: () => this.now(),
      timers: TIMERS,
      save: (interaction_id, kind, text, revision) =>
        this.line.do("draft", { interaction_id, kind, text, revision }),
    });
    this.phone = new Phone(this);
    ringer.watch((blocked) => {
      this.soundBlocked.value = blocked;
    });
  }

  /** The server's time, as far as known. */
  now(): number {
    return this.clock.now();
  }

  newId(): string {
    return freshId();
  }

  /** Changes the state by one event and does what follows from it. */
  fold(event: DeskEvent): void {
    const before = this.state.peek();
    const after = fold(before, event, this.now());
    if (after === before) return;
    batch(() => {
      this.state.value = after;
    });
    react(this, before, after, event);
  }

  /** Takes what the line brings. */
  hear(event: FromServer): void {
    if (event.type === "live" && event.kind === "draft")
      this.drafts.receive(event.interaction_id, event.draft);
    if (
      event.type === "live" &&
      (event.kind === "call" || event.kind === "calls" || event.kind === "describe")
    )
      this.phone.hear(event);
    this.fold(event);
    if (this.state.peek().gap) this.line.renew();
  }

  /** True while commands can be sent and this tab is the one that may. */
  get acts(): boolean {
    return this.state.value.owner && this.lineState.value === "online";
  }

  /** Says something in a strip for 10 seconds, and to a screen reader. */
  say(text: string, tone: Notice["tone"] = "plain", undo: (() => void) | null = null): void {
    const id = this.newId();
    this.notices.value = [...this.notices.peek().slice(-2), { id, text, tone, undo }];
    this.announcer.say(text, tone === "trouble" ? "alert" : "status");
    TIMERS.after(NOTICE_MS, () => this.unsay(id));
  }

  unsay(id: string): void {
    this.notices.value = this.notices.peek().filter((notice) => notice.id !== id);
  }
}
