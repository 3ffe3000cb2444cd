/** `widget.js`: defines `<carillon-chat>` and `carillon`; with `data-site` it adds the element itself. */

import { type Chat, draw } from "./element";

type Listener = (detail: unknown) => void;

const NAME = "carillon-chat";
const script = document.currentScript as HTMLScriptElement | null;
const base = new URL(script?.src ?? location.href).origin;
const listeners = new Map<string, Set<Listener>>();
let chat: Chat | undefined;

function tell(event: string, detail: unknown): void {
  for (const listener of listeners.get(event) ?? []) listener(detail);
}

class CarillonChat extends HTMLElement {
  connectedCallback(): void {
    // Moved within the page it stays what it is.
    if (this.shadowRoot === null) chat = draw(this, base, tell);
  }
}

function start(): void {
  if (!customElements.get(NAME)) customElements.define(NAME, CarillonChat);
  const data = script?.dataset ?? {};
  if (data.site === undefined || document.querySelector(NAME)) return;
  const element = document.createElement(NAME);
  for (const name of ["site", "lang", "theme", "position", "mode"]) {
    const value = data[name];
    if (value !== undefined) element.setAttribute(name, value);
  }
  document.body.append(element);
}

Object.assign(window, {
  carillon: {
    open: () => chat?.open(),
    close: () => chat?.close(),
    identify: (token: string) => chat?.identify(token),
    /** Calls `listener` at `open`, `close` and `message`; returns what ends that. */
    on(event: string, listener: Listener): () => void {
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set.add(listener));
      return () => set.delete(listener);
    },
  },
});

if (document.body === null) addEventListener("DOMContentLoaded", start);
else start();
