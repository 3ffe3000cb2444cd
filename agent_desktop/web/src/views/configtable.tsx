/** One table of the configuration as a form. */

import { useState } from "preact/hooks";
import { checkTable, closeHours, type Mistake, putTable, removeTable, type Table } from "../api/config";
import { propose } from "../api/proposals";
import { fromLines, toLines } from "../state/tableform";
import { t } from "../words/words";
import { Mistakes } from "./config";
import { FormLines } from "./configform";
import { reasonGiven, SaveRow, type Saving, SavingProblem, useSaving, WhyField } from "./configsave";
import { useDesk } from "./context";
import { Press } from "./parts";

interface EditorProps {
  readonly section: string;
  readonly name: string;
  readonly table: Table;
  readonly isNew: boolean;
  readonly revision: string;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

export function TableEditor(props: EditorProps) {
  const { section, name, table, isNew, revision, onChanged, onClose } = props;
  const desk = useDesk();
  const [lines, setLines] = useState(() => toLines(table));
  const [wrong, setWrong] = useState("");
  const [found, setFound] = useState<readonly Mistake[]>([]);
  const saving = useSaving();
  const read = (): Table | null => {
    const answer = fromLines(lines);
    setWrong(
      answer.wrong === null ? "" : t(`config.wrong_${answer.wrong.problem}`, { name: answer.wrong.name }),
    );
    return answer.table;
  };
  const save = async (): Promise<void> => {
    const next = read();
    if (next === null) return;
    if (!(await saving.run((why) => putTable(section, name, { table: next, revision, why })))) return;
    desk.say(t("config.saved", { name }), "ok");
    onChanged();
  };
  const check = async (): Promise<void> => {
    const next = read();
    if (next === null) return;
    await saving.run(async () => {
      const answer = await checkTable(section, name, next);
      setFound([...answer.errors, ...answer.warnings]);
      if (answer.errors.length + answer.warnings.length === 0) desk.say(t("config.no_mistake"), "ok");
    });
  };
  const offer = async (next: Table | null): Promise<void> => {
    await saving.run(async (why) => {
      const made = await propose({ section, name, table: next }, why);
      desk.say(t("proposal.made", { n: made.number }), "ok");
    });
  };
  const suggest = (): void => {
    const next = read();
    if (next !== null) void offer(next);
  };
  const publishes = desk.session.permissions.includes("configuration.publish");
  const remove = async (): Promise<void> => {
    if (!(await saving.run((why) => removeTable(section, name, revision, why)))) return;
    desk.say(t("config.removed", { name }), "ok");
    onClose();
    onChanged();
  };
  return (
    <section class="card" aria-label={name}>
      <h2>{name}</h2>
      <FormLines lines={lines} onLines={setLines} />
      {wrong === "" ? null : <p class="mistake">{wrong}</p>}
      <Mistakes mistakes={found} tone="late" />
      <WhyField saving={saving} />
      <SavingProblem saving={saving} />
      <div class="row">
        <SaveRow
          saving={saving}
          onSave={() => void save()}
          onPropose={suggest}
          onCheck={() => void check()}
        />
        {section === "hours" && !isNew ? <Emergency name={name} why={saving.why} run={saving.run} /> : null}
        <span class="spring" />
        {isNew ? null : (
          <Removal saving={saving} direct={publishes} onRemove={remove} onPropose={() => offer(null)} />
        )}
      </div>
    </section>
  );
}

interface RemovalProps {
  readonly saving: Saving;
  /** True for who removes it themselves; somebody else proposes that. */
  readonly direct: boolean;
  readonly onRemove: () => Promise<void>;
  readonly onPropose: () => Promise<void>;
}

function Removal({ saving, direct, onRemove, onPropose }: RemovalProps) {
  const desk = useDesk();
  const propose = (): void => {
    if (reasonGiven(desk, saving)) void onPropose();
  };
  return (
    <Press tone="danger" disabled={saving.busy} onPress={direct ? () => void onRemove() : propose}>
      {t(direct ? "config.remove" : "proposal.propose_remove")}
    </Press>
  );
}

interface EmergencyProps {
  readonly name: string;
  readonly why: string;
  readonly run: (change: (why: string) => Promise<unknown>) => Promise<boolean>;
}

/** Closing at once, and the end of it; the reason is for the audit and must be given. */
function Emergency({ name, why, run }: EmergencyProps) {
  const desk = useDesk();
  const close = async (closed: boolean): Promise<void> => {
    if (why.trim() === "") return desk.say(t("config.why_needed"), "trouble");
    if (await run((reason) => closeHours(name, closed, reason))) {
      desk.say(t(closed ? "config.closed" : "config.reopened", { name }), "ok");
    }
  };
  return (
    <>
      <Press tone="danger" onPress={() => void close(true)}>
        {t("config.close_now")}
      </Press>
      <Press onPress={() => void close(false)}>{t("config.reopen")}</Press>
    </>
  );
}
