/** accepted = self-service + waiting + offered + in work + finished, or it says that it does not. */

import type { Board } from "../api/board";
import { count } from "../words/format";
import { t } from "../words/words";
import { Icon } from "./icon";

const TERMS = ["accepted", "self_service", "waiting", "offered", "in_work", "finished"] as const;
const SIGNS = ["", "= ", "+ "] as const;

/** The law's terms; each opens the rows it counts. */
export function Conservation({ board, onOpen }: { board: Board; onOpen: (figure: string) => void }) {
  const law = board.conservation;
  if (law === null || law === undefined) return null;
  const terms = TERMS.filter((name) => name !== "self_service" || (law[name] ?? 0) > 0);
  const sum = terms.slice(1).reduce((total, name) => total + (law[name] ?? 0), 0);
  const balances = law.balances !== false && sum === law.accepted;
  return (
    <p class={`conservation ${balances ? "conservation-ok" : "conservation-late"}`} data-conservation>
      {terms.map((name, at) => {
        const words = { name: t(`law.${name}`), n: count(law[name] ?? 0), means: t(`law.${name}_means`) };
        return (
          <span key={name}>
            {SIGNS[Math.min(at, 2)]}
            <button
              type="button"
              class="law-term"
              title={words.means}
              aria-label={t("law.open", words)}
              data-figure={name}
              onClick={() => onOpen(name)}
            >
              {words.name} <strong>{words.n}</strong>
            </button>
          </span>
        );
      })}
      <span class={balances ? "sla sla-on_time" : "sla sla-late"}>
        <Icon name={balances ? "on_time" : "late"} size={14} />
        {balances ? t("law.balances") : t("law.does_not")}
      </span>
    </p>
  );
}
