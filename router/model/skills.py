"""Skills with levels, and what an interaction requires of an agent."""

from collections.abc import Mapping

import msgspec

from router.model.ids import AgentId, SkillName

LEVEL_MAX = 10
"""Levels run from 1 (beginner) to 10 (best)."""


class Need(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One skill at one level or above."""

    skill: SkillName
    level: int = 1


class Requirement(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """What an agent must have to be offered an interaction.

    Every need of ``all_of``, one need of each group of ``any_of``, no skill of ``none_of`` (at
    any level). When ``agents`` is not empty only these agents qualify (their skills still count);
    ``excluded`` agents never do.
    """

    all_of: tuple[Need, ...] = ()
    any_of: tuple[tuple[Need, ...], ...] = ()
    none_of: tuple[SkillName, ...] = ()
    agents: tuple[AgentId, ...] = ()
    excluded: tuple[AgentId, ...] = ()


NOTHING_REQUIRED = Requirement()


def meets(skills: Mapping[SkillName, int], need: Need) -> bool:
    """Whether these skills hold the needed one at its level or above."""
    return skills.get(need.skill, 0) >= need.level


def skills_satisfy(requirement: Requirement, skills: Mapping[SkillName, int]) -> bool:
    """Whether these skills satisfy the skill part of the requirement (not its named agents)."""
    return (
        all(meets(skills, need) for need in requirement.all_of)
        and all(any(meets(skills, need) for need in group) for group in requirement.any_of)
        and not any(skills.get(skill, 0) > 0 for skill in requirement.none_of)
    )


def satisfies(requirement: Requirement, agent: AgentId, skills: Mapping[SkillName, int]) -> bool:
    """Whether this agent may be offered an interaction with this requirement."""
    if agent in requirement.excluded:
        return False
    if requirement.agents and agent not in requirement.agents:
        return False
    return skills_satisfy(requirement, skills)
