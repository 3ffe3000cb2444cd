/** The keys, listed: `?` opens it, Esc closes it. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { chordLabel, KEY_ACTS } from "../keys/map";
import { t } from "../words/words";
import { useDesk } from "./context";
import { useCloseOutside } from "./menu";
import { Press } from "./parts";
import { onMac } from "./statusbar";

export function KeysView() {
  const desk = useDesk();
  const box = useRef<HTMLDivElement>(null);
  const before = useRef(document.activeElement as HTMLElement | null);
  const close = (): void => {
    desk.popover.value = "";
    before.current?.focus();
  };
  useLayoutEffect(() => box.current?.focus(), []);
  useCloseOutside(true, box, () => {
    desk.popover.value = "";
  });
  return (
    <div
      class="popover keys-view"
      role="dialog"
      aria-labelledby="keys-title"
      tabIndex={-1}
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      <div class="row">
        <h2 id="keys-title">{t("keys.title")}</h2>
        <span class="spring" />
        <Press small tone="quiet" icon="close" onPress={close}>
          {t("close")}
        </Press>
      </div>
      {(["anywhere", "outside"] as const).map((where) => (
        <section key={where}>
          <h3>{t(`keys.${where}`)}</h3>
          <dl class="keys-list">
            {KEY_ACTS.filter((act) => act.where === where).map((act) => (
              <div key={act.name}>
                <dt>
                  <kbd>{chordLabel(desk.keys.value.get(act.name) ?? "", onMac())}</kbd>
                </dt>
                <dd>{t(act.words)}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <p class="muted">{desk.settings.value.single_keys ? t("keys.change") : t("keys.off")}</p>
    </div>
  );
}
