"""Who works with whom, by the catalogue in force: asked for each desk, worked out once for all."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from agent_desktop.principal import queues_of
from router.model.catalogue import Catalogue
from router.model.ids import AgentId, QueueName, TeamName
from router.ports import Floor

K = TypeVar("K")

COLLEAGUES_MAX = 300


class Circle(msgspec.Struct, frozen=True, eq=False):
    """What the agents of the same teams and queues have in common.

    ``served`` are the queues they serve, ``queues`` these and those of their teams. ``colleagues``
    are those who share a team or a queue with them, by name, 301 at most: whoever is in the circle
    leaves themselves out.
    """

    served: frozenset[QueueName]
    queues: frozenset[QueueName]
    colleagues: tuple[AgentId, ...]
    members: frozenset[AgentId]

    def of(self, agent_id: AgentId) -> list[AgentId]:
        """The colleagues of one who is in the circle."""
        return [each for each in self.colleagues if each != agent_id][:COLLEAGUES_MAX]


_NOBODY = Circle(frozenset(), frozenset(), (), frozenset())


class Circles:
    """The circles of all agents; found anew when the catalogue changes or a seat is moved.

    Whoever is moved belongs to those they work with now, and still to their own teams.
    """

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._catalogue: Catalogue | None = None
        self._moved: dict[AgentId, tuple[QueueName, ...]] = {}
        self._of_team: dict[TeamName, set[AgentId]] = {}
        self._of_queue: dict[QueueName, set[AgentId]] = {}
        self._known: dict[tuple[frozenset[TeamName], frozenset[QueueName]], Circle] = {}

    def of_agent(self, agent_id: AgentId) -> Circle:
        """An agent's circle; an empty one when there is no such agent."""
        agent = self._now().agents.get(agent_id)
        if agent is None:
            return _NOBODY
        queues = self._moved.get(agent_id, agent.queues)
        return self.around(frozenset(agent.teams), frozenset(queues))

    def look_again(self) -> None:
        """A seat was moved or has returned."""
        self._catalogue = None

    def around(self, teams: frozenset[TeamName], queues: frozenset[QueueName]) -> Circle:
        """The circle of whoever has these teams and serves these queues."""
        catalogue = self._now()
        found = self._known.get((teams, queues))
        if found is None:
            seen = queues | queues_of(catalogue, AgentId(""), teams)
            nearest = tuple(sorted(self.together(teams, queues))[: COLLEAGUES_MAX + 1])
            found = Circle(queues, seen, nearest, frozenset(nearest))
            self._known[teams, queues] = found
        return found

    def together(self, teams: Iterable[TeamName], queues: Iterable[QueueName]) -> set[AgentId]:
        """Everybody who has one of these teams or serves one of these queues."""
        self._now()
        found: set[AgentId] = set()
        for team in teams:
            found |= self._of_team.get(team, set())
        for queue in queues:
            found |= self._of_queue.get(queue, set())
        return found

    def _now(self) -> Catalogue:
        catalogue = self._floor.catalogue()
        if catalogue is not self._catalogue:
            self._catalogue = catalogue
            self._known = {}
            self._moved = {
                view.agent_id: view.queues for view in self._floor.agents() if view.loan is not None
            }
            self._of_team = _inverted((each.id, each.teams) for each in catalogue.agents.values())
            self._of_queue = _inverted(
                (each.id, self._moved.get(each.id, each.queues))
                for each in catalogue.agents.values()
            )
        return catalogue


def _inverted(pairs: Iterable[tuple[AgentId, Iterable[K]]]) -> dict[K, set[AgentId]]:
    found: dict[K, set[AgentId]] = defaultdict(set)
    for agent_id, places in pairs:
        for place in places:
            found[place].add(agent_id)
    return dict(found)
