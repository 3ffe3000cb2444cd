import { beforeEach, describe, expect, it, vi } from "vitest";
import { backoffMs } from "../src/line/backoff";
import { ServerClock } from "../src/line/clock";
import { Line, type LineOptions, SignedOut, type Socket } from "../src/line/line";

/** A socket that the test holds at the other end. */
class TestSocket implements Socket {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readyState = 0;
  readonly sent: Record<string, unknown>[] = [];

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = 3;
  }

  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  lose(code = 1006): void {
    this.onclose?.({ code });
  }

  greet(): void {
    this.onopen?.(undefined as never);
    this.say({
      type: "welcome",
      protocol: 1,
      log: "L",
      server_time: 5_000,
      owner: true,
      resumed: false,
      grace_ms: 1,
    });
    this.say({ type: "caught_up", seq: 1, missed: 0 });
  }

  dos(): Record<string, unknown>[] {
    return this.sent.filter((frame) => frame["type"] === "do");
  }
}

let sockets: TestSocket[];
let states: string[];
let events: string[];
let ticket: () => Promise<string>;

function line(change: Partial<LineOptions> = {}): Line {
  let ids = 0;
  return new Line({
    deskId: "tab",
    open: () => {
      const socket = new TestSocket();
      sockets.push(socket);
      return socket;
    },
    ticket: () => ticket(),
    clock: new ServerClock(() => Date.now()),
    local: () => Date.now(),
    random: () => 0,
    newId: () => `id${++ids}`,
    position: () => ({ log: "L", after: 7 }),
    onEvent: (event) => events.push(event.type),
    onState: (state) => states.push(state),
    ...change,
  });
}

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const socket = (): TestSocket => sockets.at(-1) as TestSocket;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  states = [];
  events = [];
  ticket = async () => "t";
});

async function online(): Promise<Line> {
  const made = line();
  made.start();
  await settle();
  socket().greet();
  return made;
}

