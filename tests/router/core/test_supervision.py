"""Supervisors give, move and end any interaction."""

from __future__ import annotations

import pytest

from router.model import commands
from router.model.agent import Capacity, Presence
from router.model.errors import Refused
from router.model.ids import AgentId, InteractionId, QueueName
from router.model.interaction import Outcome, Phase
from tests.support.floor import CHAT, Floor, a_queue, an_agent, names, one

MIA, TOM = AgentId("mia"), AgentId("tom")
I1 = InteractionId("i1")
SECOND = QueueName("second")


def centre() -> Floor:
    floor = Floor(
        an_agent("mia"),
        an_agent("tom", "second"),
        a_queue("main"),
        a_queue("second"),
        capacity=Capacity(slots={CHAT: 1}),
    )
    floor.do(commands.SignIn(TOM))
    return floor


def refusal(floor: Floor, command: commands.Command) -> str:
    with pytest.raises(Refused) as refused:
        floor.do(command)
    return refused.value.code


def test_an_assignment_goes_past_skills_queues_presence_and_room() -> None:
    floor = centre()
    for name in ("i1", "i2"):
        floor.now += 1_000
        floor.arrive(name)
        engaged = one(floor.do(commands.Assign(InteractionId(name), TOM, "sue")), "Engaged")
        assert (engaged.agent_id, engaged.by, engaged.offer_id) == ("tom", "sue", None)
    assert len(floor.state.agents[TOM].interactions) == 2
    floor.do(commands.SetPresence(TOM, Presence.READY))
    floor.do(commands.Requeue(I1, "sue", SECOND))
    assert floor.state.interactions[I1].phase is Phase.WAITING, "tom still has more than fits"


def test_an_assigned_interaction_stops_ringing_elsewhere() -> None:
    floor = centre()
    floor.ready("mia")
    floor.arrive("i1")
    decision = floor.do(commands.Assign(I1, TOM, "sue"))
    assert names(decision) == ["OfferEnded", "Engaged"]
    assert one(decision, "OfferEnded").end == "withdrawn"


def test_what_cannot_be_assigned() -> None:
    floor = centre()
    floor.ready("mia")
    floor.served("i1", "mia")
    assert refusal(floor, commands.Assign(I1, TOM, "sue")) == "busy"
    floor.arrive("i2")
    two = InteractionId("i2")
    assert refusal(floor, commands.Assign(two, AgentId("x"), "sue")) == "unknown_agent"
    floor.do(commands.SignOut(TOM))
    assert refusal(floor, commands.Assign(two, TOM, "sue")) == "agent_offline"
    assert refusal(floor, commands.Assign(InteractionId("x"), MIA, "sue")) == "unknown_interaction"


@pytest.mark.parametrize("where", ["waiting", "offered", "engaged", "self_service"])
def test_a_requeue_takes_it_from_wherever_it_is(where: str) -> None:
    floor = centre()
    if where in ("offered", "engaged"):
        floor.ready("mia")
    entered = floor.now
    floor.arrive("i1", self_service=where == "self_service")
    if where == "engaged":
        floor.accept("i1.1", "mia")
    floor.now += 5_000
    decision = floor.do(commands.Requeue(I1, "sue", SECOND))
    queued = one(decision, "Queued")
    assert (queued.queue, queued.reason) == ("second", "requeue")
    assert queued.entered == (floor.now if where == "self_service" else entered)
    before = {"offered": ["OfferEnded"], "engaged": ["EngagementEnded"]}.get(where, [])
    assert names(decision) == [*before, "Queued"]


def test_a_requeue_may_forget_the_age() -> None:
    floor = centre()
    floor.arrive("i1")
    floor.now += 5_000
    decision = floor.do(commands.Requeue(I1, "sue", SECOND, keep_age=False))
    assert one(decision, "Queued").entered == floor.now
    assert refusal(floor, commands.Requeue(I1, "sue", QueueName("x"))) == "unknown_queue"


@pytest.mark.parametrize("where", ["waiting", "offered", "engaged"])
def test_discarding_ends_it_without_an_answer_and_without_wrap_up(where: str) -> None:
    floor = centre()
    if where != "waiting":
        floor.ready("mia")
    floor.arrive("i1")
    if where == "engaged":
        floor.accept("i1.1", "mia")
    decision = floor.do(commands.Discard(I1, "sue", "spam"))
    closed = one(decision, "Closed")
    assert (closed.outcome, closed.reason, closed.by) == (Outcome.DISCARDED, "spam", "sue")
    assert refusal(floor, commands.Discard(I1, "sue", "spam")) == "finished"
    effects = [type(effect).__name__ for effect in decision.effects]
    assert effects[-1] == "Release"
