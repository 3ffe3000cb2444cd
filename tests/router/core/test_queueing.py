"""The preferred agent is waited for, but never in vain."""

from __future__ import annotations

from typing import Any

import pytest

from router.model import commands
from router.model.agent import Capacity, Presence
from router.model.catalogue import Rule, RuleSet
from router.model.ids import AgentId, InteractionId, QueueName, SkillName
from router.model.interaction import Phase
from router.model.skills import Need, Requirement
from tests.support.floor import CHAT, Floor, a_queue, an_agent, names, one

MIA, TOM = AgentId("mia"), AgentId("tom")
I1 = InteractionId("i1")


def centre(*ready: str, **rule: Any) -> Floor:
    """Everything prefers mia for 20 seconds."""
    preferring = Rule("mia first", prefer="mia", prefer_ms=20_000, **rule)
    floor = Floor(
        an_agent("tom"),
        an_agent("mia"),
        rules=RuleSet(QueueName("main"), rules=(preferring,)),
        capacity=Capacity(slots={CHAT: 1}),
    )
    floor.ready(*ready)
    return floor


def test_the_preferred_agent_goes_before_who_was_idle_longer() -> None:
    floor = centre("tom", "mia")
    assert one(floor.arrive("i1"), "Offered").agent_id == "mia"


def busy_mia() -> Floor:
    floor = centre("mia")
    floor.served("i0", "mia")
    floor.ready("tom")
    return floor


def test_a_busy_preferred_agent_is_waited_for_and_then_everybody_is_asked() -> None:
    floor = busy_mia()
    assert names(floor.arrive("i1"))[-1] == "Queued"
    assert floor.later(19_999).events == ()
    decision = floor.later(1)
    assert names(decision) == ["PreferenceEnded", "Offered"]
    assert one(decision, "Offered").agent_id == "tom"


def test_a_preferred_agent_who_becomes_free_in_time_has_it() -> None:
    floor = busy_mia()
    floor.arrive("i1")
    floor.do(commands.End(InteractionId("i0"), MIA))
    decision = floor.do(commands.WrapUp(InteractionId("i0"), MIA))
    assert one(decision, "Offered").agent_id == "mia"


@pytest.mark.parametrize("how", ["declines", "does not answer"])
def test_a_preferred_agent_who_does_not_take_it_is_not_waited_for_again(how: str) -> None:
    floor = centre("tom", "mia")
    offered = one(floor.arrive("i1"), "Offered")
    if how == "declines":
        decision = floor.do(commands.Decline(offered.offer_id, MIA))
    else:
        decision = floor.later(30_000)
    assert one(decision, "Offered").agent_id == "tom"


def test_who_is_away_is_not_waited_for() -> None:
    floor = centre("tom")
    assert one(floor.arrive("i1"), "Offered").agent_id == "tom"
    floor = centre("tom", "mia")
    floor.do(commands.DeskLost(MIA))
    assert one(floor.arrive("i1"), "Offered").agent_id == "tom"


def test_who_has_just_become_not_ready_is_waited_for_and_after_a_minute_not() -> None:
    floor = centre("tom", "mia")
    floor.do(commands.SetPresence(MIA, Presence.NOT_READY))
    floor.now += 60_000
    assert one(floor.arrive("i1"), "Queued").preferred == "mia"
    floor.do(commands.CustomerLeave(I1))
    floor.now += 1
    assert one(floor.arrive("i2"), "Offered").agent_id == "tom"


def test_a_rule_cannot_prefer_an_agent_who_may_not_have_it() -> None:
    floor = centre("tom", "mia", requirement=Requirement(excluded=(MIA,)))
    assert one(floor.arrive("i1"), "Queued").preferred is None
    skilled = Requirement(all_of=(Need(SkillName("es")),))
    floor = centre("tom", "mia", requirement=skilled)
    assert one(floor.arrive("i1"), "Queued").preferred is None
    assert floor.state.interactions[I1].phase is Phase.WAITING


def test_the_last_agent_is_waited_for_as_long_as_the_queue_says() -> None:
    floor = Floor(an_agent("tom"), an_agent("mia"), a_queue(last_agent_ms=5_000))
    floor.ready("tom", "mia")
    decision = floor.arrive("i1", last_agent=MIA)
    assert one(decision, "Queued").prefer_until == floor.now + 5_000
    assert one(decision, "Offered").agent_id == "mia"
    assert one(floor.arrive("i2", last_agent=AgentId("gone")), "Offered").agent_id == "tom"


def test_named_agents_of_a_requirement_are_the_only_ones() -> None:
    named = Requirement(agents=(MIA,))
    floor = Floor(an_agent("tom"), an_agent("mia"), a_queue(requirement=named))
    floor.ready("tom")
    assert names(floor.arrive("i1"))[-1] == "Queued"
    decision = floor.do(commands.SignIn(MIA))
    decision = floor.do(commands.SetPresence(MIA, Presence.READY))
    assert one(decision, "Offered").agent_id == "mia"


def test_a_full_queues_overflow_keeps_the_credit_a_rule_gave() -> None:
    rules = RuleSet(QueueName("main"), rules=(Rule("vip", credit_ms=9_000),))
    floor = Floor(
        a_queue("main", limit=1, on_full=QueueName("second")), a_queue("second"), rules=rules
    )
    floor.arrive("i1")
    queued = one(floor.arrive("i2"), "Queued")
    assert (queued.queue, queued.credit_ms, queued.rule) == ("second", 9_000, "vip")
