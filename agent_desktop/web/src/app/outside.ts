/** What shows outside the page: title, favicon dot and notifications, none with a customer's name. */

import type { OfferCard } from "../state/desk";
import type { Offer } from "../state/shapes";
import { mediumWord, t, title } from "../words/words";

/** The title while `ringing` offers stand: "(1) Chat, Billing", else the place and the product. */
export function pageTitle(ringing: readonly OfferCard[], place: string): string {
  const first = ringing[0]?.offer;
  if (first === undefined) return t("title.place", { place });
  return t("title.offer", {
    n: ringing.length,
    medium: mediumWord(first.medium),
    queue: title(first.queue_title, first.queue),
  });
}

/** Shows the dot on the page's icon, or takes it off. */
export function dot(shown: boolean): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const plain = link?.dataset["plain"];
  const dotted = link?.dataset["dotted"];
  if (link === null || plain === undefined || dotted === undefined) return;
  const wanted = shown ? dotted : plain;
  if (link.getAttribute("href") !== wanted) link.setAttribute("href", wanted);
}

const shown = new Map<string, Notification>();

/** A notification for an offer. Its click brings the page to the front and never accepts. */
export function notify(offer: Offer): void {
  if (typeof Notification === "undefined" || Notification.permission !== "granted") return;
  const queue = title(offer.queue_title, offer.queue);
  try {
    const notification = new Notification(t("notification.title", { medium: mediumWord(offer.medium) }), {
      body: t("notification.body", { queue }),
      tag: offer.offer_id,
      requireInteraction: offer.medium === "voice" || offer.medium === "chat",
      silent: true,
    });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
    shown.set(offer.offer_id, notification);
  } catch {
    // Some browsers only allow them from a worker: title and sound remain.
  }
}

/** Takes back the notifications of offers that no longer ring. */
export function unnotify(ringing: ReadonlySet<string>): void {
  for (const [id, notification] of shown) {
    if (ringing.has(id)) continue;
    notification.close();
    shown.delete(id);
  }
}
