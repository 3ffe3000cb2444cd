"""What the lead does with a customer: hold, end, transfer, consult."""

from __future__ import annotations

import pytest

from router.core import interaction_view, position_in_queue, why_waiting
from router.model import commands
from router.model.agent import Presence, WrapUpMode, WrapUpRule
from router.model.catalogue import Queue
from router.model.commands import Command
from router.model.errors import Refused
from router.model.events import EngagementEnded
from router.model.ids import AgentId, Instant, InteractionId, OfferId, QueueName, SkillName
from router.model.interaction import Outcome, Phase, Role
from router.model.skills import Need, Requirement
from tests.support.floor import CHAT, Floor, a_queue, an_agent, names, one

MIA, TOM, EVA = AgentId("mia"), AgentId("tom"), AgentId("eva")
I1 = InteractionId("i1")
NO_WRAP_UP = {CHAT: WrapUpRule(WrapUpMode.NONE)}


def engaged(*queues: Queue, others: tuple[str, ...] = ("tom",)) -> Floor:
    """Mia talks with i1; the others are ready."""
    floor = Floor(an_agent("mia", "main", "second"), *(an_agent(name) for name in others), *queues)
    floor.ready("mia")
    floor.served("i1", "mia")
    floor.ready(*others)
    floor.now += 10_000
    return floor


def refusal(floor: Floor, command: Command) -> str:
    with pytest.raises(Refused) as refused:
        floor.do(command)
    return refused.value.code


def phase(floor: Floor) -> Phase:
    view = interaction_view(floor.state, I1, Instant(floor.now))
    assert view is not None
    return view.phase


def test_hold_is_counted_apart_from_talk() -> None:
    floor = engaged()
    held = floor.do(commands.Hold(I1, MIA))
    assert [type(effect).__name__ for effect in held.effects] == ["HoldCustomer"]
    assert floor.do(commands.Hold(I1, MIA)).events == ()
    floor.now += 4_000
    assert one(floor.do(commands.Retrieve(I1, MIA)), "Retrieved").held_ms == 4_000
    assert floor.do(commands.Retrieve(I1, MIA)).events == ()
    floor.do(commands.Hold(I1, MIA))
    floor.now += 1_000
    ended = one(floor.do(commands.End(I1, MIA)), "EngagementEnded")
    assert (ended.talked_ms, ended.held_ms) == (10_000, 5_000)


def test_only_the_lead_may_do_the_leads_things() -> None:
    floor = engaged()
    until = Instant(floor.now + 1_000)
    for wish in (
        commands.Hold(I1, TOM),
        commands.End(I1, TOM),
        commands.Transfer(I1, TOM, queue=QueueName("main")),
        commands.Consult(I1, TOM, EVA),
        commands.Park(I1, TOM, until),
    ):
        assert refusal(floor, wish) == "not_yours"
    assert refusal(floor, commands.End(InteractionId("x"), MIA)) == "unknown_interaction"


def test_ending_leads_into_wrap_up_and_releases_the_customer_once() -> None:
    floor = engaged()
    decision = floor.do(commands.End(I1, MIA))
    assert [type(effect).__name__ for effect in decision.effects] == ["Disconnect", "Release"]
    assert phase(floor) is Phase.WRAP_UP
    assert refusal(floor, commands.End(I1, MIA)) == "finished"
    closed = floor.do(commands.WrapUp(I1, MIA))
    assert names(closed) == ["WrapUpEnded", "Closed"]
    assert closed.effects == ()


def test_without_wrap_up_the_end_is_the_end() -> None:
    floor = engaged(a_queue(wrap_up=NO_WRAP_UP))
    decision = floor.do(commands.End(I1, MIA))
    assert names(decision) == ["EngagementEnded", "Closed"]
    assert one(decision, "Closed").outcome is Outcome.HANDLED


def test_a_transfer_to_a_queue_keeps_age_and_place_where_asked() -> None:
    floor = engaged(a_queue("main"), a_queue("second"), others=())
    arrived = floor.now - 10_000
    decision = floor.do(commands.Transfer(I1, MIA, queue=QueueName("second")))
    assert names(decision) == ["EngagementEnded", "Queued"]
    queued = one(decision, "Queued")
    assert (queued.entered, queued.visit, queued.from_agent) == (arrived, 2, "mia")
    assert one(decision, "EngagementEnded").how == "transferred"
    assert one(decision, "EngagementEnded").wrap_up_until is not None
    assert [type(effect).__name__ for effect in decision.effects] == ["Disconnect", "Wait"]


