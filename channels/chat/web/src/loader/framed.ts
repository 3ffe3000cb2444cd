/** The panel in a frame of the widget's host: messages of one form, between two exact origins. */

import type { News, Panel, PanelOptions } from "../panel/contract";
import { keyOf } from "../state/keep";

export interface ToFrame {
  carillon: 1;
  do: "open" | "close" | "identify" | "accent";
  focus?: boolean;
  value?: string;
}

export interface FromFrame {
  carillon: 1;
  tell: "ready" | "close" | "news";
  news?: News;
}

/** Puts the frame up and speaks with it; the other kind of `panel.js`. */
export function mount(options: PanelOptions): Promise<Panel> {
  const { base, site, language, theme, place } = options;
  const frame = document.createElement("iframe");
  const query = new URLSearchParams({ lang: language, theme, accent: options.accent, host: location.origin });
  frame.src = `${base}/frame/${encodeURIComponent(site)}?${query}`;
  frame.title = place.getAttribute("aria-label") ?? "Chat";
  let open = false;
  const say = (message: Omit<ToFrame, "carillon">): void =>
    frame.contentWindow?.postMessage({ carillon: 1, ...message } satisfies ToFrame, base);
  return new Promise((ready) => {
    addEventListener("message", (event: MessageEvent<unknown>) => {
      if (event.origin !== base || event.source !== frame.contentWindow || !isFromFrame(event.data)) return;
      const { tell, news } = event.data;
      if (tell === "ready") {
        ready({
          opened(focus) {
            open = true;
            if (focus) frame.focus();
            say({ do: "open", focus });
          },
          closed() {
            open = false;
            say({ do: "close" });
          },
          identify: (token) => say({ do: "identify", value: token }),
        });
      } else if (tell === "close") options.onClose();
      else if (news !== undefined) {
        options.onNews(news);
        remember(site, open, news.active);
      }
    });
    place.append(frame);
  });
}

function isFromFrame(data: unknown): data is FromFrame {
  if (typeof data !== "object" || data === null || (data as FromFrame).carillon !== 1) return false;
  const { tell, news } = data as FromFrame;
  if (tell === "news") {
    return typeof news?.label === "string" && typeof news.title === "string" && typeof news.unread === "number";
  }
  return tell === "ready" || tell === "close";
}

/** Lets the next page know that a chat goes on; the token itself stays in the frame's cookie. */
function remember(site: string, open: boolean, active: boolean): void {
  try {
    if (!active) localStorage.removeItem(keyOf(site));
    else {
      const until = Date.now() + 86_400_000;
      localStorage.setItem(keyOf(site), JSON.stringify({ token: "", open, active, until }));
    }
  } catch {
    // Storage is blocked: the chat is taken up when the panel is opened again.
  }
}
