/** Why this came here: the decisions about an item in hand, or why it still waits. */

import { useEffect, useState } from "preact/hooks";
import { type DecisionRecord, interaction } from "../api/calls";
import { Problem } from "../api/http";
import { hourMinute } from "../words/format";
import { t, tOr } from "../words/words";
import { useDesk, usePart } from "./context";
import { Failed, Skeleton } from "./parts";
import { agentName, Explain, WhyWaitingPart } from "./why";

export function WhyTab({ id }: { id: string }) {
  const inHand = usePart((state) => state.items.has(id) || state.justDone.has(id)).value;
  return inHand ? <Decisions id={id} /> : <WhyWaitingPart id={id} />;
}

function Decisions({ id }: { id: string }) {
  const [rows, setRows] = useState<readonly DecisionRecord[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const read = async (): Promise<void> => {
    setProblem(null);
    try {
      setRows((await interaction(id)).decisions);
    } catch (failure) {
      if (failure instanceof Problem) setProblem(failure);
    }
  };
  useEffect(() => void read(), [id]);
  if (problem !== null)
    return <Failed what={t("why.failed")} problem={problem.id} again={() => void read()} />;
  if (rows === null) return <Skeleton rows={3} />;
  return (
    <div class="side-body">
      {rows.length === 0 ? <p class="muted">{t("why.none")}</p> : null}
      <ol class="decisions">
        {rows.map((row, index) => (
          <li key={`${row.at}-${index}`}>
            <DecisionPart row={row} />
          </li>
        ))}
      </ol>
      <p>
        <a href={`#/timeline/${encodeURIComponent(id)}`}>{t("history.timeline")}</a>
      </p>
    </div>
  );
}

/** One decision: when, what, who, and its reasons. */
export function DecisionPart({ row }: { row: DecisionRecord }) {
  const desk = useDesk();
  const who = agentName(desk, row.agent_id);
  const what = [row.queue ?? "", who].filter((part) => part !== "").join(", ");
  return (
    <>
      <h3>
        {hourMinute(row.at, true)} {tOr(`decided.${row.kind}`, row.kind)}
        {what === "" ? "" : `: ${what}`}
      </h3>
      {row.kind !== "queued" || row.detail === "" ? null : <p>{tOr(`queued.${row.detail}`, row.detail)}</p>}
      {row.why === null ? null : <Explain why={row.why} />}
    </>
  );
}
