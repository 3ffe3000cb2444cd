/** A button that opens a menu: arrows move, Enter and Space choose, Esc closes back to the button. */

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon";
import { useUniqueId } from "./parts";

export interface MenuRow {
  readonly id: string;
  readonly words: string;
  /** Radio rows say which one holds; others do something. */
  readonly checked?: boolean;
  /** Several of its kind can hold at once: choosing turns this one over, and the menu stays open. */
  readonly many?: boolean;
  readonly hint?: string;
  readonly group?: string;
  readonly disabled?: boolean;
  readonly onChoose: () => void;
}

interface MenuProps {
  readonly id?: string;
  readonly label?: string;
  readonly face: ComponentChildren;
  readonly rows: readonly MenuRow[];
  readonly tone?: string;
  readonly align?: "start" | "end";
  readonly disabled?: boolean;
}

export function Menu({
  id,
  label,
  face,
  rows,
  tone = "plain",
  align = "start",
  disabled = false,
}: MenuProps) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const menuId = useUniqueId("menu");
  const close = (refocus: boolean): void => {
    setOpen(false);
    if (refocus) button.current?.focus();
  };
  useCloseOutside(open, box, () => setOpen(false));
  useLayoutEffect(() => {
    if (open) focusRow(box.current, "checked");
  }, [open]);
  return (
    <div class={`menu menu-${align}`} ref={box}>
      <button
        type="button"
        id={id}
        ref={button}
        class={`press press-${tone}`}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? menuId : undefined}
        aria-disabled={disabled ? "true" : undefined}
        onClick={() => {
          if (!disabled) setOpen(!open);
        }}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown" || open || disabled) return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {face}
        <Icon name="down" size={14} />
      </button>
      {open ? <Rows id={menuId} rows={rows} label={label} close={close} /> : null}
    </div>
  );
}

interface RowsProps {
  readonly id: string;
  readonly rows: readonly MenuRow[];
  readonly label: string | undefined;
  readonly close: (refocus: boolean) => void;
}

function Rows({ id, rows, label, close }: RowsProps) {
  return (
    <div
      class="menu-rows"
      role="menu"
      id={id}
      aria-label={label}
      tabIndex={-1}
      data-own-keys
      onKeyDown={(event) => menuKey(event, close)}
    >
      {rows.map((row, index) => (
        <MenuLine key={row.id} row={row} close={close} headed={row.group !== rows[index - 1]?.group} />
      ))}
    </div>
  );
}

function MenuLine({
  row,
  close,
  headed,
}: {
  row: MenuRow;
  close: (refocus: boolean) => void;
  headed: boolean;
}) {
  return (
    <>
      {headed && row.group !== undefined ? (
        <div class="menu-head" role="presentation">
          {row.group}
        </div>
      ) : null}
      <button
        type="button"
        class="menu-row"
        role={rowRole(row)}
        aria-checked={row.checked}
        aria-disabled={row.disabled === true ? "true" : undefined}
        tabIndex={-1}
        onClick={() => {
          if (row.disabled === true) return;
          if (row.many !== true) close(true);
          row.onChoose();
        }}
      >
        <span class="menu-tick" aria-hidden="true">
          {row.checked === true ? (row.many === true ? "✓" : "●") : ""}
        </span>
        <span class="menu-words">{row.words}</span>
        {row.hint === undefined ? null : <span class="menu-hint">{row.hint}</span>}
      </button>
    </>
  );
}

function rowRole(row: MenuRow): "menuitem" | "menuitemradio" | "menuitemcheckbox" {
  if (row.checked === undefined) return "menuitem";
  return row.many === true ? "menuitemcheckbox" : "menuitemradio";
}

function menuKey(event: KeyboardEvent, close: (refocus: boolean) => void): void {
  const menu = event.currentTarget as HTMLElement;
  const rows = [...menu.querySelectorAll<HTMLElement>(".menu-row")];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const moves: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
  const to = moves[event.key];
  if (to !== undefined) rows.at(to % rows.length)?.focus();
  else if (event.key === "Escape") close(true);
  else if (event.key === "Tab") {
    close(true);
    return;
  } else if (event.key.length === 1 && event.key !== " ") {
    const letter = event.key.toLocaleLowerCase();
    [...rows.slice(at + 1), ...rows]
      .find((row) => row.textContent?.trim().toLocaleLowerCase().startsWith(letter))
      ?.focus();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

function focusRow(box: HTMLElement | null, which: "checked"): void {
  const wanted =
    which === "checked" ? box?.querySelector<HTMLElement>('.menu-row[aria-checked="true"]') : null;
  (wanted ?? box?.querySelector<HTMLElement>(".menu-row"))?.focus();
}

/** Closes a popover when the pointer or focus goes elsewhere. */
export function useCloseOutside(
  open: boolean,
  box: { readonly current: HTMLElement | null },
  close: () => void,
): void {
  useEffect(() => {
    if (!open) return undefined;
    const leave = (event: Event): void => {
      if (event.target instanceof Node && box.current?.contains(event.target) === false) close();
    };
    document.addEventListener("pointerdown", leave);
    document.addEventListener("focusin", leave);
    return () => {
      document.removeEventListener("pointerdown", leave);
      document.removeEventListener("focusin", leave);
    };
  }, [open]);
}
