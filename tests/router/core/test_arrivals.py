"""Customers arrive once, join their open case, find closed doors and full queues, and leave."""

from __future__ import annotations

from typing import Any

import pytest

from router.core import conservation, interaction_view, open_in_case
from router.model import commands
from router.model.catalogue import Calendar, Limits, Queue, Rule, RuleSet, Span
from router.model.commands import CustomerLeave, Enqueue, NewEntry, NoteStep
from router.model.content import Author
from router.model.errors import Refused
from router.model.ids import (
    AgentId,
    CaseId,
    EntryId,
    Instant,
    InteractionId,
    QueueName,
    SubjectId,
)
from router.model.interaction import Outcome, Phase
from tests.support.floor import CHAT, MAIL, VOICE, Floor, a_queue, an_agent, names, one

CASE = CaseId("case")


def phase(floor: Floor, name: str) -> Phase:
    view = interaction_view(floor.state, InteractionId(name), Instant(floor.now))
    assert view is not None
    return view.phase


def closed_queue(name: str = "main", **more: Any) -> Queue:
    return a_queue(name, calendar="never", **more)


NEVER = {"never": Calendar("never")}


def test_the_same_arrival_again_changes_nothing() -> None:
    floor = Floor()
    floor.arrive("m1", MAIL, source_key="<a@b>")
    for again in ("m1", "m2"):
        decision = floor.arrive(again, MAIL, source_key="<a@b>")
        assert decision.events == ()
        assert decision.interaction_id == "m1"


def test_an_arrival_joins_the_open_interaction_of_its_case() -> None:
    floor = Floor()
    floor.arrive("m1", MAIL, case_id=CASE)
    decision = floor.arrive("m2", MAIL, case_id=CASE, source_key="k2")
    assert names(decision) == ["EntryAdded"]
    assert decision.interaction_id == "m1"
    assert one(decision, "EntryAdded").number == 2
    assert floor.arrive("m3", MAIL, case_id=CASE, source_key="k2").events == ()
    empty = floor.arrive("m4", MAIL, case_id=CASE, entry=None)
    assert (empty.events, empty.interaction_id) == ((), "m1")


def test_words_for_a_finished_interaction_of_a_case_make_a_new_one() -> None:
    floor = Floor()
    floor.arrive("m1", CHAT, case_id=CASE)
    floor.do(CustomerLeave(InteractionId("m1")))
    assert open_in_case(floor.state, CASE, Instant(floor.now)) is None
    with pytest.raises(Refused) as refused:
        floor.do(commands.AddEntry(InteractionId("m1"), Author.CUSTOMER, NewEntry(EntryId("late"))))
    assert refused.value.code == "finished"
    assert names(floor.arrive("m2", CHAT, case_id=CASE))[0] == "Arrived"
    view = open_in_case(floor.state, CASE, Instant(floor.now))
    assert view is not None
    assert view.interaction_id == "m2"


def test_a_case_that_holds_all_it_may_gets_a_new_interaction() -> None:
    floor = Floor(limits=Limits(entries_per_interaction=2))
    floor.arrive("m1", MAIL, case_id=CASE)
    floor.arrive("m2", MAIL, case_id=CASE)
    assert floor.arrive("m3", MAIL, case_id=CASE).interaction_id == "m3"


def test_self_service_waits_for_its_end_and_then_the_rules_run() -> None:
    rules = (Rule("vip", "interaction.attributes.vip == true", queue=QueueName("vip")),)
    floor = Floor(a_queue("main"), a_queue("vip"), rules=RuleSet(QueueName("main"), rules=rules))
    assert names(floor.arrive("c1", VOICE, self_service=True, entry=None)) == ["Arrived"]
    assert phase(floor, "c1") is Phase.SELF_SERVICE
    decision = floor.do(Enqueue(InteractionId("c1"), {"vip": True}))
    assert names(decision) == ["AttributesSet", "Queued"]
    assert one(decision, "Queued").queue == "vip"
    assert floor.do(Enqueue(InteractionId("c1"))).events == ()


