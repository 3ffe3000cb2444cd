/** The customer's card: who they are, what colleagues noted, and merging of duplicates. */

import { useEffect, useState } from "preact/hooks";
import { changeCustomer, customer } from "../api/calls";
import { Problem } from "../api/http";
import { whoName } from "../app/effects";
import { hashOf } from "../app/route";
import type { Card, Item } from "../state/shapes";
import { t } from "../words/words";
import { usePart } from "./context";
import { EditCard } from "./customeredit";
import { Icon } from "./icon";
import { MergePart } from "./merge";
import { Failed, Press, Skeleton, Strip, useUniqueId } from "./parts";

export function CustomerCard({ item }: { item: Item }) {
  const subject = item.customer.subject;
  const [card, setCard] = useState<Card | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const read = async (): Promise<void> => {
    setProblem(null);
    try {
      setCard(await customer(subject));
    } catch (failure) {
      if (failure instanceof Problem) setProblem(failure);
    }
  };
  useEffect(() => void read(), [subject]);
  return (
    <div class="side-body">
      <p class="card-name">
        <bdi>{whoName(card?.name ?? item.customer.name)}</bdi>
        <Tier tier={card?.tier ?? item.customer.tier} />
        {item.customer.verified ? (
          <span class="verified">
            <Icon name="on_time" size={14} /> {t("who.verified")}
          </span>
        ) : null}
      </p>
      <AlsoOpen item={item} />
      {problem === null ? null : (
        <Failed what={t("customer.failed")} problem={problem.id} again={() => void read()} />
      )}
      {card === null && problem === null ? <Skeleton rows={4} /> : null}
      {card === null ? null : (
        <>
          <Addresses card={card} />
          <EditCard key={card.subject} card={card} onCard={setCard} facts={<Fields card={card} />} />
          <Notes card={card} onCard={setCard} />
          <MergePart card={card} onCard={setCard} />
        </>
      )}
    </div>
  );
}

function Tier({ tier }: { tier: string }) {
  return tier === "" ? null : <span class="tier">{tier}</span>;
}

/** What else is open from the same person. */
function AlsoOpen({ item }: { item: Item }) {
  const others = usePart((state) =>
    [...state.items.values()].filter(
      (each) =>
        each.customer.subject === item.customer.subject && each.interaction_id !== item.interaction_id,
    ),
  ).value;
  if (others.length === 0) return null;
  return (
    <p>
      {t("customer.also_open")}{" "}
      {others.map((each) => (
        <a key={each.interaction_id} href={hashOf("work", each.interaction_id)}>
          <Icon name={each.medium} size={14} />{" "}
          {each.summary === "" ? each.interaction_id.slice(0, 8) : each.summary}
        </a>
      ))}
    </p>
  );
}

function Addresses({ card }: { card: Card }) {
  return (
    <ul class="addresses">
      {card.addresses.map((address) => (
        <li key={`${address.kind}${address.value}`}>
          <Icon name={address.kind} size={14} /> <bdi>{address.value}</bdi>
        </li>
      ))}
    </ul>
  );
}

function Fields({ card }: { card: Card }) {
  const rows = Object.entries(card.fields);
  if (rows.length === 0) return null;
  return (
    <dl class="fields">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <bdi>{String(value)}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

interface CardProps {
  readonly card: Card;
  readonly onCard: (card: Card) => void;
}

/** Notes save themselves a second after the last key; another's change in between is shown, not lost. */
function Notes({ card, onCard }: CardProps) {
  const [text, setText] = useState(card.notes);
  const [status, setStatus] = useState<"" | "saving" | "saved" | "failed">("");
  const [theirs, setTheirs] = useState<Card | null>(null);
  const id = useUniqueId("notes");
  const save = async (base: Card): Promise<void> => {
    setStatus("saving");
    try {
      onCard(await changeCustomer(base.subject, { notes: text, revision: base.revision }));
      setStatus("saved");
      setTheirs(null);
    } catch (failure) {
      setStatus("failed");
      if (failure instanceof Problem && failure.code === "stale")
        setTheirs(await customer(base.subject).catch(() => null));
    }
  };
  useEffect(() => {
    if (text === card.notes || theirs !== null) return undefined;
    const timer = setTimeout(() => void save(card), 1_000);
    return () => clearTimeout(timer);
  }, [text, card]);
  return (
    <div class="field">
      <label for={id}>
        {t("customer.notes")} <span class="muted">{status === "" ? "" : t(`notes.${status}`)}</span>
      </label>
      <textarea id={id} rows={4} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      {theirs === null ? null : (
        <Strip tone="soon">
          <p>
            {t("customer.stale")} <q>{theirs.notes}</q>
          </p>
          <Press small onPress={() => void save(theirs)}>
            {t("customer.keep_mine")}
          </Press>
          <Press
            small
            onPress={() => {
              setText(theirs.notes);
              onCard(theirs);
              setTheirs(null);
            }}
          >
            {t("customer.take_theirs")}
          </Press>
        </Strip>
      )}
    </div>
  );
}
