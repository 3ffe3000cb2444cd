/** The customer's card as a form: name, tier, language and the fields colleagues keep. */

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { changeCustomer, customer } from "../api/calls";
import { Problem } from "../api/http";
import type { Card } from "../state/shapes";
import { t } from "../words/words";
import { useDesk } from "./context";
import { Field, Press } from "./parts";

interface EditProps {
  readonly card: Card;
  readonly onCard: (card: Card) => void;
  /** What stands there while nothing is edited. */
  readonly facts: ComponentChildren;
}

export function EditCard({ card, onCard, facts }: EditProps) {
  const desk = useDesk();
  const [editing, setEditing] = useState(false);
  const button = useRef<HTMLDivElement>(null);
  const close = (): void => {
    setEditing(false);
    requestAnimationFrame(() => button.current?.querySelector("button")?.focus());
  };
  if (editing) return <CardForm card={card} onCard={onCard} onClose={close} />;
  return (
    <>
      {facts}
      {desk.session.permissions.includes("customers.edit") ? (
        <div ref={button}>
          <Press small tone="quiet" onPress={() => setEditing(true)}>
            {t("customer.edit")}
          </Press>
        </div>
      ) : null}
    </>
  );
}

interface Wish {
  readonly name: string;
  readonly tier: string;
  readonly language: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

interface FormProps {
  readonly card: Card;
  readonly onCard: (card: Card) => void;
  readonly onClose: () => void;
}

function CardForm({ card, onCard, onClose }: FormProps) {
  const desk = useDesk();
  const [wish, setWish] = useState<Wish>(() => ({ ...card, fields: Object.entries(card.fields) }));
  const [wrong, setWrong] = useState("");
  const change = (part: Partial<Wish>): void => setWish({ ...wish, ...part });
  const save = async (): Promise<void> => {
    const twice = repeated(wish.fields.map(([name]) => name.trim()));
    if (twice !== null) return setWrong(t("customer.twice", { name: twice }));
    try {
      onCard(await changeCustomer(card.subject, { ...wanted(wish), revision: card.revision }));
      onClose();
    } catch (failure) {
      await refused(failure);
    }
  };
  // What was typed stays; the next try is made upon the card as it stands now.
  const refused = async (failure: unknown): Promise<void> => {
    if (failure instanceof Problem && failure.code === "stale") {
      setWrong(t("customer.stale_again"));
      onCard(await customer(card.subject).catch(() => card));
      return;
    }
    const detail = failure instanceof Problem ? (failure.errors[0]?.message ?? failure.detail) : "";
    setWrong(detail === "" ? t("customer.not_saved") : detail);
    desk.announcer.say(t("customer.not_saved"), "alert");
  };
  return (
    <form
      class="card-form"
      aria-label={t("customer.edit")}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {(["name", "tier", "language"] as const).map((name) => (
        <Field
          key={name}
          label={t(`customer.${name}`)}
          value={wish[name]}
          onInput={(event) => change({ [name]: event.currentTarget.value })}
        />
      ))}
      <FieldRows rows={wish.fields} onRows={(fields) => change({ fields })} />
      {wrong === "" ? null : <p class="mistake">{wrong}</p>}
      <div class="row">
        <button type="submit" class="press press-primary press-small">
          {t("save")}
        </button>
        <Press small tone="quiet" onPress={onClose}>
          {t("cancel")}
        </Press>
      </div>
    </form>
  );
}

/** A name that stands twice, or null. */
export function repeated(names: readonly string[]): string | null {
  return names.find((name, at) => name !== "" && names.indexOf(name) !== at) ?? null;
}

function wanted(wish: Wish): Pick<Card, "name" | "tier" | "language" | "fields"> {
  const named = wish.fields.map(([name, value]) => [name.trim(), value] as const);
  return {
    name: wish.name.trim(),
    tier: wish.tier.trim(),
    language: wish.language.trim(),
    fields: Object.fromEntries(named.filter(([name]) => name !== "")),
  };
}

interface RowsProps {
  readonly rows: Wish["fields"];
  readonly onRows: (rows: Wish["fields"]) => void;
}

function FieldRows({ rows, onRows }: RowsProps) {
  const set = (at: number, row: readonly [string, string]): void =>
    onRows(rows.map((each, index) => (index === at ? row : each)));
  return (
    <>
      {rows.map(([name, value], at) => (
        <div class="card-field" key={at}>
          <Field
            label={t("customer.field_name")}
            value={name}
            onInput={(event) => set(at, [event.currentTarget.value, value])}
          />
          <Field
            label={t("customer.field_value")}
            value={value}
            onInput={(event) => set(at, [name, event.currentTarget.value])}
          />
          <Press
            small
            tone="quiet"
            icon="close"
            label={t("customer.remove_field", { name: name === "" ? t("customer.field_name") : name })}
            onPress={() => onRows(rows.filter((_, index) => index !== at))}
          >
            {""}
          </Press>
        </div>
      ))}
      <Press small tone="quiet" onPress={() => onRows([...rows, ["", ""]])}>
        {t("customer.add_field")}
      </Press>
    </>
  );
}
