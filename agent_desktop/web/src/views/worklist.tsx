/** The work list: everything in hand, the most urgent first; it does not re-sort under the pointer. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { markRead, setPresence } from "../app/acts";
import type { Desk } from "../app/desk";
import { whoName } from "../app/effects";
import { go, route } from "../app/route";
import { type Group, groups, keepOrder } from "../state/select";
import type { Item } from "../state/shapes";
import { hourMinute } from "../words/format";
import { mediumWord, t, title } from "../words/words";
import { Clock, SlaClock, slaSpoken } from "./clock";
import { useBeat, useDesk, usePart } from "./context";
import { Icon } from "./icon";
import { Empty, Press, Skeleton } from "./parts";
import { SHORT_BREAK_MS } from "./strips";

/** While the line is away the last list stays, and says since when it does. */
function NotFresh() {
  const desk = useDesk();
  const since = desk.awaySince.value;
  const shown = useBeat((now) => since !== null && now - since - desk.clock.offsetMs >= SHORT_BREAK_MS);
  if (!shown || since === null) return null;
  return (
    <p class="muted work-old">{t("work.not_fresh", { time: hourMinute(since + desk.clock.offsetMs) })}</p>
  );
}

export function WorkList() {
  const known = usePart((state) => state.known).value;
  const items = usePart((state) => state.items).value;
  const held = useSignal(false);
  const order = useRef<readonly string[]>([]);
  const fresh = groups(items);
  const { shown, moved } = held.value ? inOldOrder(fresh, order.current) : { shown: fresh, moved: 0 };
  order.current = shown.flatMap((group) => group.items.map((item) => item.interaction_id));
  const done = usePart((state) => state.justDone).value;
  const rows = [...order.current, ...done.keys()];
  const stop = rows.includes(route.value.id) ? route.value.id : (rows[0] ?? "");
  return (
    <nav
      class="worklist"
      data-region="work"
      aria-label={t("region.work")}
      onPointerEnter={() => {
        held.value = true;
      }}
      onPointerLeave={(event) => {
        held.value = event.currentTarget.contains(document.activeElement);
      }}
      onFocusIn={() => {
        held.value = true;
      }}
      onFocusOut={(event) => {
        held.value = event.currentTarget.contains(event.relatedTarget as Node | null);
      }}
      onKeyDown={moveInList}
    >
      {moved > 0 ? (
        <Press
          small
          tone="quiet"
          onPress={() => {
            held.value = false;
          }}
        >
          {t("work.moved", { n: moved })}
        </Press>
      ) : null}
      <NotFresh />
      {known ? shown.map((group) => <GroupPart key={group.name} group={group} stop={stop} />) : <Skeleton />}
      {known && items.size === 0 ? <NothingWaits /> : null}
      <JustDone stop={stop} />
    </nav>
  );
}

function inOldOrder(fresh: readonly Group[], order: readonly string[]) {
  let moved = 0;
  const shown = fresh.map((group) => {
    const before = order.filter((id) => group.items.some((item) => item.interaction_id === id));
    const kept = keepOrder(group.items, before);
    moved += kept.moved;
    return { name: group.name, items: kept.items };
  });
  return { shown, moved };
}

function moveInList(event: KeyboardEvent): void {
  const rows = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(".work-row")];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  if (at < 0) return;
  const moves: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
  const to = moves[event.key];
  if (to === undefined || to < 0 || to >= rows.length) return;
  event.preventDefault();
  rows[to]?.focus();
}

