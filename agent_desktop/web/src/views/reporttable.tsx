/** The figures as a grid; each number says what it means and opens into its rows. */

import { useState } from "preact/hooks";
import type { Definition, Figure, Opening, Question, Report, ReportRow } from "../api/reports";
import { count, length, percent } from "../words/format";
import { metricMeaning, metricWord } from "../words/metrics";
import { mediumWord, t } from "../words/words";
import { type Column, Grid } from "./grid";
import { ReportRows } from "./reportrows";

/** A figure as it reads: a count, a share in percent, a duration; "-" when there is none. */
export function figure(value: Figure | undefined, unit: Definition["unit"]): string {
  if (value === null || value === undefined) return "-";
  if (unit === "share") return percent(value, 1);
  return unit === "ms" ? length(value) : count(value);
}

/** What is asked for first stands first; the rest follows as it comes. */
const FIRST = ["offered", "answered", "abandoned", "flowed_out", "still_waiting", "asa", "aht"];

function ordered(names: readonly string[]): readonly string[] {
  return [...FIRST.filter((name) => names.includes(name)), ...names.filter((name) => !FIRST.includes(name))];
}

const keyOf = (row: ReportRow): string => `${row.start} ${row.queue} ${row.medium}`;

interface TableProps {
  readonly report: Report;
  readonly question: Question;
  /** A queue's title, by its name in the configuration. */
  readonly queueWord: (queue: string) => string;
  /** Whether this person may see the rows behind numbers. */
  readonly opens: boolean;
}

export function ReportTable({ report, question, queueWord, opens }: TableProps) {
  const [opening, setOpening] = useState<Opening | null>(null);
  const total: ReportRow = {
    start: -1,
    label: t("report.total"),
    queue: "",
    medium: "",
    figures: report.totals,
  };
  const open = (row: ReportRow, column: Column<ReportRow>): void =>
    setOpening({
      question: {
        ...question,
        queue: row.queue === "" ? question.queue : row.queue,
        medium: row.medium === "" ? question.medium : row.medium,
      },
      figure: column.id,
      at: row === total ? undefined : row.start,
    });
  const grid = "report-grid";
  return (
    <>
      <Grid
        id={grid}
        title={t("report.title")}
        columns={columns(report, queueWord, opens)}
        rows={report.rows}
        rowKey={keyOf}
        foot={total}
        onOpen={open}
      />
      {opening === null ? null : (
        <ReportRows
          key={`${opening.figure} ${opening.at} ${opening.question.queue} ${opening.question.medium}`}
          opening={opening}
          queueWord={queueWord}
          onClose={() => {
            setOpening(null);
            document.querySelector<HTMLElement>(`[aria-labelledby="${grid}-title"] [tabindex="0"]`)?.focus();
          }}
        />
      )}
    </>
  );
}

function columns(
  report: Report,
  queueWord: TableProps["queueWord"],
  opens: boolean,
): readonly Column<ReportRow>[] {
  const names = ordered(Object.keys(report.definitions));
  const media = report.rows.some((row) => row.medium !== "");
  const words = (id: "interval" | "queue" | "medium", cell: (row: ReportRow) => string) => ({
    id,
    head: t(`report.${id}`),
    means: t(`report.${id}_means`),
    cell,
  });
  return [
    words("interval", (row) => row.label),
    words("queue", (row) => (row.queue === "" ? "" : queueWord(row.queue))),
    ...(media ? [words("medium", (row) => (row.medium === "" ? "" : mediumWord(row.medium)))] : []),
    ...names.flatMap((name) => figureColumn(name, report.definitions[name], opens)),
  ];
}

function figureColumn(
  name: string,
  definition: Definition | undefined,
  opens: boolean,
): readonly Column<ReportRow>[] {
  if (definition === undefined) return [];
  return [
    {
      id: name,
      head: metricWord(name, definition),
      means: metricMeaning(name, definition),
      number: true,
      by: (row) => row.figures[name] ?? null,
      cell: (row) => <Value text={figure(row.figures[name], definition.unit)} />,
      opens: (row) => opens && row.figures[name] !== null && row.figures[name] !== undefined,
    },
  ];
}

function Value({ text }: { text: string }) {
  if (text !== "-") return <>{text}</>;
  return (
    <>
      <span aria-hidden="true">-</span>
      <span class="hidden-text">{t("no_data")}</span>
    </>
  );
}
