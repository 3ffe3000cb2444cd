/** Offers: the cards that ring. Non-modal, over everything but never over what has focus. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { accept, decline } from "../app/acts";
import { endSentence, whoName } from "../app/effects";
import { chordLabel } from "../keys/map";
import type { OfferCard } from "../state/desk";
import { cardsShown, firstOffer } from "../state/select";
import type { Offer } from "../state/shapes";
import { clock, moment } from "../words/format";
import { mediumWord, t, title } from "../words/words";
import { Clock, DueClock } from "./clock";
import { useBeat, useDesk, usePart } from "./context";
import { Icon } from "./icon";
import { Menu } from "./menu";
import { Press, useGuard } from "./parts";
import { onMac } from "./statusbar";
import { Explain } from "./why";

export function Offers() {
  const desk = useDesk();
  const cards = usePart(cardsShown).value;
  const first = usePart((state) => firstOffer(state)?.offer.offer_id ?? "").value;
  const box = useRef<HTMLDivElement>(null);
  useStayClear(box, cards.length);
  const modal = desk.settings.value.interrupt && cards.some((card) => card.end === null);
  useModal(modal, box);
  if (cards.length === 0) return null;
  return (
    <section class="offers" data-region="offers" aria-label={t("region.offers")} ref={box}>
      {cards.map((card) => (
        <Card key={card.offer.offer_id} card={card} first={card.offer.offer_id === first} modal={modal} />
      ))}
    </section>
  );
}

/** Moves the cards below what has focus, should they cover it. */
function useStayClear(box: { readonly current: HTMLElement | null }, count: number): void {
  useLayoutEffect(() => {
    const place = (): void => {
      const cards = box.current;
      if (cards === null) return;
      cards.style.removeProperty("top");
      const focused = document.activeElement;
      if (focused === null || focused === document.body || cards.contains(focused)) return;
      const a = cards.getBoundingClientRect();
      const b = focused.getBoundingClientRect();
      const covers = a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
      const room = innerHeight - b.bottom - 8;
      if (covers && room >= Math.min(a.height, 200)) cards.style.setProperty("top", `${b.bottom + 8}px`);
    };
    place();
    document.addEventListener("focusin", place);
    return () => document.removeEventListener("focusin", place);
  }, [count]);
}

/** "Interrupt me": the card takes focus, keeps Tab inside, makes the rest inert and gives focus back. */
function useModal(modal: boolean, box: { readonly current: HTMLElement | null }): void {
  // Before it is painted: a key pressed at what is seen must not go elsewhere.
  useLayoutEffect(() => {
    if (!modal) return undefined;
    const before = document.activeElement as HTMLElement | null;
    const rest = [...document.querySelectorAll<HTMLElement>("#page > *")].filter(
      (each) => each !== box.current && !each.contains(box.current),
    );
    for (const each of rest) each.inert = true;
    box.current?.querySelector<HTMLElement>("h2")?.focus();
    const keep = (event: KeyboardEvent): void => {
      if (event.key === "Tab" && box.current !== null) keepInside(event, box.current);
    };
    document.addEventListener("keydown", keep);
    return () => {
      for (const each of rest) each.inert = false;
      document.removeEventListener("keydown", keep);
      before?.focus();
    };
  }, [modal]);
}

function keepInside(event: KeyboardEvent, box: HTMLElement): void {
  const stops = [...box.querySelectorAll<HTMLElement>("button:not([tabindex='-1'])")];
  const first = stops[0];
  const last = stops.at(-1);
  if (first === undefined || last === undefined) return;
  const active = document.activeElement;
  const leaving = event.shiftKey
    ? active === first || !stops.includes(active as HTMLElement)
    : active === last;
  if (!leaving) return;
  event.preventDefault();
  (event.shiftKey ? last : first).focus();
}

interface CardProps {
  readonly card: OfferCard;
  readonly first: boolean;
  readonly modal: boolean;
}

