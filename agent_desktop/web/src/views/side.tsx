/** The pane beside the conversation: customer, history, canned texts, why. */

import { whoName } from "../app/effects";
import { t } from "../words/words";
import { useDesk, usePart } from "./context";
import { CustomerCard } from "./customer";
import { HistoryList } from "./history";
import { Press } from "./parts";
import { Tabs } from "./tabs";
import { WhyTab } from "./whytab";

export function Side({ id }: { id: string }) {
  const desk = useDesk();
  const item = usePart((state) => state.items.get(id) ?? state.justDone.get(id)?.item ?? null).value;
  const open = desk.drawerOpen.value;
  return (
    <aside
      class={`side${open ? " side-open" : ""}`}
      data-region="side"
      id="side"
      aria-label={t("region.customer")}
      tabIndex={-1}
    >
      <span class="drawer-only side-close">
        <Press
          small
          tone="quiet"
          icon="close"
          onPress={() => {
            desk.drawerOpen.value = false;
          }}
        >
          {t("side.close")}
        </Press>
      </span>
      {item === null ? null : (
        <>
          <h2 class="hidden-text">{whoName(item.customer.name)}</h2>
          <Tabs
            name="side"
            label={t("region.customer")}
            tabs={[
              { id: "customer", words: t("side.customer") },
              { id: "history", words: t("side.history") },
              { id: "why", words: t("side.why") },
            ]}
            chosen={desk.sideTab.value}
            onChoose={(tab) => {
              desk.sideTab.value = tab;
            }}
          >
            {desk.sideTab.value === "customer" ? (
              <CustomerCard key={item.customer.subject} item={item} />
            ) : null}
            {desk.sideTab.value === "history" ? (
              <HistoryList key={item.customer.subject} subject={item.customer.subject} except={id} />
            ) : null}
            {desk.sideTab.value === "why" ? <WhyTab key={id} id={id} /> : null}
          </Tabs>
        </>
      )}
    </aside>
  );
}
