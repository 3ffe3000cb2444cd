"""Offers: rung once at a time, for a while, with an explanation, and never lost."""

from __future__ import annotations

import pytest

from router.core import agent_view, apply, position_in_queue, why_waiting
from router.model.agent import NO_ANSWER, Capacity, Presence
from router.model.catalogue import PriorityClass, Rule, RuleSet
from router.model.commands import Accept, Decline, SetPresence, Tick
from router.model.errors import Refused
from router.model.events import WriterStarted
from router.model.ids import AgentId, Instant, InteractionId, Medium, OfferId, QueueName, SkillName
from router.model.skills import Need, Requirement
from tests.support.floor import (
    CHAT,
    MAIL,
    VOICE,
    Floor,
    a_queue,
    all_of,
    an_agent,
    names,
    one,
)

MIA, TOM = AgentId("mia"), AgentId("tom")
I1 = InteractionId("i1")


def two() -> Floor:
    floor = Floor(an_agent("mia"), an_agent("tom"))
    floor.ready("mia", "tom")
    return floor


@pytest.mark.parametrize(("medium", "rings_ms"), [(VOICE, 20_000), (CHAT, 30_000), (MAIL, 60_000)])
def test_an_offer_rings_as_long_as_its_medium_does(medium: Medium, rings_ms: int) -> None:
    floor = two()
    offered = one(floor.arrive("i1", medium), "Offered")
    assert offered.expires == floor.now + rings_ms
    floor.later(rings_ms - 1)
    assert floor.state.interactions[I1].offer is not None
    floor.later(1)
    assert floor.state.interactions[I1].offers == 2, "rung at the other agent now"


def test_the_queue_and_the_site_say_how_long_it_rings() -> None:
    floor = Floor(an_agent("mia"), a_queue(offer_ms={CHAT: 5_000}), offer_ms={MAIL: 7_000})
    floor.ready("mia")
    assert one(floor.arrive("i1", CHAT), "Offered").expires == floor.now + 5_000
    assert one(floor.arrive("i2", MAIL), "Offered").expires == floor.now + 7_000


def test_no_answer_makes_the_agent_not_ready_and_keeps_the_place() -> None:
    floor = Floor(an_agent("mia"))
    floor.ready("mia")
    floor.arrive("i1", VOICE)
    floor.arrive("i2", VOICE)
    decision = floor.later(20_000)
    ended = one(decision, "OfferEnded")
    assert (ended.end, ended.rang_ms) == ("no_answer", 20_000)
    view = agent_view(floor.state, MIA, Instant(floor.now))
    assert view is not None
    assert (view.presence, view.reason) == (Presence.NOT_READY, NO_ANSWER)
    assert position_in_queue(floor.state, I1, Instant(floor.now)) == 1
    again = one(floor.do(SetPresence(MIA, Presence.READY)), "Offered")
    assert again.interaction_id == "i1"


def test_a_declined_interaction_goes_to_the_next_and_not_back_in_this_visit() -> None:
    floor = two()
    first = one(floor.arrive("i1", MAIL), "Offered")
    second = one(floor.do(Decline(first.offer_id, MIA, "not mine")), "Offered")
    assert (first.agent_id, second.agent_id) == ("mia", "tom")
    alone = floor.do(Decline(second.offer_id, TOM))
    assert names(alone) == ["OfferEnded"]
    why = why_waiting(floor.state, I1, Instant(floor.now))
    assert why is not None
    assert [(refusal.code, refusal.count) for refusal in why.refusals] == [("declined", 2)]
    floor.later(14 * 60_000)
    assert floor.state.interactions[I1].offer is None


def test_who_declined_is_asked_again_in_a_new_visit_so_that_nothing_is_stuck() -> None:
    floor = Floor(an_agent("mia"))
    floor.ready("mia")
    offered = one(floor.arrive("i1", MAIL), "Offered")
    entered = floor.now
    floor.do(Decline(offered.offer_id, MIA))
    decision = floor.later(15 * 60_000)
    assert names(decision) == ["Queued", "Offered"]
    queued = one(decision, "Queued")
    assert (queued.visit, queued.reason, queued.entered) == (2, "requeue", entered)


def test_an_offer_can_be_answered_once_and_by_its_agent_only() -> None:
    floor = two()
    offered = one(floor.arrive("i1"), "Offered")
    for wrong, code in (
        (Accept(offered.offer_id, TOM), "not_yours"),
        (Accept(OfferId("i1.7"), MIA), "offer_gone"),
        (Accept(OfferId("nonsense"), MIA), "offer_gone"),
        (Decline(offered.offer_id, TOM), "not_yours"),
    ):
        with pytest.raises(Refused) as refused:
            floor.do(wrong)
        assert refused.value.code == code
    assert names(floor.do(Accept(offered.offer_id, MIA))) == ["OfferEnded", "Engaged"]
    with pytest.raises(Refused) as refused:
        floor.do(Accept(offered.offer_id, MIA))
    assert refused.value.code == "offer_gone"


def test_rings_of_a_writer_before_this_one_are_void_and_nobodys_fault() -> None:
    floor = two()
    offered = one(floor.arrive("i1"), "Offered")
    apply(floor.state, WriterStarted(Instant(floor.now), 2))
    with pytest.raises(Refused) as refused:
        floor.do(Accept(offered.offer_id, MIA))
    assert refused.value.code == "offer_gone"
    decision = floor.do(Tick())
    ended, again = one(decision, "OfferEnded"), one(decision, "Offered")
    assert ended.end == "withdrawn"
    assert (again.agent_id, again.epoch) == ("mia", 2)
    assert not all_of(decision, "PresenceChanged")


