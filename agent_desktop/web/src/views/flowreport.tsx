/** Where customers leave self-service: each node drawn as a bar of its fates, or all as a table. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import {
  type FlowOpening,
  type FlowQuestion,
  type FlowReport,
  flowCsvAddress,
  flowReport,
  type NodeRow,
  type StepBehind,
  type StepsBehind,
  stepsBehind,
} from "../api/flowreports";
import { hashOf } from "../app/route";
import { count, full, hourMinute, percent } from "../words/format";
import { metricCounts, metricMeaning, metricWord } from "../words/metrics";
import { mediumWord, t, tOr } from "../words/words";
import { BehindPanel } from "./behind";
import { useDesk } from "./context";
import { type Column, Grid } from "./grid";
import { Icon } from "./icon";
import { Empty, Press } from "./parts";
import { Days, MediumChoice } from "./reportask";
import { DAY_MS, dayStart, Meanings, Reading, useReport } from "./reportread";
import { behindTitle } from "./reportrows";
import { figure } from "./reporttable";

/** What can become of a visit; together they are all visits. */
const FATES = ["on", "ended", "no_answer", "failed", "hung_up"] as const;

export function FlowReportPage({ choose }: { choose: ComponentChildren }) {
  const desk = useDesk();
  const [question, setQuestion] = useState<FlowQuestion>(() => ({
    from: dayStart(desk.now()),
    to: dayStart(desk.now()) + DAY_MS,
    medium: "",
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  }));
  const { report, ...reading } = useReport(question, flowReport);
  const ask = (part: Partial<FlowQuestion>): void => setQuestion({ ...question, ...part });
  return (
    <div class="page-body report">
      <h1>{t("flows.title")}</h1>
      {choose}
      {/* biome-ignore lint/a11y/useSemanticElements: the element search is too new for some screen readers */}
      <div class="row report-ask" role="search">
        <Days period={question} onAsk={ask} />
        <MediumChoice
          media={["voice", "chat"]}
          medium={question.medium}
          onAsk={(medium) => ask({ medium })}
        />
      </div>
      <Reading reading={reading} />
      {report === null ? null : (
        <Answer
          key={`${question.from} ${question.to} ${question.medium}`}
          report={report}
          question={question}
        />
      )}
    </div>
  );
}

function Answer({ report, question }: { report: FlowReport; question: FlowQuestion }) {
  const desk = useDesk();
  const [table, setTable] = useState(false);
  const [meanings, setMeanings] = useState(false);
  const [opening, setOpening] = useState<FlowOpening | null>(null);
  const opens = desk.session.permissions.includes("reports.persons");
  const open = (row: NodeRow, name: string): void =>
    setOpening({ question, flow: row.flow, node: row.node, figure: name });
  return (
    <>
      <div class="row report-head">
        <span class="muted">{t("report.complete", { time: full(report.complete_to) })}</span>
        <span class="spring" />
        <Press small pressed={table} onPress={() => setTable(!table)}>
          {t("flows.table")}
        </Press>
        <Press small expanded={meanings} onPress={() => setMeanings(!meanings)}>
          {t("report.definitions")}
        </Press>
        {desk.session.permissions.includes("export") ? (
          <a class="press press-small" href={flowCsvAddress(question)} download="self-service.csv">
            {t("report.csv")}
          </a>
        ) : null}
      </div>
      {meanings ? <Meanings definitions={report.definitions} /> : null}
      {report.rows.length === 0 ? (
        <Empty icon="reports">{t("flows.none")}</Empty>
      ) : table ? (
        <Table report={report} opens={opens} onOpen={open} />
      ) : (
        <Drawn report={report} opens={opens} onOpen={open} />
      )}
      {opening === null ? null : (
        <BehindPanel<StepBehind, number, StepsBehind>
          title={behindTitle}
          counts={(found) => metricCounts(found.figure, found.definition)}
          key={`${opening.flow} ${opening.node} ${opening.figure}`}
          read={(after) => stepsBehind(opening, after ?? 0)}
          table={(found) => <Visits found={found} />}
          onClose={() => {
            setOpening(null);
            openerOf(opening, table)?.focus();
          }}
        />
      )}
      <p class="muted report-at">{t("report.asked_at", { time: hourMinute(desk.now(), true) })}</p>
    </>
  );
}

interface NodesProps {
  readonly report: FlowReport;
  /** Whether this person may see the visits behind numbers. */
  readonly opens: boolean;
  readonly onOpen: (row: NodeRow, figure: string) => void;
}

const of = (row: NodeRow, fate: string): number => row.figures[`step_${fate}`] ?? 0;

const GRID = "flow-grid";

const openerId = (row: { flow: string; node: string }, name: string): string =>
  `flow.${row.flow}.${row.node}.${name}`;

/** What opened the visits, to give focus back to. */
const openerOf = ({ flow, node, figure: name }: FlowOpening, table: boolean): HTMLElement | null =>
  table
    ? document.querySelector(`[aria-labelledby="${GRID}-title"] [tabindex="0"]`)
    : document.getElementById(openerId({ flow, node }, name));

