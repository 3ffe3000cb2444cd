/** The audit: who did and changed what, by person, kind and object, and whether the chain holds. */

import { useState } from "preact/hooks";
import { type AuditEntry, type AuditQuestion, auditPage, auditVerdict, type Verdict } from "../api/audit";
import { Problem } from "../api/http";
import { count, full } from "../words/format";
import { t, tOr } from "../words/words";
import { Difference } from "./difference";
import { Icon } from "./icon";
import { Choice, Empty, Field, Press, Skeleton } from "./parts";
import { type Reading, ReadingState, useReading } from "./reading";

/** The kinds to choose from: beginnings of actions. */
const KINDS = [
  "configuration",
  "hours",
  "users",
  "floor",
  "content",
  "customers",
  "reports",
  "export",
  "monitor",
  "recording",
] as const;

const EVERYTHING: AuditQuestion = { actor: "", action: "", about: "" };

export function AuditPage() {
  const [question, setQuestion] = useState(EVERYTHING);
  const [asked, setAsked] = useState(0);
  return (
    <div class="page-body audit">
      <div class="row">
        <h1>{t("place.audit")}</h1>
        <span class="spring" />
        <Press small onPress={() => setAsked(asked + 1)}>
          {t("refresh")}
        </Press>
      </div>
      <Holds asked={asked} />
      <Ask onAsk={setQuestion} />
      <Entries key={JSON.stringify(question)} question={question} asked={asked} />
    </div>
  );
}

/** Whether every line is as it was written: found out anew whenever the page is. */
function Holds({ asked }: { asked: number }) {
  const reading = useReading(auditVerdict, [asked]);
  const { answer, problem } = reading;
  if (problem !== null) return <ReadingState reading={reading} failed={t("audit.not_verified")} />;
  if (answer === null || reading.busy) {
    return (
      <p class="muted" aria-busy="true">
        {t("audit.verifying")}
      </p>
    );
  }
  return <VerdictLine verdict={answer} />;
}

function VerdictLine({ verdict }: { verdict: Verdict }) {
  const holds = verdict.first_bad === null;
  return (
    <p class={`conservation ${holds ? "" : "conservation-late"}`} data-verdict={holds ? "holds" : "broken"}>
      <span class={holds ? "sla sla-on_time" : "sla sla-late"}>
        <Icon name={holds ? "on_time" : "late"} size={14} />
        {holds
          ? t("audit.holds", { n: verdict.entries })
          : t("audit.broken", { line: count(verdict.first_bad) })}
      </span>
      {holds ? null : <span lang="en">{verdict.reason}</span>}
      <span class="muted">
        {verdict.checkpoints === 0
          ? t("audit.unsigned")
          : t("audit.signed", { n: verdict.checkpoints, line: count(verdict.signed_to) })}
      </span>
    </p>
  );
}

function Ask({ onAsk }: { onAsk: (question: AuditQuestion) => void }) {
  const [wish, setWish] = useState(EVERYTHING);
  const change = (part: Partial<AuditQuestion>): AuditQuestion => {
    const next = { ...wish, ...part };
    setWish(next);
    return next;
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: the element search is too new for some screen readers
    <form
      class="row report-ask"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onAsk({ ...wish, actor: wish.actor.trim(), about: wish.about.trim() });
      }}
    >
      <Field
        label={t("audit.actor")}
        value={wish.actor}
        onInput={(event) => change({ actor: event.currentTarget.value })}
      />
      <Choice
        label={t("audit.kind")}
        value={wish.action}
        options={[["", t("report.all")], ...KINDS.map((each) => [each, t(`audit.kind.${each}`)] as const)]}
        onChoose={(action) => onAsk(change({ action }))}
      />
      <Field
        label={t("audit.about")}
        type="search"
        value={wish.about}
        onInput={(event) => change({ about: event.currentTarget.value })}
      />
      <button type="submit" class="press">
        {t("search")}
      </button>
    </form>
  );
}

function Entries({ question, asked }: { question: AuditQuestion; asked: number }) {
  const first = useReading(() => auditPage(question), [asked]);
  return (
    <>
      <ReadingState reading={first} failed={t("audit.failed")} />
      {first.answer === null ? null : (
        <Pages key={first.answer.entries[0]?.seq ?? 0} question={question} first={first.answer} />
      )}
    </>
  );
}

interface PagesProps {
  readonly question: AuditQuestion;
  readonly first: NonNullable<Reading<Awaited<ReturnType<typeof auditPage>>>["answer"]>;
}

function Pages({ question, first }: PagesProps) {
  const [older, setOlder] = useState<readonly AuditEntry[]>([]);
  const [next, setNext] = useState(first.next);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  const rows = [...first.entries, ...older];
  const more = async (): Promise<void> => {
    if (next === null) return;
    setBusy(true);
    try {
      const page = await auditPage(question, next);
      setOlder([...older, ...page.entries]);
      setNext(page.next);
      setFailed(false);
    } catch (failure) {
      if (failure instanceof Problem) setFailed(true);
    }
    setBusy(false);
  };
  return (
    <>
      {rows.length === 0 && next === null ? <Empty icon="audit">{t("audit.none")}</Empty> : null}
      {rows.length === 0 ? null : <Table rows={rows} />}
      {failed ? <p class="mistake">{t("audit.failed")}</p> : null}
      {busy ? <Skeleton rows={2} /> : null}
      {next === null ? null : (
        <Press disabled={busy} onPress={() => void more()}>
          {t("audit.more")}
        </Press>
      )}
    </>
  );
}

const HEADS = ["when", "actor", "action", "object", "reason"] as const;

function Table({ rows }: { rows: readonly AuditEntry[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls in its own region must take focus
    <section class="grid-box" tabIndex={0} aria-label={t("place.audit")}>
      <table class="table audit-table">
        <thead>
          <tr>
            {HEADS.map((each) => (
              <th key={each} scope="col">
                {t(`audit.${each}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Line key={row.seq} entry={row} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** What was done, in words; a program's own name where there are none. */
const actionWord = (action: string): string => tOr(`audited.${action}`, action);

function Line({ entry }: { entry: AuditEntry }) {
  const [open, setOpen] = useState(false);
  const differs = entry.detail !== "";
  return (
    <>
      <tr>
        <th scope="row">
          <span class="muted">{entry.seq}</span> {full(Date.parse(entry.utc))}
        </th>
        <td>
          <bdi>{entry.actor}</bdi> <span class="muted">{tOr(`role.${entry.role}`, entry.role)}</span>
          {entry.address === "" ? null : <div class="muted">{entry.address}</div>}
        </td>
        <td>{actionWord(entry.action)}</td>
        <td>
          <bdi>{entry.object}</bdi>
        </td>
        <td>
          <bdi>{entry.reason}</bdi>
          {differs ? (
            <Press
              small
              expanded={open}
              label={t("audit.difference_of", { seq: entry.seq })}
              onPress={() => setOpen(!open)}
            >
              {t("config.difference")}
            </Press>
          ) : null}
        </td>
      </tr>
      {open ? (
        <tr>
          <td colSpan={HEADS.length}>
            <Difference text={entry.detail} label={t("config.difference")} />
          </td>
        </tr>
      ) : null}
    </>
  );
}