def test_self_service_may_name_the_queue_and_one_that_is_gone_leaves_it_to_the_rules() -> None:
    floor = Floor(a_queue("main"), a_queue("vip"))
    for name in ("c1", "c2"):
        floor.arrive(name, VOICE, self_service=True, entry=None)
    chosen = one(floor.do(Enqueue(InteractionId("c1"), queue=QueueName("vip"))), "Queued")
    assert (chosen.queue, chosen.rule) == ("vip", "self_service")
    gone = one(floor.do(Enqueue(InteractionId("c2"), queue=QueueName("gone"))), "Queued")
    assert gone.queue == "main"


def test_steps_of_self_service_are_facts_until_it_is_left() -> None:
    floor = Floor()
    floor.arrive("c1", VOICE, self_service=True, entry=None)
    step = NoteStep(InteractionId("c1"), "main", "menu", "1", 2_500)
    noted = one(floor.do(step), "SelfServiceStepped")
    assert (noted.flow, noted.node, noted.exit, noted.spent_ms) == ("main", "menu", "1", 2_500)
    floor.do(Enqueue(InteractionId("c1")))
    assert floor.do(step).events == ()


def test_who_leaves_in_self_service_has_abandoned_no_queue() -> None:
    floor = Floor()
    floor.arrive("c1", VOICE, self_service=True, entry=None)
    left = floor.do(CustomerLeave(InteractionId("c1"), "served"))
    assert one(left, "Closed").outcome is Outcome.SELF_SERVICE
    assert one(left, "Closed").waited_ms is None
    floor.arrive("c2", VOICE, self_service=True, entry=None)
    message = floor.do(CustomerLeave(InteractionId("c2"), "voicemail"))
    assert one(message, "Closed").outcome is Outcome.VOICEMAIL


def test_a_self_service_that_never_ends_is_queued_after_an_hour() -> None:
    floor = Floor()
    floor.arrive("c1", VOICE, self_service=True)
    assert names(floor.later(3_600_000)) == ["Queued"]


def test_a_chat_at_a_closed_door_is_closed_and_a_mail_waits() -> None:
    floor = Floor(closed_queue(on_closed="refuse"), calendars=NEVER)
    refused = floor.arrive("c1", CHAT)
    assert one(refused, "Closed").outcome is Outcome.CLOSED_HOURS
    assert [type(effect).__name__ for effect in refused.effects] == ["Release"]
    assert names(floor.arrive("m1", MAIL))[-1] == "Queued"


def test_a_queue_may_let_people_wait_while_closed() -> None:
    floor = Floor(closed_queue(), calendars=NEVER)
    assert names(floor.arrive("c1", CHAT))[-1] == "Queued"


def test_an_emergency_closing_turns_chats_away_until_it_ends() -> None:
    day = Calendar("day", weekdays=((Span(0, 1_440),),) * 7)
    floor = Floor(a_queue(calendar="day", on_closed="refuse"), calendars={"day": day})
    assert names(floor.arrive("c1"))[-1] == "Queued"
    assert names(floor.do(commands.CloseCalendar("day", closed=True))) == ["CalendarClosed"]
    assert floor.do(commands.CloseCalendar("day", closed=True)).events == ()
    assert names(floor.arrive("c2"))[-1] == "Closed"
    floor.do(commands.CloseCalendar("day", closed=False))
    assert names(floor.arrive("c3"))[-1] == "Queued"
    with pytest.raises(Refused) as refused:
        floor.do(commands.CloseCalendar("night", closed=True))
    assert refused.value.code == "unknown_calendar"


def test_a_full_queue_overflows_where_it_says_and_else_closes() -> None:
    floor = Floor(a_queue("main", limit=1, on_full=QueueName("second")), a_queue("second", limit=1))
    assert one(floor.arrive("c1"), "Queued").queue == "main"
    overflowed = one(floor.arrive("c2"), "Queued")
    assert (overflowed.queue, overflowed.reason) == ("second", "full")
    assert one(floor.arrive("c3"), "Closed").outcome is Outcome.QUEUE_FULL
    assert one(floor.arrive("m1", MAIL), "Queued").queue == "main", "mail is never turned away"


def test_full_queues_that_point_at_each_other_end_the_search() -> None:
    floor = Floor(
        a_queue("main", limit=1, on_full=QueueName("second")),
        a_queue("second", limit=1, on_full=QueueName("main")),
    )
    for number in range(2):
        floor.arrive(f"c{number}")
    assert one(floor.arrive("c2"), "Closed").outcome is Outcome.QUEUE_FULL


