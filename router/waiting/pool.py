"""The pool of one medium: its lines, its idle agents, and the best pick between them.

Two questions are answered without a scan: which waiting interaction goes first for this agent, and
which agent has been idle longest for this need. "Nobody" costs nothing: every need knows its idle
squads.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from itertools import islice

from router.model.ids import AgentId, Instant, InteractionId, QueueName
from router.model.skills import Requirement
from router.waiting.classes import Bits, NeedClass, Squad
from router.waiting.keys import NEVER
from router.waiting.lines import Group, Line

NeedKey = tuple[tuple[QueueName, ...], Requirement | None]
"""The queues whose agents may be offered (sorted), and the requirement; None takes anybody."""


class Pool:
    """What waits and who is idle, for one medium. Agents are sorted by turn: smaller goes first.

    The owner keeps the promise that makes picks cheap: an agent is only ever added as idle, and an
    interaction only ever lined up, after it was asked for a partner and had none.
    """

    __slots__ = ("_groups", "_idle", "_needs", "_personal", "_ranks", "_squads", "bits", "seats")

    def __init__(self, bits: Bits) -> None:
        self.bits = bits
        self._needs: dict[NeedKey, NeedClass] = {}
        self._squads: dict[tuple[int, int], Squad] = {}
        self._groups: dict[tuple[int, int], Group] = {}
        self._ranks: list[tuple[int, list[Group]]] = []
        self._personal: dict[AgentId, list[Line]] = {}
        self._idle: list[tuple[int, AgentId]] = []
        self.seats: dict[AgentId, tuple[int, Squad]] = {}

    @property
    def need_count(self) -> int:
        """How many need classes have been seen."""
        return len(self._needs)

    @property
    def idle_count(self) -> int:
        """How many agents are idle for this medium."""
        return len(self._idle)

    def need(self, queues: tuple[QueueName, ...], requirement: Requirement | None) -> NeedClass:
        """The class of interactions with these queues and this requirement."""
        key = (queues, requirement)
        need = self._needs.get(key)
        if need is None:
            bits = self.bits.of_queues(queues)
            need = self._needs[key] = NeedClass(len(self._needs), requirement, bits, self.bits)
            for group in self._groups.values():
                group.make_room(len(self._needs))
            for squad in self._squads.values():
                squad.link(need)
        return need

    def squad(self, skills: int, queues: int) -> Squad:
        """The squad of agents with these bits."""
        squad = self._squads.get((skills, queues))
        if squad is None:
            squad = self._squads[skills, queues] = Squad(skills, queues)
            for need in self._needs.values():
                squad.link(need)
        return squad

    # Waiting interactions.

    def line(
        self,
        need: NeedClass,
        rank: int,
        slope: int,
        only: frozenset[AgentId] = frozenset(),
        excluded: frozenset[AgentId] = frozenset(),
    ) -> Line:
        """The line for interactions of this need, rank and slope with these exceptions."""
        group = self._group(rank, slope)
        if not only:
            return group.guarded_line(need, excluded) if excluded else group.open_line(need)
        for line in self._personal.get(min(only), ()):
            same = line.group is group and line.need is need
            if same and line.only == only and line.excluded == excluded:
                return line
        line = Line(group, need, only, excluded)
        for agent in only:
            self._personal.setdefault(agent, []).append(line)
        return line

    def drop_if_empty(self, line: Line) -> None:
        """Forget a personal line that has nobody left."""
        if line.only and line.head == NEVER:
            for agent in line.only:
                lines = self._personal.get(agent, [])
                if line in lines:
                    lines.remove(line)
                if not lines:
                    self._personal.pop(agent, None)

    def _group(self, rank: int, slope: int) -> Group:
        group = self._groups.get((rank, slope))
        if group is None:
            group = self._groups[rank, slope] = Group(rank, slope)
            group.make_room(len(self._needs))
            by_rank = dict(self._ranks)
            by_rank.setdefault(rank, []).append(group)
            self._ranks = sorted(by_rank.items(), reverse=True)
        return group

    def best_line(self, squad: Squad, agent: AgentId, now: Instant) -> Line | None:
        """The line whose first interaction this agent should be offered, or None."""
        personal = self._personal.get(agent)
        for rank, groups in self._ranks:
            found = [
                line for group in groups if (line := group.first_for(squad, agent)) is not None
            ]
            if personal:
                found.extend(
                    line
                    for line in personal
                    if line.group.rank == rank and self.may(line, squad, agent)
                )
            if len(found) == 1:
                return found[0]
            if found:
                return max(found, key=lambda line: line.group.merit(line, now))
        return None

    @staticmethod
    def may(line: Line, squad: Squad, agent: AgentId) -> bool:
        """Whether this agent may be offered the interactions of this line."""
        return (
            line.need.number in squad.need_numbers
            and agent not in line.excluded
            and (not line.only or agent in line.only)
            and line.head != NEVER
        )

    # Idle agents.

    def rest(self, agent: AgentId, squad: Squad, turn: int) -> None:
        """Add an agent with room for this medium, for whom nothing waits."""
        assert agent not in self.seats, "an agent is idle once in a pool"
        self.seats[agent] = (turn, squad)
        insort(self._idle, (turn, agent))
        insort(squad.idle, (turn, agent))
        if len(squad.idle) == 1:
            for need in squad.needs:
                need.idle.add(squad)
        squad.head = squad.idle[0][0]

    def rouse(self, agent: AgentId) -> None:
        """Take an agent out of the idle ones."""
        turn, squad = self.seats.pop(agent)
        del self._idle[bisect_left(self._idle, (turn, agent))]
        idle = squad.idle
        if len(idle) == 1:
            idle.clear()
            squad.head = NEVER
            for need in squad.needs:
                need.idle.discard(squad)
        else:
            del idle[bisect_left(idle, (turn, agent))]
            squad.head = idle[0][0]

    def longest_idle(self, need: NeedClass, excluded: frozenset[AgentId]) -> AgentId | None:
        """The idle agent with the smallest turn who may be offered this need."""
        squads = need.idle
        if not squads:
            return None
        if excluded:
            firsts = (_first_allowed(squad, excluded) for squad in squads)
            found = min((first for first in firsts if first is not None), default=None)
            return None if found is None else found[1]
        count = len(squads)
        if count * count > 4 * len(self._idle):
            # Idle squads that match are many, so one of them stands near the front.
            for _turn, agent in islice(self._idle, 4 * count):
                if self.seats[agent][1] in squads:
                    return agent
        return min(squads, key=_head).idle[0][1]

    def idle_for(self, need: NeedClass, excluded: frozenset[AgentId]) -> list[AgentId]:
        """All idle agents who may be offered this need, the longest idle first."""
        entries = sorted(entry for squad in need.idle for entry in squad.idle)
        return [agent for _, agent in entries if agent not in excluded]

    def first_idle(self, need: NeedClass, excluded: frozenset[AgentId], most: int) -> list[AgentId]:
        """Some of the idle agents who may be offered this need, the longest idle first.

        With many squads it looks at the front of the line only, and may find fewer than there are.
        """
        if len(need.idle) > most:
            front = islice(self._idle, 8 * most)
            found = (agent for _, agent in front if self.seats[agent][1] in need.idle)
        else:
            fronts = (islice(squad.idle, most + len(excluded)) for squad in need.idle)
            found = (agent for _, agent in sorted(entry for front in fronts for entry in front))
        return list(islice((agent for agent in found if agent not in excluded), most))

    def named_idle(
        self, need: NeedClass, only: frozenset[AgentId], excluded: frozenset[AgentId]
    ) -> list[AgentId]:
        """Those of the named agents who are idle and may be offered this need, by turn."""
        found = [
            (self.seats[agent][0], agent)
            for agent in only
            if agent in self.seats
            and agent not in excluded
            and need.number in self.seats[agent][1].need_numbers
        ]
        return [agent for _, agent in sorted(found)]

    def idle_matching(self, need: NeedClass) -> int:
        """How many idle agents satisfy the need."""
        return sum([len(squad.idle) for squad in need.idle])

    def waiting(self) -> Iterator[tuple[Line, int, InteractionId]]:
        """Everything lined up, in no order that matters."""
        lines = [line for group in self._groups.values() for line in group.lines()]
        for agent, personal in self._personal.items():
            lines.extend(line for line in personal if agent == min(line.only))
        for line in lines:
            for key, item in line.items.items():
                yield line, key, item


def _head(squad: Squad) -> int:
    return squad.head


def _first_allowed(squad: Squad, excluded: frozenset[AgentId]) -> tuple[int, AgentId] | None:
    return next((entry for entry in squad.idle if entry[1] not in excluded), None)