/** A bar for each node, as wide as many came there; its parts are what became of them. */
function Drawn({ report, opens, onOpen }: NodesProps) {
  const flows = [...new Set(report.rows.map((row) => row.flow))];
  return (
    <figure class="card flows">
      <figcaption>
        {t("flows.finding", {
          came: count(report.totals["step_came"]),
          hung_up: count(report.totals["step_hung_up"]),
          no_answer: count(report.totals["step_no_answer"]),
          failed: count(report.totals["step_failed"]),
        })}
      </figcaption>
      <ul class="legend">
        {FATES.map((fate) => (
          <li key={fate}>
            <span class={`swatch fate-${fate}`} aria-hidden="true" /> {fateWord(report, fate)}
          </li>
        ))}
      </ul>
      {flows.map((flow) => (
        <section key={flow} aria-label={t("flows.flow", { flow })}>
          <h2>{flow}</h2>
          <Bars
            report={report}
            rows={report.rows.filter((row) => row.flow === flow)}
            opens={opens}
            onOpen={onOpen}
          />
        </section>
      ))}
    </figure>
  );
}

const fateWord = (report: FlowReport, fate: string): string => {
  const name = `step_${fate}`;
  const definition = report.definitions[name];
  return definition === undefined ? fate : metricWord(name, definition);
};

function Bars({ report, rows, opens, onOpen }: NodesProps & { rows: readonly NodeRow[] }) {
  const most = Math.max(1, ...rows.map((row) => of(row, "came")));
  return (
    <ul class="flow-nodes">
      {rows.map((row) => (
        <li key={row.node}>
          <p class="row">
            <strong>{row.node}</strong>
            <span class="muted">{tOr(`node.${row.kind}`, row.kind)}</span>
            <span class="spring" />
            <span>{t("flows.came", { n: of(row, "came") })}</span>
          </p>
          <div
            class="flow-bar"
            style={{ inlineSize: `${(100 * of(row, "came")) / most}%` }}
            aria-hidden="true"
          >
            {FATES.map((fate) => (
              <span key={fate} class={`fate-${fate}`} style={{ flexGrow: of(row, fate) }} />
            ))}
          </div>
          <Fates report={report} row={row} opens={opens} onOpen={onOpen} />
          <p class="muted">{ways(row)}</p>
        </li>
      ))}
    </ul>
  );
}

/** What became of who came to a node, as numbers that open. */
function Fates({ report, row, opens, onOpen }: NodesProps & { row: NodeRow }) {
  return (
    <p class="row flow-fates">
      {FATES.filter((fate) => of(row, fate) > 0).map((fate) => {
        const words = t("flows.fate", {
          name: fateWord(report, fate),
          n: count(of(row, fate)),
          share: percent(of(row, fate) / Math.max(1, of(row, "came")), 0),
        });
        const name = `step_${fate}`;
        return opens ? (
          <Press
            key={fate}
            small
            id={openerId(row, name)}
            label={`${row.node}: ${words}`}
            onPress={() => onOpen(row, name)}
          >
            {words}
          </Press>
        ) : (
          <span key={fate}>{words}</span>
        );
      })}
    </p>
  );
}

/** The ways out that were taken, the most taken first. */
const ways = (row: NodeRow): string =>
  Object.entries(row.ways)
    .sort(([, a], [, b]) => b - a)
    .map(([way, n]) => t("flows.way", { way: wayWord(way), n: count(n) }))
    .join(" · ");

const wayWord = (way: string): string => (way === "" ? t("flows.way.hung_up") : tOr(`way.${way}`, way));

function Table({ report, opens, onOpen }: NodesProps) {
  return (
    <Grid
      id={GRID}
      title={t("flows.title")}
      columns={columns(report, opens)}
      rows={report.rows}
      rowKey={(row) => `${row.flow} ${row.node}`}
      foot={{ flow: t("report.total"), node: "", kind: "", figures: report.totals, ways: {} }}
      onOpen={(row, column) => onOpen(row, column.id)}
    />
  );
}

function columns(report: FlowReport, opens: boolean): readonly Column<NodeRow>[] {
  const words = (id: "flow" | "node" | "ways", cell: (row: NodeRow) => string): Column<NodeRow> => ({
    id,
    head: t(`flows.head.${id}`),
    means: t(`flows.head.${id}_means`),
    cell,
  });
  return [
    words("flow", (row) => row.flow),
    words("node", (row) => row.node),
    ...Object.entries(report.definitions).map(
      ([name, definition]): Column<NodeRow> => ({
        id: name,
        head: metricWord(name, definition),
        means: metricMeaning(name, definition),
        number: true,
        by: (row) => row.figures[name] ?? null,
        cell: (row) => figure(row.figures[name], definition.unit),
        opens: (row) => opens && row.node !== "" && (row.figures[name] ?? 0) > 0,
      }),
    ),
    words("ways", ways),
  ];
}

function Visits({ found }: { found: StepsBehind }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls in its own region must take focus
    <section class="grid-box" tabIndex={0} aria-labelledby="behind-title">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t("flows.head.left")}</th>
            <th scope="col">{t("behind.medium")}</th>
            <th scope="col">{t("flows.head.way")}</th>
            <th scope="col" class="number">
              {t("behind.value")}
            </th>
          </tr>
        </thead>
        <tbody>
          {found.rows.map((row, at) => (
            <tr key={`${row.left_at} ${at}`}>
              <th scope="row">
                {row.interaction_id === null ? (
                  full(row.left_at)
                ) : (
                  <a href={hashOf("timeline", row.interaction_id)}>{full(row.left_at)}</a>
                )}
              </th>
              <td>
                <Icon name={row.medium} size={14} /> {mediumWord(row.medium)}
              </td>
              <td>{wayWord(row.exit)}</td>
              <td class="number">{figure(row.value, found.definition.unit === "ms" ? "ms" : "count")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
