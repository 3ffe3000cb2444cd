/** Moving a seat: where to, for how long, and what it will do to both queues before it is done. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type BoardAgent, moveSeat, type QueueForecast, type SeatWish, seatForecast } from "../api/board";
import { Problem } from "../api/http";
import type { Desk } from "../app/desk";
import type { Queue } from "../state/shapes";
import { clock, count, hourMinute } from "../words/format";
import { t, title } from "../words/words";
import { useDesk } from "./context";
import { Choice, Press } from "./parts";

const MINUTE_MS = 60_000;
const MINUTES = [15, 30, 60, 120, 240, 480] as const;

interface MoveProps {
  readonly agent: BoardAgent;
  readonly queues: readonly Queue[];
  /** The queue a name was dropped on; "" when there is none. */
  readonly onto: string;
  readonly onClose: () => void;
}

export function MoveForm({ agent, queues, onto, onClose }: MoveProps) {
  const desk = useDesk();
  const titles = new Map(queues.map((queue) => [queue.queue, title(queue.title, queue.queue)]));
  const named = (names: readonly string[]): string =>
    names.map((name) => titles.get(name) ?? name).join(", ");
  const elsewhere = queues.filter((queue) => !agent.queues.includes(queue.queue));
  const [queue, setQueue] = useState(onto || (elsewhere[0] ?? queues[0])?.queue || "");
  const [minutes, setMinutes] = useState("30");
  const [keep, setKeep] = useState(false);
  const [lend, setLend] = useState(true);
  const form = useRef<HTMLFormElement>(null);
  const wanted = [...(keep ? agent.queues : []), queue].filter((name, at, all) => all.indexOf(name) === at);
  const forecast = useForecast(agent, wanted);
  const lacks = forecast.rows?.find((row) => row.queue === queue)?.lacks ?? {};
  useLayoutEffect(() => form.current?.querySelector("select")?.focus(), []);
  const submit = (): void => {
    const wish: SeatWish = {
      queues: wanted,
      until: Math.round(desk.now() + Number(minutes) * MINUTE_MS),
      skills: lend ? lacks : {},
    };
    onClose();
    void change(desk, agent, wish, named);
  };
  return (
    <form
      class="card board-move"
      ref={form}
      aria-label={t("move.title", { name: agent.name })}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
        // A list of choices does not send its form by itself.
        if (event.key !== "Enter" || !(event.target instanceof HTMLSelectElement)) return;
        event.preventDefault();
        form.current?.requestSubmit();
      }}
    >
      <h3>{t("move.title", { name: agent.name })}</h3>
      {agent.move === null ? null : (
        <p class="muted">{t("move.is", { time: hourMinute(agent.move.until), name: agent.move.by })}</p>
      )}
      <div class="board-move-asked">
        <Choice
          label={t("move.to")}
          value={queue}
          options={queues.map((each) => [each.queue, title(each.title, each.queue)])}
          onChoose={setQueue}
        />
        <Choice
          label={t("move.for")}
          value={minutes}
          options={MINUTES.map((each) => [String(each), lengthWord(each)])}
          onChoose={setMinutes}
        />
        <Check on={keep} onChange={setKeep} words={t("move.keep", { queues: named(agent.queues) })} />
        {Object.keys(lacks).length === 0 ? null : (
          <Check on={lend} onChange={setLend} words={t("move.lend", { skills: skillWords(lacks) })} />
        )}
      </div>
      <div role="status" class="board-move-what">
        <Forecast forecast={forecast} agent={agent} titles={titles} lacks={lend ? {} : lacks} />
      </div>
      <div class="row">
        <button type="submit" class="press press-primary">
          {t("move.go")}
        </button>
        {agent.move === null ? null : (
          <Press
            onPress={() => {
              onClose();
              void change(desk, agent, null, named);
            }}
          >
            {t("move.return")}
          </Press>
        )}
        <Press tone="quiet" onPress={onClose}>
          {t("cancel")}
        </Press>
      </div>
    </form>
  );
}

