/** A grid of numbers: one stop of the Tab key, arrows between cells, every number with its definition. */

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { moved, type Order, shownOrder, sortedKeys } from "../state/gridorder";
import { t } from "../words/words";
import { Icon } from "./icon";
import { Press } from "./parts";

export interface Column<Row> {
  readonly id: string;
  readonly head: string;
  /** What its cells mean; the definition of a number. */
  readonly means: string;
  readonly number?: boolean;
  /** What the column sorts by; without it it does not. */
  readonly by?: (row: Row) => number | string | null;
  readonly cell: (row: Row) => ComponentChildren;
  /** True where Enter or a press opens what is behind the cell. */
  readonly opens?: (row: Row) => boolean;
}

export interface GridProps<Row> {
  readonly id: string;
  readonly title: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** The last line, which is not sorted. */
  readonly foot?: Row;
  readonly onOpen?: (row: Row, column: Column<Row>) => void;
  /** A letter pressed at a row; true when it meant something. */
  readonly onLetter?: (row: Row, letter: string) => boolean;
  /** What a row is when it is dragged, and what to do where something is dropped on one. */
  readonly drag?: ((row: Row) => string) | undefined;
  readonly onDrop?: ((row: Row, dragged: string) => void) | undefined;
}

/** The kind of what is dragged from one grid to another. */
const DRAGGED = "application/x-carillon-row";

export function Grid<Row>(props: GridProps<Row>) {
  const { id, title, columns, rows, rowKey, foot } = props;
  const [order, setOrder] = useState<Order | null>(null);
  const [column, setColumn] = useState(0);
  const [line, setLine] = useState(0);
  const inside = useInside();
  const table = useRef<HTMLTableElement>(null);
  const by = columns.find((each) => each.id === order?.column)?.by;
  const wanted = sortedKeys(rows, rowKey, by, order?.down === true);
  const last = useRef<readonly string[]>([]);
  const keys = inside.held ? shownOrder(last.current, wanted) : wanted;
  last.current = keys;
  const byKey = new Map(rows.map((row) => [rowKey(row), row]));
  const shown = keys.flatMap((key) => byKey.get(key) ?? []);
  const all = foot === undefined ? shown : [...shown, foot];
  const away = moved(keys, wanted);
  useKeptFocus(table, line, column);
  const open = (at: number, which: number): void => {
    const row = all[at - 1];
    const chosen = columns[which];
    if (chosen === undefined) return;
    if (row === undefined) {
      if (chosen.by !== undefined) setOrder(nextOrder(order, chosen.id));
      last.current = [];
      inside.release();
    } else if (chosen.opens?.(row) === true) props.onOpen?.(row, chosen);
  };
  const letter = (at: number, key: string): boolean => {
    const row = all[at - 1];
    return row !== undefined && props.onLetter?.(row, key) === true;
  };
  const stop = (at: number, which: number): 0 | -1 =>
    at === Math.min(line, all.length) && which === column ? 0 : -1;
  const shared = { id, columns, stop, drag: props.drag, onDrop: props.onDrop };
  return (
    <section class="grid-box" aria-labelledby={`${id}-title`} ref={inside.box}>
      <h2 id={`${id}-title`}>{title}</h2>
      <table
        class="table grid"
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table whose cells take keys is a grid
        role="grid"
        ref={table}
        aria-labelledby={`${id}-title`}
        aria-rowcount={all.length + 1}
        aria-colcount={columns.length}
        onKeyDown={(event) => gridKey(event, open, letter)}
        onClick={(event) => at(event.target, open)}
        onFocusIn={(event) =>
          at(event.target, (row, cell) => {
            setLine(row);
            setColumn(cell);
          })
        }
        onPointerOver={(event) => at(event.target, (_, cell) => setColumn(cell))}
      >
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((each, index) => (
              <Head key={each.id} id={id} column={each} order={order} tabIndex={stop(0, index)} />
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, index) => (
            <Line key={keys[index]} row={row} index={index + 1} {...shared} />
          ))}
        </tbody>
        {foot === undefined ? null : (
          <tfoot>
            <Line row={foot} index={all.length} {...shared} drag={undefined} onDrop={undefined} />
          </tfoot>
        )}
      </table>
      <Below id={id} columns={columns} column={column} away={away} onSort={inside.release} />
    </section>
  );
}

/** Keeps the rows where they are while pointer or focus is inside. */
function useInside() {
  const box = useRef<HTMLElement>(null);
  const [held, setHeld] = useState(false);
  const pointer = useRef(false);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const look = (): void => setHeld(pointer.current || element.contains(document.activeElement));
    const listen = (type: string, run: () => void): void => element.addEventListener(type, run);
    listen("pointerenter", () => {
      pointer.current = true;
      look();
    });
    listen("pointerleave", () => {
      pointer.current = false;
      look();
    });
    listen("focusin", look);
    // Focus has arrived at its next place only after the event.
    listen("focusout", () => queueMicrotask(look));
    return undefined;
  }, []);
  // Asked to sort: once, and held again from the next push on.
  const release = (): void => {
    setHeld(false);
    requestAnimationFrame(() =>
      setHeld(pointer.current || box.current?.contains(document.activeElement) === true),
    );
  };
  return { box, held, release };
}

