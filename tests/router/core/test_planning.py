"""Plans: what happens to those who wait, step by step."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from router.core import position_in_queue, why_waiting
from router.model.catalogue import (
    Action,
    Announce,
    GiveUp,
    OfferCallback,
    Overflow,
    Plan,
    PlanStep,
    PriorityClass,
    Queue,
    Raise,
    Relax,
    Voicemail,
    Widen,
)
from router.model.commands import ChangeCatalogue
from router.model.effects import Tell
from router.model.events import PlanStepTaken
from router.model.ids import Instant, InteractionId, QueueName, SkillName
from router.model.interaction import Outcome
from router.model.skills import Need, Requirement
from tests.support.floor import Floor, a_queue, all_of, an_agent, names, one

I1 = InteractionId("i1")
ES = Requirement(all_of=(Need(SkillName("es"), 5),))


def step(action: Action, after_ms: int = 0, **more: Any) -> PlanStep:
    return PlanStep(action, after_ms=after_ms, **more)


def waiting(*steps: PlanStep, agents: tuple[Any, ...] = (), **more: Any) -> Floor:
    """Two queues; i1 waits in the first one under a plan of these steps."""
    queues: tuple[Queue, ...] = (a_queue("main", plan="p", **more), a_queue("second"))
    floor = Floor(
        *agents,
        *queues,
        plans={"p": Plan("p", steps)},
        classes={"normal": PriorityClass("normal"), "vip": PriorityClass("vip", rank=1)},
    )
    floor.ready(*(agent.id for agent in agents))
    floor.arrive("i1")
    return floor


def taken(floor: Floor) -> list[tuple[int, int]]:
    """Step and time since arrival of every step that was taken."""
    arrived = floor.log[0].at
    return [(one.step, one.at - arrived) for one in floor.log if isinstance(one, PlanStepTaken)]


def test_relaxing_lets_a_wider_circle_have_it_at_its_old_place() -> None:
    floor = waiting(step(Relax(Requirement()), 20_000), agents=(an_agent("mia"),), requirement=ES)
    assert floor.later(19_999).events == ()
    decision = floor.later(1)
    assert names(decision) == ["PlanStepTaken", "Offered"]
    assert one(decision, "PlanStepTaken").requirement == Requirement()


def test_widening_lets_the_agents_of_another_queue_have_it() -> None:
    floor = waiting(
        step(Widen((QueueName("second"), QueueName("gone"))), 20_000),
        agents=(an_agent("mia", "second"),),
    )
    decision = floor.later(20_000)
    assert one(decision, "PlanStepTaken").queues == ("second",)
    assert one(decision, "Offered").agent_id == "mia"


def test_raising_adds_credit_and_changes_the_class() -> None:
    floor = waiting(step(Raise(credit_ms=60_000), 5_000), step(Raise(priority_class="vip"), 9_000))
    floor.later(9_000)
    visit = floor.state.interactions[I1].visit
    assert visit is not None
    assert (visit.credit_ms, visit.rank) == (60_000, 1)


def test_announcements_repeat_and_tell_the_place() -> None:
    floor = waiting(step(Announce("place {position}"), 5_000, every_ms=30_000))
    decision = floor.later(5_000)
    (tell,) = decision.effects
    assert isinstance(tell, Tell)
    assert (tell.text, tell.position, tell.expected_low_ms) == ("place {position}", 1, -1)
    floor.later(60_000)
    assert taken(floor) == [(0, 5_000), (0, 35_000), (0, 65_000)]
    times = [one.times for one in floor.log if isinstance(one, PlanStepTaken)]
    assert times == [1, 2, 3]


def test_a_callback_is_offered_and_a_voicemail_ends_the_wait() -> None:
    floor = waiting(step(OfferCallback("call you?"), 1_000), step(Voicemail("beep"), 2_000))
    (offer,) = floor.later(1_000).effects
    assert isinstance(offer, Tell)
    assert offer.callback
    decision = floor.later(1_000)
    assert names(decision) == ["PlanStepTaken", "Closed"]
    closed = one(decision, "Closed")
    assert (closed.outcome, closed.waited_ms) == (Outcome.VOICEMAIL, 2_000)


def test_giving_up_says_a_word_and_ends() -> None:
    floor = waiting(step(GiveUp("sorry"), 3_000), step(Announce("never"), 3_000))
    decision = floor.later(3_000)
    assert names(decision) == ["PlanStepTaken", "Closed"]
    assert one(decision, "Closed").outcome is Outcome.GAVE_UP
    assert [type(effect).__name__ for effect in decision.effects] == ["Tell", "Release"]


def test_an_overflow_moves_it_with_or_without_its_age() -> None:
    for keep_age in (True, False):
        floor = waiting(step(Overflow(QueueName("second"), keep_age=keep_age), 4_000))
        arrived = floor.now
        queued = one(floor.later(4_000), "Queued")
        assert (queued.queue, queued.reason) == ("second", "overflow")
        assert queued.entered == (arrived if keep_age else floor.now)


def test_an_overflow_to_a_full_or_missing_queue_waits_for_room() -> None:
    floor = Floor(
        a_queue("main", plan="p"),
        a_queue("second", limit=1, plan="q"),
        plans={
            "p": Plan("p", (step(Overflow(QueueName("second")), 4_000),)),
            "q": Plan("q", (step(GiveUp(), 20_000),)),
        },
    )
    floor.arrive("i1")
    floor.later(4_000)
    floor.arrive("i2")
    floor.later(8_000)
    assert floor.state.index.waiting(QueueName("second")) == 1
    floor.later(20_000)
    overflowed = [one for one in floor.log if getattr(one, "reason", "") == "overflow"]
    assert len(overflowed) == 2


def test_queues_that_overflow_into_each_other_at_once_cost_little() -> None:
    floor = Floor(
        a_queue("main", plan="p"),
        a_queue("second", plan="q"),
        plans={
            "p": Plan("p", (step(Overflow(QueueName("second"))),)),
            "q": Plan("q", (step(Overflow(QueueName("main"))),)),
        },
    )
    floor.arrive("i1")
    floor.later(60_000)
    assert len(all_queued(floor)) < 15


def all_queued(floor: Floor) -> list[Any]:
    return [one for one in floor.log if type(one).__name__ == "Queued"]


def test_conditions_see_position_waiting_agents_and_expected_wait() -> None:
    floor = waiting(
        step(Announce("second in line"), 1_000, when="position == 2"),
        step(Announce("three wait"), 1_000, when="waiting >= 3"),
        step(Announce("nobody there"), 1_000, when="available_agents == 0"),
        step(Announce("unknown wait"), 1_000, when="expected_wait_ms == -1"),
        step(Announce("a chat"), 1_000, when="interaction.medium == 'chat' && clock.hour >= 0"),
        step(Announce("broken"), 1_000, when="nothing == 1"),
    )
    decision = floor.later(1_000)
    said = [event.action.text for event in all_of(decision, "PlanStepTaken")]
    assert said == ["nobody there", "unknown wait", "a chat"]
    assert len(decision.notes) == 1
    assert "plan p step 6" in decision.notes[0]


def test_a_step_whose_condition_fails_is_asked_again_and_taken_once() -> None:
    floor = waiting(step(Announce("busy"), 1_000, when="waiting >= 2"))
    floor.later(3_000)
    assert taken(floor) == []
    floor.arrive("i2")
    floor.later(60_000)
    steps = [one.interaction_id for one in floor.log if isinstance(one, PlanStepTaken)]
    assert sorted(steps) == ["i1", "i2"]
    assert taken(floor)[0] == (0, 4_000)


def test_a_repeated_step_that_is_not_due_yet_keeps_its_rhythm() -> None:
    floor = waiting(step(Announce("x"), 0, every_ms=10))
    floor.later(5_000)
    assert len(taken(floor)) <= 6, "no more often than each second"


def test_no_steps_are_taken_while_it_rings_and_those_missed_come_after() -> None:
    floor = waiting(step(Announce("still there"), 10_000), agents=(an_agent("mia"),))
    floor.later(20_000)
    assert taken(floor) == []
    floor.later(10_000)
    assert taken(floor) == [(0, 30_000)]


def test_why_waiting_names_the_next_step() -> None:
    floor = waiting(step(Announce("x"), 5_000), step(Overflow(QueueName("second")), 90_000))
    why = why_waiting(floor.state, I1, Instant(floor.now))
    assert why is not None
    assert (why.next_step, why.next_step_at) == ("p step 1: announce", floor.now + 5_000)
    floor.later(5_000)
    why = why_waiting(floor.state, I1, Instant(floor.now))
    assert why is not None
    assert why.next_step == "p step 2: overflow"


def test_a_changed_plan_takes_effect_for_those_who_wait() -> None:
    floor = waiting(step(Announce("old"), 60_000))
    catalogue = floor.state.catalogue
    plans = {"p": Plan("p", (step(GiveUp(), 10_000),))}
    floor.do(ChangeCatalogue(replace(catalogue, plans=plans)))
    assert one(floor.later(10_000), "Closed").outcome is Outcome.GAVE_UP
    assert position_in_queue(floor.state, I1, Instant(floor.now)) == 0
