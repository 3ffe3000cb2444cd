/** The agents of the board, and setting states and moving seats by those who may. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type BoardAgent, setAgentState } from "../api/board";
import { Problem } from "../api/http";
import type { Desk } from "../app/desk";
import { reasonWord } from "../app/effects";
import { WatchPresses } from "../phone/strips";
import type { Queue } from "../state/shapes";
import { byName, hourMinute } from "../words/format";
import { t, title, tOr } from "../words/words";
import type { Stopped } from "./board";
import { MoveForm } from "./boardmove";
import { Clock } from "./clock";
import { useDesk } from "./context";
import { type Column, Grid } from "./grid";
import { Choice, Press } from "./parts";

const HEADS = ["agent", "state", "since", "queues"] as const;

/** A form that stands beneath the grid: for whom, and where a name was dropped. */
export interface Asked {
  readonly form: "state" | "move";
  readonly agent: string;
  readonly onto: string;
}

interface AgentsProps {
  readonly agents: readonly BoardAgent[];
  readonly queues: readonly Queue[];
  readonly stopped: Stopped;
  /** False in the past, where nothing can be done. */
  readonly live: boolean;
  readonly asked: Asked | null;
  readonly onAsk: (asked: Asked | null) => void;
}

/** True for who may set states and move seats. */
export const runsTheFloor = (desk: Desk): boolean => desk.session.permissions.includes("floor");

export function Agents({ agents, queues, stopped, live, asked, onAsk }: AgentsProps) {
  const desk = useDesk();
  const titles = new Map(queues.map((queue) => [queue.queue, title(queue.title, queue.queue)]));
  const runs = runsTheFloor(desk);
  const may = runs && live;
  if (agents.length === 0) return <p class="muted">{t("board.no_agent")}</p>;
  const ask = (form: Asked["form"], agent: BoardAgent): boolean => {
    if (!may) return false;
    if (form === "state" && agent.shown === "offline") return false;
    onAsk({ form, agent: agent.agent_id, onto: "" });
    return true;
  };
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
    queues: { cell: (agent) => <Serves agent={agent} titles={titles} />, opens: () => may },
  };
  const means = { state: "board.state_opens", queues: "board.queues_open" } as const;
  const columns = HEADS.map(
    (id): Column<BoardAgent> => ({
      id,
      head: t(`board.${id}`),
      means: t((id === "state" || id === "queues") && may ? means[id] : `board.${id}_means`),
      number: id === "since",
      ...cells[id],
    }),
  );
  const agent = agents.find((each) => each.agent_id === asked?.agent);
  const close = (): void => {
    onAsk(null);
    document.querySelector<HTMLElement>('[aria-labelledby="board-agents-title"] [tabindex="0"]')?.focus();
  };
  return (
    <>
      <Grid
        id="board-agents"
        title={t("board.agents")}
        columns={columns}
        rows={byName(agents, (each) => each.name)}
        rowKey={(each) => each.agent_id}
        onOpen={(each, column) => void ask(column.id === "queues" ? "move" : "state", each)}
        onLetter={(each, letter) => {
          if (letter === "m" || letter === "s") {
            if (runs && !live) desk.say(t("past.shut"));
            return ask(letter === "m" ? "move" : "state", each) || runs;
          }
          return false;
        }}
        drag={may ? (each) => each.agent_id : undefined}
      />
      {agent === undefined || !may ? null : asked?.form === "move" ? (
        <MoveForm key={`${agent.agent_id} ${asked.onto}`} agent={agent} queues={queues} onto={asked.onto} onClose={close} />
      ) : (
        <StateForm key={agent.agent_id} agent={agent} onClose={close} />
      )}
    </>
  );
}

/** The queues served now; a moved seat says until when and by whom. */
function Serves({ agent, titles }: { agent: BoardAgent; titles: ReadonlyMap<string, string> }) {
  const names = agent.queues.map((name) => titles.get(name) ?? name).join(", ");
  return (
    <>
      {names === "" ? "-" : names}
      {agent.move === null ? null : (
        <span class="moved-mark">
          {" "}
          {t("board.moved", { time: hourMinute(agent.move.until), name: agent.move.by })}
        </span>
      )}
    </>
  );
}

function stateWord(desk: Desk, agent: BoardAgent): string {
  if (agent.shown === "not_ready" && agent.reason !== "") return reasonWord(desk, agent.reason);
  return tOr(`shown.${agent.shown}`, agent.shown);
}

/** "not_ready:Break": a state and its reason as one choice. */
const choiceOf = (presence: string, reason: string): string => `${presence}:${reason}`;

/** What an undo goes back to; null while they work, when no state of theirs is shown. */
function stateOf(agent: BoardAgent): string | null {
  if (agent.shown === "ready") return choiceOf("ready", "");
  return agent.shown === "not_ready" ? choiceOf("not_ready", agent.reason) : null;
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
  useLayoutEffect(() => form.current?.querySelector("select")?.focus(), []);
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
