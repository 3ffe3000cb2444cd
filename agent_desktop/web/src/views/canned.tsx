/** Canned replies: found while typing, their fields filled from customer, agent and item. */

import { useEffect, useState } from "preact/hooks";
import { replies } from "../api/calls";
import type { Canned, Item } from "../state/shapes";
import { matches } from "../words/format";
import { t, tag, title } from "../words/words";
import { Combobox } from "./combobox";
import { useDesk } from "./context";

/** The text with its fields filled; a field that is not known stays visible, so that nobody sends it unseen. */
export function fillFields(text: string, fields: Readonly<Record<string, string>>): string {
  return text.replace(/\{([a-z_]+(?:\.[a-z_]+)+)\}/g, (whole, name: string) => fields[name] || whole);
}

/** What the fields of a canned reply stand for here. */
export function fieldsOf(item: Item, agentName: string): Record<string, string> {
  const words = agentName.split(/\s+/);
  const fields: Record<string, string> = {
    "customer.name": item.customer.name,
    "customer.address": item.customer.address,
    "customer.tier": item.customer.tier,
    "agent.name": agentName,
    "agent.first_name": words[0] ?? agentName,
    "interaction.subject": item.summary,
    "interaction.id": item.interaction_id,
    "queue.title": title(item.queue_title, item.queue),
  };
  for (const [name, value] of Object.entries(item.attributes)) fields[`interaction.${name}`] = String(value);
  return fields;
}

interface PickerProps {
  readonly item: Item;
  readonly find: string;
  readonly onText: (text: string) => void;
  readonly onClose: () => void;
}

export function CannedPicker({ item, find, onText, onClose }: PickerProps) {
  const desk = useDesk();
  const [all, setAll] = useState<readonly Canned[] | null>(null);
  const [text, setText] = useState(find);
  useEffect(() => {
    replies({ queue: item.queue, medium: item.medium, language: tag() }).then(
      (answer) => setAll(answer.replies),
      () => setAll([]),
    );
  }, [item.queue, item.medium]);
  const found = (all ?? []).filter((each) =>
    matches(`${each.name} ${title(each.title, each.name)} ${each.text}`, text),
  );
  return (
    <div class="popover canned">
      <Combobox
        label={t("canned.find")}
        hideLabel
        placeholder={t("canned.find")}
        takeFocus
        open
        busy={all === null}
        text={text}
        onText={setText}
        onCancel={onClose}
        rows={found.map((each) => ({
          id: each.name,
          words: title(each.title, each.name),
          hint: each.text.slice(0, 80),
        }))}
        onChoose={(row) => {
          const chosen = found.find((each) => each.name === row.id);
          if (chosen !== undefined) onText(fillFields(chosen.text, fieldsOf(item, desk.session.name)));
          onClose();
        }}
      />
    </div>
  );
}
