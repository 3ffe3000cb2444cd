"""Expected waits: nothing until enough is known, and then intervals that hold."""

from __future__ import annotations

from random import Random

from router.core import expected_wait, queue_views, why_waiting
from router.model import commands
from router.model.agent import Capacity, WrapUpMode, WrapUpRule
from router.model.ids import AgentId, Instant, InteractionId
from router.state.expectation import SAMPLES_NEEDED, interval, point_ms
from router.state.records import Expectation
from tests.support.floor import CHAT, Floor, a_queue, all_of, an_agent


def busy_day(customers: int, seed: int, *, mean_gap_ms: int = 21_000) -> Floor:
    """Three agents, talks of a minute on average, customers at random, some impatient."""
    rng = Random(seed)  # noqa: S311 -- a test's dice
    floor = Floor(
        *(an_agent(name) for name in ("mia", "tom", "eva")),
        a_queue(wrap_up={CHAT: WrapUpRule(WrapUpMode.NONE)}),
        capacity=Capacity(slots={CHAT: 1}),
        now=1_700_000_000_000,
    )
    floor.ready("mia", "tom", "eva")
    ends: list[tuple[int, str, str]] = []
    next_arrival = floor.now
    arrived = 0
    while arrived < customers:
        if ends and min(ends)[0] <= next_arrival:
            floor.now, name, agent = min(ends)
            ends.remove((floor.now, name, agent))
            decision = floor.do(commands.End(InteractionId(name), AgentId(agent)))
        else:
            floor.now = next_arrival
            arrived += 1
            decision = floor.arrive(f"c{arrived:05}", entry=None)
            next_arrival = floor.now + round(rng.expovariate(1 / mean_gap_ms)) + 1
        for offered in all_of(decision, "Offered"):
            floor.accept(offered.offer_id, offered.agent_id)
            talk = round(rng.expovariate(1 / 60_000)) + 1
            ends.append((floor.now + talk, offered.interaction_id, offered.agent_id))
    return floor


def learned(floor: Floor) -> Expectation:
    (row,) = floor.state.queues.values()
    return row.expectations[CHAT]


def test_too_little_is_known_for_a_while_and_then_nothing_is_said() -> None:
    floor = busy_day(SAMPLES_NEEDED - 1, 1)
    assert point_ms(learned(floor), 3) == -1
    assert interval(learned(floor), 3) is None
    (view,) = queue_views(floor.state, Instant(floor.now))
    assert view.expected_wait is None


def test_an_empty_queue_knows_nothing() -> None:
    floor = Floor()
    floor.arrive("i1")
    assert expected_wait(floor.state, InteractionId("i1"), Instant(floor.now)) is None


def test_eight_in_ten_waits_fall_inside_what_was_announced() -> None:
    """Measured over several days by what the state itself says of its hit rate."""
    hits: list[int] = []
    for seed in range(5):
        hits.extend(learned(busy_day(1_500, seed)).hits)
    assert len(hits) == 1_000
    assert 0.7 < sum(hits) / len(hits) < 0.92


def test_the_interval_is_shown_with_its_hit_rate_and_shrinks_with_the_place() -> None:
    floor = busy_day(600, 3, mean_gap_ms=15_000)
    waiting = [of for of in floor.state.index.items]
    assert len(waiting) > 5
    now = Instant(floor.now)
    found = [why_waiting(floor.state, of, now) for of in sorted(waiting)]
    waits = [why.expected_wait for why in found if why is not None]
    first, last = waits[0], waits[-1]
    assert first is not None
    assert last is not None
    assert first.hit_rate is not None
    assert 0 <= first.low_ms <= first.high_ms < last.high_ms
    assert first.low_ms % 1_000 == first.high_ms % 1_000 == 0


def test_a_customer_who_outwaited_the_interval_counts_against_it() -> None:
    floor = busy_day(600, 4, mean_gap_ms=15_000)
    floor.arrive("patient", entry=None)
    visit = floor.state.interactions[InteractionId("patient")].visit
    assert visit is not None
    assert visit.expected_high_ms > 0
    before = list(learned(floor).hits)
    floor.now += visit.expected_high_ms + 1
    floor.do(commands.CustomerLeave(InteractionId("patient")))
    assert learned(floor).hits == [*before, 0][-200:]


def test_a_customer_who_left_early_proves_nothing() -> None:
    floor = busy_day(600, 4, mean_gap_ms=15_000)
    floor.arrive("hasty", entry=None)
    before = list(learned(floor).hits)
    floor.now += 1
    floor.do(commands.CustomerLeave(InteractionId("hasty")))
    assert learned(floor).hits == before
