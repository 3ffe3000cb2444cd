/** Find or do: one list of everything that can be done now, the most urgent act first. */

import { useRef, useState } from "preact/hooks";
import { accept, setPresence } from "../app/acts";
import type { Desk } from "../app/desk";
import { whoName } from "../app/effects";
import { go } from "../app/route";
import { chordLabel } from "../keys/map";
import { firstOffer } from "../state/select";
import { matches } from "../words/format";
import { mediumWord, t, title } from "../words/words";
import { Combobox, type ComboRow } from "./combobox";
import { useDesk } from "./context";
import { doAct } from "./deskkeys";
import { useCloseOutside } from "./menu";
import { places } from "./places";
import { onMac } from "./statusbar";

interface Doing extends ComboRow {
  readonly run: () => void;
}

/** What can be done now, the most urgent first. */
export function doings(desk: Desk): readonly Doing[] {
  const state = desk.state.peek();
  const rows: Doing[] = [];
  const card = desk.acts ? firstOffer(state) : null;
  const key = (name: Parameters<typeof doAct>[1]): string =>
    chordLabel(desk.keys.peek().get(name) ?? "", onMac());
  if (card !== null) {
    const { offer } = card;
    rows.push({
      id: "accept",
      words: t("palette.accept", { medium: mediumWord(offer.medium), name: whoName(offer.customer.name) }),
      icon: offer.medium,
      hint: key("accept"),
      run: () => void accept(desk, offer),
    });
  }
  if (desk.acts && state.agent !== null) {
    const ready = state.agent.presence === "ready";
    if (!ready) {
      rows.push({
        id: "ready",
        words: t("presence.go_ready"),
        icon: "on_time",
        run: () => void setPresence(desk, "ready"),
      });
    }
    for (const reason of state.reasons) {
      rows.push({
        id: `reason-${reason.name}`,
        words: t("palette.reason", { reason: title(reason.title, reason.name) }),
        icon: "clock",
        run: () => void setPresence(desk, "not_ready", reason.name),
      });
    }
  }
  for (const item of state.items.values()) {
    rows.push({
      id: item.interaction_id,
      words: t("palette.item", { name: whoName(item.customer.name), medium: mediumWord(item.medium) }),
      hint: item.summary,
      icon: item.medium,
      run: () => go("work", item.interaction_id),
    });
  }
  for (const act of ["reply", "note", "transfer", "consult", "wrap_up", "end", "finish"] as const) {
    rows.push({ id: act, words: t(`keys.${act}`), hint: key(act), run: () => void doAct(desk, act) });
  }
  for (const place of places(desk.session)) {
    rows.push({
      id: `place-${place.page}`,
      words: t("palette.go", { place: t(place.words) }),
      icon: place.icon,
      run: () => go(place.page),
    });
  }
  return rows;
}

export function Palette() {
  const desk = useDesk();
  const [find, setFind] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const before = useRef(document.activeElement as HTMLElement | null);
  const close = (): void => {
    desk.popover.value = "";
    before.current?.focus();
  };
  useCloseOutside(true, box, () => {
    desk.popover.value = "";
  });
  // Read here so that an offer that comes while this is open takes the first place at once.
  void desk.state.value;
  const rows = doings(desk).filter((row) => matches(`${row.words} ${row.hint ?? ""}`, find));
  return (
    <div class="palette popover" ref={box} role="dialog" aria-label={t("palette.title")}>
      <Combobox
        label={t("palette.title")}
        hideLabel
        placeholder={t("palette.placeholder")}
        takeFocus
        open
        text={find}
        onText={setFind}
        onCancel={close}
        rows={rows}
        onChoose={(row) => {
          close();
          rows.find((each) => each.id === row.id)?.run();
        }}
      />
    </div>
  );
}
