/** The rows behind a number of the report: as many as it says, each with its way to the whole story. */

import {
  type Behind,
  type BehindRow,
  type Definition,
  type Figure,
  type Opening,
  rowsBehind,
} from "../api/reports";
import { hashOf } from "../app/route";
import { full } from "../words/format";
import { metricCounts, metricWord } from "../words/metrics";
import { mediumWord, t, tOr } from "../words/words";
import { BehindPanel } from "./behind";
import { Icon } from "./icon";
import { figure } from "./reporttable";

interface RowsProps {
  readonly opening: Opening;
  readonly queueWord: (queue: string) => string;
  readonly onClose: () => void;
}

export function ReportRows({ opening, queueWord, onClose }: RowsProps) {
  return (
    <BehindPanel<BehindRow, string, Behind>
      read={(after) => rowsBehind(opening, after ?? "")}
      title={behindTitle}
      counts={(found) => metricCounts(found.figure, found.definition)}
      onClose={onClose}
      table={(found) => <Rows found={found} queueWord={queueWord} />}
    />
  );
}

interface Counted {
  readonly figure: string;
  readonly value: Figure;
  readonly total: number;
  readonly definition: Definition;
}

/** The heading over the rows behind a report's number. */
export const behindTitle = (found: Counted | null): string =>
  found === null
    ? t("behind.loading")
    : t("behind.title", {
        name: metricWord(found.figure, found.definition),
        value: figure(found.value, found.definition.unit),
        n: found.total,
      });

const HEADS = ["entered", "queue", "medium", "agent", "outcome", "value"] as const;

function Rows({ found, queueWord }: { found: Behind; queueWord: RowsProps["queueWord"] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls in its own region must take focus
    <section class="grid-box" tabIndex={0} aria-labelledby="behind-title">
      <table class="table">
        <thead>
          <tr>
            {HEADS.map((each) => (
              <th key={each} scope="col" class={each === "value" ? "number" : ""}>
                {t(`behind.${each}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {found.rows.map((row, at) => (
            <Row
              key={`${row.entered_at} ${row.visit} ${at}`}
              row={row}
              queue={queueWord(row.queue)}
              unit={found.definition.unit}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ row, queue, unit }: { row: BehindRow; queue: string; unit: Behind["definition"]["unit"] }) {
  return (
    <tr>
      <th scope="row">
        {row.interaction_id === null ? (
          full(row.started_at)
        ) : (
          <a href={hashOf("timeline", row.interaction_id)}>{full(row.started_at)}</a>
        )}
      </th>
      <td>{queue}</td>
      <td>
        <Icon name={row.medium} size={14} /> {mediumWord(row.medium)}
      </td>
      <td>{row.agent_id ?? "-"}</td>
      <td>{tOr(`outcome.${row.outcome}`, row.outcome)}</td>
      <td class="number">{unit === "ms" ? figure(row.value, "ms") : figure(row.value, "count")}</td>
    </tr>
  );
}