function Card({ card, first, modal }: CardProps) {
  const { offer } = card;
  const id = `offer-${offer.offer_id}`;
  return (
    <div
      class={`offer${card.end === null ? "" : " offer-ended"}`}
      role={modal ? "alertdialog" : "dialog"}
      aria-modal={modal ? "true" : undefined}
      aria-labelledby={`${id}-who`}
      aria-describedby={`${id}-body`}
      data-offer={offer.offer_id}
    >
      <h2 id={`${id}-who`} tabIndex={-1} class="offer-who">
        <span class="offer-medium">
          <Icon name={offer.medium} size={20} /> {mediumWord(offer.medium)}
        </span>
        <bdi class="offer-name">{whoName(offer.customer.name)}</bdi>
        {offer.customer.tier === "" ? null : <span class="tier">{offer.customer.tier}</span>}
      </h2>
      <div id={`${id}-body`}>
        <OfferBody offer={offer} />
      </div>
      {card.end === null ? (
        <OfferControls card={card} first={first} />
      ) : (
        <p class="offer-end">
          <Icon name="close" size={14} /> {endSentence(card)}
        </p>
      )}
    </div>
  );
}

function OfferBody({ offer }: { offer: Offer }) {
  const desk = useDesk();
  const target = offer.due === null ? null : offer.due - offer.arrived;
  return (
    <dl class="offer-lines">
      {offer.customer.address === "" ? null : (
        <div>
          <dt class="hidden-text">{t("offer.address")}</dt>
          <dd>
            <bdi>{offer.customer.address}</bdi>
            {offer.customer.verified ? <span class="verified"> {t("who.verified")}</span> : null}
          </dd>
        </div>
      )}
      <div>
        <dt>{t("offer.why")}</dt>
        <dd>
          <strong>{title(offer.queue_title, offer.queue)}</strong>
          {offer.kind === "queue"
            ? null
            : ` (${t(offer.kind === "consult" ? "offer.consult" : "offer.assign")})`}
          {offer.summary === "" ? "" : ": "}
          <bdi class="offer-summary">{offer.summary}</bdi>
        </dd>
      </div>
      <div>
        <dt>{t("offer.due")}</dt>
        <dd>
          {offer.due === null ? t("offer.no_due") : <DueClock due={offer.due} targetMs={target} />}
          <span class="muted"> {t("offer.waited", { time: clock(offer.waited_ms) })}</span>
        </dd>
      </div>
      <div>
        <dt>{t("offer.last")}</dt>
        <dd>
          {offer.last_contact === null
            ? t("offer.no_last")
            : t("offer.last_line", {
                when: moment(offer.last_contact.at, desk.now()),
                medium: mediumWord(offer.last_contact.medium),
                summary: offer.last_contact.summary,
              })}
        </dd>
      </div>
    </dl>
  );
}

function OfferControls({ card, first }: { card: OfferCard; first: boolean }) {
  const desk = useDesk();
  const { offer, asked } = card;
  const guard = useGuard();
  const [why, setWhy] = useState(false);
  const acts = desk.acts && asked === null;
  const press = (run: () => void) => () => {
    if (guard()) run();
  };
  const key = chordLabel(desk.keys.value.get("accept") ?? "", onMac());
  return (
    <>
      <Countdown offer={offer} />
      <div class="offer-controls">
        <Press tone="primary" disabled={!acts} onPress={press(() => void accept(desk, offer))}>
          {asked === "accept" ? t("offer.accepting") : t("offer.accept")}
          {first ? <kbd>{key}</kbd> : null}
        </Press>
        <Menu
          label={t("offer.decline")}
          disabled={!acts}
          face={asked === "decline" ? t("offer.declining") : t("offer.decline")}
          rows={["busy", "wrong_skill", "know_them"].map((reason) => ({
            id: reason,
            words: t(`decline.${reason}` as "decline.busy"),
            onChoose: () => void decline(desk, offer, reason),
          }))}
        />
        {offer.why === null ? null : (
          <Press tone="quiet" icon="why" expanded={why} onPress={press(() => setWhy(!why))}>
            {t("offer.why_me")}
          </Press>
        )}
      </div>
      {why && offer.why !== null ? (
        <div class="offer-why">
          <Explain why={offer.why} />
        </div>
      ) : null}
    </>
  );
}

function Countdown({ offer }: { offer: Offer }) {
  const total = Math.max(1, offer.expires - offer.since);
  const left = useBeat((now) => Math.max(0, offer.expires - now));
  return (
    <div class="offer-left">
      <progress max={total} value={left} aria-hidden="true" />
      <span>
        {t("offer.left")} <Clock at={offer.expires} mode="down" />
      </span>
    </div>
  );
}
