"""Numbers that change, by push: what changed, to whom it concerns, encoded once for all of them.

Boards are told four times a second at most; so are desks, and where there are many of them once a
second, a few at a time. News of numbers never stand in the way of what matters: a desk that has
anything else to take, or does not read, is left out, and gets all its numbers when it has caught
up.
"""

import asyncio
import math
from collections.abc import Collection, Iterator
from typing import Protocol, TypeVar

from agent_desktop.circles import Circle, Circles
from agent_desktop.line import framed
from agent_desktop.permissions import Permission, Scope
from agent_desktop.principal import Principal
from agent_desktop.protocol import Board, Live, encode
from agent_desktop.rows import Rows
from agent_desktop.seen import board_of
from agent_desktop.shapes import ColleagueShape, QueueShape
from router.model.events import CatalogueChanged, Recorded, SeatMoved, SeatReturned
from router.model.ids import AgentId, QueueName, TeamName
from router.ports import Clock, Floor

INTERVAL_S = 0.25
INTERVAL_MANY_S = 1.0
DESKS_A_SECOND = 500
"""With more desks than this the interval is the longer one, between them in proportion."""

STEP_S = 0.01
SPREAD = 0.8

K = TypeVar("K")
Seen = tuple[Scope, frozenset[TeamName], frozenset[QueueName]]


class Hearer(Protocol):
    """A desk that is told numbers."""

    agent_id: AgentId

    def send_news(self, frames: bytes) -> bool:
        """Take frames at once; False when this desk is behind and did not take them."""
        ...


class Watcher(Protocol):
    """A board that is told everything in its scope."""

    principal: Principal

    def show(self, frame: bytes) -> None:
        """Take the newest board in place of any older one."""
        ...


class Group:
    """The desks of one circle. ``behind`` are those that have to be told everything."""

    def __init__(self) -> None:
        self.hearers: set[Hearer] = set()
        self.behind: set[Hearer] = set()


class News:
    """What has changed since it was last told."""

    def __init__(self, floor: Floor, rows: Rows, circles: Circles, clock: Clock) -> None:
        self._floor = floor
        self._rows = rows
        self._circles = circles
        self._clock = clock
        self._groups: dict[Circle, Group] = {}
        self._where: dict[Hearer, Circle] = {}
        self._of_desks = True
        self._of_boards = True
        self.watchers: set[Watcher] = set()

    def note(self, recorded: Recorded) -> None:
        """A fact was taken."""
        self._of_desks = self._of_boards = True
        self._rows.note(recorded)
        event = recorded.event
        if isinstance(event, SeatMoved | SeatReturned):
            self._circles.look_again()
        if isinstance(event, CatalogueChanged | SeatMoved | SeatReturned):
            hearers = tuple(self._where)
            self._groups.clear()
            for hearer in hearers:
                # A new catalogue itself brings them everything.
                moved = getattr(event, "agent_id", None) == hearer.agent_id
                self.hear(hearer, fresh=not moved)

    def hear(self, hearer: Hearer, *, fresh: bool) -> None:
        """Tell this desk from now on; one that is not ``fresh`` is told everything first."""
        circle = self._where[hearer] = self._circles.of_agent(hearer.agent_id)
        group = self._groups.setdefault(circle, Group())
        group.hearers.add(hearer)
        if not fresh:
            group.behind.add(hearer)
            self._of_desks = True

    def unhear(self, hearer: Hearer) -> None:
        """Tell this desk no more."""
        circle = self._where.pop(hearer, None)
        if circle is not None and (group := self._groups.get(circle)) is not None:
            group.hearers.discard(hearer)
            group.behind.discard(hearer)
            if not group.hearers:
                del self._groups[circle]

    def pause_s(self) -> float:
        """How long an interval of the desks is, by how many there are."""
        return min(INTERVAL_MANY_S, max(INTERVAL_S, len(self._where) / DESKS_A_SECOND))

    def tell_boards(self) -> None:
        """Tell boards, if anything has happened; to be called every quarter of a second."""
        if not self._of_boards or not self.watchers:
            return
        self._of_boards = False
        frames: dict[Seen, bytes] = {}
        for watcher in tuple(self.watchers):
            principal = watcher.principal
            scope = principal.grant(Permission.BOARD).scope
            key = (scope, principal.teams, principal.queues)
            if key not in frames:
                # Boards of one scope get the same bytes.
                frames[key] = framed(encode(self.board(principal)))
            watcher.show(frames[key])

    async def tell_desks(self) -> None:
        """Tell desks what has changed, spread over most of the interval."""
        if not self._of_desks or not self._where:
            return
        self._of_desks = False
        queues, agents = self._rows.changed()
        step = math.ceil(len(self._where) * STEP_S / (SPREAD * self.pause_s()))
        told = 0
        for circle, group in tuple(self._groups.items()):
            for hearer, frames in self._to_say(circle, group, queues, agents):
                if self._where.get(hearer) is not circle:
                    continue
                if hearer.send_news(frames):
                    group.behind.discard(hearer)
                else:
                    group.behind.add(hearer)
                    self._of_desks = True
                told += 1
                if told % step == 0:
                    await asyncio.sleep(STEP_S)

    def queues(self) -> tuple[QueueShape, ...]:
        """All queues as they are now."""
        return tuple(self._rows.queues().values())

    def board(self, principal: Principal) -> Board:
        """The board as somebody may see it, now."""
        return board_of(principal, self._floor, self._rows, self._circles, self._clock.now())

    def _to_say(
        self,
        circle: Circle,
        group: Group,
        queues: dict[QueueName, QueueShape],
        agents: dict[AgentId, ColleagueShape],
    ) -> Iterator[tuple[Hearer, bytes]]:
        """What each desk of a circle is told: the same bytes, but nobody their own row."""
        news = _Saying(circle, queues, agents)
        everything: _Saying | None = None
        for hearer in tuple(group.hearers):
            saying = news
            if hearer in group.behind:
                if everything is None:
                    everything = _Saying(circle, self._rows.queues(), self._rows.agents())
                saying = everything
            frames = saying.to(hearer.agent_id)
            if frames:
                yield hearer, frames


class _Saying:
    """Rows as the frames of a circle."""

    def __init__(
        self,
        circle: Circle,
        queues: dict[QueueName, QueueShape],
        agents: dict[AgentId, ColleagueShape],
    ) -> None:
        self._queues = _frame_of_queues([queues[name] for name in _both(queues, circle.queues)])
        self._agents = {each: agents[each] for each in _both(agents, circle.members)}
        self._all = self._queues + _frame_of_colleagues(self._agents.values())

    def to(self, agent_id: AgentId) -> bytes:
        """What one of them is told; empty when it is nothing."""
        if agent_id not in self._agents:
            return self._all
        others = [row for each, row in self._agents.items() if each != agent_id]
        return self._queues + _frame_of_colleagues(others)


def _both(rows: Collection[K], wanted: frozenset[K]) -> list[K]:
    """What is in both, looking at the fewer of them."""
    if len(rows) < len(wanted):
        return [each for each in rows if each in wanted]
    return [each for each in wanted if each in rows]


def _frame_of_queues(rows: Collection[QueueShape]) -> bytes:
    return framed(encode(Live("queues", queues=tuple(rows)))) if rows else b""


def _frame_of_colleagues(rows: Collection[ColleagueShape]) -> bytes:
    return framed(encode(Live("colleagues", colleagues=tuple(rows)))) if rows else b""