def test_a_transfer_without_age_begins_anew() -> None:
    floor = engaged(a_queue("main"), a_queue("second"), others=())
    decision = floor.do(commands.Transfer(I1, MIA, queue=QueueName("second"), keep_age=False))
    assert one(decision, "Queued").entered == floor.now


def test_who_transferred_it_is_not_offered_it_at_once() -> None:
    floor = engaged(a_queue("main", wrap_up=NO_WRAP_UP), a_queue("second"), others=())
    floor.do(commands.Transfer(I1, MIA, queue=QueueName("second")))
    assert phase(floor) is Phase.WAITING
    why = why_waiting(floor.state, I1, Instant(floor.now))
    assert why is not None
    assert [one.code for one in why.refusals] == ["declined"]
    floor.later(15 * 60_000)
    assert phase(floor) is Phase.OFFERED, "but it is not stuck when nobody else is there"


def test_a_transfer_to_a_person_asks_neither_for_skills_nor_for_queues() -> None:
    needs = Requirement(all_of=(Need(SkillName("es")),))
    floor = Floor(
        an_agent("mia", skills={"es": 1}),
        an_agent("tom", "second"),
        a_queue("main", requirement=needs),
        a_queue("second"),
    )
    floor.ready("mia", "tom")
    floor.served("i1", "mia")
    decision = floor.do(commands.Transfer(I1, MIA, to_agent=TOM))
    offered = one(decision, "Offered")
    assert (offered.agent_id, offered.from_agent) == ("tom", "mia")
    assert one(decision, "Queued").preferred == "tom"


@pytest.mark.parametrize("how", ["declined", "no answer", "not ready"])
def test_a_person_who_does_not_take_it_leaves_it_to_the_queue(how: str) -> None:
    floor = engaged(others=("tom", "eva"))
    if how == "not ready":
        floor.do(commands.SetPresence(TOM, Presence.NOT_READY))
    decision = floor.do(commands.Transfer(I1, MIA, to_agent=TOM))
    if how == "declined":
        decision = floor.do(commands.Decline(one(decision, "Offered").offer_id, TOM))
    else:
        decision = floor.later(30_000 if how == "no answer" else 60_000)
    assert one(decision, "Offered").agent_id == "eva"


def test_a_transfer_needs_one_target_that_exists_and_is_there() -> None:
    floor = engaged()
    main = QueueName("main")
    assert refusal(floor, commands.Transfer(I1, MIA)) == "invalid_target"
    assert refusal(floor, commands.Transfer(I1, MIA, queue=main, to_agent=TOM)) == "invalid_target"
    assert refusal(floor, commands.Transfer(I1, MIA, to_agent=MIA)) == "invalid_target"
    assert refusal(floor, commands.Transfer(I1, MIA, queue=QueueName("x"))) == "unknown_queue"
    assert refusal(floor, commands.Transfer(I1, MIA, to_agent=AgentId("x"))) == "unknown_agent"
    floor.do(commands.SignOut(TOM))
    assert refusal(floor, commands.Transfer(I1, MIA, to_agent=TOM)) == "agent_offline"
    assert phase(floor) is Phase.ENGAGED


def consulting() -> Floor:
    floor = engaged()
    offered = one(floor.do(commands.Consult(I1, MIA, TOM)), "Offered")
    assert offered.kind == "consult"
    floor.now += 3_000
    joined = one(floor.do(commands.Accept(offered.offer_id, TOM)), "Engaged")
    assert (joined.role, joined.waited_ms) == (Role.CONSULTED, 0)
    floor.now += 5_000
    return floor


def test_a_consulted_colleague_can_take_over() -> None:
    floor = consulting()
    decision = floor.do(commands.CompleteConsult(I1, MIA))
    assert names(decision) == ["LeadChanged", "EngagementEnded"]
    ended = one(decision, "EngagementEnded")
    assert (ended.agent_id, ended.how, ended.role) == ("mia", "consult_completed", Role.LEAD)
    assert ended.wrap_up_until is not None
    assert names(floor.do(commands.End(I1, TOM))) == ["EngagementEnded"]


def test_taking_over_a_held_customer_takes_them_off_hold() -> None:
    floor = consulting()
    floor.do(commands.Hold(I1, MIA))
    floor.now += 2_000
    decision = floor.do(commands.CompleteConsult(I1, MIA))
    assert names(decision) == ["Retrieved", "LeadChanged", "EngagementEnded"]
    assert one(decision, "EngagementEnded").held_ms == 2_000


