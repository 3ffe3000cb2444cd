/** The report as a chart: bars that add up to what was offered, ASA in a panel of its own. */

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Report, ReportRow } from "../api/reports";
import { count, length, percent } from "../words/format";
import { t } from "../words/words";

/** The parts that add up to "offered", from the bottom. */
const STACK = ["answered", "abandoned", "flowed_out"] as const;

interface Sums {
  readonly label: string;
  readonly parts: readonly number[];
  readonly asaMs: number | null;
}

/** One bar per interval, summed over the queues of the report. */
export function sums(rows: readonly ReportRow[]): readonly Sums[] {
  const byStart = new Map<number, ReportRow[]>();
  for (const row of rows) byStart.set(row.start, [...(byStart.get(row.start) ?? []), row]);
  return [...byStart]
    .sort(([a], [b]) => a - b)
    .map(([, same]) => {
      const answered = total(same, "answered");
      const waited = same.reduce(
        (sum, row) => sum + (row.figures["asa"] ?? 0) * (row.figures["answered"] ?? 0),
        0,
      );
      return {
        label: same[0]?.label ?? "",
        parts: STACK.map((name) => total(same, name)),
        asaMs: answered > 0 ? waited / answered : null,
      };
    });
}

const total = (rows: readonly ReportRow[], name: string): number =>
  rows.reduce((sum, row) => sum + (row.figures[name] ?? 0), 0);

export function ReportChart({ report }: { report: Report }) {
  const bars = useRef<HTMLDivElement>(null);
  const line = useRef<HTMLDivElement>(null);
  const data = sums(report.rows);
  useEffect(() => {
    if (bars.current === null || line.current === null) return undefined;
    const plots = [drawBars(bars.current, data), drawLine(line.current, data)];
    return () => {
      for (const plot of plots) plot.destroy();
    };
  }, [report]);
  return (
    <figure class="card chart">
      <figcaption>
        {t("chart.finding", {
          offered: count(report.totals["offered"]),
          answered: count(report.totals["answered"]),
          abandoned: count(report.totals["abandoned"]),
          share: percent(report.totals["abandonment_rate"] ?? null, 1),
        })}
      </figcaption>
      <ul class="legend">
        {STACK.map((name, index) => (
          <li key={name}>
            <span class={`swatch swatch-${index + 1}`} aria-hidden="true" /> {t(`chart.${name}`)}
          </li>
        ))}
      </ul>
      <div ref={bars} aria-hidden="true" />
      <p class="muted">{t("chart.asa")}</p>
      <div ref={line} aria-hidden="true" />
    </figure>
  );
}

const token = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function axes(data: readonly Sums[], value: (raw: number) => string): uPlot.Axis[] {
  const common = {
    stroke: token("--muted"),
    grid: { stroke: token("--line"), width: 1 },
    font: "12px system-ui",
  };
  return [
    {
      ...common,
      values: (_, splits) => splits.map((at) => (Number.isInteger(at) ? (data[at]?.label ?? "") : "")),
    },
    { ...common, values: (_, splits) => splits.map(value), size: 60 },
  ];
}

function width(element: HTMLElement): number {
  return Math.max(280, element.clientWidth);
}

function drawBars(element: HTMLElement, data: readonly Sums[]): uPlot {
  const paths = uPlot.paths.bars?.({ size: [0.7, 60] });
  // The whole stack is drawn first, then the lower parts over it: what stays visible are the parts.
  const stacked = STACK.map((_, part) =>
    data.map((row) => row.parts.slice(0, part + 1).reduce((a, b) => a + b, 0)),
  );
  const series = STACK.map(
    (name, part): uPlot.Series => ({
      label: t(`chart.${name}`),
      fill: token(`--chart-${part + 1}`),
      stroke: token(`--chart-${part + 1}`),
      ...(paths === undefined ? {} : { paths }),
      points: { show: false },
    }),
  ).reverse();
  const options: uPlot.Options = {
    width: width(element),
    height: 260,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: [-0.5, Math.max(0.5, data.length - 0.5)] },
      y: { range: (_, __, max) => [0, Math.max(1, max)] },
    },
    axes: axes(data, (raw) => (Number.isInteger(raw) ? count(raw) : "")),
    series: [{}, ...series],
  };
  return new uPlot(options, [data.map((_, index) => index), ...[...stacked].reverse()], element);
}

function drawLine(element: HTMLElement, data: readonly Sums[]): uPlot {
  const options: uPlot.Options = {
    width: width(element),
    height: 140,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: [-0.5, Math.max(0.5, data.length - 0.5)] },
      y: { range: (_, __, max) => [0, Math.max(1000, max)] },
    },
    axes: axes(data, (raw) => length(raw)),
    series: [
      {},
      { label: t("chart.asa"), stroke: token("--chart-1"), width: 2, points: { show: true, size: 6 } },
    ],
  };
  return new uPlot(options, [data.map((_, index) => index), data.map((row) => row.asaMs)], element);
}
