/** The rows behind a number of the board: as many as it says, each with its way to the whole story. */

import { type FigureAsked, type FigureRow, type FigureRows, figureRows } from "../api/board";
import { hashOf } from "../app/route";
import { full } from "../words/format";
import { mediumWord, t, tOr } from "../words/words";
import { BehindPanel } from "./behind";
import { Icon } from "./icon";

/** A number that somebody opened, and how it is called. */
export interface Opened extends FigureAsked {
  readonly name: string;
}

export function BoardRows({ opened, onClose }: { opened: Opened; onClose: () => void }) {
  return (
    <BehindPanel<FigureRow, number, FigureRows>
      read={(after) => figureRows(opened, after ?? 0)}
      title={(found) =>
        found === null ? opened.name : t("rows.title", { name: opened.name, n: found.total })
      }
      table={(found) => <Rows rows={found.rows} />}
      onClose={onClose}
    />
  );
}

function Rows({ rows }: { rows: readonly FigureRow[] }) {
  const ofAgents = rows.every((row) => row.medium === "");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls in its own region must take focus
    <section class="grid-box" tabIndex={0} aria-labelledby="behind-title">
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
