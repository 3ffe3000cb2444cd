"""The board as somebody may see it: of the floor of now, or of a moment of the past."""

from collections.abc import Iterable

from agent_desktop.circles import Circles
from agent_desktop.permissions import Permission, Scope
from agent_desktop.principal import Principal
from agent_desktop.protocol import Board
from agent_desktop.rows import Rows
from agent_desktop.shapes import ColleagueShape, QueueShape
from router.model.ids import Instant
from router.ports import Floor

AGENTS_OF_A_BOARD = 2_000


def board_of(
    principal: Principal, floor: Floor, rows: Rows, circles: Circles, at: Instant
) -> Board:
    """Queues, agents and the conservation law, as far as the asker's scope reaches."""
    scope = principal.grant(Permission.BOARD).scope
    queues: Iterable[QueueShape] = rows.queues().values()
    known = rows.agents()
    agents: Iterable[ColleagueShape] = ()
    if scope == Scope.ALL:
        agents = known.values()
    else:
        queues = (queue for queue in queues if queue.queue in principal.queues)
    if scope == Scope.TEAM:
        together = circles.together(principal.teams, principal.queues)
        agents = (known[each] for each in sorted(together) if each in known)
    conservation = None
    if scope == Scope.ALL:
        law = floor.conservation()
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
    return Board(at, tuple(queues), tuple(agents)[:AGENTS_OF_A_BOARD], conservation)


def board_then(principal: Principal, floor: Floor, at: Instant) -> Board:
    """The board of a moment of the past, whose floor is given: made by the very same code."""
    return board_of(principal, floor, Rows(floor), Circles(floor), at)
