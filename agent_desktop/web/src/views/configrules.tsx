/** The rules as a whole: their order is their meaning. */

import { useState } from "preact/hooks";
import { putRules, type Table } from "../api/config";
import { type FormValue, fromLines, toLines, toValue } from "../state/tableform";
import { t } from "../words/words";
import { FormLines, Items } from "./configform";
import { SaveRow, SavingProblem, useSaving, WhyField } from "./configsave";
import { useDesk } from "./context";

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
  const save = async (): Promise<void> => {
    const whole = fromLines([
      { name: "rules", value: { kind: "table", lines: general } },
      { name: "rule", value: { kind: "items", items: rules } },
    ]);
    if (whole.wrong !== null) {
      setWrong(t(`config.wrong_${whole.wrong.problem}`, { name: whole.wrong.name }));
      return;
    }
    setWrong("");
    const { rules: first, rule } = whole.table;
    const put = (why: string) => putRules({ rules: first, rule, revision: read.revision, why });
    if (!(await saving.run(put))) return;
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
        <SaveRow saving={saving} onSave={() => void save()} />
      </div>
    </div>
  );
}
