import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Announcer } from "../src/app/announcer";
import { Desk, TIMERS } from "../src/app/desk";
import { MemoryDraftStore } from "../src/drafts/store";
import { Ringer } from "../src/sound/ringer";
import type { Push, Session } from "../src/state/shapes";
import { Composer } from "../src/views/composer";
import { CustomerCard } from "../src/views/customer";
import { StatusBar } from "../src/views/statusbar";
import { DeskContext } from "../src/views/context";
import { Offers } from "../src/views/offers";
import { home, places } from "../src/views/places";
import { WorkList } from "../src/views/worklist";
import { agent, entry, item, NOW, offer, snapshot } from "./samples";

const session = (change: Partial<Session> = {}): Session => ({
  user: "mia",
  name: "Mia Kaya",
  role: "agent",
  agent_id: "mia",
  teams: [],
  language: "en",
  permissions: ["work", "board"],
  idle_ms: 1,
  expires: NOW,
  ...change,
});

let desk: Desk;
let root: HTMLElement;
let sent: [string, Record<string, unknown>][];

function show(view: preact.ComponentChildren): void {
  act(() => render(<DeskContext.Provider value={desk}>{view}</DeskContext.Provider>, root));
}

const push = (seq: number, rest: object): unknown =>
  act(() => desk.fold({ type: "push", seq, previous: seq - 1, at: desk.now(), ...rest } as Push));

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  const region = (): HTMLElement => document.createElement("div");
  const ringer = new Ringer(() => {
    throw new Error("no sound here");
  });
  desk = new Desk(session(), new MemoryDraftStore(), new Announcer(region(), region(), TIMERS), ringer);
  sent = [];
  vi.spyOn(desk.line, "do").mockImplementation(async (name, args) => {
    sent.push([name, args as Record<string, unknown>]);
    return { type: "done", id: "x", seq: 1 };
  });
  vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response("{}", { status: 404 }));
  desk.fold({
    type: "welcome",
    protocol: 1,
    log: "L",
    server_time: NOW,
    owner: true,
    resumed: false,
    grace_ms: 1,
  });
  desk.fold(snapshot({ items: [item("i1", { can: ["send", "note"] })] }));
  desk.lineState.value = "online";
});

afterEach(() => {
  act(() => render(null, root));
  root.remove();
});

describe("an offer", () => {
  it("tells everything and ignores presses until it has stood for 300 ms", () => {
    const now = vi.spyOn(performance, "now").mockReturnValue(1_000);
    show(<Offers />);
    push(11, { kind: "offered", offer: offer("o1", { expires: desk.now() + 30_000 }) });
    const text = root.textContent ?? "";
    for (const part of ["Chat", "Li Wei", "gold", "Billing", "Refund", "F2"]) expect(text).toContain(part);
    const accept = root.querySelector<HTMLButtonElement>(".press-primary");
    act(() => accept?.click());
    expect(sent).toEqual([]);
    now.mockReturnValue(1_300);
    act(() => accept?.click());
    expect(sent).toEqual([["accept", { offer_id: "o1" }]]);
  });

  it("is not shown by a tab that only reads", () => {
    desk.fold({ type: "owner", owner: false });
    show(<Offers />);
    push(11, { kind: "offered", offer: offer("o1") });
    expect(root.querySelector("[data-offer]")).toBeNull();
  });
});

describe("the composer", () => {
  const field = (): HTMLTextAreaElement => root.querySelector("textarea") as HTMLTextAreaElement;
  const type = (text: string): unknown =>
    act(() => {
      field().value = text;
      field().dispatchEvent(new Event("input", { bubbles: true }));
    });
  const enter = (change: KeyboardEventInit = {}): unknown =>
    act(() => {
      field().dispatchEvent(
        new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...change }),
      );
    });

  it("sends a chat with Enter, a new line with Shift, nothing while composing", async () => {
    show(<Composer item={item("i1")} />);
    type("hello");
    enter({ shiftKey: true });
    enter({ isComposing: true });
    enter({ keyCode: 229 } as KeyboardEventInit);
    expect(sent).toEqual([]);
    enter();
    await vi.waitFor(() => expect(field().value).toBe(""));
    expect(sent[0]).toMatchObject(["send", { interaction_id: "i1", text: "hello", seen: 0 }]);
  });

  it("keeps the text of a stopped reply and offers what can be done", async () => {
    vi.mocked(desk.line.do).mockResolvedValue({
      type: "refused",
      id: "x",
      code: "stale",
      message: "",
      details: { entries: [entry("e9", 9)] },
    });
    show(<Composer item={item("i1")} />);
    type("too late");
    enter();
    await vi.waitFor(() => expect(root.textContent).toContain("Send anyway"));
    expect(field().value).toBe("too late");
    expect(desk.state.value.conversations.get("i1")?.entries).toHaveLength(1);
  });

  it("is the same field, with the same words, when the item changes under it", () => {
    show(<Composer item={item("i1")} />);
    type("half");
    const before = field();
    show(<Composer item={item("i1", { unread: 3, summary: "new" })} />);
    expect(field()).toBe(before);
    expect(field().value).toBe("half");
  });

  it("has no place for a reply where none may be sent", () => {
    show(<Composer item={item("i1", { can: ["note"] })} />);
    expect(root.querySelector("label")?.textContent).toBe("Note for colleagues");
  });
});

