/** The board: queues, agents and the conservation law, with the age of what is shown. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Board, boardFeed } from "../api/board";
import type { Desk } from "../app/desk";
import type { Queue } from "../state/shapes";
import { clock, count, hourMinute } from "../words/format";
import { t, title } from "../words/words";
import { Agents } from "./boardagents";
import { Clock } from "./clock";
import { useBeat, useDesk } from "./context";
import { type Column, Grid } from "./grid";
import { Icon } from "./icon";
import { Empty, Failed, Press, Skeleton, Strip } from "./parts";

/** Older than this at a full second, what stands there is not live any more: it is told within 3 s. */
const OLD_MS = 2_000;
/** Paints a second at most. */
const PAINT_MS = 250;

/** Where the clocks stand still while updates pause. */
export interface Stopped {
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
          <Agents agents={board.agents} queues={board.queues} stopped={stopped} />
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

const HEADS = ["queue", "waiting", "longest", "expected", "offered", "engaged", "ready"] as const;

function Queues({ queues, stopped }: { queues: readonly Queue[]; stopped: Stopped }) {
  if (queues.length === 0) return <Empty icon="board">{t("board.no_queue")}</Empty>;
  const cells: Readonly<Record<(typeof HEADS)[number], Pick<Column<Queue>, "by" | "cell">>> = {
    queue: { by: (queue) => title(queue.title, queue.queue), cell: (queue) => <QueueName queue={queue} /> },
    waiting: { by: (queue) => queue.waiting, cell: (queue) => count(queue.waiting) },
    longest: {
      by: (queue) => (queue.longest_since === null ? null : -queue.longest_since),
      cell: (queue) =>
        queue.longest_since === null ? "-" : <Clock at={queue.longest_since} {...stopped} />,
    },
    expected: {
      by: (queue) => queue.expected?.[1] ?? null,
      cell: (queue) =>
        queue.expected === null ? "-" : `${clock(queue.expected[0])}\u2013${clock(queue.expected[1])}`,
    },
    offered: { by: (queue) => queue.offered, cell: (queue) => count(queue.offered) },
    engaged: { by: (queue) => queue.engaged, cell: (queue) => count(queue.engaged) },
    ready: {
      by: (queue) => queue.ready,
      cell: (queue) => `${count(queue.ready)}/${count(queue.signed_in)}`,
    },
  };
  const columns = HEADS.map(
    (id): Column<Queue> => ({
      id,
      head: t(`board.${id}`),
      means: t(`board.${id}_means`),
      number: id !== "queue",
      ...cells[id],
    }),
  );
  return (
    <Grid
      id="board-queues"
      title={t("board.queues")}
      columns={columns}
      rows={queues}
      rowKey={(queue) => queue.queue}
    />
  );
}

function QueueName({ queue }: { queue: Queue }) {
  return (
    <>
      {title(queue.title, queue.queue)}{" "}
      {queue.open ? null : <span class="muted">{t("target.closed")}</span>}
    </>
  );
}
