"""Numbers that change, by push: for every desk and board, coalesced, encoded once.

Looked at when something has happened, four times a second at most; with thousands of desks less
often, so that news of numbers never crowd out what matters (boards before desks, desks' numbers
before their pushes).
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

from agent_desktop.history import agents_named
from agent_desktop.permissions import Permission, Scope
from agent_desktop.principal import Principal
from agent_desktop.protocol import Board, Live, encode
from agent_desktop.shapes import ColleagueShape, QueueShape
from agent_desktop.showing import colleague_shape, queue_shape
from router.model.events import CalendarClosed, CatalogueChanged, Recorded
from router.model.ids import AgentId, QueueName, TeamName
from router.ports import Clock, Floor

INTERVAL_S = 0.25
FRAMES_PER_S = 4_000
TOLD_AT_ONCE = 20
AGENTS_OF_A_BOARD = 2_000

Circle = tuple[frozenset[TeamName], frozenset[QueueName]]
"""Whom somebody works with: who shares a team or a queue with it."""


class Hearer(Protocol):
    """A desk that is told numbers."""

    agent_id: AgentId

    def send_live(self, text: str) -> None:
        """Take an encoded frame, or shed it."""
        ...


class Watcher(Protocol):
    """A board that is told everything in its scope."""

    principal: Principal

    def send_live(self, text: str) -> None:
        """Take an encoded frame, or shed it."""
        ...


class News:
    """What has changed since it was last told."""

    def __init__(self, floor: Floor, clock: Clock) -> None:
        self._floor = floor
        self._clock = clock
        self._queues: dict[QueueName, QueueShape] = {}
        self._agents: dict[AgentId, ColleagueShape] = {}
        self._dirty: set[AgentId] = set()
        self._happened = True
        self._everybody = True
        self.hearers: dict[Hearer, Circle] = {}
        self.watchers: set[Watcher] = set()

    def note(self, recorded: Recorded) -> None:
        """A fact was taken."""
        self._happened = True
        event = recorded.event
        if isinstance(event, CatalogueChanged):
            self._everybody = True
            self.hearers = {hearer: self._circle(hearer.agent_id) for hearer in self.hearers}
        elif not isinstance(event, CalendarClosed):
            self._dirty.update(agents_named(event))

    def hear(self, hearer: Hearer) -> None:
        """Tell this desk from now on."""
        self.hearers[hearer] = self._circle(hearer.agent_id)

    def unhear(self, hearer: Hearer) -> None:
        """Tell this desk no more."""
        self.hearers.pop(hearer, None)

    def pause_s(self) -> float:
        """How long to wait before the next telling, by how many are told."""
        return max(INTERVAL_S, 2 * len(self.hearers) / FRAMES_PER_S)

    async def tell(self) -> None:
        """Tell everybody what has changed, a few at a time: an offer goes between them."""
        if not self._happened:
            return
        self._happened = False
        queues = self._changed_queues()
        agents = self._changed_agents()
        if queues:
            text = encode(Live("queues", queues=tuple(queues)))
            await self._send(tuple(self.hearers), text)
        if agents:
            await self._tell_colleagues(agents)
        if queues or agents:
            self._tell_boards()

    def board(self, principal: Principal) -> Board:
        """The board as somebody may see it, now."""
        catalogue = self._floor.catalogue()
        scope = principal.grant(Permission.BOARD).scope
        queues = [queue_shape(view, catalogue) for view in self._floor.queues()]
        agents: Iterable[ColleagueShape] = ()
        if scope == Scope.ALL:
            agents = (colleague_shape(view, self._floor) for view in self._floor.agents())
        else:
            queues = [queue for queue in queues if queue.queue in principal.queues]
        if scope == Scope.TEAM:
            mine = (principal.teams, principal.queues)
            agents = (
                colleague_shape(view, self._floor)
                for view in self._floor.agents()
                if _meet(mine, self._circle(view.agent_id))
            )
        conservation = None
        if scope == Scope.ALL:
            law = self._floor.conservation()
            conservation = {
                "accepted": law.accepted,
                "self_service": law.self_service,
                "waiting": law.waiting,
                "offered": law.offered,
                "in_work": law.in_work,
                "finished": law.finished,
                "position": law.position,
                "balances": law.balances,
            }
        return Board(
            self._clock.now(), tuple(queues), tuple(agents)[:AGENTS_OF_A_BOARD], conservation
        )

    def _changed_queues(self) -> list[QueueShape]:
        catalogue = self._floor.catalogue()
        found = {view.queue: queue_shape(view, catalogue) for view in self._floor.queues()}
        changed = [shape for name, shape in found.items() if self._queues.get(name) != shape]
        self._queues = found
        return changed

    def _changed_agents(self) -> list[ColleagueShape]:
        if self._everybody:
            self._everybody = False
            self._dirty = {view.agent_id for view in self._floor.agents()}
        dirty, self._dirty = self._dirty, set()
        changed = []
        for agent_id in dirty:
            view = self._floor.agent(agent_id)
            if view is None:
                self._agents.pop(agent_id, None)
                continue
            shape = colleague_shape(view, self._floor)
            if self._agents.get(agent_id) != shape:
                self._agents[agent_id] = shape
                changed.append(shape)
        return changed

    async def _send(self, hearers: Sequence[Hearer], text: str) -> None:
        for start in range(0, len(hearers), TOLD_AT_ONCE):
            for hearer in hearers[start : start + TOLD_AT_ONCE]:
                if hearer in self.hearers:
                    hearer.send_live(text)
            # What was put is sent now, and so is whatever else waits for its turn.
            await asyncio.sleep(0)

    async def _tell_colleagues(self, changed: list[ColleagueShape]) -> None:
        """Desks of one circle get the same bytes."""
        circles: dict[Circle, list[Hearer]] = defaultdict(list)
        for hearer, circle in self.hearers.items():
            circles[circle].append(hearer)
        of_changed = [(shape, self._circle(AgentId(shape.agent_id))) for shape in changed]
        for circle, hearers in circles.items():
            shapes = tuple(shape for shape, other in of_changed if _meet(circle, other))
            if shapes:
                text = encode(Live("colleagues", colleagues=shapes))
                await self._send(hearers, text)

    def _tell_boards(self) -> None:
        """Boards of one scope get the same bytes."""
        texts: dict[tuple[Scope, Circle], str] = {}
        for watcher in tuple(self.watchers):
            principal = watcher.principal
            scope = principal.grant(Permission.BOARD).scope
            key = (scope, (principal.teams, principal.queues))
            if key not in texts:
                texts[key] = encode(self.board(principal))
            watcher.send_live(texts[key])

    def _circle(self, agent_id: AgentId) -> Circle:
        agent = self._floor.catalogue().agents.get(agent_id)
        if agent is None:
            return frozenset(), frozenset()
        return frozenset(agent.teams), frozenset(agent.queues)


def _meet(one: Circle, other: Circle) -> bool:
    return bool(one[0] & other[0] or one[1] & other[1])
