import { describe, expect, it } from "vitest";
import { EMPTY, type OfferCard } from "../src/state/desk";
import {
  cardsShown,
  firstOffer,
  groups,
  itemSla,
  keepOrder,
  load,
  shownSince,
  slaAt,
} from "../src/state/select";
import { agent, item, NOW, offer } from "./samples";

const card = (id: string, change: Partial<OfferCard> = {}): OfferCard => ({
  offer: offer(id),
  end: null,
  reason: "",
  endedAt: null,
  asked: null,
  ...change,
});

describe("a promise", () => {
  it.each([
    [31_000, "on_time"],
    [30_000, "soon"],
    [0, "soon"],
    [-1, "late"],
  ])("with %i ms of 100 s left is %s", (left, state) => {
    expect(slaAt(NOW + left, 100_000, NOW)?.state).toBe(state);
  });

  it("is none without a due time, in wrap-up or parked", () => {
    expect(slaAt(null, 100, NOW)).toBeNull();
    expect(itemSla(item("i", { due: NOW, phase: "parked" }), NOW)).toBeNull();
  });
});

describe("the work list", () => {
  it("puts calls first, then the rest by due time, then wrap-up and parked", () => {
    const items = new Map(
      [
        item("parked", { phase: "parked" }),
        item("late", { due: NOW - 1 }),
        item("wrap", { phase: "wrap_up" }),
        item("call", { medium: "voice" }),
        item("later", { due: NOW + 1 }),
        item("never", {}),
      ].map((each) => [each.interaction_id, each]),
    );
    expect(
      groups(items).map((group) => [group.name, group.items.map((each) => each.interaction_id)]),
    ).toEqual([
      ["now", ["call"]],
      ["yours", ["late", "later", "never"]],
      ["wrap_up", ["wrap"]],
      ["parked", ["parked"]],
    ]);
  });

  it("keeps its order while somebody is in it, puts new ones at the end and counts what moved", () => {
    const fresh = [item("c"), item("a"), item("b")];
    const kept = keepOrder(fresh, ["a", "b"]);
    expect(kept.items.map((each) => each.interaction_id)).toEqual(["a", "b", "c"]);
    expect(kept.moved).toBe(3);
  });
});

describe("offers on the screen", () => {
  it("are three at most, ringing ones first", () => {
    const state = {
      ...EMPTY,
      owner: true,
      offers: [card("1", { end: "withdrawn" }), card("2"), card("3"), card("4")],
    };
    expect(cardsShown(state).map((each) => each.offer.offer_id)).toEqual(["2", "3", "4"]);
    expect(firstOffer(state)?.offer.offer_id).toBe("2");
  });

  it("are not shown by a tab that only reads", () => {
    expect(cardsShown({ ...EMPTY, owner: false, offers: [card("1")] })).toEqual([]);
  });
});

it("load names only media with slots", () => {
  expect(load({ ...EMPTY, agent: agent() })).toEqual([
    { medium: "chat", used: 1, slots: 3 },
    { medium: "mail", used: 0, slots: 2 },
  ]);
});

it("what is shown has its own beginning", () => {
  const items = new Map([["a", item("a", { since: NOW + 5 })]]);
  const state = { ...EMPTY, agent: agent({ since: NOW, shown: "in_work" }), items };
  expect(shownSince(state)).toBe(NOW + 5);
  expect(shownSince({ ...state, agent: agent({ since: NOW, shown: "ready" }) })).toBe(NOW);
});
