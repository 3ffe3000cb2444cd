/** To whom: queues and colleagues with their state in words. */

import { useEffect, useState } from "preact/hooks";
import { command } from "../app/acts";
import type { Desk } from "../app/desk";
import type { DeskState } from "../state/desk";
import type { Item } from "../state/shapes";
import { byName, clock, matches } from "../words/format";
import { t, title, tOr } from "../words/words";
import { Combobox, type ComboRow } from "./combobox";
import { useDesk } from "./context";
import { Press } from "./parts";

/** "Billing, 9 waiting, about 04:00": the rows of the picker that fit `find`. */
export function targets(state: DeskState, act: "transfer" | "consult", find: string): readonly ComboRow[] {
  const queues =
    act === "consult"
      ? []
      : byName(state.queues, (queue) => title(queue.title, queue.queue)).map((queue): ComboRow => {
          const wait = queue.expected === null ? "" : t("target.wait", { time: clock(queue.expected[1]) });
          const hint = queue.open
            ? [t("target.waiting", { n: queue.waiting }), wait, t("target.ready", { n: queue.ready })]
            : [t("target.closed")];
          return {
            id: `queue:${queue.queue}`,
            icon: "work",
            words: title(queue.title, queue.queue),
            hint: hint.filter(Boolean).join(", "),
          };
        });
  const agents = byName(state.colleagues, (each) => each.name)
    .filter((each) => each.shown !== "offline" && each.agent_id !== state.agent?.agent_id)
    .map(
      (each): ComboRow => ({
        id: `agent:${each.agent_id}`,
        icon: "user",
        words: each.name,
        hint: tOr(`shown.${each.shown}`, each.shown),
      }),
    );
  return [...queues, ...agents].filter((row) => matches(row.words, find));
}

export function Picker({ item, act }: { item: Item; act: "transfer" | "consult" }) {
  const desk = useDesk();
  const [find, setFind] = useState("");
  const [keepAge, setKeepAge] = useState(true);
  // Only the numbers of one's own queues are told as they change.
  useEffect(() => desk.line.tell("queues", {}), [desk]);
  const close = (): void => {
    desk.popover.value = "";
    document.getElementById(`control-${act}`)?.focus();
  };
  return (
    <section class="popover picker" aria-label={t(`controls.${act}` as "controls.transfer")}>
      <Combobox
        label={t(act === "transfer" ? "target.to_whom" : "target.ask_whom")}
        takeFocus
        open
        text={find}
        onText={setFind}
        onCancel={close}
        rows={targets(desk.state.value, act, find)}
        onChoose={(row) => {
          close();
          void handOver(desk, item, act, row, keepAge);
        }}
      />
      {act === "transfer" ? (
        <label class="check">
          <input
            type="checkbox"
            checked={keepAge}
            onChange={(event) => setKeepAge(event.currentTarget.checked)}
          />{" "}
          {t("target.keep_age")}
        </label>
      ) : null}
      <Press small tone="quiet" onPress={close}>
        {t("cancel")}
      </Press>
    </section>
  );
}

async function handOver(
  desk: Desk,
  item: Item,
  act: "transfer" | "consult",
  row: ComboRow,
  keepAge: boolean,
): Promise<void> {
  const [kind, ...rest] = row.id.split(":");
  const target = { [kind === "queue" ? "queue" : "agent"]: rest.join(":") };
  const args = {
    interaction_id: item.interaction_id,
    ...target,
    ...(act === "transfer" ? { keep_age: keepAge } : {}),
  };
  if (await command(desk, act, args)) {
    desk.say(t(act === "transfer" ? "target.transferred" : "target.asked", { name: row.words }), "ok");
  }
}