/** Does it; for ten seconds what was before can be brought back. */
async function change(
  desk: Desk,
  agent: BoardAgent,
  wish: SeatWish | null,
  named: (names: readonly string[]) => string,
): Promise<void> {
  const before = agent.move;
  const back: SeatWish | null =
    before === null ? null : { queues: agent.queues, until: before.until, skills: before.skills };
  const set = async (next: SeatWish | null): Promise<boolean> => {
    try {
      await moveSeat(agent.agent_id, next);
      return true;
    } catch (failure) {
      const why = failure instanceof Problem ? failure.detail : "";
      desk.say(t("move.not_done", { name: agent.name, why }), "trouble");
      return false;
    }
  };
  if (!(await set(wish))) return;
  const words =
    wish === null
      ? t("move.back", { name: agent.name })
      : t("move.done", { name: agent.name, queues: named(wish.queues), time: hourMinute(wish.until) });
  desk.say(words, "ok", () => void set(back));
}

function lengthWord(minutes: number): string {
  return minutes < 60 ? t("move.minutes", { n: minutes }) : t("move.hours", { n: minutes / 60 });
}

const skillWords = (skills: Readonly<Record<string, number>>): string =>
  Object.entries(skills)
    .map(([skill, level]) => `${skill} ${level}`)
    .join(", ");

function Check({ on, onChange, words }: { on: boolean; onChange: (on: boolean) => void; words: string }) {
  return (
    <label class="check">
      <input type="checkbox" checked={on} onChange={(event) => onChange(event.currentTarget.checked)} />{" "}
      {words}
    </label>
  );
}

interface Reckoned {
  readonly rows: readonly QueueForecast[] | null;
  readonly failed: boolean;
}

/** What serving these queues would do; asked again whenever the wish changes. */
function useForecast(agent: BoardAgent, wanted: readonly string[]): Reckoned {
  const [found, setFound] = useState<Reckoned>({ rows: null, failed: false });
  useEffect(() => {
    const control = new AbortController();
    setFound({ rows: null, failed: false });
    seatForecast(agent.agent_id, wanted, control.signal).then(
      (rows) => setFound({ rows, failed: false }),
      () => {
        if (!control.signal.aborted) setFound({ rows: null, failed: true });
      },
    );
    return () => control.abort();
  }, [agent.agent_id, wanted.join(" ")]);
  return found;
}

interface ForecastProps {
  readonly forecast: Reckoned;
  readonly agent: BoardAgent;
  readonly titles: ReadonlyMap<string, string>;
  readonly lacks: Readonly<Record<string, number>>;
}

function Forecast({ forecast, agent, titles, lacks }: ForecastProps) {
  const { rows, failed } = forecast;
  if (failed) return <p>{t("move.failed")}</p>;
  if (rows === null) return <p class="muted">{t("move.loading")}</p>;
  if (rows.length === 0) return <p>{t("move.nothing")}</p>;
  return (
    <>
      <table class="table">
        <caption>{t("move.what")}</caption>
        <thead>
          <tr>
            {(["queue", "waiting", "seats", "expected"] as const).map((head) => (
              <th key={head} scope="col">
                {t(`move.head.${head}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.queue} data-forecast={row.queue}>
              <th scope="row">{titles.get(row.queue) ?? row.queue}</th>
              <td>{count(row.waiting)}</td>
              <td>{`${count(row.seats)} \u2192 ${count(row.seats_then)}`}</td>
              <td>{`${waitWords(row.expected)} \u2192 ${row.seats_then === 0 ? t("move.nobody") : waitWords(row.expected_then)}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {["not_ready", "offline", "fault"].includes(agent.shown) ? <p>{t("move.not_ready")}</p> : null}
      {Object.keys(lacks).length === 0 ? null : <p>{t("move.lacks", { skills: skillWords(lacks) })}</p>}
    </>
  );
}

const waitWords = (expected: readonly [number, number] | null): string =>
  expected === null ? t("move.unknown") : `${clock(expected[0])}\u2013${clock(expected[1])}`;