describe("the work list", () => {
  it("names each row in full for who hears it, and has one stop for the Tab key", () => {
    push(11, {
      kind: "item",
      item: item("i2", { medium: "mail", due: NOW - 3_600_000, target_ms: 1, unread: 2 }),
    });
    show(<WorkList />);
    const rows = [...root.querySelectorAll<HTMLElement>(".work-row")];
    expect(rows.map((row) => row.tabIndex)).toEqual([0, -1]);
    expect(rows[0]?.getAttribute("aria-label")).toMatch(
      /^Mail, Li Wei, Where is my order\?, late by .+, 2 new$/,
    );
  });

  it("offers to go ready when nothing waits", () => {
    push(11, {
      kind: "item_gone",
      interaction_id: "i1",
      how: "closed",
      agent: agent({ presence: "not_ready" }),
    });
    show(<WorkList />);
    act(() => root.querySelector<HTMLButtonElement>(".press-primary")?.click());
    expect(sent).toEqual([["presence", { presence: "ready", reason: "" }]]);
  });
});

it("each role goes where its permissions lead", () => {
  expect(places(session()).map((place) => place.page)).toEqual(["work", "board", "settings"]);
  expect(home(session({ agent_id: "max", permissions: ["reports"] }))).toBe("reports");
  expect(home(session({ permissions: [] }))).toBe("settings");
});

const choose = (words: string): unknown =>
  act(() => {
    const rows = [...root.querySelectorAll<HTMLElement>(".menu-row")];
    rows.find((row) => row.textContent?.includes(words))?.click();
  });

describe("being ready for some media", () => {
  it("asks for all but the one that was turned off, and for all again", () => {
    act(() => desk.fold(snapshot({ agent: agent({ slots: { mail: 2, chat: 3 }, media: null }) })));
    show(<StatusBar />);
    act(() => root.querySelector<HTMLElement>("#presence")?.click());
    choose("Mail");
    expect(sent.at(-1)).toEqual(["presence", expect.objectContaining({ media: ["chat"] })]);
    act(() => desk.fold(snapshot({ agent: agent({ slots: { mail: 2, chat: 3 }, media: ["chat"] }) })));
    expect(root.querySelector(".load-off")?.textContent).toContain("Mail");
    const chat = [...root.querySelectorAll('[role="menuitemcheckbox"]')].find((row) =>
      row.textContent?.includes("Chat"),
    );
    expect(chat?.getAttribute("aria-disabled")).toBe("true");
    choose("Mail");
    expect(sent.at(-1)?.[1]).not.toHaveProperty("media");
  });
});

describe("the customer's card", () => {
  const card = {
    subject: "s1",
    name: "Li Wei",
    addresses: [],
    tier: "gold",
    language: "zh-CN",
    fields: { account: "4711" },
    notes: "",
    revision: 3,
    merged: [],
  };
  const answers = (patched: () => Response): void => {
    vi.spyOn(globalThis, "fetch").mockImplementation(async (_, options) =>
      options?.method === "PATCH" ? patched() : new Response(JSON.stringify(card)),
    );
  };
  const settle = (): Promise<void> => act(async () => void (await new Promise((done) => setTimeout(done))));
  const edit = async (permissions: readonly string[]): Promise<void> => {
    Object.assign(desk, { session: session({ permissions }) });
    show(<CustomerCard item={item("i1")} />);
    await settle();
    act(() => {
      const buttons = [...root.querySelectorAll("button")];
      buttons.find((each) => each.textContent === "Edit card")?.click();
    });
  };
  const type = (label: string, text: string): unknown =>
    act(() => {
      const name = [...root.querySelectorAll("label")].find((each) => each.textContent === label);
      const field = document.getElementById(name?.htmlFor ?? "") as HTMLInputElement;
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });

  it("saves tier and fields with the revision that was looked at", async () => {
    answers(() => new Response(JSON.stringify({ ...card, tier: "platinum", revision: 4 })));
    await edit(["work", "customers.edit"]);
    type("Tier", "platinum");
    type("Value", "4712");
    act(() => root.querySelector("form")?.requestSubmit());
    await settle();
    const call = vi.mocked(fetch).mock.calls.find(([, options]) => options?.method === "PATCH");
    expect(JSON.parse(String(call?.[1]?.body))).toEqual({
      name: "Li Wei",
      tier: "platinum",
      language: "zh-CN",
      fields: { account: "4712" },
      revision: 3,
    });
    expect(root.querySelector(".tier")?.textContent).toBe("platinum");
  });

  it("keeps what was typed when somebody else was faster", async () => {
    answers(() => new Response(JSON.stringify({ code: "stale" }), { status: 409 }));
    await edit(["work", "customers.edit"]);
    type("Tier", "platinum");
    act(() => root.querySelector("form")?.requestSubmit());
    await settle();
    expect(root.querySelector(".mistake")?.textContent).toContain("Somebody changed this card");
    expect(root.querySelector<HTMLInputElement>("form input:nth-of-type(1)")).not.toBeNull();
    const values = [...root.querySelectorAll<HTMLInputElement>("form input")].map((each) => each.value);
    expect(values).toContain("platinum");
  });

  it("is not edited by who may not", async () => {
    answers(() => new Response("{}"));
    await edit(["work"]);
    expect(root.querySelector("form")).toBeNull();
  });
});
