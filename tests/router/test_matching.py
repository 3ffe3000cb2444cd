"""Matching one by one and all at once gives what the one sentence says."""

from __future__ import annotations

from router.matching import pairs
from router.model import commands
from router.model.agent import Capacity
from router.model.catalogue import PriorityClass, Rule, RuleSet
from router.model.ids import AgentId, Instant, InteractionId, QueueName
from tests.support.floor import CHAT, MAIL, Floor, a_queue, all_of, an_agent, one

ONE = Capacity(slots={CHAT: 1, MAIL: 1})


def offered(floor: Floor) -> list[tuple[str, str]]:
    return [(one.interaction_id, one.agent_id) for one in all_of(floor.last, "Offered")]


def test_when_a_catalogue_frees_everybody_at_once_the_first_in_line_goes_first() -> None:
    floor = Floor(capacity=ONE)
    for number in range(4):
        floor.arrive(f"i{number}")
        floor.now += 1
    # Agents without a slot become agents with one, all in one decision.
    none = Capacity(slots={})
    agents = [an_agent(name) for name in ("mia", "tom", "eva")]
    floor.change(*agents, capacity=none)
    floor.ready("mia", "tom", "eva")
    floor.change(*agents, capacity=ONE)
    assert offered(floor) == [("i0", "mia"), ("i1", "tom"), ("i2", "eva")]


def test_at_once_the_strategy_still_chooses_among_all_who_became_free() -> None:
    none = Capacity(slots={})
    queue = a_queue(strategy="least_skilled")
    agents = [an_agent("expert", skills={"es": 9}), an_agent("novice", skills={"es": 1})]
    floor = Floor(*agents, queue, capacity=none)
    floor.ready("expert", "novice")
    floor.arrive("i1")
    floor.change(*agents, queue, capacity=ONE)
    assert offered(floor) == [("i1", "novice")]


def test_an_agent_with_room_for_two_media_gets_the_first_of_both() -> None:
    rules = (Rule("vip", "interaction.medium == 'mail'", priority_class="vip"),)
    classes = {"normal": PriorityClass("normal"), "vip": PriorityClass("vip", rank=1)}
    alone = Capacity(slots={CHAT: 1, MAIL: 1}, total=1)
    floor = Floor(
        an_agent("mia"),
        capacity=alone,
        rules=RuleSet(QueueName("main"), rules=rules),
        classes=classes,
    )
    floor.arrive("chat", CHAT)
    floor.now += 5_000
    floor.arrive("mail", MAIL)
    floor.ready("mia")
    assert offered(floor) == [("mail", "mia")]


def test_across_media_the_score_decides_within_a_rank() -> None:
    alone = Capacity(slots={CHAT: 1, MAIL: 1}, total=1)
    floor = Floor(an_agent("mia"), capacity=alone)
    floor.arrive("mail", MAIL)
    floor.now += 1
    floor.arrive("chat", CHAT)
    floor.ready("mia")
    assert offered(floor) == [("mail", "mia")]


def test_several_slots_are_filled_in_one_decision() -> None:
    floor = Floor(an_agent("mia", capacity=Capacity(slots={CHAT: 2, MAIL: 1})))
    for name, medium in (("c1", CHAT), ("m1", MAIL), ("c2", CHAT), ("c3", CHAT), ("m2", MAIL)):
        floor.arrive(name, medium)
        floor.now += 1
    floor.ready("mia")
    assert [name for name, _ in offered(floor)] == ["c1", "m1", "c2"]


def test_when_nothing_changed_there_is_nothing_to_match() -> None:
    floor = Floor(an_agent("mia"))
    floor.ready("mia")
    floor.arrive("i1")
    assert list(pairs(floor.state, Instant(floor.now))) == []


def test_a_transfer_that_frees_its_agent_looks_at_both_sides() -> None:
    """The agent takes the next in line while the transferred one goes to somebody else."""
    floor = Floor(
        an_agent("mia"),
        an_agent("tom", "second"),
        a_queue("main", wrap_up={}),
        a_queue("second"),
        capacity=Capacity(slots={CHAT: 1}),
    )
    floor.ready("mia", "tom")
    floor.served("i1", "mia")
    floor.arrive("i2")
    floor.do(commands.Transfer(InteractionId("i1"), AgentId("mia"), queue=QueueName("second")))
    assert offered(floor) == [("i1", "tom")]
    done = floor.do(commands.WrapUp(InteractionId("i1"), AgentId("mia")))
    assert one(done, "Offered").interaction_id == "i2"
