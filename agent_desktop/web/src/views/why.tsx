/** Why: the reasons behind an offer, and why something still waits. */

import { useEffect, useState } from "preact/hooks";
import { why as readWhy } from "../api/calls";
import { Problem } from "../api/http";
import type { Desk } from "../app/desk";
import type { Decision, Refusal, Term, WhyWaiting } from "../state/shapes";
import { clock, count, hourMinute } from "../words/format";
import { t, tOr } from "../words/words";
import { useDesk } from "./context";
import { Failed, Press, Skeleton } from "./parts";

interface Reasons {
  readonly strategy?: string;
  readonly candidates?: readonly string[];
  readonly candidate_count?: number;
  readonly refusals?: readonly Refusal[];
  readonly terms?: readonly Term[];
  readonly decision?: Decision;
}

/** An agent's name where this desk knows it, else their id. */
export function agentName(desk: Desk, id: string | null): string {
  if (id === null) return "";
  const state = desk.state.value;
  if (state.agent?.agent_id === id) return state.agent.name;
  return state.colleagues.find((each) => each.agent_id === id)?.name ?? id;
}

/** One decision of the router, told in sentences. */
export function Explain({ why }: { why: Reasons }) {
  const desk = useDesk();
  const refusals = why.refusals ?? [];
  return (
    <div class="why">
      {!why.strategy || !why.candidate_count ? null : (
        <p>
          {t("why.strategy", {
            strategy: tOr(`strategy.${why.strategy}`, why.strategy),
            n: why.candidate_count,
          })}
        </p>
      )}
      {why.candidates === undefined || why.candidates.length === 0 ? null : (
        <p>
          {t("why.candidates", {
            names: why.candidates
              .slice(0, 5)
              .map((id) => agentName(desk, id))
              .join(", "),
          })}
        </p>
      )}
      <Terms terms={why.terms ?? []} />
      {refusals.length === 0 ? null : (
        <>
          <h4>{t("why.refused")}</h4>
          <ul>
            {refusals.map((each) => (
              <li key={`${each.code}${each.detail ?? ""}`}>
                {t("why.refusal", { n: each.count, reason: tOr(`refusal.${each.code}`, each.code) })}
                {each.detail ? ` (${each.detail})` : ""}
              </li>
            ))}
          </ul>
        </>
      )}
      <Rule decision={why.decision} />
    </div>
  );
}

function Terms({ terms }: { terms: readonly Term[] }) {
  if (terms.length === 0) return null;
  return (
    <>
      <h4>{t("why.terms")}</h4>
      <dl class="terms">
        {terms.map((term) => (
          <div key={term.name}>
            <dt>{tOr(`term.${term.name}`, term.name)}</dt>
            <dd>{term.unit === "ms" ? clock(term.value) : `${count(term.value)} ${term.unit ?? ""}`}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Rule({ decision }: { decision: Decision | undefined }) {
  if (decision === undefined || decision.rule === "") return null;
  const file = decision.source?.file ?? "";
  return (
    <p class="why-rule">
      {t("why.rule", { rule: decision.rule })}
      {file === "" ? null : (
        <code>
          {" "}
          {file}:{decision.source?.line ?? 0}
        </code>
      )}
      {decision.version ? (
        <span class="muted"> {t("why.version", { version: decision.version.slice(0, 12) })}</span>
      ) : null}
    </p>
  );
}

/** Why an item waits or waited, read on demand; an item in hand says so. */
export function WhyWaitingPart({ id }: { id: string }) {
  const [answer, setAnswer] = useState<WhyWaiting | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const read = async (): Promise<void> => {
    setProblem(null);
    try {
      setAnswer(await readWhy(id));
    } catch (failure) {
      if (failure instanceof Problem) setProblem(failure);
    }
  };
  useEffect(() => {
    setAnswer(null);
    void read();
  }, [id]);
  if (problem !== null && (problem.status === 409 || problem.status === 404))
    return <p>{t("why.not_waiting")}</p>;
  if (problem !== null)
    return <Failed what={t("why.failed")} problem={problem.id} again={() => void read()} />;
  if (answer === null) return <Skeleton rows={3} />;
  if (answer.queue === undefined) return <p>{t("why.not_waiting")}</p>;
  return (
    <div class="why">
      <p>
        {t("why.position", { n: answer.position, queue: answer.queue, time: hourMinute(answer.at, true) })}{" "}
        {t("why.agents", { n: answer.matching_agents, free: answer.available_agents })}
      </p>
      {answer.expected_wait ? (
        <p>
          {t("why.expected", {
            low: clock(answer.expected_wait.low_ms),
            high: clock(answer.expected_wait.high_ms),
          })}
        </p>
      ) : (
        <p class="muted">{t("why.unknown_wait")}</p>
      )}
      {answer.next_step && answer.next_step_at ? (
        <p>{t("why.next", { step: answer.next_step, time: hourMinute(answer.next_step_at, true) })}</p>
      ) : null}
      <Explain
        why={{
          ...(answer.refusals === undefined ? {} : { refusals: answer.refusals }),
          ...(answer.terms === undefined ? {} : { terms: answer.terms }),
          ...(answer.decision === undefined ? {} : { decision: answer.decision }),
        }}
      />
      <Press small onPress={() => void read()}>
        {t("why.again")}
      </Press>
    </div>
  );
}
