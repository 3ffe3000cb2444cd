/** The words of an interaction: a log. Old text loads outside of it, only new words are announced. */

import { Component } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { readEntries, readOlder } from "../app/acts";
import { whoName } from "../app/effects";
import { ABSENT } from "../state/desk";
import type { Entry, Item } from "../state/shapes";
import { dayName } from "../words/format";
import { t } from "../words/words";
import { useDesk, usePart } from "./context";
import { EntryPart } from "./entry";
import { Failed, Press, Skeleton } from "./parts";

/** How near to the end a reader must be for the view to follow new words. */
const NEAR_END_PX = 80;

export function Entries({ item }: { item: Item }) {
  const desk = useDesk();
  const id = item.interaction_id;
  const conversation = usePart((state) => state.conversations.get(id) ?? ABSENT).value;
  const { entries, status } = conversation;
  const box = useRef<HTMLDivElement>(null);
  useFollow(box, entries);
  // What was there when the item was opened is history; only what comes later is live.
  const liveFrom = useLiveFrom(status === "loaded" ? (entries.at(-1)?.number ?? 0) : null);
  const old = entries.filter((entry) => liveFrom === null || entry.number <= liveFrom);
  const fresh = liveFrom === null ? [] : entries.filter((entry) => entry.number > liveFrom);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keys
    <section class="entries" ref={box} tabIndex={0} aria-label={t("region.entries")}>
      {entries.length > 0 && !conversation.complete ? (
        <Press small tone="quiet" onPress={() => void readOlder(desk, id)}>
          {t("entries.older")}
        </Press>
      ) : null}
      {status === "failed" ? (
        <Failed
          what={t("entries.failed")}
          problem={conversation.problem}
          again={() => void readEntries(desk, id)}
        />
      ) : null}
      {entries.length === 0 && (status === "loading" || status === "absent") ? <Skeleton rows={4} /> : null}
      {entries.length === 0 && status === "loaded" ? <p class="muted">{t("entries.none")}</p> : null}
      <Days item={item} entries={old} />
      <div role="log" aria-label={t("entries.new")}>
        <Days item={item} entries={fresh} after={old.at(-1)} />
      </div>
      <Live id={id} name={item.customer.name} />
    </section>
  );
}

function useLiveFrom(last: number | null): number | null {
  const ref = useRef<number | null>(null);
  if (ref.current === null && last !== null) ref.current = last;
  return ref.current;
}

/** Stays at the end while the reader is there, and starts there. */
function useFollow(box: { readonly current: HTMLElement | null }, entries: readonly Entry[]): void {
  const near = useRef(true);
  const last = entries.at(-1)?.entry_id ?? "";
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const look = (): void => {
      near.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
    };
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  }, []);
  useLayoutEffect(() => {
    const element = box.current;
    if (element !== null && near.current) element.scrollTop = element.scrollHeight;
  }, [last]);
}

function Days({
  item,
  entries,
  after,
}: {
  item: Item;
  entries: readonly Entry[];
  after?: Entry | undefined;
}) {
  let before = after === undefined ? "" : dayName(after.at);
  return (
    <>
      {entries.map((entry) => {
        const day = dayName(entry.at);
        const newDay = day === before ? "" : day;
        before = day;
        return <Slot key={entry.entry_id} item={item} entry={entry} newDay={newDay} />;
      })}
    </>
  );
}

interface SlotProps {
  readonly item: Item;
  readonly entry: Entry;
  /** The day that begins with this entry, or "". */
  readonly newDay: string;
}

/** One entry, drawn again only when it changes itself: with every new word all others stay as they are. */
class Slot extends Component<SlotProps> {
  override shouldComponentUpdate(next: Readonly<SlotProps>): boolean {
    const { item, entry, newDay } = this.props;
    return (
      next.entry !== entry ||
      next.newDay !== newDay ||
      next.item.medium !== item.medium ||
      next.item.customer.name !== item.customer.name
    );
  }

  override render() {
    const { item, entry, newDay } = this.props;
    return (
      <div class="entry-slot">
        {newDay === "" ? null : <h3 class="day">{newDay}</h3>}
        <EntryPart item={item} entry={entry} />
      </div>
    );
  }
}

function Live({ id, name }: { id: string; name: string }) {
  const typing = usePart((state) => state.typing.has(id)).value;
  const writing = usePart((state) => state.writing.get(id)?.name ?? "").value;
  return (
    <div class="live-line">
      {typing ? t("typing.customer", { name: whoName(name) }) : ""}
      {writing === "" ? "" : ` ${t("typing.colleague", { name: writing })}`}
    </div>
  );
}
