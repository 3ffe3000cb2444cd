/** The versions that were in force: who, when, why, what changed, and the way back. */

import { useEffect, useState } from "preact/hooks";
import { restoreVersion, type VersionHead, version, versions } from "../api/config";
import { Problem } from "../api/http";
import { full } from "../words/format";
import { t } from "../words/words";
import { SavingProblem, useSaving, WhyField } from "./configsave";
import { useDesk } from "./context";
import { Difference } from "./difference";
import { Failed, Press, Skeleton } from "./parts";

export function ConfigHistory({ revision, onChanged }: { revision: string; onChanged: () => void }) {
  const [heads, setHeads] = useState<readonly VersionHead[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const read = async (): Promise<void> => {
    try {
      setHeads((await versions()).versions);
      setProblem(null);
    } catch (failure) {
      if (failure instanceof Problem) setProblem(failure);
    }
  };
  useEffect(() => void read(), [revision]);
  if (problem !== null) {
    const words = problem.status === 403 ? t("config.not_yours") : t("config.failed");
    return <Failed what={words} problem={problem.id} again={() => void read()} />;
  }
  if (heads === null) return <Skeleton rows={4} />;
  return (
    <ol class="config-versions">
      {heads.map((head, index) => (
        <li key={head.number} class="card">
          <VersionPart head={head} current={index === 0} revision={revision} onChanged={onChanged} />
        </li>
      ))}
    </ol>
  );
}

interface VersionProps {
  readonly head: VersionHead;
  readonly current: boolean;
  readonly revision: string;
  readonly onChanged: () => void;
}

function VersionPart({ head, current, revision, onChanged }: VersionProps) {
  const desk = useDesk();
  const saving = useSaving();
  const [difference, setDifference] = useState<string | null>(null);
  const show = async (): Promise<void> => {
    if (difference !== null) return setDifference(null);
    await saving.run(async () => setDifference((await version(head.number)).difference));
  };
  const restore = async (): Promise<void> => {
    if (!(await saving.run((why) => restoreVersion(head.number, revision, why)))) return;
    desk.say(t("config.restored", { n: head.number }), "ok");
    onChanged();
  };
  return (
    <>
      <div class="row">
        <h3>
          {head.number}. {full(head.at)}
        </h3>
        <span>{head.by === "" ? t("config.by_hand") : head.by}</span>
        <bdi class="muted">{head.why}</bdi>
        <span class="spring" />
        <Press small expanded={difference !== null} onPress={() => void show()}>
          {t("config.difference")}
        </Press>
      </div>
      {difference === null ? null : (
        <>
          <Difference text={difference} label={t("config.difference")} />
          {current ? null : (
            <div class="row config-new">
              <WhyField saving={saving} />
              <Press tone="danger" disabled={saving.busy} onPress={() => void restore()}>
                {t("config.restore")}
              </Press>
            </div>
          )}
        </>
      )}
      <SavingProblem saving={saving} />
    </>
  );
}
