/** `frame.js`: the panel within a frame of the widget's host, speaking with one exact origin. */

import type { FromFrame, ToFrame } from "../loader/framed";
import type { News, PanelModule } from "../panel/contract";

const query = new URLSearchParams(location.search);
const site = decodeURIComponent(location.pathname.split("/").pop() ?? "");
// The page says who it is; a lie reaches nobody, for the browser compares both ways.
const host = location.ancestorOrigins?.[0] ?? query.get("host") ?? location.origin;

function tell(message: Omit<FromFrame, "carillon">): void {
  parent.postMessage({ carillon: 1, ...message } satisfies FromFrame, host);
}

function isToFrame(data: unknown): data is ToFrame {
  if (typeof data !== "object" || data === null || (data as ToFrame).carillon !== 1) return false;
  const { do: wish, value, focus } = data as ToFrame;
  if (wish === "identify") return typeof value === "string" && value.length <= 4_000;
  return wish === "close" || (wish === "open" && typeof focus === "boolean");
}

async function start(): Promise<void> {
  const module = (await import(/* @vite-ignore */ `${location.origin}/panel.js`)) as PanelModule;
  const panel = await module.mount({
    place: document.body,
    root: document,
    base: location.origin,
    site,
    language: query.get("lang") ?? "en",
    theme: query.get("theme") ?? "auto",
    accent: query.get("accent") ?? "",
    cookie: true,
    onClose: () => tell({ tell: "close" }),
    onNews: (news: News) => tell({ tell: "news", news }),
  });
  addEventListener("message", (event: MessageEvent<unknown>) => {
    if (event.origin !== host || event.source !== parent || !isToFrame(event.data)) return;
    const { do: wish, value, focus } = event.data;
    if (wish === "open") panel.opened(focus === true);
    else if (wish === "close") panel.closed();
    else if (wish === "identify" && value !== undefined) panel.identify(value);
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing && !event.defaultPrevented) tell({ tell: "close" });
  });
  tell({ tell: "ready" });
}

void start();
