"""Every strategy found in the folder keeps the promises of one, and does what its name says."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from router.model.agent import Capacity, Presence, WrapUpMode, WrapUpRule
from router.model.catalogue import Agent, Queue
from router.model.commands import CustomerLeave, Decline, End, SetPresence
from router.model.ids import AgentId, InteractionId, SkillName
from router.model.skills import NOTHING_REQUIRED, Need, Requirement
from router.state.records import QueueRow
from router.strategies import order, strategies
from tests.support.floor import CHAT, MAIL, Floor, a_queue, an_agent, one

NO_WRAP_UP = {CHAT: WrapUpRule(WrapUpMode.NONE), MAIL: WrapUpRule(WrapUpMode.NONE)}
ES = Requirement(
    all_of=(Need(SkillName("es")),),
    any_of=((Need(SkillName("fr")), Need(SkillName("de"))),),
)


def queue(strategy: str, **more: Any) -> Queue:
    return a_queue(strategy=strategy, wrap_up=NO_WRAP_UP, **more)


def floor(strategy: str, *agents: Agent, **more: Any) -> Floor:
    made = Floor(*agents, queue(strategy, **more))
    made.ready(*(agent.id for agent in agents))
    return made


def offers(made: Floor, count: int, prefix: str = "i") -> list[str]:
    """Whom so many chats in turn were offered to; each is taken and ended at once."""
    found = []
    for number in range(count):
        made.now += 1_000
        offered = one(made.arrive(f"{prefix}{number}"), "Offered")
        found.append(offered.agent_id)
        made.accept(offered.offer_id, offered.agent_id)
        made.do(End(offered.interaction_id, offered.agent_id))
    return found


def test_the_strategies_are_the_modules_of_the_folder() -> None:
    assert set(strategies()) == {
        "best_skilled",
        "least_occupied",
        "least_skilled",
        "longest_idle",
        "round_robin",
        "weighted",
    }


@pytest.mark.parametrize("name", sorted(strategies()))
def test_every_strategy_ranks_every_agent_by_integers_the_same_each_time(name: str) -> None:
    made = floor(name, an_agent("mia", skills={"es": 3}), an_agent("tom"), an_agent("eva"))
    row = made.state.queues.get(made.state.catalogue.rules.default_queue)
    memory = row or QueueRow(name=made.state.catalogue.rules.default_queue)
    agents = [AgentId("eva"), AgentId("mia"), AgentId("tom")]
    for agent in agents:
        rank = strategies()[name](made.state, memory, agent, ES)
        assert rank == strategies()[name](made.state, memory, agent, ES)
        assert all(isinstance(part, int) for part in rank)
    found = order(name, made.state, memory, agents, NOTHING_REQUIRED)
    assert sorted(found) == agents


@pytest.mark.parametrize("name", sorted(strategies()))
def test_among_equals_every_strategy_takes_the_longest_idle(name: str) -> None:
    made = floor(name, an_agent("tom"), an_agent("mia"), an_agent("eva"))
    assert one(made.arrive("i1"), "Offered").agent_id == "tom"


def test_an_unknown_strategy_is_the_default() -> None:
    made = floor("nonsense", an_agent("tom"), an_agent("mia"))
    assert offers(made, 3) == ["tom", "mia", "tom"]


def test_longest_idle_goes_round_as_agents_finish() -> None:
    made = floor("longest_idle", an_agent("tom"), an_agent("mia"), an_agent("eva"))
    assert offers(made, 6) == ["tom", "mia", "eva"] * 2


def test_longest_idle_asks_who_has_nothing_before_who_has_something() -> None:
    made = floor("longest_idle", an_agent("tom"), an_agent("mia"))
    made.served("i1", "tom")
    made.served("i2", "mia")
    made.do(End(InteractionId("i2"), AgentId("mia")))
    assert one(made.arrive("i3"), "Offered").agent_id == "mia"


def test_a_withdrawn_ring_costs_no_agent_their_turn() -> None:
    made = floor("longest_idle", an_agent("tom"), an_agent("mia"))
    assert one(made.arrive("i1"), "Offered").agent_id == "tom"
    made.do(CustomerLeave(InteractionId("i1")))
    assert one(made.arrive("i2"), "Offered").agent_id == "tom"


def test_a_declined_ring_does() -> None:
    made = floor("longest_idle", an_agent("tom"), an_agent("mia"))
    offered = one(made.arrive("i1"), "Offered")
    again = one(made.do(Decline(offered.offer_id, AgentId("tom"))), "Offered")
    assert (offered.agent_id, again.agent_id) == ("tom", "mia")


def test_best_skilled_adds_the_levels_that_are_needed() -> None:
    made = floor(
        "best_skilled",
        an_agent("idle", skills={"es": 1, "de": 5}),
        an_agent("best", skills={"es": 4, "fr": 1, "de": 3}),
        an_agent("able", skills={"es": 1, "fr": 1, "cooking": 10}),
        requirement=ES,
    )
    assert one(made.arrive("i1"), "Offered").agent_id == "best"


def test_least_skilled_keeps_the_versatile_free() -> None:
    made = floor(
        "least_skilled",
        an_agent("all", skills={"es": 5, "fr": 5, "de": 5}),
        an_agent("one", skills={"es": 6, "fr": 1}),
        requirement=ES,
    )
    assert offers(made, 2) == ["one", "one"]


def test_least_occupied_compares_shares_of_what_each_can_carry() -> None:
    small = Capacity(slots={CHAT: 2})
    large = Capacity(slots={CHAT: 10})
    made = floor(
        "least_occupied", an_agent("small", capacity=small), an_agent("large", capacity=large)
    )
    found = []
    for number in range(6):
        offered = one(made.arrive(f"i{number}"), "Offered")
        found.append(offered.agent_id)
        made.accept(offered.offer_id, offered.agent_id)
    assert Counter(found) == {"large": 5, "small": 1}


def test_round_robin_goes_round_whoever_was_idle_longer() -> None:
    made = floor("round_robin", an_agent("tom"), an_agent("mia"), an_agent("eva"))
    assert offers(made, 7) == ["tom", "mia", "eva", "tom", "mia", "eva", "tom"]


def test_weights_are_kept_and_spread_evenly() -> None:
    made = floor(
        "weighted", an_agent("a", weight=3), an_agent("b", weight=2), an_agent("c", weight=1)
    )
    found = offers(made, 60)
    assert Counter(found) == {"a": 30, "b": 20, "c": 10}
    for start in range(0, 60, 6):
        assert Counter(found[start : start + 6]) == {"a": 3, "b": 2, "c": 1}


def test_who_comes_back_after_a_pause_is_not_flooded() -> None:
    made = floor("weighted", an_agent("a"), an_agent("b"))
    made.do(SetPresence(AgentId("b"), Presence.NOT_READY))
    assert set(offers(made, 20)) == {"a"}
    made.do(SetPresence(AgentId("b"), Presence.READY))
    assert Counter(offers(made, 4, "later")) == {"a": 2, "b": 2}
