/** The agents of the board, and setting somebody's state by those who may. */

import { useEffect, useRef, useState } from "preact/hooks";
import { type BoardAgent, setAgentState } from "../api/board";
import { Problem } from "../api/http";
import type { Desk } from "../app/desk";
import { reasonWord } from "../app/effects";
import { WatchPresses } from "../phone/strips";
import type { Queue } from "../state/shapes";
import { byName } from "../words/format";
import { t, title, tOr } from "../words/words";
import type { Stopped } from "./board";
import { Clock } from "./clock";
import { useDesk } from "./context";
import { type Column, Grid } from "./grid";
import { Choice, Press } from "./parts";

const HEADS = ["agent", "state", "since", "queues"] as const;

interface AgentsProps {
  readonly agents: readonly BoardAgent[];
  readonly queues: readonly Queue[];
  readonly stopped: Stopped;
}

export function Agents({ agents, queues, stopped }: AgentsProps) {
  const desk = useDesk();
  const titles = new Map(queues.map((queue) => [queue.queue, title(queue.title, queue.queue)]));
  const [chosen, setChosen] = useState("");
  const may = desk.session.permissions.includes("floor");
  if (agents.length === 0) return <p class="muted">{t("board.no_agent")}</p>;
  const cells: Readonly<Record<(typeof HEADS)[number], Pick<Column<BoardAgent>, "by" | "cell" | "opens">>> = {
    agent: { by: (agent) => agent.name, cell: (agent) => agent.name },
    state: {
      by: (agent) => stateWord(desk, agent),
      cell: (agent) => (
        <span class={`presence-mini presence-${agent.shown}`}>
          <span class="presence-shape" aria-hidden="true" />
          {stateWord(desk, agent)}
        </span>
      ),
      opens: (agent) => may && agent.shown !== "offline",
    },
    since: {
      by: (agent) => (agent.since === 0 ? null : -agent.since),
      cell: (agent) => (agent.since === 0 ? "-" : <Clock at={agent.since} {...stopped} />),
    },
    queues: { cell: (agent) => agent.queues.map((name) => titles.get(name) ?? name).join(", ") },
  };
  const columns = HEADS.map(
    (id): Column<BoardAgent> => ({
      id,
      head: t(`board.${id}`),
      means: t(id === "state" && may ? "board.state_opens" : `board.${id}_means`),
      number: id === "since",
      ...cells[id],
    }),
  );
  const agent = agents.find((each) => each.agent_id === chosen);
  return (
    <>
      <Grid
        id="board-agents"
        title={t("board.agents")}
        columns={columns}
        rows={byName(agents, (each) => each.name)}
        rowKey={(each) => each.agent_id}
        onOpen={(each) => setChosen(each.agent_id)}
      />
      {agent === undefined ? null : (
        <StateForm
          key={agent.agent_id}
          agent={agent}
          onClose={() => {
            setChosen("");
            document
              .querySelector<HTMLElement>('[aria-labelledby="board-agents-title"] [tabindex="0"]')
              ?.focus();
          }}
        />
      )}
    </>
  );
}

function stateWord(desk: Desk, agent: BoardAgent): string {
  const reason = agent.reason ?? "";
  if (agent.shown === "not_ready" && reason !== "") return reasonWord(desk, reason);
  return tOr(`shown.${agent.shown}`, agent.shown);
}

/** "not_ready:Break": a state and its reason as one choice. */
const choiceOf = (presence: string, reason: string): string => `${presence}:${reason}`;

/** What an undo goes back to; null where the board does not know it exactly. */
function stateOf(agent: BoardAgent): string | null {
  if (agent.shown === "ready") return choiceOf("ready", "");
  const known = agent.shown === "not_ready" && agent.reason !== undefined;
  return known ? choiceOf("not_ready", agent.reason ?? "") : null;
}

function choices(desk: Desk): readonly (readonly [string, string])[] {
  const reasons = desk.state.value.reasons.map(
    (each): readonly [string, string] => [
      choiceOf("not_ready", each.name),
      title(each.title, each.name),
    ],
  );
  return [
    [choiceOf("ready", ""), t("shown.ready")],
    ...(reasons.length > 0 ? reasons : [[choiceOf("not_ready", ""), t("shown.not_ready")] as const]),
    [choiceOf("offline", ""), t("board.sign_out")],
  ];
}

/** Stands beneath the grid; what was set can be taken back for ten seconds. */
function StateForm({ agent, onClose }: { agent: BoardAgent; onClose: () => void }) {
  const desk = useDesk();
  const rows = choices(desk);
  const [wish, setWish] = useState(rows[0]?.[0] ?? "");
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector("select")?.focus(), []);
  const set = async (choice: string): Promise<boolean> => {
    const [presence = "", reason = ""] = choice.split(":");
    try {
      await setAgentState(agent.agent_id, presence, reason);
      return true;
    } catch (failure) {
      const code = failure instanceof Problem ? failure.code : "no_answer";
      const why = tOr(`refused.${code}`, t("refused.other", { code }));
      desk.say(t("board.not_set", { name: agent.name, why }), "trouble");
      return false;
    }
  };
  const submit = async (): Promise<void> => {
    const back = wish.startsWith("offline") ? null : stateOf(agent);
    onClose();
    if (!(await set(wish))) return;
    const word = rows.find(([name]) => name === wish)?.[1] ?? wish;
    const undo = back === null ? null : () => void set(back);
    desk.say(t("board.set", { name: agent.name, word }), "ok", undo);
  };
  return (
    <form
      class="card board-state"
      ref={form}
      aria-label={t("board.set_state", { name: agent.name })}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
        // A list of choices does not send its form by itself.
        if (event.key !== "Enter" || !(event.target instanceof HTMLSelectElement)) return;
        event.preventDefault();
        form.current?.requestSubmit();
      }}
    >
      <Choice
        label={t("board.set_state", { name: agent.name })}
        value={wish}
        options={rows}
        onChoose={setWish}
      />
      <button type="submit" class="press press-primary">
        {t("board.set_now")}
      </button>
      <WatchPresses agent={agent} onChosen={onClose} />
      <Press tone="quiet" onPress={onClose}>
        {t("cancel")}
      </Press>
    </form>
  );
}
