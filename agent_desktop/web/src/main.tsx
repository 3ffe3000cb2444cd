/** Where the page begins: who is signed in, then the desk or the sign-in form. */

import { render } from "preact";
import * as calls from "./api/calls";
import { Problem } from "./api/http";
import { Announcer } from "./app/announcer";
import { Desk, TIMERS } from "./app/desk";
import { followAddress, go, route } from "./app/route";
import { applySettings, readSettings } from "./app/settings";
import { openDraftStore } from "./drafts/store";
import { keyListener } from "./keys/dispatch";
import { Ringer } from "./sound/ringer";
import type { Session } from "./state/shapes";
import { DeskContext } from "./views/context";
import { doAct, goToNth } from "./views/deskkeys";
import { Failed } from "./views/parts";
import { home, worksAtDesk } from "./views/places";
import { Shell } from "./views/shell";
import { SignIn } from "./views/signin";
import { LANGUAGES, preferred, speak, t } from "./words/words";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/frame.css";
import "./styles/worklist.css";
import "./styles/conversation.css";
import "./styles/composer.css";
import "./styles/side.css";
import "./styles/offers.css";
import "./styles/pages.css";
import "./styles/phone.css";
import "./styles/board.css";
import "./styles/narrow.css";

const ringer = new Ringer(() => new AudioContext());

function part(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

async function start(): Promise<void> {
  await speak(preferred(navigator.languages));
  try {
    await open(await calls.session());
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) askWho();
    else {
      const id = problem instanceof Problem ? problem.id : "";
      render(<Failed what={t("signin.unreachable")} problem={id} again={() => void start()} />, part("page"));
    }
  }
}

function askWho(): void {
  document.title = t("title.place", { place: t("signin.go") });
  const unlock = (): void => void ringer.unlock();
  render(<SignIn why="" unlock={unlock} onSession={(session) => void open(session)} />, part("page"));
}

async function open(session: Session): Promise<void> {
  const raw = await calls.settings().catch(() => ({}));
  const fallback = LANGUAGES.find((each) => each === session.language) ?? preferred(navigator.languages);
  const settings = readSettings(raw, fallback);
  applySettings(settings);
  await speak(settings.language);
  const store = await openDraftStore(session.user);
  const announcer = new Announcer(part("announce-alert"), part("announce-status"), TIMERS);
  const desk = new Desk(session, store, announcer, ringer);
  desk.settings.value = settings;
  ringer.set(settings.sound);
  await desk.drafts.load();
  followAddress();
  if (location.hash.length < 3 || (route.peek().page === "work" && !worksAtDesk(session))) go(home(session));
  desk.ticker.start();
  desk.ticker.beat.subscribe(() => desk.fold({ type: "tick" }));
  if (worksAtDesk(session)) desk.line.start();
  watchPage(desk);
  render(
    <DeskContext.Provider value={desk}>
      <Shell />
    </DeskContext.Provider>,
    part("page"),
  );
}

/** Keys, the network coming back, the page going away, and the lock that keeps a hidden tab awake. */
function watchPage(desk: Desk): void {
  document.addEventListener(
    "keydown",
    keyListener({
      map: () => desk.keys.peek(),
      singleKeys: () => desk.settings.peek().single_keys,
      act: (name) => doAct(desk, name),
      nth: (index) => goToNth(desk, index),
      now: () => performance.now(),
    }),
  );
  addEventListener("online", () => desk.line.renew());
  addEventListener("pagehide", () => desk.drafts.flush());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") desk.drafts.flush();
  });
  const unlock = (): void => void ringer.unlock();
  document.addEventListener("pointerdown", unlock, { once: true });
  document.addEventListener("keydown", unlock, { once: true });
  // A tab that holds a lock is not frozen, so the ring of a hidden desk goes on.
  void navigator.locks?.request(
    "carillon-desk-sound",
    { mode: "shared" },
    () => new Promise(() => route.peek()),
  );
}

void start();
