"""A new catalogue takes effect at once and loses nothing that is under way."""

from __future__ import annotations

import pytest

from router.core import agent_view, agents_view, position_in_queue
from router.model import commands
from router.model.agent import Presence
from router.model.catalogue import PriorityClass, RuleSet, Team
from router.model.errors import Refused
from router.model.ids import AgentId, Instant, InteractionId, QueueName, SkillName, TeamName
from router.model.interaction import Phase
from router.model.skills import Need, Requirement
from tests.support.floor import Floor, a_catalogue, a_queue, all_of, an_agent, names, one

MIA, TOM = AgentId("mia"), AgentId("tom")
I1 = InteractionId("i1")


def test_a_catalogue_without_its_default_queue_is_refused() -> None:
    floor = Floor()
    broken = a_catalogue(rules=RuleSet(QueueName("nowhere")))
    with pytest.raises(Refused) as refused:
        floor.do(commands.ChangeCatalogue(broken))
    assert refused.value.code == "invalid_catalogue"


def test_a_new_skill_lets_an_idle_agent_have_what_waits() -> None:
    queue = a_queue(requirement=Requirement(all_of=(Need(SkillName("es"), 2),)))
    floor = Floor(an_agent("mia"), queue)
    floor.ready("mia")
    floor.arrive("i1")
    assert floor.state.interactions[I1].phase is Phase.WAITING
    decision = floor.change(an_agent("mia", skills={"es": 2}), queue, version="v2")
    assert names(decision) == ["CatalogueChanged", "Offered"]
    assert one(decision, "Offered").why.decision.version == "v1", "what queued it was version 1"


def test_a_removed_skill_keeps_an_agent_from_it_again() -> None:
    queue = a_queue(requirement=Requirement(all_of=(Need(SkillName("es")),)))
    floor = Floor(an_agent("mia", skills={"es": 1}), queue)
    floor.ready("mia")
    floor.change(an_agent("mia"), queue)
    assert names(floor.arrive("i1"))[-1] == "Queued"


def test_teams_give_their_queues_to_their_agents() -> None:
    team = TeamName("north")
    floor = Floor(
        an_agent("mia", "second", teams=(team,)),
        a_queue("main"),
        a_queue("second"),
        teams={team: Team(team, queues=(QueueName("main"),))},
    )
    floor.ready("mia")
    assert one(floor.arrive("i1"), "Offered").queue == "main"


def test_what_waits_in_a_removed_queue_moves_to_the_default_one_with_its_age() -> None:
    rules = RuleSet(QueueName("old"))
    floor = Floor(a_queue("old"), a_queue("main"), rules=rules)
    entered = floor.now
    for name in ("i1", "i2"):
        floor.arrive(name)
        floor.now += 1_000
    decision = floor.change(a_queue("main"), version="v2")
    moved = all_of(decision, "Queued")
    assert [(event.interaction_id, event.queue) for event in moved] == [
        ("i1", "main"),
        ("i2", "main"),
    ]
    assert (moved[0].entered, moved[0].version) == (entered, "v2")


def test_what_rings_for_a_removed_queue_moves_when_it_comes_back() -> None:
    floor = Floor(an_agent("mia"), a_queue("old"), rules=RuleSet(QueueName("old")))
    floor.change(an_agent("mia", "old"), a_queue("old"))
    floor.ready("mia")
    offered = one(floor.arrive("i1"), "Offered")
    assert names(floor.change(an_agent("mia"), a_queue("main"))) == ["CatalogueChanged"]
    decision = floor.do(commands.Decline(offered.offer_id, MIA))
    assert names(decision) == ["OfferEnded", "Queued", "Offered"]
    assert one(decision, "Queued").queue == "main"


def test_a_removed_agent_keeps_what_they_have_and_signs_out_after_it() -> None:
    floor = Floor(an_agent("mia"), an_agent("tom"))
    floor.ready("mia")
    floor.served("i1", "mia")
    floor.arrive("i2")
    floor.ready("tom")
    decision = floor.change(an_agent("tom"))
    assert one(decision, "OfferEnded").end == "withdrawn"
    assert one(decision, "Offered").agent_id == "tom"
    assert agent_view(floor.state, MIA, Instant(floor.now)) is None
    assert [one.agent_id for one in agents_view(floor.state, Instant(floor.now))] == ["tom"]
    floor.do(commands.End(I1, MIA))
    decision = floor.do(commands.WrapUp(I1, MIA))
    assert names(decision) == ["WrapUpEnded", "Closed", "SignedOut"]
    with pytest.raises(Refused) as refused:
        floor.do(commands.SignIn(MIA))
    assert refused.value.code == "unknown_agent"


def test_a_removed_agent_without_work_is_forgotten() -> None:
    floor = Floor(an_agent("mia"), an_agent("tom"))
    floor.ready("mia")
    decision = floor.change(an_agent("tom"))
    assert names(decision) == ["CatalogueChanged", "SignedOut"]
    floor.change(an_agent("tom"), version="v3")
    assert set(floor.state.agents) == {"tom"}


def test_what_was_decided_stays_under_another_class() -> None:
    floor = Floor(classes={"normal": PriorityClass("normal", credit_ms=5_000)})
    floor.arrive("i1")
    floor.change(classes={"normal": PriorityClass("normal", credit_ms=0)})
    floor.now += 3_000
    floor.arrive("i2")
    now = Instant(floor.now)
    assert position_in_queue(floor.state, I1, now) == 1
    visit = floor.state.interactions[I1].visit
    assert visit is not None
    assert visit.credit_ms == 5_000


def test_agents_keep_their_turn_over_a_change() -> None:
    floor = Floor(an_agent("mia"), an_agent("tom"))
    floor.ready("tom", "mia")
    floor.change(an_agent("mia"), an_agent("tom"), an_agent("eva"))
    assert one(floor.arrive("i1"), "Offered").agent_id == "tom"
    assert floor.state.agents[AgentId("eva")].presence is Presence.OFFLINE
