"""Bits say the same as the words of a requirement."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from router.model.ids import AgentId, QueueName, SkillName
from router.model.skills import LEVEL_MAX, Need, Requirement, skills_satisfy
from router.waiting.classes import Bits, NeedClass, Squad

names = some.sampled_from([SkillName(name) for name in ("es", "fr", "loans", "cards")])
needs = some.builds(Need, names, some.integers(1, LEVEL_MAX + 1))
requirements = some.builds(
    Requirement,
    all_of=some.lists(needs, max_size=3).map(tuple),
    any_of=some.lists(some.lists(needs, min_size=1, max_size=3).map(tuple), max_size=2).map(tuple),
    none_of=some.lists(names, max_size=2).map(tuple),
)
profiles = some.dictionaries(names, some.integers(1, LEVEL_MAX))
QUEUE = (QueueName("main"),)


@given(requirement=requirements, skills=profiles)
def test_bits_accept_exactly_whom_the_requirement_accepts(
    requirement: Requirement, skills: dict[SkillName, int]
) -> None:
    bits = Bits()
    queues = bits.of_queues(QUEUE)
    need = NeedClass(0, requirement, queues, bits)
    assert need.accepts(bits.of_skills(skills), queues) == skills_satisfy(requirement, skills)


def test_an_agent_of_none_of_the_queues_is_not_accepted() -> None:
    bits = Bits()
    need = NeedClass(0, Requirement(), bits.of_queues(QUEUE), bits)
    assert not need.accepts(0, bits.of_queues((QueueName("other"),)))
    assert not need.accepts(0, 0)


def test_a_need_of_anybody_takes_agents_without_queues_and_skills() -> None:
    bits = Bits()
    assert NeedClass(0, None, 0, bits).accepts(0, 0)


def test_linking_a_squad_that_has_somebody_idle_tells_the_need_so() -> None:
    bits = Bits()
    queues = bits.of_queues(QUEUE)
    squad = Squad(0, queues)
    squad.idle.append((1, AgentId("mia")))
    need = NeedClass(3, Requirement(), queues, bits)
    squad.link(need)
    assert need.squads == [squad]
    assert need.idle == {squad}
    assert squad.need_numbers == {3}
