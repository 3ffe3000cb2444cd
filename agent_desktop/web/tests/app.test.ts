import { beforeEach, describe, expect, it, vi } from "vitest";
import { Announcer } from "../src/app/announcer";
import { freshId } from "../src/app/ids";
import { pageTitle } from "../src/app/outside";
import { hashOf, parseRoute } from "../src/app/route";
import { readSettings } from "../src/app/settings";
import { Ticker } from "../src/app/ticker";
import { request, withQuery } from "../src/api/http";
import { fieldsOf, fillFields } from "../src/views/canned";
import { pickingAt } from "../src/views/composer";
import { defaultEnvelope } from "../src/views/envelope";
import { EMPTY } from "../src/state/desk";
import { sums } from "../src/views/reportchart";
import { entry, item, offer } from "./samples";

const timers = {
  after: (ms: number, run: () => void) => setTimeout(run, ms),
  stop: (at: unknown) => clearTimeout(at as never),
};

beforeEach(() => vi.useFakeTimers());

describe("announcements", () => {
  const setup = () => {
    const alert = document.createElement("div");
    const status = document.createElement("div");
    return { alert, status, say: new Announcer(alert, status, timers) };
  };

  it("come one each 500 ms and go after 15 s", () => {
    const { alert, say } = setup();
    say.say("one", "alert");
    say.say("two", "alert");
    expect(alert.textContent).toBe("one");
    vi.advanceTimersByTime(500);
    expect(alert.textContent).toBe("two");
    vi.advanceTimersByTime(15_000);
    expect(alert.textContent).toBe("");
  });

  it("are not repeated", () => {
    const { status, say } = setup();
    const seen: string[] = [];
    new MutationObserver(() => undefined).observe(status, { childList: true });
    say.say("same");
    seen.push(status.textContent ?? "");
    say.say("same");
    vi.advanceTimersByTime(500);
    expect(seen).toEqual(["same"]);
    expect(status.textContent).toBe("same");
  });

  it("alert and status are two regions", () => {
    const { alert, status, say } = setup();
    say.say("loud", "alert");
    say.say("quiet");
    expect([alert.textContent, status.textContent]).toEqual(["loud", "quiet"]);
  });
});

describe("the ticker", () => {
  it("writes a clock at once and then each second of the server", () => {
    let now = 10_400;
    const ticker = new Ticker(() => now);
    const texts: number[] = [];
    ticker.start();
    const stop = ticker.add({ element: document.body, write: (at) => texts.push(at) });
    now = 11_000;
    vi.advanceTimersByTime(600);
    expect(texts).toEqual([10_400, 11_000]);
    stop();
    now = 12_000;
    vi.advanceTimersByTime(1_000);
    expect(texts).toHaveLength(2);
    expect(ticker.beat.value).toBe(12_000);
    ticker.stop();
  });
});

describe("addresses of pages", () => {
  it("are read and written the same", () => {
    expect(parseRoute(hashOf("work", "a/b ü"))).toEqual({ page: "work", id: "a/b ü" });
    expect(parseRoute("")).toEqual({ page: "work", id: "" });
    expect(parseRoute("#/timeline/%E0%A4%A")).toEqual({ page: "timeline", id: "" });
  });
});

describe("settings", () => {
  it("fall back where the server's copy is broken", () => {
    const read = readSettings(
      { theme: "purple", sound: { volume: 7 }, keys: { reply: 3, note: "x" }, language: 1 },
      "zh-CN",
    );
    expect(read.theme).toBe("system");
    expect(read.sound.volume).toBe(1);
    expect(read.keys).toEqual({ note: "x" });
    expect(read.language).toBe("zh-CN");
    expect(read.single_keys).toBe(true);
  });
});

it("ids are 128 bits in hexadecimal", () => {
  expect(freshId()).toMatch(/^[0-9a-f]{32}$/);
});

it("the title names count, medium and queue, never a person", () => {
  const card = { offer: offer("1"), end: null, reason: "", endedAt: null, asked: null };
  expect(pageTitle([card], "Work")).toBe("(1) Chat, Billing");
  expect(pageTitle([], "Work")).toBe("Work · Carillon");
});