@pytest.mark.parametrize("by", [MIA, TOM])
def test_a_consult_ends_by_either_of_the_two(by: AgentId) -> None:
    floor = consulting()
    ended = one(floor.do(commands.EndConsult(I1, by)), "EngagementEnded")
    assert (ended.agent_id, ended.how, ended.wrap_up_until) == ("tom", "consult_over", None)
    assert phase(floor) is Phase.ENGAGED
    assert refusal(floor, commands.CompleteConsult(I1, MIA)) == "no_consult"
    assert refusal(floor, commands.EndConsult(I1, MIA)) == "no_consult"


def test_a_colleague_ending_their_part_leaves_the_customer_with_the_lead() -> None:
    floor = consulting()
    assert names(floor.do(commands.End(I1, TOM))) == ["EngagementEnded"]
    assert phase(floor) is Phase.ENGAGED


def test_the_lead_ending_ends_the_colleagues_part_first() -> None:
    floor = consulting()
    decision = floor.do(commands.End(I1, MIA))
    ends = [
        (event.agent_id, event.how) for event in floor.log if isinstance(event, EngagementEnded)
    ]
    assert ends == [("tom", "consult_over"), ("mia", "ended")]
    assert names(decision) == ["EngagementEnded", "EngagementEnded"]


@pytest.mark.parametrize("by", [MIA, TOM, EVA])
def test_a_ring_at_a_colleague_can_be_stopped_by_both_but_not_by_others(by: AgentId) -> None:
    floor = engaged(others=("tom", "eva"))
    floor.do(commands.Consult(I1, MIA, TOM))
    assert refusal(floor, commands.Consult(I1, MIA, EVA)) == "busy"
    if by == EVA:
        assert refusal(floor, commands.EndConsult(I1, by)) == "not_yours"
        return
    decision = floor.do(commands.EndConsult(I1, by))
    assert one(decision, "OfferEnded").end == ("withdrawn" if by == MIA else "declined")
    assert phase(floor) is Phase.ENGAGED


def test_a_colleague_who_does_not_answer_is_not_ready_and_the_lead_goes_on() -> None:
    floor = engaged()
    floor.do(commands.Consult(I1, MIA, TOM))
    decision = floor.later(30_000)
    assert names(decision) == ["OfferEnded", "PresenceChanged"]
    assert phase(floor) is Phase.ENGAGED


def test_only_a_ready_colleague_with_room_can_be_consulted() -> None:
    floor = engaged(others=("tom", "eva"))
    assert refusal(floor, commands.Consult(I1, MIA, MIA)) == "invalid_target"
    floor.do(commands.SetPresence(TOM, Presence.NOT_READY))
    assert refusal(floor, commands.Consult(I1, MIA, TOM)) == "agent_not_ready"
    floor.do(commands.SignOut(TOM))
    assert refusal(floor, commands.Consult(I1, MIA, TOM)) == "agent_offline"
    for number in range(5):
        offered = one(floor.arrive(f"c{number}"), "Offered")
        floor.accept(offered.offer_id, offered.agent_id)
    assert refusal(floor, commands.Consult(I1, MIA, EVA)) == "no_capacity"


def test_an_agents_own_wrap_up_gives_way_when_the_interaction_comes_back() -> None:
    floor = engaged(a_queue("main"), a_queue("second"))
    floor.do(commands.Transfer(I1, MIA, to_agent=TOM))
    floor.do(commands.Accept(OfferId("i1.2"), TOM))
    floor.do(commands.Transfer(I1, TOM, to_agent=MIA))
    decision = floor.do(commands.Accept(OfferId("i1.3"), MIA))
    assert names(decision) == ["WrapUpEnded", "OfferEnded", "Engaged"]


def test_a_transferred_customer_who_gives_up_leaves_the_wrap_up_to_its_agent() -> None:
    floor = engaged(a_queue("main"), a_queue("second"), others=())
    floor.do(commands.Transfer(I1, MIA, queue=QueueName("second")))
    assert position_in_queue(floor.state, I1, Instant(floor.now)) == 1
    assert names(floor.do(commands.CustomerLeave(I1))) == ["CustomerLeft", "Closed"]
    assert names(floor.do(commands.WrapUp(I1, MIA))) == ["WrapUpEnded"]
