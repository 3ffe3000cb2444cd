/** The configuration: its sections, their tables, and its history. Files and page say the same. */

import { useEffect, useState } from "preact/hooks";
import { type ConfigState, configState, type Mistake, section, type Table } from "../api/config";
import { Problem } from "../api/http";
import { full } from "../words/format";
import { t } from "../words/words";
import { ConfigHistory } from "./confighistory";
import { useDesk } from "./context";
import { RulesEditor } from "./configrules";
import { TableEditor } from "./configtable";
import { Failed, Field, Press, Skeleton, Strip } from "./parts";
import { Proposals } from "./proposals";
import { Tabs } from "./tabs";

export const SECTIONS = [
  "queue",
  "skill",
  "team",
  "agent",
  "rules",
  "plan",
  "hours",
  "holidays",
  "reply",
  "not_ready",
  "media",
  "priority",
] as const;

export type SectionName = (typeof SECTIONS)[number];

export function ConfigPage() {
  const [state, setState] = useState<ConfigState | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tab, setTab] = useState("tables");
  const desk = useDesk();
  const may = (permission: string): boolean => desk.session.permissions.includes(permission);
  const read = async (): Promise<void> => {
    try {
      setState(await configState());
      setProblem(null);
    } catch (failure) {
      if (failure instanceof Problem) setProblem(failure);
    }
  };
  useEffect(() => void read(), []);
  return (
    <div class="page-body config">
      <h1>{t("place.config")}</h1>
      {problem === null ? null : (
        <Failed what={t("config.failed")} problem={problem.id} again={() => void read()} />
      )}
      {state === null ? null : <State state={state} />}
      <Tabs
        name="config"
        label={t("place.config")}
        tabs={[
          { id: "tables", words: t("config.tables") },
          ...(may("configuration.propose") ? [{ id: "proposals", words: t("proposal.title") }] : []),
          ...(may("configuration.publish") ? [{ id: "history", words: t("config.history") }] : []),
        ]}
        chosen={tab}
        onChoose={setTab}
      >
        {tab === "tables" ? <Tables onChanged={() => void read()} /> : null}
        {tab === "proposals" && state !== null ? (
          <Proposals revision={state.revision} onChanged={() => void read()} />
        ) : null}
        {tab === "history" && state !== null ? (
          <ConfigHistory revision={state.revision} onChanged={() => void read()} />
        ) : null}
      </Tabs>
    </div>
  );
}

function State({ state }: { state: ConfigState }) {
  return (
    <>
      <p class="muted">
        {t("config.in_force", { version: state.version.slice(0, 12), time: full(state.since) })}
      </p>
      <Mistakes mistakes={state.mistakes} tone="late" />
      <Mistakes mistakes={state.warnings} tone="soon" />
    </>
  );
}

/** Each mistake with its file and line, in the words of `carillon check`. */
export function Mistakes({ mistakes, tone }: { mistakes: readonly Mistake[]; tone: "late" | "soon" }) {
  if (mistakes.length === 0) return null;
  return (
    <Strip tone={tone} name="mistakes">
      <ul>
        {mistakes.map((each) => (
          <li key={`${each.file}${each.line}${each.field}${each.message}`}>
            <code>
              {each.file === "" ? "" : `${each.file}:${each.line} `}
              {each.field}
            </code>{" "}
            <span lang="en">{each.message}</span>
          </li>
        ))}
      </ul>
    </Strip>
  );
}

function Tables({ onChanged }: { onChanged: () => void }) {
  const [chosen, setChosen] = useState<SectionName>("queue");
  return (
    <div class="config-tables">
      <ul class="config-sections" aria-label={t("config.sections")}>
        {SECTIONS.map((name) => (
          <li key={name}>
            <Press tone="quiet" pressed={chosen === name} onPress={() => setChosen(name)}>
              {t(`section.${name}`)}
            </Press>
          </li>
        ))}
      </ul>
      <SectionPart key={chosen} name={chosen} onChanged={onChanged} />
    </div>
  );
}

interface Read {
  readonly revision: string;
  readonly tables: Readonly<Record<string, Table>>;
}

function SectionPart({ name, onChanged }: { name: SectionName; onChanged: () => void }) {
  const [read, setRead] = useState<Read | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const load = async (): Promise<void> => {
    try {
      setRead(await section(name));
      setProblem(null);
    } catch (failure) {
      if (failure instanceof Problem) setProblem(failure);
    }
  };
  useEffect(() => void load(), [name]);
  const changed = (): void => {
    void load();
    onChanged();
  };
  if (problem !== null) {
    const words = problem.status === 403 ? t("config.not_yours") : t("config.failed");
    return <Failed what={words} problem={problem.id} again={() => void load()} />;
  }
  if (read === null) return <Skeleton rows={5} />;
  if (name === "rules") return <RulesEditor read={read} onChanged={changed} />;
  return <Named name={name} read={read} onChanged={changed} />;
}

function Named({ name, read, onChanged }: { name: SectionName; read: Read; onChanged: () => void }) {
  const [open, setOpen] = useState("");
  const [fresh, setFresh] = useState("");
  const names = Object.keys(read.tables).sort();
  const table = read.tables[open];
  return (
    <div class="config-section">
      <ul class="config-names" aria-label={t(`section.${name}`)}>
        {names.map((each) => (
          <li key={each}>
            <Press small pressed={open === each} onPress={() => setOpen(open === each ? "" : each)}>
              {each}
            </Press>
          </li>
        ))}
      </ul>
      {names.length === 0 ? <p class="muted">{t("config.none")}</p> : null}
      {open === "" ? null : (
        <TableEditor
          key={`${open}${read.revision}`}
          section={name}
          name={open}
          table={table ?? {}}
          isNew={table === undefined}
          revision={read.revision}
          onChanged={onChanged}
          onClose={() => setOpen("")}
        />
      )}
      <div class="row config-new">
        <Field
          label={t("config.new_name")}
          value={fresh}
          onInput={(event) => setFresh(event.currentTarget.value)}
        />
        <Press
          disabled={fresh.trim() === "" || fresh.trim() in read.tables}
          onPress={() => {
            setOpen(fresh.trim());
            setFresh("");
          }}
        >
          {t("config.add")}
        </Press>
      </div>
    </div>
  );
}
