/** The rows behind a number of the board: as many as it says, each with its way to the whole story. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type FigureAsked, type FigureRow, type FigureRows, figureRows } from "../api/board";
import { Problem } from "../api/http";
import { hashOf } from "../app/route";
import { count, full } from "../words/format";
import { mediumWord, t, tOr } from "../words/words";
import { Icon } from "./icon";
import { Failed, Press, Skeleton } from "./parts";

/** A number that somebody opened, and how it is called. */
export interface Opened extends FigureAsked {
  readonly name: string;
}

export function BoardRows({ opened, onClose }: { opened: Opened; onClose: () => void }) {
  const [found, setFound] = useState<FigureRows | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const head = useRef<HTMLHeadingElement>(null);
  const read = async (): Promise<void> => {
    setProblem(null);
    try {
      const page = await figureRows(opened, found?.next ?? 0);
      setFound({ ...page, rows: [...(found?.rows ?? []), ...page.rows] });
    } catch (failure) {
      if (failure instanceof Problem) setProblem(failure);
    }
  };
  useEffect(() => void read(), []);
  useLayoutEffect(() => head.current?.focus(), []);
  const left = found === null ? 0 : found.total - found.rows.length;
  return (
    <section
      class="card behind"
      aria-labelledby="board-rows-title"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
    >
      <div class="row">
        <h2 id="board-rows-title" tabIndex={-1} ref={head}>
          {found === null ? opened.name : t("rows.title", { name: opened.name, n: found.total })}
        </h2>
        <span class="spring" />
        <Press small icon="close" onPress={onClose}>
          {t("behind.close")}
        </Press>
      </div>
      {problem === null ? null : (
        <Failed what={t("behind.failed")} problem={problem.id} again={() => void read()} />
      )}
      {found === null && problem === null ? <Skeleton rows={4} /> : null}
      {found?.total === 0 ? <p class="muted">{t("rows.none")}</p> : null}
      {found === null || found.rows.length === 0 ? null : <Rows rows={found.rows} />}
      {found === null || found.next === null ? null : (
        <Press onPress={() => void read()}>{t("behind.more", { n: left })}</Press>
      )}
      {found !== null && found.next === null && left > 0 ? (
        <p class="muted">{t("rows.cut", { n: count(found.rows.length) })}</p>
      ) : null}
    </section>
  );
}

function Rows({ rows }: { rows: readonly FigureRow[] }) {
  const ofAgents = rows.every((row) => row.medium === "");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls in its own region must take focus
    <section class="grid-box" tabIndex={0} aria-labelledby="board-rows-title">
      <table class="table" data-rows={rows.length}>
        <thead>
          <tr>
            <th scope="col">{t("rows.since")}</th>
            {ofAgents ? null : <th scope="col">{t("behind.medium")}</th>}
            {ofAgents ? null : <th scope="col">{t("behind.queue")}</th>}
            <th scope="col">{t("rows.state")}</th>
            <th scope="col">{t("rows.agents")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <Row key={row.interaction_id ?? at} row={row} ofAgents={ofAgents} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ row, ofAgents }: { row: FigureRow; ofAgents: boolean }) {
  const state = ofAgents
    ? tOr(`shown.${row.state}`, row.state)
    : tOr(`phase.${row.state}`, tOr(`outcome.${row.state}`, row.state));
  return (
    <tr>
      <th scope="row">
        {row.interaction_id === null ? (
          full(row.since)
        ) : (
          <a href={hashOf("timeline", row.interaction_id)}>{full(row.since)}</a>
        )}
      </th>
      {ofAgents ? null : (
        <td>
          <Icon name={row.medium} size={14} /> {mediumWord(row.medium)}
        </td>
      )}
      {ofAgents ? null : <td>{row.queue === "" ? "-" : row.queue}</td>}
      <td>{state}</td>
      <td>{row.agents.length === 0 ? "-" : row.agents.join(", ")}</td>
    </tr>
  );
}
