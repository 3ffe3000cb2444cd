"""Classes: agents of equal skills (squads) and interactions of equal needs, linked once.

Skills are thermometer bits of one integer: level 3 of a skill sets its bits 1, 2 and 3. So a
needed level is one bit, and a whole requirement is compared by a few integer operations however
many skills there are. A squad and a need are compared when the younger of them is first seen.
"""

from collections.abc import Collection, Mapping

from router.model.ids import AgentId, QueueName, SkillName
from router.model.skills import LEVEL_MAX, Need, Requirement
from router.waiting.keys import NEVER

_IMPOSSIBLE = 1
"""Bit 0 belongs to no skill: a need of a level nobody can have asks for it."""


class Bits:
    """The numbers of skills and queues. They grow and are never given to another name."""

    __slots__ = ("_queues", "_skills")

    def __init__(self) -> None:
        self._skills: dict[SkillName, int] = {}
        self._queues: dict[QueueName, int] = {}

    def _base(self, skill: SkillName) -> int:
        return 1 + LEVEL_MAX * self._skills.setdefault(skill, len(self._skills))

    def of_need(self, need: Need) -> int:
        """The one bit an agent must have. A level below 1 asks for level 1."""
        if need.level > LEVEL_MAX:
            return _IMPOSSIBLE
        return 1 << (self._base(need.skill) + max(need.level, 1) - 1)

    def of_skills(self, skills: Mapping[SkillName, int]) -> int:
        """All bits these skills have; levels over the highest count as the highest."""
        bits = 0
        for skill, level in skills.items():
            held = min(max(level, 0), LEVEL_MAX)
            bits |= ((1 << held) - 1) << self._base(skill)
        return bits

    def of_queues(self, queues: Collection[QueueName]) -> int:
        """One bit per queue."""
        bits = 0
        for queue in queues:
            bits |= 1 << self._queues.setdefault(queue, len(self._queues))
        return bits


class NeedClass:
    """Interactions of one medium with equal needs. Compared by identity; ``number`` is its index.

    ``anybody`` takes any agent, whatever their skills and queues (a transfer to a person).
    ``squads`` are those that satisfy it, ``idle`` those of them with somebody idle.
    """

    __slots__ = ("_all", "_any", "_none", "_queues", "anybody", "idle", "number", "squads")

    def __init__(self, number: int, requirement: Requirement | None, queues: int, bits: Bits):
        self.number = number
        self.anybody = requirement is None
        wanted = requirement or Requirement()
        self._all = 0
        for need in wanted.all_of:
            self._all |= bits.of_need(need)
        self._any = tuple(_either(group, bits) for group in wanted.any_of)
        self._none = 0
        for skill in wanted.none_of:
            self._none |= bits.of_need(Need(skill=skill, level=1))
        self._queues = queues
        self.squads: list[Squad] = []
        self.idle: set[Squad] = set()

    def accepts(self, skills: int, queues: int) -> bool:
        """Whether agents with these bits may be offered interactions of this class."""
        if self.anybody:
            return True
        if not queues & self._queues or skills & self._all != self._all or skills & self._none:
            return False
        return all(skills & group for group in self._any)


def _either(group: tuple[Need, ...], bits: Bits) -> int:
    joined = 0
    for need in group:
        joined |= bits.of_need(need)
    return joined


class Squad:
    """Agents with equal skills and queues, as one medium sees them.

    ``idle`` are those with room for the medium, sorted by turn (smaller has been idle longer).
    ``head`` is the first one's turn. ``needs`` are the classes the squad satisfies.
    """

    __slots__ = ("head", "idle", "need_numbers", "needs", "queues", "skills")

    def __init__(self, skills: int, queues: int) -> None:
        self.skills = skills
        self.queues = queues
        self.idle: list[tuple[int, AgentId]] = []
        self.head = NEVER
        self.needs: list[NeedClass] = []
        self.need_numbers: set[int] = set()

    def link(self, need: NeedClass) -> None:
        """Compare with a need, once."""
        if need.accepts(self.skills, self.queues):
            self.needs.append(need)
            self.need_numbers.add(need.number)
            need.squads.append(self)
            if self.idle:
                need.idle.add(self)
