/** The whole story of one interaction: its pieces, its words, and why each decision fell as it did. */

import { useEffect, useState } from "preact/hooks";
import { type InteractionRecord, interaction, type Segment } from "../api/calls";
import { Problem } from "../api/http";
import { whoName } from "../app/effects";
import { Recordings } from "../phone/recordings";
import { full, hourMinute, length } from "../words/format";
import { mediumWord, t, title, tOr } from "../words/words";
import { useDesk } from "./context";
import { RECORDED } from "./conversation";
import { EntryPart } from "./entry";
import { Icon } from "./icon";
import { Empty, Failed, Skeleton } from "./parts";
import { agentName, WhyWaitingPart } from "./why";
import { DecisionPart } from "./whytab";

export function TimelinePage({ id }: { id: string }) {
  const [record, setRecord] = useState<InteractionRecord | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const read = async (): Promise<void> => {
    setProblem(null);
    setRecord(null);
    try {
      setRecord(await interaction(id));
    } catch (failure) {
      if (failure instanceof Problem) setProblem(failure);
    }
  };
  useEffect(() => void read(), [id]);
  if (problem !== null && problem.status === 404) return <Empty icon="history">{t("timeline.none")}</Empty>;
  if (problem !== null)
    return <Failed what={t("timeline.failed")} problem={problem.id} again={() => void read()} />;
  if (record === null) return <Skeleton rows={6} />;
  return <Story record={record} />;
}

function Story({ record }: { record: InteractionRecord }) {
  const { item } = record;
  return (
    <div class="page-body timeline">
      <h1>
        <Icon name={item.medium} size={20} /> <bdi>{whoName(item.customer.name)}</bdi>{" "}
        <span class="muted">{mediumWord(item.medium)}</span>
      </h1>
      <p class="muted">
        {title(item.queue_title, item.queue)} · {full(item.arrived)} ·{" "}
        {tOr(`phase.${item.phase}`, item.phase)} · <code>{item.interaction_id}</code>
      </p>
      <Pieces segments={record.segments} />
      {RECORDED.has(item.medium) ? <Recordings id={item.interaction_id} phase={item.phase} /> : null}
      <section class="card">
        <h2>{t("timeline.words")}</h2>
        {record.entries.length === 0 ? <p class="muted">{t("entries.none")}</p> : null}
        {record.entries.map((entry) => (
          <EntryPart key={entry.entry_id} item={item} entry={entry} />
        ))}
      </section>
      {item.phase === "waiting" ? (
        <section class="card">
          <h2>{t("timeline.why_waiting")}</h2>
          <WhyWaitingPart id={item.interaction_id} />
        </section>
      ) : null}
      <section class="card">
        <h2>{t("timeline.decisions")}</h2>
        {record.decisions.length === 0 ? <p class="muted">{t("why.none")}</p> : null}
        <ol class="decisions">
          {record.decisions.map((row, index) => (
            <li key={`${row.at}-${index}`}>
              <DecisionPart row={row} />
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}

function Pieces({ segments }: { segments: readonly Segment[] }) {
  const desk = useDesk();
  if (segments.length === 0) return null;
  return (
    <section class="card">
      <h2>{t("timeline.pieces")}</h2>
      <table class="table">
        <thead>
          <tr>
            {(["from", "length", "what", "queue", "agent", "end"] as const).map((head) => (
              <th key={head} scope="col">
                {t(`timeline.${head}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {segments.map((piece) => (
            <tr key={`${piece.kind}${piece.from}${piece.agent_id ?? ""}`}>
              <td>{hourMinute(piece.from, true)}</td>
              <td class="number">{length((piece.to ?? desk.now()) - piece.from)}</td>
              <td>{tOr(`piece.${piece.kind}`, piece.kind)}</td>
              <td>{piece.queue ?? ""}</td>
              <td>{agentName(desk, piece.agent_id)}</td>
              <td>{pieceEnd(piece)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function pieceEnd(piece: Segment): string {
  const outcome = piece.outcome ?? "";
  if (outcome === "") return piece.detail;
  return tOr(`outcome.${outcome}`, tOr(`offer.end.${outcome}`, outcome));
}
