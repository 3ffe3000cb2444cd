/** A table of the configuration as fields: tables within it are forms of their own, rows can be moved. */

import { useState } from "preact/hooks";
import {
  blank,
  blankLike,
  type FormLine,
  type FormValue,
  type LineKind,
  movedTo,
  replaced,
  without,
} from "../state/tableform";
import { t } from "../words/words";
import { Choice, Field, Press, useUniqueId } from "./parts";

interface LinesProps {
  readonly lines: readonly FormLine[];
  readonly onLines: (lines: readonly FormLine[]) => void;
}

export function FormLines({ lines, onLines }: LinesProps) {
  return (
    <div class="config-lines">
      {lines.map((line, at) => (
        <div class="config-line" key={line.name}>
          <ValueField
            name={line.name}
            value={line.value}
            onValue={(value) => onLines(replaced(lines, at, { ...line, value }))}
          />
          <Remove name={line.name} onRemove={() => onLines(without(lines, at))} />
        </div>
      ))}
      <AddLine onAdd={(line) => onLines([...lines, line])} />
    </div>
  );
}

function Remove({ name, onRemove }: { name: string; onRemove: () => void }) {
  return (
    <Press small tone="quiet" icon="close" label={t("config.remove_field", { name })} onPress={onRemove}>
      {""}
    </Press>
  );
}

interface ValueProps {
  readonly name: string;
  readonly value: FormValue;
  readonly onValue: (value: FormValue) => void;
}

export function ValueField({ name, value, onValue }: ValueProps) {
  if (value.kind === "table") {
    return (
      <fieldset class="config-table">
        <legend>{name}</legend>
        <FormLines lines={value.lines} onLines={(lines) => onValue({ kind: "table", lines })} />
      </fieldset>
    );
  }
  if (value.kind === "items") {
    return (
      <fieldset class="config-table">
        <legend>{name}</legend>
        <Items name={name} items={value.items} onItems={(items) => onValue({ kind: "items", items })} />
      </fieldset>
    );
  }
  const change = (text: string): void => onValue({ kind: value.kind, text });
  if (value.kind === "list") return <ListField name={name} text={value.text} onText={change} />;
  if (value.kind === "yes_no") {
    return (
      <Choice
        label={name}
        value={value.text}
        options={[
          ["true", t("config.yes")],
          ["false", t("config.no")],
        ]}
        onChoose={change}
      />
    );
  }
  return <Field label={name} value={value.text} onInput={(event) => change(event.currentTarget.value)} />;
}

interface ItemsProps {
  readonly name: string;
  readonly items: readonly FormValue[];
  readonly onItems: (items: readonly FormValue[]) => void;
}

/** Values one after another: their order is kept, and can be changed. */
export function Items({ name, items, onItems }: ItemsProps) {
  const last = items.at(-1);
  return (
    <>
      <ol class="config-items">
        {items.map((item, at) => (
          <li key={`${at} of ${items.length}`}>
            <ValueField
              name={t("config.item", { name, n: at + 1 })}
              value={item}
              onValue={(value) => onItems(replaced(items, at, value))}
            />
            <div class="row">
              <Press small tone="quiet" disabled={at === 0} onPress={() => onItems(movedTo(items, at, at - 1))}>
                {t("config.up")}
              </Press>
              <Press
                small
                tone="quiet"
                disabled={at === items.length - 1}
                onPress={() => onItems(movedTo(items, at, at + 1))}
              >
                {t("config.down")}
              </Press>
              <Press small tone="quiet" onPress={() => onItems(without(items, at))}>
                {t("config.remove")}
              </Press>
            </div>
          </li>
        ))}
      </ol>
      <Press
        small
        onPress={() => onItems([...items, last === undefined ? blank("table") : blankLike(last)])}
      >
        {t("config.add_item", { name })}
      </Press>
    </>
  );
}

function ListField({ name, text, onText }: { name: string; text: string; onText: (text: string) => void }) {
  const id = useUniqueId("line");
  return (
    <div class="field">
      <label for={id}>
        {name} <span class="muted">{t("config.kind_list")}</span>
      </label>
      <textarea
        id={id}
        rows={Math.min(14, Math.max(2, text.split("\n").length))}
        spellcheck={false}
        value={text}
        onInput={(event) => onText(event.currentTarget.value)}
      />
    </div>
  );
}

const KINDS: readonly LineKind[] = ["text", "number", "yes_no", "list", "table", "items"];

function AddLine({ onAdd }: { onAdd: (line: FormLine) => void }) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [kind, setKind] = useState<LineKind>("text");
  if (!open) {
    return (
      <Press small tone="quiet" onPress={() => setOpen(true)}>
        {t("config.field")}
      </Press>
    );
  }
  return (
    <div class="row config-new">
      <Field
        label={t("config.field_name")}
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <Choice
        label={t("config.kind")}
        value={kind}
        options={KINDS.map((each) => [each, t(`config.kind_${each}`)] as const)}
        onChoose={(value) => setKind(value as LineKind)}
      />
      <Press
        disabled={name.trim() === ""}
        onPress={() => {
          onAdd({ name: name.trim(), value: blank(kind) });
          setName("");
          setOpen(false);
        }}
      >
        {t("config.add_field")}
      </Press>
    </div>
  );
}
