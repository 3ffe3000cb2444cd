/** The figures as a table; each head says what its numbers mean. */

import type { Definition, Figure, Report } from "../api/reports";
import { count, length, percent } from "../words/format";
import { t } from "../words/words";

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

export function ReportTable({ report }: { report: Report }) {
  const names = ordered(Object.keys(report.definitions));
  const cells = (figures: Readonly<Record<string, Figure>>) =>
    names.map((name) => (
      <td key={name} class="number">
        <Value text={figure(figures[name], report.definitions[name]?.unit ?? "count")} />
      </td>
    ));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls in its own region must take focus
    <section class="grid-box" tabIndex={0} aria-label={t("report.title")}>
      <table class="table grid report-table">
        <thead>
          <tr>
            <th scope="col">{t("report.interval")}</th>
            <th scope="col">{t("report.queue")}</th>
            {names.map((name) => (
              <Head key={name} definition={report.definitions[name]} />
            ))}
          </tr>
        </thead>
        <tbody>
          {report.rows.map((row) => (
            <tr key={`${row.start}${row.queue}${row.medium}`}>
              <th scope="row">{row.label}</th>
              <td>{row.queue}</td>
              {cells(row.figures)}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{t("report.total")}</th>
            <td />
            {cells(report.totals)}
          </tr>
        </tfoot>
      </table>
    </section>
  );
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

function Head({ definition }: { definition: Definition | undefined }) {
  if (definition === undefined) return <th scope="col" />;
  return (
    <th scope="col" class="number" title={`${definition.title}: ${definition.formula}`}>
      {definition.short}
    </th>
  );
}
