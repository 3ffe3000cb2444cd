/** The board: queues, agents and the conservation law, with the age of what is shown. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Board, boardFeed } from "../api/board";
import type { Desk } from "../app/desk";
import { reasonWord } from "../app/effects";
import type { Queue } from "../state/shapes";
import { clock, count, hourMinute } from "../words/format";
import { t, title, tOr } from "../words/words";
import { Clock } from "./clock";
import { useBeat, useDesk } from "./context";
import { Icon } from "./icon";
import { Empty, Failed, Press, Skeleton, Strip } from "./parts";

/** Older than this, what stands there is not live any more. */
const OLD_MS = 3_000;
/** Paints a second at most. */
const PAINT_MS = 250;

interface Stopped {
  readonly stoppedAt?: number;
}

interface Shown {
  /** What is on the screen. */
  readonly board: Signal<Board | null>;
  /** When the feed last said anything, by the server's clock; it goes on while updates pause. */
  readonly fedAt: Signal<number>;
  readonly problem: Signal<string | null>;
  readonly paused: Signal<boolean>;
}

export function BoardPage() {
  const desk = useDesk();
  const shown: Shown = {
    board: useSignal<Board | null>(null),
    fedAt: useSignal(0),
    problem: useSignal<string | null>(null),
    paused: useSignal(false),
  };
  const latest = useRef<Board | null>(null);
  useFeed(desk, shown, latest);
  const board = shown.board.value;
  const old = useBeat((now) => board !== null && now - shown.fedAt.value > OLD_MS);
  // While updates pause, the clocks in the grids stand with them.
  const stopped: Stopped = shown.paused.value && board !== null ? { stoppedAt: board.at } : {};
  return (
    <div class={`page-body board${old ? " board-old" : ""}`}>
      <h1 class="hidden-text">{t("place.board")}</h1>
      <Head shown={shown} old={old} latest={latest} />
      {shown.problem.value !== null && board === null ? (
        <Failed what={t("board.failed")} problem={shown.problem.value} again={() => location.reload()} />
      ) : null}
      {board === null && shown.problem.value === null ? <Skeleton rows={6} /> : null}
      {board === null ? null : (
        <>
          <Queues queues={board.queues} stopped={stopped} />
          <Agents board={board} stopped={stopped} />
        </>
      )}
    </div>
  );
}

function useFeed(desk: Desk, shown: Shown, latest: { current: Board | null }): void {
  useEffect(() => {
    let painted = 0;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const paint = (): void => {
      timer = null;
      painted = performance.now();
      if (!shown.paused.peek()) shown.board.value = latest.current;
    };
    const stop = boardFeed(
      (board) => {
        latest.current = board;
        shown.problem.value = null;
        shown.fedAt.value = desk.now();
        timer ??= setTimeout(paint, Math.max(0, PAINT_MS - (performance.now() - painted)));
      },
      (alive) => {
        if (alive) shown.fedAt.value = desk.now();
      },
      (problem) => {
        shown.problem.value = problem;
      },
      (serverTime) => desk.clock.hint(serverTime),
    );
    return () => {
      stop();
      if (timer !== null) clearTimeout(timer);
    };
  }, []);
}

function Head({ shown, old, latest }: { shown: Shown; old: boolean; latest: { current: Board | null } }) {
  const desk = useDesk();
  const board = shown.board.value;
  const age =
    board === null
      ? 0
      : Math.max(0, desk.ticker.beat.value - (shown.paused.value ? board.at : shown.fedAt.value));
  return (
    <>
      <div class="board-head">
        <Conservation board={board} />
        <span class="spring" />
        <span class="board-age">{t("board.age", { time: clock(age) })}</span>
        <Press
          small
          pressed={shown.paused.value}
          onPress={() => {
            shown.paused.value = !shown.paused.value;
            if (!shown.paused.value) shown.board.value = latest.current;
          }}
        >
          {t("board.pause")}
        </Press>
      </div>
      {old ? (
        <Strip tone="late" name="board_old">
          {t("board.old", { time: hourMinute(shown.fedAt.value, true) })}
        </Strip>
      ) : null}
    </>
  );
}

