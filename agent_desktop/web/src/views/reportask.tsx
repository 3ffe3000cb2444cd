/** What the report is asked: from, to, interval, queue, medium. */

import type { Question } from "../api/reports";
import type { Queue } from "../state/shapes";
import { mediumWord, t, title } from "../words/words";
import { Choice, Field } from "./parts";

interface AskProps {
  readonly question: Question;
  readonly queues: readonly Queue[];
  readonly onAsk: (question: Question) => void;
}

const INTERVALS = ["15", "30", "60", "1440"] as const;

/** The day of `at` as a date field wants it. */
function fieldDay(at: number): string {
  const day = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

function dayOf(text: string, days: number): number | null {
  const [year, month, day] = text.split("-").map(Number);
  if (year === undefined || month === undefined || day === undefined) return null;
  // By the calendar, not by adding 24 hours: a day can have 23 or 25.
  const at = new Date(year, month - 1, day + days).getTime();
  return Number.isFinite(at) ? at : null;
}

export function AskReport({ question, queues, onAsk }: AskProps) {
  const ask = (part: Partial<Question>): void => {
    const next = { ...question, ...part };
    onAsk(next.to > next.from ? next : { ...next, to: dayOf(fieldDay(next.from), 1) ?? next.to });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: the element search is too new for some screen readers
    <div class="row report-ask" role="search">
      <Field
        label={t("report.from")}
        type="date"
        value={fieldDay(question.from)}
        onChange={(event) => {
          const from = dayOf(event.currentTarget.value, 0);
          if (from !== null) ask({ from });
        }}
      />
      <Field
        label={t("report.to")}
        type="date"
        value={fieldDay(question.to - 1)}
        onChange={(event) => {
          const to = dayOf(event.currentTarget.value, 1);
          if (to !== null) ask({ to });
        }}
      />
      <Choice
        label={t("report.interval")}
        value={String(question.interval)}
        options={INTERVALS.map((each) => [each, t(`interval.${each}`)] as const)}
        onChoose={(value) => ask({ interval: Number(value) })}
      />
      <Choice
        label={t("report.queue")}
        value={question.queue}
        options={[
          ["", t("report.all")],
          ...queues.map((queue): [string, string] => [queue.queue, title(queue.title, queue.queue)]),
        ]}
        onChoose={(queue) => ask({ queue })}
      />
      <Choice
        label={t("report.medium")}
        value={question.medium}
        options={[
          ["", t("report.all")],
          ...["mail", "chat", "voice", "fax"].map((each): [string, string] => [each, mediumWord(each)]),
        ]}
        onChoose={(medium) => ask({ medium })}
      />
    </div>
  );
}