/** A row that vanishes hands focus to the one that takes its place. */
function useKeptFocus(
  table: { readonly current: HTMLTableElement | null },
  line: number,
  column: number,
): void {
  const had = useRef(false);
  useLayoutEffect(() => {
    const grid = table.current;
    if (grid === null) return;
    if (had.current && document.activeElement === document.body) {
      grid.rows[Math.min(line, grid.rows.length - 1)]?.cells[column]?.focus();
    }
    had.current = grid.contains(document.activeElement);
  });
}

const nextOrder = (order: Order | null, column: string): Order | null => {
  if (order?.column !== column) return { column, down: true };
  return order.down ? { column, down: false } : null;
};

/** The row (0 is the head) and column of the cell that holds `target`. */
function at(target: EventTarget | null, run: (row: number, column: number) => void): void {
  const cell = target instanceof Element ? target.closest<HTMLTableCellElement>("th, td") : null;
  const row = cell?.parentElement;
  if (cell !== null && row instanceof HTMLTableRowElement) run(row.rowIndex, cell.cellIndex);
}

const PAGE_ROWS = 10;

function gridKey(
  event: KeyboardEvent,
  open: (row: number, column: number) => void,
  letter: (row: number, key: string) => boolean,
): void {
  if (event.altKey || event.metaKey) return;
  const grid = event.currentTarget as HTMLTableElement;
  at(event.target, (row, column) => {
    const rows = grid.rows.length - 1;
    const columns = (grid.rows[0]?.cells.length ?? 1) - 1;
    const moves: Record<string, readonly [number, number]> = {
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      ArrowRight: [row, column + 1],
      ArrowLeft: [row, column - 1],
      Home: [event.ctrlKey ? 0 : row, 0],
      End: [event.ctrlKey ? rows : row, columns],
      PageDown: [row + PAGE_ROWS, column],
      PageUp: [row - PAGE_ROWS, column],
    };
    const to = moves[event.key];
    if (to !== undefined) {
      const next = grid.rows[Math.min(Math.max(to[0], 0), rows)];
      next?.cells[Math.min(Math.max(to[1], 0), columns)]?.focus();
    } else if (event.key === "Enter") open(row, column);
    else if (event.ctrlKey || !letter(row, event.key.toLowerCase())) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

interface HeadProps<Row> {
  readonly id: string;
  readonly column: Column<Row>;
  readonly order: Order | null;
  readonly tabIndex: 0 | -1;
}

function Head<Row>({ id, column, order, tabIndex }: HeadProps<Row>) {
  const sorted = order?.column === column.id ? (order.down ? "descending" : "ascending") : "none";
  return (
    <th
      scope="col"
      class={`${column.number === true ? "number" : ""}${column.by === undefined ? "" : " grid-sorts"}`}
      tabIndex={tabIndex}
      aria-sort={column.by === undefined ? undefined : sorted}
      aria-describedby={`${id}-${column.id}`}
    >
      {column.head}
      {sorted === "none" ? null : <span aria-hidden="true">{sorted === "descending" ? " ▾" : " ▴"}</span>}
    </th>
  );
}

interface LineProps<Row> {
  readonly id: string;
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly index: number;
  readonly stop: (row: number, column: number) => 0 | -1;
  readonly drag?: ((row: Row) => string) | undefined;
  readonly onDrop?: ((row: Row, dragged: string) => void) | undefined;
}

function Line<Row>({ id, row, columns, index, stop, drag, onDrop }: LineProps<Row>) {
  const over = (event: DragEvent): void => {
    if (event.dataTransfer?.types.includes(DRAGGED) === true) event.preventDefault();
  };
  const dropped = (event: DragEvent): void => {
    const what = event.dataTransfer?.getData(DRAGGED) ?? "";
    if (what === "") return;
    event.preventDefault();
    onDrop?.(row, what);
  };
  return (
    <tr
      aria-rowindex={index + 1}
      draggable={drag !== undefined}
      onDragStart={(event) => event.dataTransfer?.setData(DRAGGED, drag?.(row) ?? "")}
      onDragOver={onDrop === undefined ? undefined : over}
      onDrop={onDrop === undefined ? undefined : dropped}
    >
      {columns.map((column, at) => {
        const rest = {
          class: `${column.number === true ? "number" : ""}${column.opens?.(row) === true ? " grid-opens" : ""}`,
          tabIndex: stop(index, at),
          "aria-describedby": `${id}-${column.id}`,
        };
        return at === 0 ? (
          <th key={column.id} scope="row" {...rest}>
            {column.cell(row)}
          </th>
        ) : (
          <td key={column.id} {...rest}>
            {column.cell(row)}
          </td>
        );
      })}
    </tr>
  );
}

interface BelowProps<Row> {
  readonly id: string;
  readonly columns: readonly Column<Row>[];
  readonly column: number;
  readonly away: number;
  readonly onSort: () => void;
}

/** The definition of the column one is at, and what has moved since. */
function Below<Row>({ id, columns, column, away, onSort }: BelowProps<Row>) {
  const here = columns[column];
  return (
    <>
      <p class="grid-means muted" aria-hidden="true">
        {here === undefined ? "" : `${here.head}: ${here.means}`}
      </p>
      {away === 0 ? null : (
        <p class="grid-moved">
          <Icon name="soon" size={14} /> {t("grid.moved", { n: away })}{" "}
          <Press small onPress={onSort}>
            {t("grid.sort")}
          </Press>
        </p>
      )}
      <div hidden>
        {columns.map((each) => (
          <span key={each.id} id={`${id}-${each.id}`}>
            {each.means}
          </span>
        ))}
      </div>
    </>
  );
}