function GroupPart({ group, stop }: { group: Group; stop: string }) {
  const heading = `work-${group.name}`;
  return (
    <section aria-labelledby={heading}>
      <h2 class="work-head" id={heading}>
        {t(`work.${group.name}`, { n: group.items.length })}
      </h2>
      <ul>
        {group.items.map((item) => (
          <li key={item.interaction_id}>
            <Row item={item} stop={stop} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Row({ item, stop }: { item: Item; stop: string }) {
  const desk = useDesk();
  const id = item.interaction_id;
  const chosen = route.value.page === "work" && route.value.id === id;
  const draft = desk.drafts.draft(id, "reply").value.text !== "";
  const typing = desk.state.value.typing.has(id);
  return (
    <button
      type="button"
      class={`work-row${chosen ? " work-chosen" : ""}`}
      data-item={id}
      aria-current={chosen ? "true" : undefined}
      aria-label={rowName(desk, item, draft)}
      tabIndex={id === stop ? 0 : -1}
      onClick={() => {
        go("work", id);
        markRead(desk, id);
      }}
    >
      <Icon name={item.medium} size={18} />
      <span class="work-lines">
        <span class="work-line">
          <span class="work-medium">{mediumWord(item.medium)}</span>
          <bdi class="work-name">{whoName(item.customer.name)}</bdi>
          <RowClock item={item} />
        </span>
        <span class="work-line work-second">
          <bdi class="work-summary">
            {item.summary === "" ? title(item.queue_title, item.queue) : item.summary}
          </bdi>
          {typing ? <em class="work-typing">{t("typing.short")}</em> : null}
          {draft ? <span class="work-draft">{t("work.draft")}</span> : null}
          {item.unread > 0 ? <span class="badge">{t("work.unread", { n: item.unread })}</span> : null}
        </span>
      </span>
    </button>
  );
}

function RowClock({ item }: { item: Item }) {
  if (item.phase === "wrap_up" && item.wrap_up?.until) {
    return (
      <span class="sla sla-wrap">
        <Icon name="wrap_up" size={14} />
        <Clock at={item.wrap_up.until} mode="down" />
      </span>
    );
  }
  if (item.phase === "parked")
    return <span class="muted">{item.parked_until === null ? "" : hourMinute(item.parked_until)}</span>;
  return item.due === null ? <Clock at={item.since} /> : <SlaClock item={item} />;
}

/** "Mail, B. Ott, Refund, late by 2 minutes, draft": a row for people who hear it. */
export function rowName(desk: Desk, item: Item, draft: boolean): string {
  return [
    mediumWord(item.medium),
    whoName(item.customer.name),
    item.summary === "" ? title(item.queue_title, item.queue) : item.summary,
    slaSpoken(item, desk.now()),
    item.phase === "wrap_up" || item.phase === "parked" ? t(`phase.${item.phase}`) : "",
    item.unread > 0 ? t("work.unread", { n: item.unread }) : "",
    draft ? t("work.draft") : "",
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function NothingWaits() {
  const desk = useDesk();
  const agent = usePart((state) => state.agent).value;
  if (agent?.presence === "ready") {
    return <Empty icon="on_time">{t("work.empty_ready", { time: hourMinute(agent.since) })}</Empty>;
  }
  return (
    <Empty>
      <p>{t("work.empty")}</p>
      <Press tone="primary" disabled={!desk.acts} onPress={() => void setPresence(desk, "ready")}>
        {t("presence.go_ready")}
      </Press>
    </Empty>
  );
}

function JustDone({ stop }: { stop: string }) {
  const done = usePart((state) => state.justDone).value;
  if (done.size === 0) return null;
  return (
    <section aria-labelledby="work-done">
      <h2 class="work-head" id="work-done">
        {t("work.just_done", { n: done.size })}
      </h2>
      <ul>
        {[...done.values()].map(({ item, at }) => (
          <li key={item.interaction_id}>
            <button
              type="button"
              class="work-row work-done"
              data-item={item.interaction_id}
              tabIndex={item.interaction_id === stop ? 0 : -1}
              aria-current={route.value.id === item.interaction_id ? "true" : undefined}
              onClick={() => go("work", item.interaction_id)}
            >
              <Icon name={item.medium} size={18} />
              <span class="work-line">
                <bdi class="work-name">{whoName(item.customer.name)}</bdi>
                <span class="muted">{hourMinute(at)}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
