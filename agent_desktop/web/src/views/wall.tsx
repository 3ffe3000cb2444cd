/** The wallboard: few figures, large, always dark, no names; old is told in words. */

import type { Board } from "../api/board";
import { hashOf } from "../app/route";
import type { Queue } from "../state/shapes";
import { clock, count, hourMinute } from "../words/format";
import { t, title } from "../words/words";
import { OLD_MS, useBoardFeed } from "./boardfeed";
import { Clock } from "./clock";
import { useBeat, useDesk } from "./context";
import { Icon } from "./icon";
import { Empty, Failed, Press, Skeleton } from "./parts";

/** With the tile of the whole and the one of the time that is six. */
const QUEUES_MAX = 4;

/** `id` names the queues to show, by commas; without it the first ones are shown. */
export function WallPage({ id }: { id: string }) {
  const desk = useDesk();
  const shown = useBoardFeed(desk);
  const board = shown.board.value;
  const old = useBeat((now) => board !== null && now - shown.fedAt.value > OLD_MS);
  const fedMs = useBeat((now) => Math.max(0, now - shown.fedAt.value));
  const time = useBeat((now) => hourMinute(now));
  return (
    <div class={`wall${old ? " wall-old" : ""}`} data-wall>
      <h1 class="hidden-text">{t("wall.title")}</h1>
      {old ? (
        <p class="wall-told" role="status" data-strip="board_old">
          <Icon name="late" size={32} /> {t("board.old", { time: hourMinute(shown.fedAt.value, true) })}
        </p>
      ) : null}
      {board === null && shown.problem.value !== null ? (
        <Failed what={t("board.failed")} problem={shown.problem.value} again={() => location.reload()} />
      ) : null}
      {board === null && shown.problem.value === null ? <Skeleton rows={6} /> : null}
      {board === null ? null : (
        <div class="wall-tiles">
          {chosen(board, id).map((queue) => (
            <Tile key={queue.queue} queue={queue} />
          ))}
          <Whole queues={board.queues} />
          <section class="wall-tile" aria-label={time}>
            <p class="wall-big">{time}</p>
            <p>{t("wall.fed", { time: clock(fedMs) })}</p>
          </section>
        </div>
      )}
      {board?.queues.length === 0 ? <Empty icon="board">{t("board.no_queue")}</Empty> : null}
      <div class="row wall-foot">
        <a class="press press-quiet press-small" href={hashOf("board")}>
          {t("wall.leave")}
        </a>
        <Press small tone="quiet" onPress={() => void document.documentElement.requestFullscreen()}>
          {t("wall.full")}
        </Press>
      </div>
    </div>
  );
}

function chosen(board: Board, id: string): readonly Queue[] {
  const wanted = id.split(",").filter((name) => name !== "");
  const named = board.queues.filter((queue) => wanted.includes(queue.queue));
  return (named.length > 0 ? named : board.queues).slice(0, QUEUES_MAX);
}

type Tone = "ok" | "soon" | "late" | "closed";

/** Late: somebody waits and nobody could take them. Soon: somebody waits. */
function toneOf(queue: Queue): Tone {
  if (queue.waiting === 0) return queue.open ? "ok" : "closed";
  return queue.ready === 0 ? "late" : "soon";
}

const SHAPES = { ok: "on_time", soon: "soon", late: "late", closed: "wrap_up" } as const;
const WORDS = { ok: "wall.calm", soon: "wall.some", late: "wall.nobody", closed: "wall.closed" } as const;

function Tile({ queue }: { queue: Queue }) {
  const tone = toneOf(queue);
  const name = title(queue.title, queue.queue);
  return (
    <section class={`wall-tile wall-${tone}`} aria-label={name} data-tile={queue.queue}>
      <h2>{name}</h2>
      <p class="wall-big">
        {count(queue.waiting)} <span class="wall-unit">{t("wall.waiting")}</span>
      </p>
      <p class="wall-word">
        <Icon name={SHAPES[tone]} size={32} /> {t(WORDS[tone])}
      </p>
      <p>
        {queue.longest_since === null ? "-" : <Clock at={queue.longest_since} />} {t("wall.longest")}
      </p>
      <p>
        {count(queue.ready)} {t("wall.ready", { n: queue.signed_in })}
        {" \u00b7 "}
        {queue.expected === null
          ? t("wall.unknown")
          : t("wall.expected", { low: clock(queue.expected[0]), high: clock(queue.expected[1]) })}
      </p>
    </section>
  );
}

/** All queues together: how many wait, and how long the oldest of them has. */
function Whole({ queues }: { queues: readonly Queue[] }) {
  const waiting = queues.reduce((sum, queue) => sum + queue.waiting, 0);
  const since = queues.flatMap((queue) => queue.longest_since ?? []);
  return (
    <section class="wall-tile" aria-label={t("wall.waiting")} data-tile="">
      <p class="wall-big">{count(waiting)}</p>
      <p>{t("wall.waiting")}</p>
      <p>
        {since.length === 0 ? "-" : <Clock at={Math.min(...since)} />} {t("wall.longest")}
      </p>
    </section>
  );
}
