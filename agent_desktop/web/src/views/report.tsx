/** Queue by interval: the question, the table or the chart, the definitions, and the file. */

import { useEffect, useRef, useState } from "preact/hooks";
import { board } from "../api/board";
import { Problem } from "../api/http";
import { csvAddress, type Question, queueReport, type Report } from "../api/reports";
import type { Queue } from "../state/shapes";
import { full, hourMinute } from "../words/format";
import { metricCounts, metricTitle, metricWord } from "../words/metrics";
import { t, tOr } from "../words/words";
import { useDesk, usePart } from "./context";
import { Empty, Failed, Press, Skeleton } from "./parts";
import { AskReport } from "./reportask";
import { ReportChart } from "./reportchart";
import { ReportTable } from "./reporttable";

/** Midnight of the day of `at`, in this machine's zone. */
export function dayStart(at: number): number {
  const day = new Date(at);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

const DAY_MS = 24 * 60 * 60_000;

export function ReportPage() {
  const desk = useDesk();
  const queues = useQueues();
  const [question, setQuestion] = useState<Question>(() => ({
    from: dayStart(desk.now()),
    to: dayStart(desk.now()) + DAY_MS,
    interval: 30,
    queue: "",
    medium: "",
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  }));
  const { report, problem, busy, stop, again } = useReport(question);
  return (
    <div class="page-body report">
      <h1>{t("report.title")}</h1>
      <AskReport question={question} queues={queues} onAsk={setQuestion} />
      {busy ? (
        <div class="row">
          <Skeleton rows={1} />
          <Press small onPress={stop}>
            {t("report.stop")}
          </Press>
        </div>
      ) : null}
      {problem === null ? null : (
        <Failed
          what={refusalOf(problem)}
          problem={problem.id}
          again={again}
        />
      )}
      {report === null ? null : <Answer report={report} question={question} />}
    </div>
  );
}

/** The queues to choose from: a desk knows them, somebody without one asks the board. */
function useQueues(): readonly Queue[] {
  const own = usePart((state) => state.queues).value;
  const [read, setRead] = useState<readonly Queue[]>([]);
  useEffect(() => {
    if (own.length === 0)
      board().then(
        (answer) => setRead(answer.queues),
        () => undefined,
      );
  }, [own.length]);
  return own.length === 0 ? read : own;
}

function useReport(question: Question) {
  const [report, setReport] = useState<Report | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController | null>(null);
  const read = async (): Promise<void> => {
    running.current?.abort();
    const own = new AbortController();
    running.current = own;
    setProblem(null);
    setBusy(true);
    try {
      setReport(await queueReport(question, own.signal));
    } catch (failure) {
      if (failure instanceof Problem) setProblem(failure);
    }
    if (running.current === own) setBusy(false);
  };
  useEffect(() => {
    void read();
    return () => running.current?.abort();
  }, [question]);
  const stop = (): void => {
    running.current?.abort();
    setBusy(false);
  };
  return { report, problem, busy, stop, again: () => void read() };
}

/** Why there is no answer; a question that asks for too much says what to choose instead. */
const refusalOf = (problem: Problem): string =>
  problem.code === "invalid_input" ? t("report.too_much") : tOr(`refused.${problem.code}`, t("report.failed"));

function Answer({ report, question }: { report: Report; question: Question }) {
  const desk = useDesk();
  const [chart, setChart] = useState(false);
  const [meanings, setMeanings] = useState(false);
  const may = desk.session.permissions.includes("export");
  return (
    <>
      <div class="row report-head">
        <span class="muted">
          {t("report.zone", { zone: report.question.zone })} ·{" "}
          {t("report.complete", { time: `${full(report.complete_to)}` })}
        </span>
        <span class="spring" />
        <Press small pressed={chart} onPress={() => setChart(!chart)}>
          {t("report.chart")}
        </Press>
        <Press small expanded={meanings} onPress={() => setMeanings(!meanings)}>
          {t("report.definitions")}
        </Press>
        {may ? (
          <a class="press press-small" href={csvAddress(question)} download="queue-by-interval.csv">
            {t("report.csv")}
          </a>
        ) : null}
      </div>
      {report.attribution === undefined ? null : <p class="muted">{t("report.by_arrival")}</p>}
      {meanings ? <Meanings report={report} /> : null}
      {report.rows.length === 0 ? (
        <Empty icon="reports">{t("report.none")}</Empty>
      ) : chart ? (
        <ReportChart report={report} />
      ) : (
        <ReportTable
          key={`${question.from} ${question.to}`}
          report={report}
          question={question}
          opens={desk.session.permissions.includes("reports.persons")}
        />
      )}
      <p class="muted report-at">{t("report.asked_at", { time: hourMinute(desk.now(), true) })}</p>
    </>
  );
}

function Meanings({ report }: { report: Report }) {
  return (
    <dl class="card meanings">
      {Object.entries(report.definitions).map(([name, definition]) => (
        <div key={name}>
          <dt>
            {metricWord(name, definition)} <span class="muted">{metricTitle(name, definition)}</span>
          </dt>
          <dd>
            {metricCounts(name, definition)} <span class="muted">v{definition.version}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
