/** Saving a change of the configuration: why, mistakes with their places, the password where it is asked for. */

import { useState } from "preact/hooks";
import { confirmPassword, type Mistake } from "../api/config";
import { Problem } from "../api/http";
import type { Desk } from "../app/desk";
import { t, tOr } from "../words/words";
import { Mistakes } from "./config";
import { useDesk } from "./context";
import { Field, Press, Strip } from "./parts";

export interface Saving {
  readonly busy: boolean;
  readonly problem: Problem | null;
  readonly why: string;
  readonly setWhy: (why: string) => void;
  /** Runs a change; true when it is in force. */
  readonly run: (change: (why: string) => Promise<unknown>) => Promise<boolean>;
  readonly clear: () => void;
}

export function useSaving(): Saving {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [why, setWhy] = useState("");
  const run = async (change: (why: string) => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    try {
      await change(why.trim());
      setProblem(null);
      return true;
    } catch (failure) {
      setProblem(failure instanceof Problem ? failure : new Problem(0, {}));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, why, setWhy, run, clear: () => setProblem(null) };
}

/** What stopped the change, in words; a stale one says so, mistakes name their place. */
export function SavingProblem({ saving }: { saving: Saving }) {
  const { problem } = saving;
  if (problem === null) return null;
  if (problem.code === "confirmation_needed") return <AskPassword onDone={saving.clear} />;
  if (problem.code === "mistaken")
    return <Mistakes mistakes={problem.errors as unknown as Mistake[]} tone="late" />;
  const words =
    problem.code === "stale"
      ? t("config.stale")
      : problem.status === 403
        ? t("refused.forbidden")
        : tOr(`refused.${problem.code}`, problem.detail || t("config.not_saved"));
  return (
    <Strip tone="late" name="config_problem">
      {words} {problem.id === "" ? "" : t("failed.quote", { id: problem.id })}
    </Strip>
  );
}

function AskPassword({ onDone }: { onDone: () => void }) {
  const [password, setPassword] = useState("");
  const [wrong, setWrong] = useState(false);
  const confirm = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await confirmPassword(password);
      onDone();
    } catch {
      setWrong(true);
    }
  };
  return (
    <form onSubmit={confirm}>
      <Strip tone="soon" name="confirm">
        <label>
          {t("config.password")}{" "}
          <input
            type="password"
            autocomplete="current-password"
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="press press-small">
          {t("config.confirm")}
        </button>
        {wrong ? <span role="alert">{t("signin.wrong")}</span> : null}
      </Strip>
    </form>
  );
}

/** Whether somebody said why; what needs a reason and has none says so. */
export function reasonGiven(desk: Desk, saving: Saving): boolean {
  const given = saving.why.trim() !== "";
  if (!given) desk.say(t("config.why_needed"), "trouble");
  return given;
}

/** Why a change is made: it stands in the history. */
export function WhyField({ saving }: { saving: Saving }) {
  return (
    <Field
      label={t("config.why")}
      value={saving.why}
      onInput={(event) => saving.setWhy(event.currentTarget.value)}
    />
  );
}

interface SaveRowProps {
  readonly saving: Saving;
  readonly onSave: () => void;
  /** Hands the same change to somebody else to decide; it needs a reason. */
  readonly onPropose: () => void;
  readonly onCheck?: () => void;
}

/** The row of buttons under an editor: what this person may do with a change. */
export function SaveRow({ saving, onSave, onPropose, onCheck }: SaveRowProps) {
  const desk = useDesk();
  const may = (permission: string): boolean => desk.session.permissions.includes(permission);
  const propose = (): void => {
    if (reasonGiven(desk, saving)) onPropose();
  };
  return (
    <>
      {onCheck === undefined ? null : (
        <Press disabled={saving.busy} onPress={onCheck}>
          {t("config.check")}
        </Press>
      )}
      {may("configuration.publish") ? (
        <Press tone="primary" disabled={saving.busy} onPress={onSave}>
          {t("save")}
        </Press>
      ) : null}
      {may("configuration.propose") ? (
        <Press disabled={saving.busy} onPress={propose}>
          {t("proposal.propose")}
        </Press>
      ) : null}
    </>
  );
}
