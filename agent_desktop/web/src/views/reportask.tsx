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

interface Period {
  readonly from: number;
  readonly to: number;
}

/** The first and the last day that is asked for; a period always has a day at least. */
export function Days({ period, onAsk }: { period: Period; onAsk: (period: Period) => void }) {
  const ask = (part: Partial<Period>): void => {
    const { from, to } = { ...period, ...part };
    onAsk({ from, to: to > from ? to : (dayOf(fieldDay(from), 1) ?? to) });
  };
  return (
    <>
      <Field
        label={t("report.from")}
        type="date"
        value={fieldDay(period.from)}
        onChange={(event) => {
          const from = dayOf(event.currentTarget.value, 0);
          if (from !== null) ask({ from });
        }}
      />
      <Field
        label={t("report.to")}
        type="date"
        value={fieldDay(period.to - 1)}
        onChange={(event) => {
          const to = dayOf(event.currentTarget.value, 1);
          if (to !== null) ask({ to });
        }}
      />
    </>
  );
}

/** Only this medium, or all. */
export function MediumChoice(props: {
  media: readonly string[];
  medium: string;
  onAsk: (medium: string) => void;
}) {
  return (
    <Choice
      label={t("report.medium")}
      value={props.medium}
      options={[
        ["", t("report.all")],
        ...props.media.map((each): [string, string] => [each, mediumWord(each)]),
      ]}
      onChoose={props.onAsk}
    />
  );
}

export function AskReport({ question, queues, onAsk }: AskProps) {
  const ask = (part: Partial<Question>): void => onAsk({ ...question, ...part });
  return (
    // biome-ignore lint/a11y/useSemanticElements: the element search is too new for some screen readers
    <div class="row report-ask" role="search">
      <Days period={question} onAsk={ask} />
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
      <MediumChoice
        media={["mail", "chat", "voice", "fax"]}
        medium={question.medium}
        onAsk={(medium) => ask({ medium })}
      />
    </div>
  );
}
