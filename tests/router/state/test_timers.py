"""Timers: the earliest first, each interaction once, the dead forgotten."""

from __future__ import annotations

from random import Random

from router.model.ids import Instant, InteractionId
from router.state.timers import Timers


def test_deadlines_come_in_order_and_only_the_last_one_set_counts() -> None:
    timers: Timers[InteractionId] = Timers()
    rng = Random(6)  # noqa: S311 -- a test's dice
    due: dict[InteractionId, Instant] = {}
    for _ in range(5_000):
        of = InteractionId(f"i{rng.randrange(300)}")
        if rng.random() < 0.2:
            timers.set(of, None)
            due.pop(of, None)
        else:
            due[of] = Instant(rng.randrange(10_000))
            timers.set(of, due[of])
        assert timers.next() == min(due.values(), default=None)
    assert len(timers._heap) <= 4 * len(due) + 65
    order = []
    while (of_next := timers.pop(Instant(10_000))) is not None:
        order.append((due.pop(of_next), of_next))
    assert order == sorted(order)
    assert due == {}
    assert timers.next() is None


def test_nothing_is_due_before_its_time() -> None:
    timers: Timers[InteractionId] = Timers()
    timers.set(InteractionId("i"), Instant(5))
    assert timers.pop(Instant(4)) is None
    assert timers.due(InteractionId("i")) == 5
    assert timers.pop(Instant(5)) == "i"
    assert timers.due(InteractionId("i")) is None


def test_a_forgotten_interaction_is_never_due() -> None:
    timers: Timers[InteractionId] = Timers()
    timers.set(InteractionId("i"), Instant(5))
    timers.asked[InteractionId("i")] = Instant(3)
    timers.forget(InteractionId("i"))
    assert timers.next() is None
    assert timers.asked_until(InteractionId("i")) == 0
