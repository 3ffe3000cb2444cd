/** Two cards of one person become one, and can be parted again. */

import { useState } from "preact/hooks";
import { findCustomers, merge, unmerge } from "../api/calls";
import { Problem } from "../api/http";
import type { Card } from "../state/shapes";
import { t } from "../words/words";
import { useDesk } from "./context";
import { Field, Press } from "./parts";

interface MergeProps {
  readonly card: Card;
  readonly onCard: (card: Card) => void;
}

export function MergePart({ card, onCard }: MergeProps) {
  const desk = useDesk();
  const [open, setOpen] = useState(false);
  const part = async (): Promise<void> => {
    try {
      onCard(await unmerge(card.subject));
      desk.say(t("merge.parted"), "ok");
    } catch (problem) {
      desk.say(
        problem instanceof Problem ? problem.detail || t("merge.failed") : t("merge.failed"),
        "trouble",
      );
    }
  };
  return (
    <div class="merge">
      <div class="row">
        <Press small expanded={open} onPress={() => setOpen(!open)}>
          {t("merge.find")}
        </Press>
        {card.merged.length === 0 ? null : (
          <Press small onPress={() => void part()}>
            {t("merge.part", { n: card.merged.length })}
          </Press>
        )}
      </div>
      {open ? <FindOther card={card} onCard={onCard} close={() => setOpen(false)} /> : null}
    </div>
  );
}

function FindOther({ card, onCard, close }: MergeProps & { close: () => void }) {
  const desk = useDesk();
  const [value, setValue] = useState("");
  const [found, setFound] = useState<readonly Card[] | null>(null);
  const find = async (): Promise<void> => {
    const wanted = value.trim();
    if (wanted === "") return;
    try {
      const answer = await findCustomers(wanted.includes("@") ? "mail" : "phone", wanted);
      setFound(answer.customers.filter((each) => each.subject !== card.subject));
    } catch (problem) {
      desk.say(
        problem instanceof Problem ? problem.detail || t("merge.failed") : t("merge.failed"),
        "trouble",
      );
    }
  };
  const join = async (other: Card): Promise<void> => {
    try {
      const joined = await merge(other.subject, card.subject);
      onCard(joined);
      close();
      desk.say(t("merge.done", { name: other.name }), "ok", () => {
        void unmerge(joined.subject).then(onCard);
      });
    } catch (problem) {
      desk.say(
        problem instanceof Problem ? problem.detail || t("merge.failed") : t("merge.failed"),
        "trouble",
      );
    }
  };
  return (
    <div class="merge-find">
      <Field
        label={t("merge.label")}
        hint={t("merge.hint")}
        value={value}
        onInput={(event) => setValue(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.isComposing) void find();
        }}
      />
      <Press small onPress={() => void find()}>
        {t("search")}
      </Press>
      {found === null ? null : found.length === 0 ? (
        <p class="muted">{t("merge.none")}</p>
      ) : (
        <ul>
          {found.map((each) => (
            <li key={each.subject} class="row">
              <bdi>{each.name}</bdi>
              <Press small tone="primary" onPress={() => void join(each)}>
                {t("merge.join")}
              </Press>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
