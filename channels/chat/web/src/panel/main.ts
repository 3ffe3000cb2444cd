/** `panel.js`: draws the panel into the place the loader or the frame gives it. */

import { h, render } from "preact";
import { Keep, pageStorage } from "../state/keep";
import { onAccent, readColour } from "../state/contrast";
import { Session } from "../state/session";
import { SHEET } from "../styles/sheet";
import { App } from "../views/app";
import { type Here, HereContext } from "../views/parts";
import { Words } from "../words/words";
import type { Panel, PanelOptions } from "./contract";

const GROUND = { light: [255, 255, 255], dark: [23, 27, 32] } as const;
const DEFAULT_ACCENT = { light: "#215db3", dark: "#85b9fb" } as const;
const SAID_FOR_MS = 15_000;

class Mounted implements Panel {
  private readonly words: Words;
  private readonly session: Session;
  private readonly keep: Keep;
  private readonly place = document.createElement("div");
  private readonly drawing = document.createElement("div");
  private readonly status = document.createElement("div");
  private readonly darkness = matchMedia("(prefers-color-scheme: dark)");
  private here: Here;
  private open = false;
  private drawn = false;
  private wantsFocus = false;

  constructor(private readonly options: PanelOptions) {
    this.words = new Words(options.language);
    this.keep = new Keep(options.site, pageStorage());
    this.session = new Session({
      base: options.base,
      site: options.site,
      language: options.language,
      keep: this.keep,
      cookie: options.cookie,
      onChange: () => this.later(),
    });
    this.here = {
      session: this.session,
      words: this.words,
      announce: (text) => this.announce(text),
      minimise: options.onClose,
      now: Date.now,
    };
    this.build();
    document.addEventListener("visibilitychange", () => this.session.looks(this.open));
    this.darkness.addEventListener("change", () => this.paint());
    this.session.begin();
  }

  opened(focus: boolean): void {
    this.open = true;
    this.keep.set({ open: true });
    this.session.looks(true);
    this.wantsFocus = focus;
    this.later();
  }

  closed(): void {
    this.open = false;
    this.keep.set({ open: false });
    this.session.looks(false);
    this.later();
  }

  identify(token: string): void {
    this.session.identify(token);
  }

  private build(): void {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(SHEET);
    const { root } = this.options;
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    this.place.className = "carillon";
    this.place.lang = this.words.locale;
    // The region is there from the start and empty: what comes into it is read out.
    this.status.className = "unseen";
    this.status.setAttribute("role", "status");
    // Through it the browser tells any accent, however it is written, in channels.
    this.status.style.outlineColor = "var(--accent)";
    this.drawing.className = "drawing";
    this.place.append(this.drawing, this.status);
    this.options.place.append(this.place);
    this.draw();
  }

  /** Draws once for all changes of one turn. */
  private later(): void {
    if (this.drawn) {
      this.drawn = false;
      queueMicrotask(() => this.draw());
    }
  }

  private draw(): void {
    this.drawn = true;
    const { model } = this.session;
    this.paint();
    render(
      h(HereContext.Provider, { value: this.here }, h(App, { model, lasting: this.keep.lasting })),
      this.drawing,
    );
    this.tellLoader();
    if (this.wantsFocus && model.site !== null) {
      this.wantsFocus = false;
      requestAnimationFrame(() => this.focus());
    }
  }

  /** To where the visitor goes on: the composer, the first question, else the heading. */
  private focus(): void {
    const target =
      this.drawing.querySelector<HTMLElement>("#composer") ??
      this.drawing.querySelector<HTMLElement>("form input:not([tabindex='-1']), form select, form textarea") ??
      this.drawing.querySelector<HTMLElement>("h1");
    target?.focus();
  }

  private announce(text: string): void {
    this.status.textContent = text;
    setTimeout(() => {
      if (this.status.textContent === text) this.status.textContent = "";
    }, SAID_FOR_MS);
  }

  private theme(): "light" | "dark" {
    const asked = this.options.theme === "auto" ? (this.session.model.site?.theme ?? "auto") : this.options.theme;
    if (asked === "light" || asked === "dark") return asked;
    return this.darkness.matches ? "dark" : "light";
  }

  private accent(): string {
    return this.options.accent || this.session.model.site?.accent || DEFAULT_ACCENT[this.theme()];
  }

  private paint(): void {
    const theme = this.theme();
    this.place.dataset.theme = theme;
    const { style } = this.place;
    style.setProperty("--accent", this.accent());
    const colour = readColour(getComputedStyle(this.status).outlineColor) ?? readColour(this.accent());
    const { text, outline } = onAccent(colour ?? [33, 93, 179], GROUND[theme]);
    style.setProperty("--on-accent", text);
    style.setProperty("--accent-edge", outline ? "var(--control)" : "transparent");
    style.setProperty("--link", outline ? "var(--text)" : "var(--accent)");
  }

  private tellLoader(): void {
    const { model, unread } = this.session;
    const label = this.words.say("button.open");
    this.options.onNews({
      label,
      title: unread > 0 ? this.words.count("button.unread", unread) : label,
      unread: this.open ? 0 : unread,
      active: model.phase === "waiting" || model.phase === "talking",
      language: this.words.locale,
      accent: model.site?.accent ?? "",
      theme: this.theme(),
    });
  }
}

/** Draws the panel and opens its line. */
export function mount(options: PanelOptions): Panel {
  return new Mounted(options);
}
