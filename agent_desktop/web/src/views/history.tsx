/** Every contact with this customer, over all media, newest first. */

import { useEffect, useState } from "preact/hooks";
import { contacts } from "../api/calls";
import { Problem } from "../api/http";
import type { Contact } from "../state/shapes";
import { matches, moment } from "../words/format";
import { mediumWord, t, tOr } from "../words/words";
import { useDesk } from "./context";
import { Icon } from "./icon";
import { Empty, Failed, Field, Press, Skeleton } from "./parts";

/** The server gives pages; a short one is the last. */
const PAGE = 20;

export function HistoryList({ subject, except }: { subject: string; except: string }) {
  const [rows, setRows] = useState<readonly Contact[] | null>(null);
  const [more, setMore] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [find, setFind] = useState("");
  const read = async (before?: number): Promise<void> => {
    setProblem(null);
    try {
      const page = (await contacts(subject, before)).interactions;
      setRows((old) => (before === undefined ? page : [...(old ?? []), ...page]));
      setMore(page.length >= PAGE);
    } catch (failure) {
      if (failure instanceof Problem) setProblem(failure);
    }
  };
  useEffect(() => void read(), [subject]);
  if (problem !== null)
    return <Failed what={t("history.failed_all")} problem={problem.id} again={() => void read()} />;
  if (rows === null) return <Skeleton rows={4} />;
  const earlier = rows.filter((row) => row.interaction_id !== except);
  const shown = earlier.filter((row) =>
    matches(`${row.summary} ${mediumWord(row.medium)} ${row.queue}`, find),
  );
  if (earlier.length === 0) return <Empty icon="history">{t("history.none")}</Empty>;
  return (
    <div class="side-body">
      <Field
        label={t("history.filter")}
        value={find}
        onInput={(event) => setFind(event.currentTarget.value)}
      />
      <ul class="history">
        {shown.map((row) => (
          <li key={row.interaction_id}>
            <ContactPart contact={row} />
          </li>
        ))}
      </ul>
      {shown.length === 0 ? <p class="muted">{t("history.no_match")}</p> : null}
      {more ? (
        <Press small onPress={() => void read(rows.at(-1)?.at)}>
          {t("history.older")}
        </Press>
      ) : null}
    </div>
  );
}

function ContactPart({ contact }: { contact: Contact }) {
  const desk = useDesk();
  return (
    <article class="contact">
      <h3>
        <Icon name={contact.medium} size={14} />
        <time>{moment(contact.at, desk.now())}</time>
        <span>{mediumWord(contact.medium)}</span>
        <a href={`#/timeline/${encodeURIComponent(contact.interaction_id)}`}>
          <bdi>{contact.summary === "" ? t("history.open") : contact.summary}</bdi>
        </a>
      </h3>
      <p class="muted">
        {[contact.queue, contact.agents.join(", "), outcomeWord(contact)]
          .filter((part) => part !== "")
          .join(" · ")}
      </p>
    </article>
  );
}

function outcomeWord(contact: Contact): string {
  if (contact.ended === null) return t("history.running");
  const outcome = tOr(`outcome.${contact.outcome}`, contact.outcome);
  return contact.disposition ? `${outcome}, ${contact.disposition}` : outcome;
}
