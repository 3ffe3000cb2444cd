/** Notes of colleagues that ask one to look: told until they were opened or put away. */

import { useSignal } from "@preact/signals";
import { hashOf } from "../app/route";
import type { Mention } from "../state/shapes";
import { hourMinute } from "../words/format";
import { t } from "../words/words";
import { useDesk, usePart } from "./context";
import { Press, Strip } from "./parts";

/** Up to which one everything was put away, on this machine; storage that is shut forgets it. */
function seenUpTo(user: string): number {
  try {
    return Number(localStorage.getItem(`carillon-mentions-${user}`) ?? 0);
  } catch {
    return 0;
  }
}

function keepSeen(user: string, seq: number): void {
  try {
    localStorage.setItem(`carillon-mentions-${user}`, String(seq));
  } catch {
    // It is told again after the next reload.
  }
}

export function Mentions() {
  const desk = useDesk();
  const mentions = usePart((state) => state.mentions).value;
  const items = usePart((state) => state.items).value;
  const seen = useSignal(seenUpTo(desk.session.user));
  const first = mentions.find((each) => each.seq > seen.value);
  if (first === undefined) return null;
  const more = mentions.filter((each) => each.seq > first.seq).length;
  const away = (): void => {
    seen.value = first.seq;
    keepSeen(desk.session.user, first.seq);
  };
  const page = items.has(first.interaction_id) ? "work" : "timeline";
  return (
    <Strip name="mention">
      <span>{words(first)}</span>
      <a class="press press-primary press-small" href={hashOf(page, first.interaction_id)} onClick={away}>
        {t("mention.open")}
      </a>
      <Press small tone="quiet" onPress={away}>
        {more === 0 ? t("close") : t("mention.next", { n: more })}
      </Press>
    </Strip>
  );
}

const words = (mention: Mention): string =>
  t("mention.strip", { name: mention.by, time: hourMinute(mention.at), text: mention.text });
