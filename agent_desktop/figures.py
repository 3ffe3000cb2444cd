"""The rows behind each number of the board: what it counts, as far as one may see it."""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from agent_desktop.circles import Circles
from agent_desktop.history import History
from agent_desktop.permissions import Permission, Scope
from agent_desktop.principal import Forbidden, Principal
from agent_desktop.showing import name_of, shown
from router.model.agent import Presence
from router.model.errors import NotFound
from router.model.ids import AgentId, Instant, QueueName
from router.model.interaction import Phase
from router.model.past import PastInteraction
from router.model.views import AgentView, InteractionView
from router.ports import Floor

ROWS_MAX = 1_000
"""So many rows of a number can be walked through; ``total`` says how many there are."""
PAGE_MAX = 200
Figure = Literal[
    "waiting",
    "longest",
    "offered",
    "engaged",
    "ready",
    "signed_in",
    "accepted",
    "self_service",
    "in_work",
    "finished",
]
"""The numbers of the board: those ``OF_A_QUEUE`` and those ``OF_ALL`` of them."""

PHASES: dict[str, frozenset[Phase]] = {
    "waiting": frozenset({Phase.WAITING}),
    "longest": frozenset({Phase.WAITING}),
    "offered": frozenset({Phase.OFFERED}),
    "engaged": frozenset({Phase.ENGAGED}),
    "self_service": frozenset({Phase.SELF_SERVICE}),
    "in_work": frozenset({Phase.ENGAGED, Phase.PARKED, Phase.WRAP_UP}),
}
OF_A_QUEUE = ("waiting", "longest", "offered", "engaged", "ready", "signed_in")
OF_ALL = ("accepted", "self_service", "waiting", "offered", "in_work", "finished")


class FigureRow(msgspec.Struct, frozen=True):
    """One row: an interaction, or an agent. What one may not see of it is null.

    ``since``: when it came or entered its queue, or since when the agent is in this state.
    """

    interaction_id: str | None
    medium: str
    state: str
    queue: str
    since: int
    agents: tuple[str, ...]


class FigureRows(msgspec.Struct, frozen=True):
    """A page of the rows behind a number; ``total`` is the number, ``next`` the page after it."""

    figure: str
    queue: str
    at: int
    total: int
    rows: tuple[FigureRow, ...]
    next: int | None


class Wanted(msgspec.Struct, frozen=True):
    """Which number is opened, and which page of its rows. No queue: the whole centre's."""

    figure: str
    queue: str
    skip: int
    limit: int


def check(principal: Principal, wanted: Wanted) -> None:
    """Raises NotFound for a number there is none of, or none of this queue or of all queues, and
    NotFound and Forbidden for one that is out of sight."""
    if wanted.figure not in (OF_A_QUEUE if wanted.queue else OF_ALL):
        raise NotFound("there is no such number")
    everything = principal.grant(Permission.BOARD).scope == Scope.ALL
    if not wanted.queue and not everything:
        raise Forbidden("these numbers are of the whole centre")
    if wanted.queue and not everything and QueueName(wanted.queue) not in principal.queues:
        raise NotFound("there is no such queue")


def rows_on_the_floor(
    principal: Principal, floor: Floor, wanted: Wanted, at: Instant
) -> FigureRows:
    """A page of the rows behind a number of this floor: counted as the board counts them.

    Raises NotFound for a queue that the floor does not have.
    """
    queue = QueueName(wanted.queue) if wanted.queue else None
    if queue is not None and queue not in floor.catalogue().queues:
        raise NotFound("there is no such queue")
    eyes = _Eyes(principal, floor)
    if wanted.figure in ("ready", "signed_in") and queue is not None:
        agents = [view for view in floor.agents() if _counts(view, queue, wanted.figure)]
        rows = [eyes.agent(view) for view in agents[:ROWS_MAX]]
        return _page(wanted, at, len(agents), rows)
    total, found = floor.in_phases(PHASES[wanted.figure], queue, ROWS_MAX)
    if wanted.figure == "longest":
        total, found = min(total, 1), found[:1]
    return _page(wanted, at, total, [eyes.item(view) for view in found])


async def rows_of_all_time(
    history: History, principal: Principal, floor: Floor, wanted: Wanted, at: Instant
) -> FigureRows:
    """A page of all that has arrived, or was finished, by a moment: from the history."""
    total, found = await history.counted(
        at, finished=wanted.figure == "finished", skip=wanted.skip, limit=wanted.limit
    )
    eyes = _Eyes(principal, floor)
    return _told(wanted, at, total, [eyes.past(each) for each in found])


def _counts(view: AgentView, queue: QueueName, figure: str) -> bool:
    if queue not in view.queues or view.presence == Presence.OFFLINE:
        return False
    return figure == "signed_in" or any(count > 0 for count in view.free.values())


def _page(wanted: Wanted, at: Instant, total: int, rows: Sequence[FigureRow]) -> FigureRows:
    return _told(wanted, at, total, rows[wanted.skip : wanted.skip + wanted.limit])


def _told(wanted: Wanted, at: Instant, total: int, rows: Sequence[FigureRow]) -> FigureRows:
    end = wanted.skip + len(rows)
    more = rows and end < min(total, ROWS_MAX)
    return FigureRows(
        wanted.figure, wanted.queue, at, total, tuple(rows), next=end if more else None
    )


class _Eyes:
    """What one may see of a row: agents do not learn from a number what others work on."""

    def __init__(self, principal: Principal, floor: Floor) -> None:
        own = principal.grant(Permission.BOARD).scope == Scope.OWN
        me = principal.agent_id
        near = Circles(floor).of_agent(me).members if own else frozenset[AgentId]()
        self._floor = floor
        self._mine: Callable[[Sequence[AgentId]], bool] = lambda agents: not own or me in agents
        self._known: Callable[[AgentId], bool] = lambda agent: not own or agent in near

    def item(self, view: InteractionView) -> FigureRow:
        """An interaction on the floor."""
        agents = [part.agent_id for part in view.engagements]
        agents += [view.offer.agent_id] if view.offer is not None else []
        agents += [view.parked_by] if view.parked_by is not None else []
        return FigureRow(
            interaction_id=view.interaction_id if self._mine(agents) else None,
            medium=view.medium,
            state=view.phase.value,
            queue=view.queue or "",
            since=view.arrived if view.entered is None else view.entered,
            agents=self._names(agents),
        )

    def past(self, past: PastInteraction) -> FigureRow:
        """An interaction of the history."""
        return FigureRow(
            interaction_id=past.interaction_id if self._mine(past.agents) else None,
            medium=past.medium,
            state=past.outcome or "open",
            queue=past.queues[-1] if past.queues else "",
            since=past.arrived,
            agents=self._names(past.agents),
        )

    def agent(self, view: AgentView) -> FigureRow:
        """An agent."""
        return FigureRow(
            interaction_id=None,
            medium="",
            state=shown(view, self._floor),
            queue="",
            since=view.since,
            agents=self._names((view.agent_id,)),
        )

    def _names(self, agents: Sequence[AgentId]) -> tuple[str, ...]:
        catalogue = self._floor.catalogue()
        named = (name_of(catalogue, each) for each in dict.fromkeys(agents) if self._known(each))
        return tuple(named)