/** accepted = self-service + waiting + offered + in work + finished, or it says that it does not. */
function Conservation({ board }: { board: Board | null }) {
  const law = board?.conservation;
  if (law === undefined || law === null) return null;
  const parts = (["self_service", "waiting", "offered", "in_work", "finished"] as const).filter(
    (name) => name !== "self_service" || (law[name] ?? 0) > 0,
  );
  const sum = parts.reduce((total, name) => total + (law[name] ?? 0), 0);
  const balances = law.balances !== false && sum === law.accepted;
  return (
    <p class={`conservation ${balances ? "conservation-ok" : "conservation-late"}`} data-conservation>
      <span>
        {t("law.accepted")} <strong>{count(law.accepted)}</strong>
      </span>
      {parts.map((name, index) => (
        <span key={name}>
          {index === 0 ? "= " : "+ "}
          {t(`law.${name}`)} <strong>{count(law[name] ?? 0)}</strong>
        </span>
      ))}
      <span class={balances ? "sla sla-on_time" : "sla sla-late"}>
        <Icon name={balances ? "on_time" : "late"} size={14} />
        {balances ? t("law.balances") : t("law.does_not")}
      </span>
    </p>
  );
}

const QUEUE_HEADS = ["queue", "waiting", "longest", "expected", "offered", "engaged", "ready"] as const;

function Queues({ queues, stopped }: { queues: readonly Queue[]; stopped: Stopped }) {
  if (queues.length === 0) return <Empty icon="board">{t("board.no_queue")}</Empty>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a grid that scrolls in its own region must take focus
    <section class="grid-box" aria-labelledby="board-queues" tabIndex={0}>
      <h2 id="board-queues">{t("board.queues")}</h2>
      <table class="table grid">
        <thead>
          <tr>
            {QUEUE_HEADS.map((head) => (
              <th
                key={head}
                scope="col"
                title={t(`board.${head}_means`)}
                class={head === "queue" ? "" : "number"}
              >
                {t(`board.${head}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {queues.map((queue) => (
            <QueueRow key={queue.queue} queue={queue} stopped={stopped} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function QueueRow({ queue, stopped }: { queue: Queue; stopped: Stopped }) {
  return (
    <tr>
      <th scope="row">
        {title(queue.title, queue.queue)}{" "}
        {queue.open ? null : <span class="muted">{t("target.closed")}</span>}
      </th>
      <td class="number">{count(queue.waiting)}</td>
      <td class="number">
        {queue.longest_since === null ? "-" : <Clock at={queue.longest_since} {...stopped} />}
      </td>
      <td class="number">
        {queue.expected === null ? "-" : `${clock(queue.expected[0])}\u2013${clock(queue.expected[1])}`}
      </td>
      <td class="number">{count(queue.offered)}</td>
      <td class="number">{count(queue.engaged)}</td>
      <td class="number">
        {count(queue.ready)}/{count(queue.signed_in)}
      </td>
    </tr>
  );
}

function Agents({ board, stopped }: { board: Board; stopped: Stopped }) {
  const desk = useDesk();
  if (board.agents.length === 0) return <p class="muted">{t("board.no_agent")}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a grid that scrolls in its own region must take focus
    <section class="grid-box" aria-labelledby="board-agents" tabIndex={0}>
      <h2 id="board-agents">{t("board.agents")}</h2>
      <table class="table grid">
        <thead>
          <tr>
            {(["agent", "state", "since", "queues"] as const).map((head) => (
              <th key={head} scope="col" class={head === "since" ? "number" : ""}>
                {t(`board.${head}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {board.agents.map((agent) => (
            <tr key={agent.agent_id}>
              <th scope="row">{agent.name}</th>
              <td>
                <span class={`presence-mini presence-${agent.shown}`}>
                  <span class="presence-shape" aria-hidden="true" />
                  {agent.shown === "not_ready" && agent.reason
                    ? reasonWord(desk, agent.reason)
                    : tOr(`shown.${agent.shown}`, agent.shown)}
                </span>
              </td>
              <td class="number">{agent.since === 0 ? "-" : <Clock at={agent.since} {...stopped} />}</td>
              <td>{agent.queues.join(", ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
