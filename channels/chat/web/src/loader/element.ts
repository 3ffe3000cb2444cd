/** `<carillon-chat>`: draws the button, and nothing else until it is opened.
 *
 *  Every page of a site loads this, so it is small: locals in place of fields, one maker of nodes. */

import type { News, Panel, PanelModule } from "../panel/contract";
import { onAccent, readColour } from "../state/contrast";
import { keyOf } from "../state/keep";
import { chosenLanguage } from "../words/choice";
import { SHEET } from "./sheet";

const LABELS: Record<string, string> = { "zh-CN": "在线咨询" };
const ICON = "M21 15a2 2 0 0 1-2 2H7l-4 4V5a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2z";
const SVG = "http://www.w3.org/2000/svg";

export type Tell = (event: string, detail: unknown) => void;

export interface Chat {
  open(): void;
  close(): void;
  identify(token: string): void;
}

function make<E extends Element>(element: E, attributes: Record<string, string>, ...children: (Node | string)[]): E {
  for (const name in attributes) element.setAttribute(name, attributes[name] ?? "");
  element.append(...children);
  return element;
}

interface Before {
  open?: boolean;
  active?: boolean;
}

/** What the page before this one left: whether a chat goes on, and stood open. */
function kept(site: string): Before {
  try {
    const found = JSON.parse(localStorage.getItem(keyOf(site)) ?? "{}") as Before & { until?: number };
    return Number(found.until) > Date.now() ? found : {};
  } catch {
    return {};
  }
}

interface Nodes {
  button: HTMLButtonElement;
  label: HTMLElement;
  badge: HTMLElement;
  dialog: HTMLDivElement;
  wrap: HTMLDivElement;
}

function nodes(name: string, theme: string, position: string): Nodes {
  const label = make(document.createElement("span"), {}, name);
  const badge = make(document.createElement("b"), { "aria-hidden": "true" });
  const icon = make(document.createElementNS(SVG, "path"), { d: ICON });
  const svg = make(document.createElementNS(SVG, "svg"), { viewBox: "0 0 24 24", "aria-hidden": "true" }, icon);
  const closed = { class: "o", type: "button", "aria-expanded": "false" };
  const button = make(document.createElement("button"), closed, svg, label, badge);
  const dialog = make(document.createElement("div"), {
    class: "d",
    role: "dialog",
    "aria-label": name,
    tabindex: "-1",
    hidden: "",
    "data-theme": theme,
  });
  return { button, label, badge, dialog, wrap: make(document.createElement("div"), { class: position }, button, dialog) };
}

/** Puts the rest of the page out of reach; what is returned brings it back as it was. */
function still(host: Element): () => void {
  const others = (Array.from(document.body.children) as HTMLElement[]).filter(
    (child) => !child.contains(host) && !child.inert,
  );
  for (const element of others) element.inert = true;
  return () => {
    for (const element of others) element.inert = false;
  };
}

/** Draws the button into the host's shadow root; the panel comes when it is first opened. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: names within one function shrink, fields do not
export function draw(host: HTMLElement, base: string, tell: Tell): Chat {
  const option = (name: string, otherwise = ""): string => host.getAttribute(name) ?? otherwise;
  const site = option("site");
  const theme = option("theme", "auto");
  const language = chosenLanguage(option("lang"), navigator.languages);
  const { button, label, badge, dialog, wrap } = nodes(LABELS[language] ?? "Chat", theme, option("position"));
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  let panel: Promise<Panel> | undefined;
  let release: (() => void) | undefined;
  let identity = "";
  let unread = 0;

  const paint = (): void => {
    const accent = readColour(getComputedStyle(button).backgroundColor) ?? [33, 93, 179];
    const { text, outline } = onAccent(accent, [255, 255, 255]);
    button.style.setProperty("--on", text);
    button.classList.toggle("line", outline);
  };

  const news = (told: News): void => {
    label.textContent = told.label;
    if (told.unread) button.setAttribute("aria-label", told.title);
    else button.removeAttribute("aria-label");
    badge.textContent = told.unread ? `${told.unread}` : "";
    dialog.dataset.theme = told.theme;
    if (told.accent) host.style.setProperty("--site-accent", told.accent);
    paint();
    if (told.unread > unread) tell("message", { unread: told.unread });
    unread = told.unread;
  };

  const mount = async (): Promise<Panel> => {
    const script = option("mode") === "frame" ? "framed" : "panel";
    const module = (await import(/* @vite-ignore */ `${base}/${script}.js`)) as PanelModule;
    const mounted = await module.mount({
      place: dialog,
      root,
      base,
      site,
      language,
      theme,
      accent: getComputedStyle(host).getPropertyValue("--carillon-accent").trim(),
      cookie: false,
      onClose: close,
      onNews: news,
    });
    if (identity) mounted.identify(identity);
    return mounted;
  };

  const load = (): Promise<Panel> => {
    panel ??= mount();
    // A network that failed once may serve the next click.
    panel.catch(() => {
      panel = undefined;
      close();
    });
    return panel;
  };

  const show = (focus: boolean): void => {
    if (!dialog.hidden) return;
    dialog.hidden = false;
    button.ariaExpanded = "true";
    // Full screen is modal.
    const modal = matchMedia("(max-width:639px)").matches;
    dialog.ariaModal = modal ? "true" : null;
    if (modal) release = still(host);
    if (focus) dialog.focus();
    load().then(
      (mounted) => mounted.opened(focus && !dialog.hidden),
      () => undefined,
    );
    tell("open", null);
  };

  function close(): void {
    if (dialog.hidden) return;
    dialog.hidden = true;
    button.ariaExpanded = "false";
    release?.();
    release = undefined;
    void panel?.then((mounted) => mounted.closed());
    button.focus();
    tell("close", null);
  }

  sheet.replaceSync(SHEET);
  root.adoptedStyleSheets = [sheet];
  wrap.lang = language === "zh-CN" ? language : "en";
  root.append(wrap);
  button.onclick = () => (dialog.hidden ? show(true) : close());
  dialog.onkeydown = (event) => {
    if (event.key === "Escape" && !event.isComposing && !event.defaultPrevented) close();
  };
  paint();
  const before = kept(site);
  // A chat is going on: this page takes it up, open as it was, without taking focus.
  if (before.active) {
    if (before.open) show(false);
    else void load();
  }
  return {
    open: () => show(true),
    close,
    identify(token) {
      identity = token;
      void panel?.then((mounted) => mounted.identify(token));
    },
  };
}
