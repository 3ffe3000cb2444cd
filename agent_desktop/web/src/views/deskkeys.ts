/** What each key of the desk does. True when there was something to do. */

import { accept, command, send } from "../app/acts";
import type { Desk } from "../app/desk";
import { go, route } from "../app/route";
import type { ActName } from "../keys/map";
import { firstOffer, groups } from "../state/select";
import type { Item } from "../state/shapes";
import { prepareMail } from "./envelope";

/** Does the act called `name`. */
export function doAct(desk: Desk, name: ActName): boolean {
  const item = chosenItem(desk);
  switch (name) {
    case "accept":
      return acceptFirst(desk);
    case "next_region":
      return toRegion(1);
    case "previous_region":
      return toRegion(-1);
    case "palette":
    case "search":
      return open(desk, "palette");
    case "overview":
      return open(desk, "keys");
    case "presence":
      return press("presence");
    case "next_item":
      return step(1);
    case "previous_item":
      return step(-1);
    case "mute":
      return muteCall(desk);
    case "hold_call":
      return holdCall(desk);
    case "go_work":
      return goTo("work");
    case "go_board":
      return goTo("board");
    case "go_reports":
      return goTo("reports");
    case "go_settings":
      return goTo("settings");
    default:
      return item === null ? false : doWithItem(desk, name, item);
  }
}

function doWithItem(desk: Desk, name: ActName, item: Item): boolean {
  const id = item.interaction_id;
  switch (name) {
    case "send":
    case "send_finish":
      return sendWritten(desk, item, name === "send_finish");
    case "reply":
    case "note":
      desk.composerTab.value = name;
      return focusSoon("composer-field");
    case "transfer":
    case "consult":
      return item.can.includes(name) && open(desk, name);
    case "hold":
      if (!item.can.includes("hold") && !item.can.includes("retrieve")) return false;
      void command(desk, item.held_since === null ? "hold" : "retrieve", { interaction_id: id });
      return true;
    case "keypad":
      return desk.phone.of(id) !== null && open(desk, "keypad");
    case "wrap_up":
      return focusIn("wrapup");
    case "customer":
      desk.drawerOpen.value = !desk.drawerOpen.value;
      return desk.drawerOpen.value ? focusIn("side") : true;
    case "why":
      desk.sideTab.value = "why";
      desk.drawerOpen.value = true;
      return focusSoon("side-tab-why");
    case "end":
      if (!item.can.includes("end")) return false;
      void command(desk, "end", { interaction_id: id });
      return true;
    case "finish":
      return finish(desk, item);
    default:
      return false;
  }
}

/** The item on the screen, if it is still in hand. */
export function chosenItem(desk: Desk): Item | null {
  return route.peek().page === "work" ? (desk.state.peek().items.get(route.peek().id) ?? null) : null;
}

function muteCall(desk: Desk): boolean {
  const call = desk.phone.current();
  if (call === null || !desk.acts) return false;
  desk.phone.mute(call, !call.muted);
  return true;
}

/** Holds the call one talks in, wherever the page is. */
function holdCall(desk: Desk): boolean {
  const item = desk.state.peek().items.get(desk.phone.current()?.interaction_id ?? "");
  return item !== undefined && doWithItem(desk, "hold", item);
}

function acceptFirst(desk: Desk): boolean {
  const card = desk.acts ? firstOffer(desk.state.peek()) : null;
  if (card === null || card.asked !== null) return false;
  void accept(desk, card.offer);
  return true;
}

/** Sends what is written; in wrap-up, with nothing written, Shift finishes the wrap-up. */
function sendWritten(desk: Desk, item: Item, andFinish: boolean): boolean {
  const id = item.interaction_id;
  const kind = desk.composerTab.peek();
  if (andFinish && item.wrap_up !== null) return finish(desk, item);
  if (desk.drafts.draft(id, kind).peek().text.trim() === "") return false;
  if (!prepareMail(desk, item, kind)) return true;
  void send(desk, id, kind, { finish: andFinish && kind === "reply" });
  return true;
}

function finish(desk: Desk, item: Item): boolean {
  if (item.wrap_up === null) return false;
  const args: Record<string, unknown> = { interaction_id: item.interaction_id, done: true };
  if (item.disposition !== null) args["disposition"] = item.disposition;
  void command(desk, "wrap_up", args);
  return true;
}

function goTo(page: string): boolean {
  go(page);
  return true;
}

function open(desk: Desk, popover: string): boolean {
  desk.popover.value = desk.popover.peek() === popover ? "" : popover;
  return true;
}

function press(id: string): boolean {
  const button = document.getElementById(id);
  button?.click();
  return button !== null;
}

function step(by: number): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>(".work-row[data-item]")].map(
    (row) => row.dataset["item"] ?? "",
  );
  const at = rows.indexOf(route.peek().id);
  const to = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
  if (to === undefined) return false;
  go("work", to);
  return focusSoon("conversation-title");
}

/** The nth item of the list, counted from 0. */
export function goToNth(desk: Desk, index: number): boolean {
  const rows = groups(desk.state.peek().items).flatMap((group) => group.items);
  const item = rows[index];
  if (item === undefined) return false;
  go("work", item.interaction_id);
  return focusSoon("conversation-title");
}

/** Moves focus when the page has been drawn: the target may not be there yet. */
export function focusSoon(id: string): boolean {
  requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(id)?.focus()));
  return true;
}

const FOCUSABLE = 'a[href],button:not([tabindex="-1"]),input:not([hidden]),select,textarea,[tabindex="0"]';

function focusIn(id: string): boolean {
  const region = document.getElementById(id);
  if (region === null) return false;
  requestAnimationFrame(() => firstStop(region).focus());
  return true;
}

/** The first thing in a region that can take focus and is seen, else the region itself. */
function firstStop(region: HTMLElement): HTMLElement {
  const stops = [...region.querySelectorAll<HTMLElement>(FOCUSABLE)];
  return stops.find((stop) => stop.checkVisibility?.() ?? true) ?? region;
}

/** F6: from region to region, in the order of the page's reading. */
function toRegion(by: number): boolean {
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter(
    (region) => region.checkVisibility?.() ?? true,
  );
  // A region inside another (the composer in the conversation) is a stop of its own.
  const at = regions.findLastIndex((region) => region.contains(document.activeElement));
  const next = regions.at((at + by + (at < 0 && by < 0 ? 1 : 0)) % regions.length);
  if (next === undefined) return false;
  if (next.dataset["region"] === "conversation") document.getElementById("conversation-title")?.focus();
  else firstStop(next).focus();
  return true;
}