def test_an_agent_gets_as_much_as_fits_and_the_rest_waits() -> None:
    floor = Floor(an_agent("mia"), capacity=Capacity(slots={CHAT: 2, MAIL: 1}, total=2))
    for number in range(3):
        floor.arrive(f"i{number}")
    floor.arrive("m", MAIL)
    floor.ready("mia")
    assert len(floor.state.agents[MIA].offers) == 2
    assert position_in_queue(floor.state, InteractionId("i2"), Instant(floor.now)) == 1


def test_a_medium_that_may_not_be_interrupted_keeps_others_away() -> None:
    busy = Capacity(slots={VOICE: 1, CHAT: 2}, interrupted_by={VOICE: (), CHAT: (VOICE, CHAT)})
    floor = Floor(an_agent("mia"), capacity=busy)
    floor.ready("mia")
    floor.served("v", "mia", VOICE)
    floor.arrive("c")
    why = why_waiting(floor.state, InteractionId("c"), Instant(floor.now))
    assert why is not None
    assert [refusal.code for refusal in why.refusals] == ["not_interruptible"]


def test_a_call_may_interrupt_chats_where_the_matrix_says_so() -> None:
    busy = Capacity(slots={VOICE: 1, CHAT: 2}, interrupted_by={VOICE: (), CHAT: (VOICE, CHAT)})
    floor = Floor(an_agent("mia"), capacity=busy)
    floor.ready("mia")
    floor.served("c", "mia")
    assert one(floor.arrive("v", VOICE), "Offered").agent_id == "mia"


def test_an_agents_own_capacity_stands_over_the_sites() -> None:
    floor = Floor(an_agent("mia", capacity=Capacity(slots={MAIL: 1})))
    floor.ready("mia")
    assert names(floor.arrive("c", CHAT))[-1] == "Queued"
    assert names(floor.arrive("m", MAIL))[-1] == "Offered"


def test_an_agent_may_be_ready_for_some_media_only() -> None:
    floor = Floor(an_agent("mia"))
    floor.ready("mia")
    floor.do(SetPresence(MIA, Presence.READY, media=(MAIL,)))
    assert names(floor.arrive("c", CHAT))[-1] == "Queued"
    assert names(floor.arrive("m", MAIL))[-1] == "Offered"
    decision = floor.do(SetPresence(MIA, Presence.READY))
    assert one(decision, "Offered").interaction_id == "c"


def test_every_offer_explains_itself() -> None:
    skilled = {"es": 3}
    floor = Floor(
        an_agent("mia", skills=skilled),
        an_agent("tom"),
        an_agent("eva", skills=skilled),
        an_agent("ben", "other"),
        an_agent("joe", skills=skilled),
        a_queue("main", requirement=Requirement(all_of=(Need(SkillName("es"), 2),))),
        a_queue("other"),
    )
    floor.ready("mia", "tom", "eva")
    floor.now += 500
    why = one(floor.arrive("i1"), "Offered").why
    assert why.strategy == "longest_idle"
    assert why.candidates == ("mia", "eva")
    assert why.candidate_count == 2
    assert {refusal.code: (refusal.count, refusal.agents) for refusal in why.refusals} == {
        "queue": (1, ()),
        "offline": (1, ("joe",)),
        "skills": (1, ("tom",)),
    }
    assert {term.name: term.value for term in why.terms} == {
        "rank": 0,
        "credit": 0,
        "slope": 1.0,
        "age": 0,
        "score": 0.0,
    }
    assert why.decision.rule == "default"
    assert why.decision.version == "v1"


def test_a_team_of_hundreds_is_counted_in_full_and_named_in_part() -> None:
    floor = Floor(*(an_agent(f"a{number:03}") for number in range(300)))
    floor.ready("a000", "a001")
    why = one(floor.arrive("i1"), "Offered").why
    (offline,) = why.refusals
    assert (offline.code, offline.count) == ("offline", 298)
    assert len(offline.agents) == 22


def test_the_first_in_rank_goes_before_the_first_in_score_and_that_before_age() -> None:
    classes = {
        "normal": PriorityClass("normal"),
        "vip": PriorityClass("vip", rank=1),
        "fast": PriorityClass("fast", slope=10.0),
    }
    rules = tuple(
        Rule(name, f"interaction.attributes.kind == '{name}'", priority_class=name)
        for name in classes
    )
    floor = Floor(
        an_agent("mia"),
        capacity=Capacity(slots={CHAT: 1}),
        classes=classes,
        rules=RuleSet(QueueName("main"), rules=rules),
    )
    for name in ("normal", "fast", "vip"):
        floor.now += 10_000
        floor.arrive(name, attributes={"kind": name})
    floor.now += 1_000

    def order() -> list[int]:
        now = Instant(floor.now)
        kinds = ("vip", "fast", "normal")
        return [position_in_queue(floor.state, InteractionId(kind), now) for kind in kinds]

    assert order() == [1, 2, 3]
    floor.ready("mia")
    assert floor.state.interactions[InteractionId("vip")].offer is not None


def test_a_steeper_slope_overtakes_with_time() -> None:
    classes = {"normal": PriorityClass("normal"), "fast": PriorityClass("fast", slope=2.0)}
    rules = (Rule("fast", "interaction.attributes.fast == true", priority_class="fast"),)
    floor = Floor(classes=classes, rules=RuleSet(QueueName("main"), rules=rules))
    floor.arrive("slow", attributes={"fast": False})
    floor.now += 10_000
    floor.arrive("fast", attributes={"fast": True})
    fast = InteractionId("fast")
    assert position_in_queue(floor.state, fast, Instant(floor.now + 9_999)) == 2
    assert position_in_queue(floor.state, fast, Instant(floor.now + 10_001)) == 1
