/** Why this came here: the decisions about an item in hand, or why it still waits. */

import { useEffect, useState } from "preact/hooks";
import { type DecisionRecord, interaction } from "../api/calls";
import { Problem } from "../api/http";
import type { Decision } from "../state/shapes";
import { hourMinute } from "../words/format";
import { t, tOr } from "../words/words";
import { usePart } from "./context";
import { Failed, Skeleton } from "./parts";
import { Explain, type Reasons, WhyWaitingPart } from "./why";

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

/** One decision or event: when, what, who, and its reasons where it has some. */
export function DecisionPart({ row }: { row: DecisionRecord }) {
  const who = row.agent_name ?? row.agent_id ?? "";
  return (
    <>
      <h3>
        {hourMinute(row.at, true)} {tOr(`decided.${row.kind}`, row.kind)}
        {who === "" ? "" : `: ${who}`}
      </h3>
      <Reasoning facts={row.facts} />
    </>
  );
}

type Place = NonNullable<Decision["source"]>;

/** An offer brings its explanation, a queueing the rule that chose the queue. */
function Reasoning({ facts }: { facts: DecisionRecord["facts"] }) {
  if (isReasons(facts["why"])) return <Explain why={facts["why"]} />;
  const { rule, queue, reason, source, version } = facts;
  if (typeof rule !== "string" || typeof queue !== "string") return null;
  const decision = {
    rule,
    ...(isReasons(source) ? { source: source as Place } : {}),
    ...(typeof version === "string" ? { version } : {}),
  };
  return (
    <>
      <p>{t("why.queued", { queue, reason: tOr(`queued.${String(reason)}`, String(reason)) })}</p>
      <Explain why={{ decision }} />
    </>
  );
}

function isReasons(value: unknown): value is Reasons & Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
