/** Queue by interval: the question, the table or the chart, the definitions, and the file. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { board } from "../api/board";
import { csvAddress, type Question, queueReport, type Report } from "../api/reports";
import type { Queue } from "../state/shapes";
import { full, hourMinute } from "../words/format";
import { t, title } from "../words/words";
import { useDesk, usePart } from "./context";
import { FlowReportPage } from "./flowreport";
import { Empty, Press } from "./parts";
import { AskReport } from "./reportask";
import { ReportChart } from "./reportchart";
import { DAY_MS, dayStart, Meanings, Reading, useReport } from "./reportread";
import { ReportTable } from "./reporttable";

const REPORTS = ["queues", "flows"] as const;

/** The reports, one at a time. */
export function ReportPage() {
  const [which, setWhich] = useState<(typeof REPORTS)[number]>("queues");
  const choose = (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would frame two buttons as a form
    <div class="row" role="group" aria-label={t("report.which")}>
      {REPORTS.map((each) => (
        <Press key={each} small pressed={which === each} onPress={() => setWhich(each)}>
          {t(`report.which.${each}`)}
        </Press>
      ))}
    </div>
  );
  return which === "queues" ? <QueueReport choose={choose} /> : <FlowReportPage choose={choose} />;
}

function QueueReport({ choose }: { choose: ComponentChildren }) {
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
  const { report, ...reading } = useReport(question, queueReport);
  return (
    <div class="page-body report">
      <h1>{t("report.title")}</h1>
      {choose}
      <AskReport question={question} queues={queues} onAsk={setQuestion} />
      <Reading reading={reading} />
      {report === null ? null : <Answer report={report} question={question} queues={queues} />}
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

interface AnswerProps {
  readonly report: Report;
  readonly question: Question;
  readonly queues: readonly Queue[];
}

function Answer({ report, question, queues }: AnswerProps) {
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
      {meanings ? <Meanings definitions={report.definitions} /> : null}
      {report.rows.length === 0 ? (
        <Empty icon="reports">{t("report.none")}</Empty>
      ) : chart ? (
        <ReportChart report={report} />
      ) : (
        <ReportTable
          key={`${question.from} ${question.to}`}
          report={report}
          question={question}
          queueWord={(queue) => title(queues.find((each) => each.queue === queue)?.title, queue)}
          opens={desk.session.permissions.includes("reports.persons")}
        />
      )}
      <p class="muted report-at">{t("report.asked_at", { time: hourMinute(desk.now(), true) })}</p>
    </>
  );
}
