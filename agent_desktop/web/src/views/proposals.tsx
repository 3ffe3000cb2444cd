/** Proposed changes: what would be different, whose wish it is, and the decision of who may publish. */

import { useState } from "preact/hooks";
import { type Proposal, proposals, publish, reject, withdraw } from "../api/proposals";
import { full } from "../words/format";
import { t } from "../words/words";
import { reasonGiven, SavingProblem, useSaving, WhyField } from "./configsave";
import { useDesk } from "./context";
import { Difference } from "./difference";
import { Choice, Empty, Press } from "./parts";
import { ReadingState, useReading } from "./reading";

interface ProposalsProps {
  readonly revision: string;
  readonly onChanged: () => void;
}

export function Proposals({ revision, onChanged }: ProposalsProps) {
  const [shown, setShown] = useState("open");
  const [before, setBefore] = useState<number | undefined>(undefined);
  const [turn, setTurn] = useState(0);
  const reading = useReading(() => proposals(before), [revision, before, turn]);
  const found = reading.answer?.proposals ?? [];
  const rows = found.filter((each) => shown === "all" || each.state === "open");
  const next = reading.answer?.next ?? null;
  const changed = (): void => {
    setTurn(turn + 1);
    onChanged();
  };
  return (
    <div class="config-versions">
      <div class="row">
        <Choice
          label={t("proposal.shown")}
          value={shown}
          options={[
            ["open", t("proposal.state.open")],
            ["all", t("report.all")],
          ]}
          onChoose={setShown}
        />
        <span class="spring" />
        {before === undefined ? null : (
          <Press small onPress={() => setBefore(undefined)}>
            {t("proposal.newest")}
          </Press>
        )}
        <Press small onPress={() => setTurn(turn + 1)}>
          {t("refresh")}
        </Press>
      </div>
      <ReadingState reading={reading} failed={t("proposal.failed")} />
      {reading.answer !== null && rows.length === 0 ? (
        <Empty icon="config">{t(shown === "open" ? "proposal.none_open" : "proposal.none")}</Empty>
      ) : null}
      <ol class="config-versions">
        {rows.map((each) => (
          <li key={each.number} class="card">
            <ProposalPart proposal={each} revision={revision} onChanged={changed} />
          </li>
        ))}
      </ol>
      {next === null ? null : <Press onPress={() => setBefore(next)}>{t("proposal.older")}</Press>}
    </div>
  );
}

/** The table that a proposal is about, as the audit names it. */
const whatOf = ({ change }: Proposal): string =>
  change.name === undefined || change.name === "" ? change.section : `${change.section}.${change.name}`;

interface PartProps extends ProposalsProps {
  readonly proposal: Proposal;
}

function ProposalPart({ proposal, revision, onChanged }: PartProps) {
  const desk = useDesk();
  const [open, setOpen] = useState(false);
  const publishes = desk.session.permissions.includes("configuration.publish");
  const own = proposal.by === desk.session.user;
  return (
    <>
      <div class="row">
        <h3>
          {proposal.number}. <bdi>{whatOf(proposal)}</bdi>
        </h3>
        <span class="chip">{t(`proposal.state.${proposal.state}`)}</span>
        <span>
          <bdi>{proposal.by}</bdi>, {full(proposal.at)}
        </span>
        <span class="spring" />
        <Press
          small
          expanded={open}
          label={t("proposal.difference_of", { n: proposal.number })}
          onPress={() => setOpen(!open)}
        >
          {t("config.difference")}
        </Press>
      </div>
      <p>
        <bdi>{proposal.why}</bdi>
      </p>
      {proposal.decided_at === null ? null : (
        <p class="muted">
          {t("proposal.decided", { by: proposal.decided_by, time: full(proposal.decided_at) })}{" "}
          <bdi>{proposal.decided_why}</bdi>
        </p>
      )}
      {open ? <Difference text={proposal.difference} label={t("config.difference")} /> : null}
      {proposal.state !== "open" ? null : own ? (
        <Withdraw proposal={proposal} onChanged={onChanged} />
      ) : publishes ? (
        <Decide proposal={proposal} revision={revision} seen={open} onChanged={onChanged} />
      ) : null}
    </>
  );
}

interface DecideProps extends PartProps {
  /** Whether what it changes stands on the screen. */
  readonly seen: boolean;
}

/** Yes or no. A yes is possible to who looks at the difference; a no needs its reason. */
function Decide({ proposal, revision, seen, onChanged }: DecideProps) {
  const desk = useDesk();
  const saving = useSaving();
  const say = async (
    words: "published" | "rejected",
    act: (why: string) => Promise<unknown>,
  ): Promise<void> => {
    if (!(await saving.run(act))) return;
    desk.say(t(`proposal.said_${words}`, { n: proposal.number }), "ok");
    onChanged();
  };
  const accept = (): void => void say("published", (why) => publish(proposal.number, revision, why));
  const refuse = (): void => {
    if (!reasonGiven(desk, saving)) return;
    void say("rejected", (why) => reject(proposal.number, why));
  };
  return (
    <>
      <div class="row config-new">
        <WhyField saving={saving} />
        <Press tone="primary" disabled={saving.busy || !seen} onPress={accept}>
          {t("proposal.publish")}
        </Press>
        <Press tone="danger" disabled={saving.busy} onPress={refuse}>
          {t("proposal.reject")}
        </Press>
      </div>
      {seen ? null : <p class="hint">{t("proposal.look_first")}</p>}
      <SavingProblem saving={saving} />
    </>
  );
}

function Withdraw({ proposal, onChanged }: { proposal: Proposal; onChanged: () => void }) {
  const desk = useDesk();
  const saving = useSaving();
  const back = async (): Promise<void> => {
    if (!(await saving.run(() => withdraw(proposal.number)))) return;
    desk.say(t("proposal.said_withdrawn", { n: proposal.number }), "ok");
    onChanged();
  };
  return (
    <>
      <div class="row">
        <Press small disabled={saving.busy} onPress={() => void back()}>
          {t("proposal.withdraw")}
        </Press>
        {desk.session.permissions.includes("configuration.publish") ? (
          <span class="hint">{t("proposal.not_own")}</span>
        ) : null}
      </div>
      <SavingProblem saving={saving} />
    </>
  );
}
