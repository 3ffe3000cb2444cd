/** The rules as a whole: their order is their meaning. */

import { useState } from "preact/hooks";
import { putRules, type Table } from "../api/config";
import { propose } from "../api/proposals";
import { type FormValue, fromLines, toLines, toValue } from "../state/tableform";
import { t } from "../words/words";
import { FormLines, Items } from "./configform";
import { SaveRow, SavingProblem, useSaving, WhyField } from "./configsave";
import { useDesk } from "./context";

interface RulesTables {
  readonly rules: Table;
  readonly rule: readonly Table[];
}

interface RulesProps {
  readonly read: { readonly revision: string; readonly tables: Readonly<Record<string, unknown>> };
  readonly onChanged: () => void;
}

export function RulesEditor({ read, onChanged }: RulesProps) {
  const desk = useDesk();
  const saving = useSaving();
  const [general, setGeneral] = useState(() => toLines((read.tables["rules"] ?? {}) as Table));
  const [rules, setRules] = useState<readonly FormValue[]>(() =>
    ((read.tables["rule"] ?? []) as readonly Table[]).map(toValue),
  );
  const [wrong, setWrong] = useState("");
  const written = (): RulesTables | null => {
    const whole = fromLines([
      { name: "rules", value: { kind: "table", lines: general } },
      { name: "rule", value: { kind: "items", items: rules } },
    ]);
    if (whole.wrong !== null) {
      setWrong(t(`config.wrong_${whole.wrong.problem}`, { name: whole.wrong.name }));
      return null;
    }
    setWrong("");
    return whole.table as unknown as RulesTables;
  };
  const suggest = async (): Promise<void> => {
    const whole = written();
    if (whole === null) return;
    await saving.run(async (why) => {
      const made = await propose({ section: "rules", table: whole.rules, rule: whole.rule }, why);
      desk.say(t("proposal.made", { n: made.number }), "ok");
    });
  };
  const save = async (): Promise<void> => {
    const whole = written();
    if (whole === null) return;
    if (!(await saving.run((why) => putRules({ ...whole, revision: read.revision, why })))) return;
    desk.say(t("config.saved", { name: t("section.rules") }), "ok");
    onChanged();
  };
  return (
    <div class="config-section">
      <p class="muted">{t("config.rules_order")}</p>
      <fieldset class="config-table">
        <legend>{t("config.rules_general")}</legend>
        <FormLines lines={general} onLines={setGeneral} />
      </fieldset>
      <Items name={t("config.rule")} items={rules} onItems={setRules} />
      {wrong === "" ? null : <p class="mistake">{wrong}</p>}
      <WhyField saving={saving} />
      <SavingProblem saving={saving} />
      <div class="row">
        <SaveRow saving={saving} onSave={() => void save()} onPropose={() => void suggest()} />
      </div>
    </div>
  );
}