def test_a_full_centre_refuses_and_keeps_no_trace() -> None:
    floor = Floor(limits=Limits(waiting=1))
    floor.arrive("c1")
    with pytest.raises(Refused) as refused:
        floor.arrive("c2")
    assert refused.value.code == "site_full"
    assert conservation(floor.state, Instant(floor.now)).accepted == 1


def test_before_there_is_a_catalogue_nothing_can_arrive() -> None:
    floor = Floor()
    floor.state = type(floor.state)()
    with pytest.raises(Refused) as refused:
        floor.arrive("c1")
    assert refused.value.code == "unknown_queue"


@pytest.mark.parametrize(
    "attributes",
    [
        {f"a{number}": 1 for number in range(201)},
        {"text": "x" * 4_097},
        {"x" * 4_097: 1},
        {"number": 2**63},
        {"number": -(2**63) - 1},
    ],
)
def test_attributes_are_bounded(attributes: dict[str, commands.Scalar]) -> None:
    floor = Floor()
    with pytest.raises(Refused) as refused:
        floor.arrive("c1", attributes=attributes)
    assert refused.value.code == "too_large"


def test_a_customer_who_leaves_while_waiting_is_an_abandon_with_its_wait() -> None:
    floor = Floor()
    floor.arrive("c1")
    floor.now += 4_000
    decision = floor.do(CustomerLeave(InteractionId("c1")))
    assert names(decision) == ["CustomerLeft", "Closed"]
    closed = one(decision, "Closed")
    assert (closed.outcome, closed.waited_ms) == (Outcome.ABANDONED, 4_000)
    assert floor.do(CustomerLeave(InteractionId("c1"))).events == ()


def test_who_took_a_callback_has_not_abandoned() -> None:
    floor = Floor()
    floor.arrive("c1")
    decision = floor.do(CustomerLeave(InteractionId("c1"), "callback"))
    assert one(decision, "Closed").outcome is Outcome.CALLBACK


def test_a_customer_who_leaves_while_it_rings_stops_the_ring_and_the_agent_is_free() -> None:
    floor = Floor(an_agent("mia"))
    floor.ready("mia")
    floor.arrive("c1")
    floor.arrive("c2", VOICE)
    decision = floor.do(CustomerLeave(InteractionId("c1")))
    assert names(decision) == ["OfferEnded", "CustomerLeft", "Closed"]
    assert one(decision, "OfferEnded").end == "customer_left"
    assert "StopRinging" in [type(effect).__name__ for effect in decision.effects]


def test_a_customer_who_leaves_while_engaged_ends_into_wrap_up() -> None:
    floor = Floor(an_agent("mia"))
    floor.ready("mia")
    floor.served("c1", "mia")
    floor.now += 30_000
    decision = floor.do(CustomerLeave(InteractionId("c1"), "closed the page"))
    assert names(decision) == ["CustomerLeft", "EngagementEnded"]
    ended = one(decision, "EngagementEnded")
    assert (ended.how, ended.talked_ms) == ("customer_left", 30_000)
    assert phase(floor, "c1") is Phase.WRAP_UP


def test_a_customer_who_leaves_parked_work_was_handled() -> None:
    floor = Floor(an_agent("mia"))
    floor.ready("mia")
    floor.served("c1", "mia")
    until = Instant(floor.now + 60_000)
    floor.do(commands.Park(InteractionId("c1"), AgentId("mia"), until))
    decision = floor.do(CustomerLeave(InteractionId("c1")))
    assert one(decision, "Closed").outcome is Outcome.HANDLED
    assert one(decision, "Closed").waited_ms is None


def test_nobody_of_that_name_can_leave() -> None:
    with pytest.raises(Refused) as refused:
        Floor().do(CustomerLeave(InteractionId("stranger")))
    assert refused.value.code == "unknown_interaction"


def test_what_decided_is_in_the_log() -> None:
    rules = (Rule("loans", "true", credit_ms=9_000),)
    floor = Floor(a_queue(), rules=RuleSet(QueueName("main"), rules=rules), version="v7")
    queued = one(floor.arrive("c1"), "Queued")
    assert (queued.rule, queued.version, queued.credit_ms) == ("loans", "v7", 9_000)
    assert (queued.visit, queued.reason, queued.entered) == (1, "arrival", floor.now)
    assert SubjectId("s-c1") == floor.state.interactions[InteractionId("c1")].subject
