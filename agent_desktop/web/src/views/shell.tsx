/** The frame of the desk: skip links, status bar, strips, offers, the rail and the page in the middle. */

import { useSignalEffect } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { pageTitle } from "../app/outside";
import { hashOf, route } from "../app/route";
import { t, tOr } from "../words/words";
import { useDesk } from "./context";
import { Conversation } from "./conversation";
import { Icon } from "./icon";
import { KeysView } from "./keysview";
import { Offers } from "./offers";
import { Palette } from "./palette";
import { Failed, Skeleton } from "./parts";
import { places, worksAtDesk } from "./places";
import { Side } from "./side";
import { Splitter } from "./splitter";
import { StatusBar } from "./statusbar";
import { Strips } from "./strips";
import { WorkList } from "./worklist";

export function Shell() {
  const desk = useDesk();
  usePageTitle();
  const page = route.value.page;
  const work = page === "work" && worksAtDesk(desk.session);
  // A wall stands alone: it is read from afar, by nobody who works at it.
  if (page === "wall") {
    return (
      <>
        <Offers />
        <Page page={page} id={route.value.id} />
      </>
    );
  }
  return (
    <>
      <div class="skip-links">
        <a href="#main" onClick={(event) => skipTo(event, "main")}>
          {t("skip.main")}
        </a>
        {work ? (
          <a href="#worklist" onClick={(event) => skipTo(event, "worklist")}>
            {t("skip.work")}
          </a>
        ) : null}
      </div>
      <StatusBar />
      <Offers />
      <Strips />
      <div class={`shell${work ? " shell-work" : ""}${work && route.value.id !== "" ? " shell-item" : ""}`}>
        <Rail />
        {work ? <Work id={route.value.id} /> : <Page page={page} id={route.value.id} />}
      </div>
      {desk.popover.value === "palette" ? <Palette /> : null}
      {desk.popover.value === "keys" ? <KeysView /> : null}
    </>
  );
}

function skipTo(event: Event, id: string): void {
  event.preventDefault();
  const target = document.getElementById(id);
  (target?.querySelector<HTMLElement>('[tabindex="0"]') ?? target)?.focus();
}

function usePageTitle(): void {
  const desk = useDesk();
  useSignalEffect(() => {
    const ringing = desk.state.value.offers.filter((card) => card.end === null);
    document.title = pageTitle(ringing, tOr(`place.${route.value.page}`, t("place.work")));
  });
}

function Rail() {
  const desk = useDesk();
  return (
    <nav class="rail" data-region="rail" aria-label={t("region.rail")}>
      <ul>
        {places(desk.session).map((place) => (
          <li key={place.page}>
            <a href={hashOf(place.page)} aria-current={route.value.page === place.page ? "page" : undefined}>
              <Icon name={place.icon} size={20} />
              <span>{t(place.words)}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Work({ id }: { id: string }) {
  return (
    <>
      <div class="work-pane" id="worklist" tabIndex={-1}>
        <WorkList />
      </div>
      <Splitter pane="work" least={220} most={480} first={312} />
      <Conversation id={id} />
      <Splitter pane="side" least={280} most={560} first={384} />
      <Side id={id} />
    </>
  );
}

type PageView = ComponentType<{ id: string }>;

/** Pages on which nothing but the page itself can take focus, which it must to be scrolled by keys. */
const PLAIN_PAGES: ReadonlySet<string> = new Set(["timeline"]);

/** Pages that not everybody opens come when they are asked for. */
const PAGES: Readonly<Record<string, () => Promise<PageView>>> = {
  settings: async () => (await import("./settings")).SettingsPage,
  day: async () => (await import("./day")).DayPage,
  board: async () => (await import("./board")).BoardPage,
  wall: async () => (await import("./wall")).WallPage,
  reports: async () => (await import("./report")).ReportPage,
  timeline: async () => (await import("./timeline")).TimelinePage,
  audit: async () => (await import("./audit")).AuditPage,
  config: async () => (await import("./config")).ConfigPage,
};

function Page({ page, id }: { page: string; id: string }) {
  const [view, setView] = useState<{ readonly page: string; readonly View: PageView } | null>(null);
  const [failed, setFailed] = useState(false);
  const load = (): void => {
    setFailed(false);
    const wanted = PAGES[page] ?? PAGES["settings"];
    wanted?.().then(
      (View) => setView({ page, View }),
      () => setFailed(true),
    );
  };
  useEffect(load, [page]);
  return (
    <main class="page" id="main" data-region="conversation" tabIndex={PLAIN_PAGES.has(page) ? 0 : -1}>
      {failed ? <Failed what={t("page.failed")} problem="" again={load} /> : null}
      {view === null || view.page !== page ? failed ? null : <Skeleton rows={5} /> : <view.View id={id} />}
    </main>
  );
}
