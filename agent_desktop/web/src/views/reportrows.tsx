/** The rows behind a number of the report: as many as it says, each with its way to the whole story. */

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api/http";
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
import { Icon } from "./icon";
import { Failed, Press, Skeleton } from "./parts";
import { figure } from "./reporttable";

/** A page of what stands behind a number. */
interface Page<Row, Next> {
  readonly figure: string;
  readonly value: Figure;
  readonly total: number;
  readonly rows: readonly Row[];
  readonly next: Next | null;
  readonly definition: Definition;
}

interface RowsProps {
  readonly opening: Opening;
  readonly queueWord: (queue: string) => string;
  readonly onClose: () => void;
}

export function ReportRows({ opening, queueWord, onClose }: RowsProps) {
  return (
    <BehindPanel<BehindRow, string, Behind>
      read={(after) => rowsBehind(opening, after ?? "")}
      onClose={onClose}
      table={(found) => <Rows found={found} queueWord={queueWord} />}
    />
  );
}

/** What stands behind a number, page by page; Escape closes it. */
export function BehindPanel<Row, Next, Read extends Page<Row, Next>>(props: {
  read: (after: Next | undefined) => Promise<Read>;
  table: (found: Read) => ComponentChildren;
  onClose: () => void;
}) {
  const { onClose } = props;
  const [found, setFound] = useState<Read | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const head = useRef<HTMLHeadingElement>(null);
  const read = async (): Promise<void> => {
    setProblem(null);
    try {
      const page = await props.read(found?.next ?? undefined);
      setFound({ ...page, rows: [...(found?.rows ?? []), ...page.rows] });
    } catch (failure) {
      if (failure instanceof Problem) setProblem(failure);
    }
  };
  useEffect(() => void read(), []);
  useLayoutEffect(() => head.current?.focus(), []);
  return (
    <section
      class="card behind"
      aria-labelledby="behind-title"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
    >
      <div class="row">
        <h2 id="behind-title" tabIndex={-1} ref={head}>
          {found === null ? t("behind.loading") : title(found)}
        </h2>
        <span class="spring" />
        <Press small icon="close" onPress={onClose}>
          {t("behind.close")}
        </Press>
      </div>
      {found === null ? null : (
        <p class="muted">{metricCounts(found.figure, found.definition)}</p>
      )}
      {problem === null ? null : (
        <Failed
          what={problem.status === 403 ? t("behind.not_yours") : t("behind.failed")}
          problem={problem.id}
          again={() => void read()}
        />
      )}
      {found === null && problem === null ? <Skeleton rows={4} /> : null}
      {found === null || found.rows.length === 0 ? null : props.table(found)}
      {found?.next === null || found === null ? null : (
        <Press onPress={() => void read()}>{t("behind.more", { n: found.total - found.rows.length })}</Press>
      )}
    </section>
  );
}

const title = (found: Page<unknown, unknown>): string =>
  t("behind.title", {
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
