/** One's own figures of the day, and one's own log. Each figure names its definition. */

import { useEffect, useState } from "preact/hooks";
import { type Day, day } from "../api/calls";
import { Problem } from "../api/http";
import { reasonWord } from "../app/effects";
import { count, hourMinute, length } from "../words/format";
import { type Key, mediumWord, t, tOr } from "../words/words";
import { useDesk } from "./context";
import { Failed, Press, Skeleton } from "./parts";

const FIGURES: readonly (readonly [keyof Day, "count" | "time", Key, Key])[] = [
  ["engagements", "count", "day.engagements", "day.engagements_means"],
  ["talk_ms", "time", "day.talk", "day.talk_means"],
  ["hold_ms", "time", "day.hold", "day.hold_means"],
  ["wrap_up_ms", "time", "day.wrap_up", "day.wrap_up_means"],
  ["missed", "count", "day.missed", "day.missed_means"],
  ["ready_ms", "time", "day.ready", "day.ready_means"],
  ["not_ready_ms", "time", "day.not_ready", "day.not_ready_means"],
];

export function DayPage() {
  const desk = useDesk();
  const [answer, setAnswer] = useState<{ readonly day: Day; readonly at: number } | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const read = async (): Promise<void> => {
    setProblem(null);
    try {
      setAnswer({ day: await day(), at: desk.now() });
    } catch (failure) {
      if (failure instanceof Problem) setProblem(failure);
    }
  };
  useEffect(() => void read(), []);
  return (
    <div class="page-body">
      <div class="row">
        <h1>{t("place.day")}</h1>
        <span class="spring" />
        {answer === null ? null : (
          <span class="muted">{t("day.as_of", { time: hourMinute(answer.at, true) })}</span>
        )}
        <Press small onPress={() => void read()}>
          {t("refresh")}
        </Press>
      </div>
      {problem === null ? null : (
        <Failed what={t("day.failed")} problem={problem.id} again={() => void read()} />
      )}
      {answer === null && problem === null ? <Skeleton rows={5} /> : null}
      {answer === null ? null : <Figures day={answer.day} />}
    </div>
  );
}

function Figures({ day }: { day: Day }) {
  return (
    <>
      <dl class="figures">
        {FIGURES.map(([name, kind, words, means]) => (
          <div key={name} class="figure" title={t(means)}>
            <dt>{t(words)}</dt>
            <dd>{kind === "count" ? count(Number(day[name])) : length(Number(day[name]))}</dd>
            <dd class="hint">{t(means)}</dd>
          </div>
        ))}
      </dl>
      <section class="card">
        <h2>{t("day.by_medium")}</h2>
        <table class="table">
          <tbody>
            {Object.entries(day.by_medium).map(([medium, n]) => (
              <tr key={medium}>
                <th scope="row">{mediumWord(medium)}</th>
                <td class="number">{count(n)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {Object.keys(day.by_medium).length === 0 ? <p class="muted">{t("no_data")}</p> : null}
      </section>
      <Log day={day} />
    </>
  );
}

function Log({ day }: { day: Day }) {
  const desk = useDesk();
  return (
    <section class="card">
      <h2>{t("day.log")}</h2>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t("day.at")}</th>
            <th scope="col">{t("day.state")}</th>
            <th scope="col">{t("day.set_by")}</th>
          </tr>
        </thead>
        <tbody>
          {[...day.log].reverse().map((row) => (
            <tr key={row.at}>
              <td>{hourMinute(row.at, true)}</td>
              <td>
                {tOr(`shown.${row.presence}`, row.presence)}
                {row.reason === "" ? "" : `: ${reasonWord(desk, row.reason)}`}
              </td>
              <td>
                {row.set_by === "" || row.set_by === desk.session.agent_id ? t("day.self") : row.set_by}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {day.log.length === 0 ? <p class="muted">{t("no_data")}</p> : null}
    </section>
  );
}
