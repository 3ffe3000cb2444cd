/** The rules as a whole: their order is their meaning. */

import { useState } from "preact/hooks";
import { putRules, type Table } from "../api/config";
import { t } from "../words/words";
import { SaveRow, SavingProblem, useSaving, WhyField } from "./configsave";
import { useDesk } from "./context";
import { Press, useUniqueId } from "./parts";

interface RulesProps {
  readonly read: { readonly revision: string; readonly tables: Readonly<Record<string, unknown>> };
  readonly onChanged: () => void;
}

const show = (value: unknown): string => JSON.stringify(value, null, 2);

export function RulesEditor({ read, onChanged }: RulesProps) {
  const desk = useDesk();
  const saving = useSaving();
  const [general, setGeneral] = useState(show(read.tables["rules"] ?? {}));
  const [rules, setRules] = useState<readonly string[]>(() =>
    ((read.tables["rule"] ?? []) as readonly Table[]).map(show),
  );
  const [wrong, setWrong] = useState("");
  const save = async (): Promise<void> => {
    let change: { rules: unknown; rule: unknown };
    try {
      change = { rules: JSON.parse(general), rule: rules.map((text) => JSON.parse(text) as unknown) };
    } catch (failure) {
      setWrong(t("config.wrong_json", { name: failure instanceof Error ? failure.message : "" }));
      return;
    }
    setWrong("");
    if (!(await saving.run((why) => putRules({ ...change, revision: read.revision, why })))) return;
    desk.say(t("config.saved", { name: t("section.rules") }), "ok");
    onChanged();
  };
  return (
    <div class="config-section">
      <p class="muted">{t("config.rules_order")}</p>
      <JsonField label={t("config.rules_general")} text={general} onText={setGeneral} />
      <ol class="config-rules">
        {rules.map((text, index) => (
          <RuleLine
            key={`${index}-${rules.length}`}
            text={text}
            index={index}
            rules={rules}
            onRules={setRules}
          />
        ))}
      </ol>
      <Press onPress={() => setRules([...rules, show({ name: "", when: "" })])}>{t("config.add_rule")}</Press>
      {wrong === "" ? null : <p class="mistake">{wrong}</p>}
      <WhyField saving={saving} />
      <SavingProblem saving={saving} />
      <div class="row">
        <SaveRow saving={saving} onSave={() => void save()} />
      </div>
    </div>
  );
}

interface RuleLineProps {
  readonly text: string;
  readonly index: number;
  readonly rules: readonly string[];
  readonly onRules: (rules: readonly string[]) => void;
}

function RuleLine({ text, index, rules, onRules }: RuleLineProps) {
  const label = t("config.rule", { n: index + 1 });
  const move = (to: number): void => {
    const next = rules.filter((_, at) => at !== index);
    next.splice(to, 0, text);
    onRules(next);
  };
  return (
    <li class="card">
      <JsonField
        label={label}
        text={text}
        onText={(value) => onRules(rules.map((each, at) => (at === index ? value : each)))}
      />
      <div class="row">
        <Press small disabled={index === 0} onPress={() => move(index - 1)}>
          {t("config.up")}
        </Press>
        <Press small disabled={index === rules.length - 1} onPress={() => move(index + 1)}>
          {t("config.down")}
        </Press>
        <span class="spring" />
        <Press small tone="danger" onPress={() => onRules(rules.filter((_, at) => at !== index))}>
          {t("config.remove")}
        </Press>
      </div>
    </li>
  );
}

function JsonField({ label, text, onText }: { label: string; text: string; onText: (text: string) => void }) {
  const id = useUniqueId("json");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        class="code"
        spellcheck={false}
        rows={Math.min(16, text.split("\n").length)}
        value={text}
        onInput={(event) => onText(event.currentTarget.value)}
      />
    </div>
  );
}
