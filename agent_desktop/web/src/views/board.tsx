/** The board: queues, agents and the conservation law, now or at a moment of the past. */

import { useState } from "preact/hooks";
import type { Board } from "../api/board";
import { hashOf } from "../app/route";
import type { Queue } from "../state/shapes";
import { clock, count, hourMinute } from "../words/format";
import { t, title } from "../words/words";
import { Agents, type Asked, runsTheFloor } from "./boardagents";
import { type Followed, OLD_MS, useBoardFeed } from "./boardfeed";
import { Conservation } from "./boardlaw";
import { BoardRows, type Opened } from "./boardrows";
import { PastStrip, TimeBar, type Travel, useTravel } from "./boardtime";
import { Clock } from "./clock";
import { useBeat, useDesk } from "./context";
import { type Column, Grid } from "./grid";
import { Icon } from "./icon";
import { Empty, Failed, Press, Skeleton, Strip } from "./parts";

/** Where the clocks stand still: while updates pause, and in the past. */
export interface Stopped {
  readonly stoppedAt?: number;
}

export function BoardPage() {
  const desk = useDesk();
  const shown = useBoardFeed(desk);
  const travel = useTravel();
  const past = travel.past.value;
  const board = past === null ? shown.board.value : past.board;
  const old = useBeat((now) => shown.board.value !== null && now - shown.fedAt.value > OLD_MS);
  const problem = shown.problem.value;
  return (
    <div class={`page-body board${old ? " board-old" : ""}${past === null ? "" : " board-past"}`}>
      <h1 class="hidden-text">{t("place.board")}</h1>
      <PastStrip travel={travel} />
      {problem !== null && board === null ? (
        <Failed what={t("board.failed")} problem={problem} again={() => location.reload()} />
      ) : null}
      {board === null && problem === null ? <Skeleton rows={6} /> : null}
      {board === null ? null : <Shown board={board} shown={shown} old={old} travel={travel} />}
    </div>
  );
}

interface ShownProps {
  readonly board: Board;
  readonly shown: Followed;
  readonly old: boolean;
  readonly travel: Travel;
}

function Shown({ board, shown, old, travel }: ShownProps) {
  const desk = useDesk();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const live = travel.past.value === null;
  const at = live ? 0 : board.at;
  const stopped: Stopped = shown.paused.value || !live ? { stoppedAt: board.at } : {};
  const open = (figure: string, queue: Queue | null): void => {
    const word = queue === null ? t(`law.${figure as "accepted"}`) : t(`board.${figure as "waiting"}`);
    const of = queue === null ? null : title(queue.title, queue.queue);
    const name = of === null ? word : t("rows.of", { queue: of, name: word });
    setOpened({ figure, queue: queue?.queue ?? "", at, name });
  };
  const drop = (queue: Queue, agent: string): void => setAsked({ form: "move", agent, onto: queue.queue });
  return (
    <>
      <Head board={board} shown={shown} old={old} live={live} onOpen={(figure) => open(figure, null)} />
      <TimeBar travel={travel} />
      <Queues
        queues={board.queues}
        stopped={stopped}
        onOpen={open}
        onDrop={live && runsTheFloor(desk) ? drop : undefined}
      />
      <Agents
        agents={board.agents}
        queues={board.queues}
        stopped={stopped}
        live={live}
        asked={asked}
        onAsk={setAsked}
      />
      {opened === null ? null : (
        <BoardRows
          key={`${opened.figure} ${opened.queue} ${opened.at}`}
          opened={opened}
          onClose={() => {
            setOpened(null);
            back(opened);
          }}
        />
      )}
    </>
  );
}

/** Focus goes back to the number that was opened. */
function back(opened: Opened): void {
  const where =
    opened.queue === ""
      ? `[data-figure="${opened.figure}"]`
      : '[aria-labelledby="board-queues-title"] [tabindex="0"]';
  document.querySelector<HTMLElement>(where)?.focus();
}

interface HeadProps {
  readonly board: Board;
  readonly shown: Followed;
  readonly old: boolean;
  readonly live: boolean;
  readonly onOpen: (figure: string) => void;
}

function Head({ board, shown, old, live, onOpen }: HeadProps) {
  const desk = useDesk();
  const paused = shown.paused.value;
  const age = Math.max(0, desk.ticker.beat.value - (paused ? board.at : shown.fedAt.value));
  return (
    <>
      <div class="board-head">
        <Conservation board={board} onOpen={onOpen} />
        <span class="spring" />
        {live ? <span class="board-age">{t("board.age", { time: clock(age) })}</span> : null}
        <Press
          small
          pressed={paused}
          disabled={!live}
          onPress={() => {
            shown.paused.value = !paused;
            if (paused) shown.catchUp();
          }}
        >
          {t("board.pause")}
        </Press>
        <a class="press press-plain press-small" href={hashOf("wall")}>
          <Icon name="board" /> {t("board.wall")}
        </a>
      </div>
      {old && live ? (
        <Strip tone="late" name="board_old">
          {t("board.old", { time: hourMinute(shown.fedAt.value, true) })}
        </Strip>
      ) : null}
    </>
  );
}

const HEADS = [
  "queue",
  "waiting",
  "longest",
  "expected",
  "offered",
  "engaged",
  "ready",
  "signed_in",
] as const;
/** Numbers that open the rows they count. */
const COUNTS: ReadonlySet<string> = new Set(["waiting", "longest", "offered", "engaged", "ready", "signed_in"]);

interface QueuesProps {
  readonly queues: readonly Queue[];
  readonly stopped: Stopped;
  readonly onOpen: (figure: string, queue: Queue) => void;
  readonly onDrop: ((queue: Queue, agent: string) => void) | undefined;
}

function Queues({ queues, stopped, onOpen, onDrop }: QueuesProps) {
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
    ready: { by: (queue) => queue.ready, cell: (queue) => count(queue.ready) },
    signed_in: { by: (queue) => queue.signed_in, cell: (queue) => count(queue.signed_in) },
  };
  const columns = HEADS.map(
    (id): Column<Queue> => ({
      id,
      head: t(`board.${id}`),
      means: t(`board.${id}_means`),
      number: id !== "queue",
      opens: (queue) => COUNTS.has(id) && (id !== "longest" || queue.longest_since !== null),
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
      onOpen={(queue, column) => onOpen(column.id, queue)}
      onDrop={onDrop}
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
