"""Every state that is not the end has a deadline, and each leads somewhere."""

from __future__ import annotations

import pytest

from router.core import next_deadline
from router.model import commands
from router.model.agent import Capacity
from router.model.ids import AgentId, Instant, InteractionId, OfferId
from router.model.interaction import Outcome, Phase
from router.state.deadlines import (
    ENGAGED_LIMIT_MS,
    SELF_SERVICE_LIMIT_MS,
    WAITING_LIMIT_MS,
)
from tests.support.floor import CHAT, Floor, an_agent, names, one

MIA = AgentId("mia")
I1 = InteractionId("i1")


def brought_to(phase: Phase) -> Floor:
    """A floor whose only interaction is in this phase."""
    floor = Floor(an_agent("mia"))
    if phase is Phase.SELF_SERVICE:
        floor.arrive("i1", self_service=True)
        return floor
    if phase is not Phase.WAITING:
        floor.ready("mia")
    floor.arrive("i1")
    if phase not in (Phase.WAITING, Phase.OFFERED):
        floor.do(commands.Accept(OfferId("i1.1"), MIA))
    if phase is Phase.PARKED:
        floor.do(commands.Park(I1, MIA, Instant(floor.now + 60_000)))
    elif phase is Phase.WRAP_UP:
        floor.do(commands.End(I1, MIA))
    assert floor.state.interactions[I1].phase is phase
    return floor


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.FINISHED])
def test_every_phase_ends_by_itself(phase: Phase) -> None:
    floor = brought_to(phase)
    due = next_deadline(floor.state)
    assert due is not None
    floor.now = due
    assert floor.do(commands.Tick()).events != ()


def test_a_finished_interaction_has_none() -> None:
    floor = brought_to(Phase.WRAP_UP)
    floor.do(commands.WrapUp(I1, MIA))
    assert next_deadline(floor.state) is None


def test_nobody_waits_for_ever() -> None:
    floor = brought_to(Phase.WAITING)
    decision = floor.later(WAITING_LIMIT_MS)
    closed = one(decision, "Closed")
    assert (closed.outcome, closed.reason) == (Outcome.GAVE_UP, "waiting_limit")
    assert closed.waited_ms == WAITING_LIMIT_MS


def test_work_nobody_finishes_goes_back_to_its_queue() -> None:
    floor = brought_to(Phase.ENGAGED)
    decision = floor.later(ENGAGED_LIMIT_MS)
    assert names(decision)[:2] == ["EngagementEnded", "Queued"]
    assert one(decision, "EngagementEnded").how == "requeued"


def test_a_flow_nobody_ends_is_queued() -> None:
    floor = brought_to(Phase.SELF_SERVICE)
    assert names(floor.later(SELF_SERVICE_LIMIT_MS)) == ["Queued"]


def test_a_tick_before_its_time_does_nothing() -> None:
    floor = brought_to(Phase.OFFERED)
    assert floor.do(commands.Tick()).events == ()


def test_ten_thousand_deadlines_of_one_moment_are_done_and_the_rest_is_due_at_once() -> None:
    floor = Floor(an_agent("mia", capacity=Capacity(slots={CHAT: 1})))
    for number in range(10_050):
        floor.arrive(f"i{number:05}", self_service=True, entry=None)
    floor.now += SELF_SERVICE_LIMIT_MS
    assert len(floor.do(commands.Tick()).events) == 10_000
    due = next_deadline(floor.state)
    assert due is not None
    assert due <= floor.now
    assert len(floor.do(commands.Tick()).events) == 50


def test_a_clock_that_runs_backwards_stands_still() -> None:
    floor = brought_to(Phase.WAITING)
    floor.now -= 5_000
    assert one(floor.arrive("i2"), "Arrived").at == floor.now + 5_000