describe("the line", () => {
  it("says hello with the place it has reached", async () => {
    await online();
    expect(socket().sent[0]).toEqual({
      type: "hello",
      protocol: 1,
      desk: "tab",
      log: "L",
      after: 7,
      take: false,
    });
    expect(states).toEqual(["online"]);
  });

  it("comes back after a break, later each time, 15 s at most", () => {
    const waits = [0, 1, 2, 3, 4, 5, 6, 20].map((tries) => backoffMs(tries, () => 1));
    expect(waits).toEqual([1_500, 3_000, 6_000, 12_000, 15_000, 15_000, 15_000, 15_000]);
    expect(backoffMs(0, () => 0)).toBe(500);
  });

  it("makes a new socket after a loss and says so", async () => {
    await online();
    socket().lose();
    expect(states.at(-1)).toBe("reconnecting");
    await vi.advanceTimersByTimeAsync(500);
    expect(sockets).toHaveLength(2);
    socket().greet();
    expect(states.at(-1)).toBe("online");
  });

  it("gives up a socket that is silent, whatever the socket says", async () => {
    await online();
    await vi.advanceTimersByTimeAsync(12_100);
    expect(states.at(-1)).toBe("reconnecting");
  });

  it("ends when the session is over", async () => {
    ticket = () => Promise.reject(new SignedOut());
    line().start();
    await settle();
    expect(states).toEqual(["signed_out"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(0);
  });

  it("asks for a second ticket once when the first was spent, then believes it", async () => {
    await online();
    socket().lose(4401);
    await vi.advanceTimersByTimeAsync(500);
    socket().lose(4401);
    expect(states.at(-1)).toBe("signed_out");
  });

  it("tells when the same desk is open elsewhere and does not fight for it", async () => {
    await online();
    socket().lose(4409);
    expect(states.at(-1)).toBe("elsewhere");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(1);
  });

  it("tries again when the server cannot be reached at all", async () => {
    ticket = () => Promise.reject(new Error("unreachable"));
    line().start();
    await settle();
    ticket = async () => "t";
    await vi.advanceTimersByTimeAsync(500);
    expect(sockets).toHaveLength(1);
  });
});

describe("commands", () => {
  it("are answered by their id", async () => {
    const made = await online();
    const answer = made.do("accept", { offer_id: "o" });
    const sent = socket().dos()[0];
    expect(sent).toMatchObject({ do: "accept", args: { offer_id: "o" } });
    socket().say({ type: "done", id: sent?.["id"], seq: 8, result: { a: 1 } });
    expect(await answer).toMatchObject({ type: "done", result: { a: 1 } });
    expect(made.pending).toBe(0);
  });

  it("that cannot wait are refused at once without a line", async () => {
    const made = line();
    expect(await made.do("accept", {})).toMatchObject({ type: "refused", code: "offline" });
  });

  it("that can wait are kept and sent when the line is there, once", async () => {
    const made = line();
    const answer = made.do("send", { text: "hi" }, true);
    made.start();
    await settle();
    expect(socket().dos()).toHaveLength(0);
    socket().greet();
    expect(socket().dos()).toHaveLength(1);
    socket().say({ type: "done", id: socket().dos()[0]?.["id"], seq: 2 });
    expect((await answer).type).toBe("done");
  });

  it("whose answer was lost are sent again under the same id", async () => {
    const made = await online();
    void made.do("send", { text: "hi" }, true);
    const first = socket().dos()[0]?.["id"];
    socket().lose();
    await vi.advanceTimersByTimeAsync(500);
    socket().greet();
    expect(
      socket()
        .dos()
        .map((frame) => frame["id"]),
    ).toEqual([first]);
  });

  it("without an answer for 15 s are refused", async () => {
    const made = await online();
    const answer = made.do("accept", {});
    for (let at = 0; at < 4; at++) {
      await vi.advanceTimersByTimeAsync(4_000);
      socket().say({ type: "live", kind: "queues", queues: [] });
    }
    expect(await answer).toMatchObject({ code: "no_answer" });
  });

  it("can be taken back before they have left, not after", async () => {
    const made = line();
    const held = made.do("send", {}, true, "w1");
    expect(made.withdraw("w1")).toBe(true);
    expect(await held).toMatchObject({ code: "withdrawn" });
    const other = await online();
    void other.do("send", {}, true, "w2");
    expect(other.withdraw("w2")).toBe(false);
  });

  it("are bounded", async () => {
    const made = line();
    for (let at = 0; at < 500; at++) void made.do("send", {}, true);
    expect(await made.do("send", {}, true)).toMatchObject({ code: "too_many" });
  });

  it("that need no answer are lost without a line, and leave nothing behind", async () => {
    const made = line();
    made.tell("typing", {});
    expect(made.pending).toBe(0);
  });
});

describe("the server's clock", () => {
  it("is the median of the last five pings", () => {
    const clock = new ServerClock(() => 1_000);
    for (const offset of [10, 500, 12, 11, 9_000, 13, 12]) clock.sample(1_000, 1_000, 1_000 + offset);
    expect(clock.offsetMs).toBe(12);
    expect(clock.now()).toBe(1_012);
  });

  it("counts half the way of a ping and ignores one during which the local clock went back", () => {
    const clock = new ServerClock(() => 0);
    clock.sample(100, 50, 9_999);
    expect(clock.offsetMs).toBe(0);
    clock.sample(100, 300, 1_200);
    expect(clock.offsetMs).toBe(1_000);
  });

  it("pings each five seconds and learns from the pong", async () => {
    vi.setSystemTime(100_000);
    const made = line({ clock: new ServerClock(() => Date.now()) });
    made.start();
    await settle();
    socket().greet();
    const pings = (): Record<string, unknown>[] => socket().sent.filter((frame) => frame["type"] === "ping");
    expect(pings()).toHaveLength(1);
    socket().say({ type: "pong", id: pings()[0]?.["id"], server_time: 163_000 });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(pings()).toHaveLength(2);
  });
});
