/** To whom: queues and colleagues with their state in words. */

import { useEffect, useState } from "preact/hooks";
import { command } from "../app/acts";
import type { Desk } from "../app/desk";
import { looksLikeNumber, plainNumber } from "../phone/dial";
import type { DeskState } from "../state/desk";
import type { Item } from "../state/shapes";
import { byName, clock, matches } from "../words/format";
import { t, title, tOr } from "../words/words";
import { Combobox, type ComboRow } from "./combobox";
import { useDesk } from "./context";
import { Press } from "./parts";

/** "Billing, 9 waiting, about 04:00": the rows of the picker that fit `find`. */
export function targets(
  state: DeskState,
  act: "transfer" | "consult",
  find: string,
  numbers = false,
): readonly ComboRow[] {
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
  const fitting = [...queues, ...agents].filter((row) => matches(row.words, find));
  return [...fitting, ...numberRow(find, numbers)];
}

/** A typed number can be called, where the work is a call and one may. */
function numberRow(find: string, numbers: boolean): readonly ComboRow[] {
  if (!numbers || !looksLikeNumber(find)) return [];
  const number = plainNumber(find);
  return [{ id: `number:${number}`, icon: "voice", words: t("phone.to_number", { number }), hint: "" }];
}

export function Picker({ item, act }: { item: Item; act: "transfer" | "consult" }) {
  const desk = useDesk();
  const [find, setFind] = useState("");
  const [keepAge, setKeepAge] = useState(true);
  const numbers = desk.phone.of(item.interaction_id) !== null && desk.session.permissions.includes("dial");
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
        rows={targets(desk.state.value, act, find, numbers)}
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
  if (kind === "number") {
    const number = rest.join(":");
    await command(desk, `${act}_number`, { interaction_id: item.interaction_id, number });
    return;
  }
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