describe("requests", () => {
  it("that change something carry the header, a problem carries its id", async () => {
    const fetched = vi
      .spyOn(globalThis, "fetch")
      .mockResolvedValue(
        new Response(JSON.stringify({ code: "stale", detail: "changed", id: "p1" }), { status: 409 }),
      );
    await expect(request("/x", { method: "PATCH", json: { a: 1 } })).rejects.toMatchObject({
      status: 409,
      code: "stale",
      id: "p1",
    });
    const headers = fetched.mock.calls[0]?.[1]?.headers as Record<string, string>;
    expect(headers["X-Carillon"]).toBe("1");
    expect(headers["Content-Type"]).toBe("application/json");
  });

  it("that reach nobody say unreachable; a wait is told in seconds", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValueOnce(new TypeError("network"));
    await expect(request("/x")).rejects.toMatchObject({ status: 0, code: "unreachable" });
    vi.spyOn(globalThis, "fetch").mockResolvedValueOnce(
      new Response("busy", { status: 429, headers: { "Retry-After": "30" } }),
    );
    await expect(request("/x")).rejects.toMatchObject({ status: 429, retryAfterS: 30 });
  });

  it("leave empty questions out of the address", () => {
    expect(withQuery("/a", { b: "", c: 0, d: undefined, e: "ü" })).toBe("/a?c=0&e=%C3%BC");
  });
});

describe("writing", () => {
  it("asks for canned text only at the start of a line", () => {
    expect(pickingAt("/gre", 4, "reply")).toEqual({ what: "canned", find: "gre", from: 0 });
    expect(pickingAt("hello\n/", 7, "note")).toEqual({ what: "canned", find: "", from: 6 });
    expect(pickingAt("and/or", 6, "reply")).toBeNull();
    expect(pickingAt("/two words", 10, "reply")).toBeNull();
  });

  it("asks for a colleague at the start of a word of a note, never in a reply", () => {
    expect(pickingAt("ask @To", 7, "note")).toEqual({ what: "colleague", find: "To", from: 4 });
    expect(pickingAt("@", 1, "note")).toEqual({ what: "colleague", find: "", from: 0 });
    expect(pickingAt("ana@ruiz", 8, "note")).toBeNull();
    expect(pickingAt("@To", 3, "reply")).toBeNull();
  });

  it("fills the fields of a canned reply and leaves unknown ones to be seen", () => {
    const fields = fieldsOf(item("i1", { attributes: { order: "88" } }), "Mia Kaya");
    const text = "Dear {customer.name}, order {interaction.order}, {agent.first_name}, {foo.bar} {plain}";
    expect(fillFields(text, fields)).toBe("Dear Li Wei, order 88, Mia, {foo.bar} {plain}");
  });

  it("answers where the customer wants answers, with one Re", () => {
    const mail = { sender: "b@ott.de", reply_to: "ott@home.de", subject: "Re: Refund" };
    const state = {
      ...EMPTY,
      conversations: new Map([
        [
          "i1",
          { entries: [entry("e", 1, { mail })], status: "loaded" as const, complete: true, problem: "" },
        ],
      ]),
    };
    expect(defaultEnvelope(state, item("i1"))).toEqual({
      to: "ott@home.de, ",
      cc: "",
      bcc: "",
      subject: "Re: Refund",
    });
    expect(defaultEnvelope(EMPTY, item("i1", { summary: "Hi" })).subject).toBe("Re: Hi");
  });
});

it("the chart adds the queues of an interval and weighs their ASA", () => {
  const row = (queue: string, answered: number, asa: number | null) => ({
    start: 1,
    label: "09:00",
    queue,
    medium: "",
    figures: { answered, abandoned: 1, flowed_out: 0, asa },
  });
  const made = sums([row("a", 3, 10_000), row("b", 1, 50_000), row("c", 0, null)]);
  expect(made).toEqual([{ label: "09:00", parts: [4, 3, 0], asaMs: 20_000 }]);
});
