/** A field with a list beneath it: type to narrow, arrows to choose, Enter takes. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { composing } from "../keys/dispatch";
import { t } from "../words/words";
import { Icon } from "./icon";
import { useUniqueId } from "./parts";

export interface ComboRow {
  readonly id: string;
  readonly words: string;
  readonly hint?: string;
  readonly icon?: string;
  readonly group?: string;
}

interface ComboProps {
  readonly label: string;
  readonly hideLabel?: boolean;
  readonly placeholder?: string;
  readonly rows: readonly ComboRow[];
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly onChoose: (row: ComboRow) => void;
  readonly onCancel?: () => void;
  readonly takeFocus?: boolean;
  /** The list stands open as long as the part is shown. */
  readonly open?: boolean;
  readonly busy?: boolean;
  readonly id?: string;
}

export function Combobox(props: ComboProps) {
  const [expanded, setExpanded] = useState(false);
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const own = useUniqueId("combo");
  const id = props.id ?? own;
  const open = props.open === true || expanded;
  const chosen = Math.min(at, props.rows.length - 1);
  // Before it is painted: who opens this by a key goes on typing at once, and that belongs here.
  useLayoutEffect(() => {
    if (props.takeFocus === true) field.current?.focus();
  }, []);
  useEffect(() => setAt(0), [props.text]);
  useEffect(() => {
    if (open) document.getElementById(`${id}-row-${chosen}`)?.scrollIntoView?.({ block: "nearest" });
  }, [open, chosen]);
  const take = (row: ComboRow | undefined): void => {
    if (row === undefined) return;
    setExpanded(false);
    props.onChoose(row);
  };
  const key = (event: KeyboardEvent): void => {
    if (composing(event)) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (!open) setExpanded(true);
      else setAt((chosen + step + props.rows.length) % Math.max(1, props.rows.length));
    } else if (event.key === "Enter" && open && !event.ctrlKey && !event.metaKey) take(props.rows[chosen]);
    else if (event.key === "Escape" && (open || props.onCancel !== undefined)) {
      setExpanded(false);
      props.onCancel?.();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class={`combo${props.open === true ? " combo-fixed" : ""}`}>
      <label for={id} class={props.hideLabel === true ? "hidden-text" : ""}>
        {props.label}
      </label>
      <input
        id={id}
        ref={field}
        role="combobox"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && props.rows.length > 0 ? `${id}-row-${chosen}` : undefined}
        autocomplete="off"
        placeholder={props.placeholder}
        value={props.text}
        onInput={(event) => {
          setExpanded(true);
          props.onText(event.currentTarget.value);
        }}
        onClick={() => setExpanded(true)}
        onBlur={() => setExpanded(false)}
        onKeyDown={key}
      />
      <List
        id={id}
        open={open}
        rows={props.rows}
        chosen={chosen}
        take={take}
        label={props.label}
        busy={props.busy}
      />
    </div>
  );
}

interface ListProps {
  readonly id: string;
  readonly open: boolean;
  readonly rows: readonly ComboRow[];
  readonly chosen: number;
  readonly label: string;
  readonly busy: boolean | undefined;
  readonly take: (row: ComboRow) => void;
}

function List({ id, open, rows, chosen, label, busy, take }: ListProps) {
  return (
    <div class="combo-list" role="listbox" id={`${id}-list`} aria-label={label} hidden={!open}>
      {rows.map((row, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field holds focus and the keys
        <div
          key={row.id}
          id={`${id}-row-${index}`}
          role="option"
          class="combo-row"
          tabIndex={-1}
          aria-selected={index === chosen}
          // The field must keep focus: pressing a row may not take it.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => take(row)}
        >
          {row.icon === undefined ? null : <Icon name={row.icon} />}
          <span class="combo-words">{row.words}</span>
          {row.hint === undefined ? null : <span class="combo-hint">{row.hint}</span>}
        </div>
      ))}
      {rows.length === 0 ? (
        <div class="combo-none" role="option" aria-disabled="true" aria-selected="false" tabIndex={-1}>
          {busy === true ? t("loading") : t("combo.none")}
        </div>
      ) : null}
    </div>
  );
}
