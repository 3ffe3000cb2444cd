/** Naming a colleague in a note: found by name, with what they are doing. */

import { useState } from "preact/hooks";
import type { Item } from "../state/shapes";
import { byName, matches } from "../words/format";
import { t, tOr } from "../words/words";
import { Combobox } from "./combobox";
import { useDesk, usePart } from "./context";

interface PickerProps {
  readonly item: Item;
  readonly find: string;
  readonly onText: (text: string) => void;
  readonly onClose: () => void;
}

export function ColleaguePicker({ find, onText, onClose }: PickerProps) {
  const desk = useDesk();
  const colleagues = usePart((state) => state.colleagues).value;
  const [text, setText] = useState(find);
  const found = byName(colleagues, (each) => each.name).filter(
    (each) => each.agent_id !== desk.session.agent_id && matches(`${each.name} ${each.agent_id}`, text),
  );
  return (
    <div class="popover canned">
      <Combobox
        label={t("composer.colleague_find")}
        hideLabel
        placeholder={t("composer.colleague_find")}
        takeFocus
        open
        text={text}
        onText={setText}
        onCancel={onClose}
        rows={found.map((each) => ({
          id: each.agent_id,
          words: each.name,
          hint: tOr(`shown.${each.shown}`, each.shown),
        }))}
        onChoose={(row) => {
          onText(`@${row.words} `);
          onClose();
        }}
      />
    </div>
  );
}
