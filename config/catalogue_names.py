"""The names a configuration defines, and the check of everything that refers to one."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from config.catalogue_text import RequirementText
from config.findings import FieldPath, Findings, did_you_mean
from router.model.catalogue import DEFAULT_CLASS, Source
from router.model.ids import AgentId, SkillName
from router.model.skills import Need, Requirement

_SECTIONS = ("queue", "skill", "team", "agent", "plan", "hours", "priority")


class Known(msgspec.Struct, frozen=True):
    """What the installed program knows: media and strategies.

    ``whole`` is false when a file could not be parsed: then a missing name may stand there.
    """

    media: frozenset[str]
    strategies: frozenset[str]
    whole: bool = True


class Names:
    """All names of one text. A name stands for its table even where that has mistakes."""

    def __init__(self, tree: Mapping[str, Any], findings: Findings, known: Known) -> None:
        self._findings = findings
        self._known = known
        self._names: dict[str, frozenset[str]] = {
            section: frozenset(table)
            if isinstance(table := tree.get(section), dict)
            else frozenset()
            for section in _SECTIONS
        }
        self._names["priority"] |= {DEFAULT_CLASS.name}

    def any(self, section: str) -> bool:
        """Whether the section has a table at all."""
        return bool(self._names[section])

    def refer(self, path: FieldPath, section: str, name: str) -> None:
        """Note a mistake unless the section has a table of this name."""
        if self._known.whole and name not in self._names[section]:
            word = {"hours": "hours are", "agent": "agent is"}.get(section, f"{section} is")
            hint = did_you_mean(name, self._names[section])
            self._findings.mistake(path, f'no {word} named "{name}"{hint}')

    def refer_all(self, path: FieldPath, section: str, names: Iterable[str]) -> None:
        """Check a list of names; the path is the list's."""
        for index, name in enumerate(names):
            self.refer((*path, index), section, name)

    def medium(self, path: FieldPath, name: str) -> None:
        """Note a mistake unless the program knows the medium."""
        if name not in self._known.media:
            hint = did_you_mean(name, self._known.media)
            self._findings.mistake(path, f'there is no medium "{name}"{hint}')

    def media_of(self, path: FieldPath, names: Iterable[str]) -> None:
        """Check the keys of a table by medium; the path is the table's."""
        for name in names:
            self.medium((*path, name), name)

    def source(self, path: FieldPath) -> Source:
        """Where a record stands, for the decisions that name it."""
        place = self._findings.place(path)
        return Source(file=place.file, line=place.line)

    def requirement(self, path: FieldPath, text: RequirementText) -> Requirement:
        """The requirement of a table, its skills and agents checked."""
        all_of: list[Need] = []
        any_of: list[tuple[Need, ...]] = []
        for index, each in enumerate(text.needs):
            group = (each,) if isinstance(each, Need) else each
            for need in group:
                self.refer((*path, "needs", index), "skill", need.skill)
            if isinstance(each, Need):
                all_of.append(each)
            elif group:
                any_of.append(group)
            else:
                self._findings.mistake((*path, "needs", index), "is a choice of nothing")
        self.refer_all((*path, "not_skills"), "skill", text.not_skills)
        self.refer_all((*path, "only_agents"), "agent", text.only_agents)
        self.refer_all((*path, "not_agents"), "agent", text.not_agents)
        return Requirement(
            all_of=tuple(all_of),
            any_of=tuple(any_of),
            none_of=tuple(map(SkillName, text.not_skills)),
            agents=tuple(map(AgentId, text.only_agents)),
            excluded=tuple(map(AgentId, text.not_agents)),
        )
