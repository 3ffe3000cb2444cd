"""What a supervisor does to agents: force a state, sign somebody out, move a seat for a while."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response

from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint, take
from agent_desktop.context import Desk
from agent_desktop.permissions import Permission, Scope
from agent_desktop.principal import Principal
from agent_desktop.shapes import AgentShape
from agent_desktop.showing import agent_shape
from router.model.agent import Presence
from router.model.commands import MoveSeat, ReturnSeat, SetPresence, SignOut
from router.model.errors import NotFound
from router.model.explanation import ExpectedWait
from router.model.ids import AgentId, Instant, QueueName, SkillName
from router.model.skills import LEVEL_MAX

ROUTER = APIRouter()
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Level = Annotated[int, msgspec.Meta(ge=1, le=LEVEL_MAX)]
QueueNames = Annotated[
    list[Annotated[str, Query(max_length=64)]], Query(max_length=50, default_factory=list)
]
Id = Annotated[str, Path(max_length=64, pattern="^[!-~]+$")]


class ForcedPresence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state somebody shall be in."""

    presence: Literal["ready", "not_ready", "offline"]
    reason: Annotated[str, msgspec.Meta(max_length=100)] = ""


class MovedSeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The queues somebody shall serve instead of their own until a moment, with skills lent."""

    queues: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=50)]
    until: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    skills: Annotated[dict[Name, Level], msgspec.Meta(max_length=50)] = {}


class QueueForecast(msgspec.Struct, frozen=True):
    """What a move would do to one queue: ready seats, and what one more would wait, in ms."""

    queue: str
    waiting: int
    seats: int
    seats_then: int
    expected: tuple[int, int] | None
    expected_then: tuple[int, int] | None
    lacks: dict[str, int]


class Forecast(msgspec.Struct, frozen=True):
    """What a move would do, to each queue that gains or loses the seat."""

    queues: tuple[QueueForecast, ...]


@endpoint(
    ROUTER,
    "POST /api/v1/agents/{agent_id}/presence",
    Permission.FLOOR,
    takes=ForcedPresence,
    answers=AgentShape,
)
async def force_presence(agent_id: Id, request: Request, who: Who, desk: TheDesk) -> Response:
    """Set another agent's presence; ``offline`` signs them out unless they are engaged."""
    wish = await take(request, ForcedPresence)
    place = AgentId(agent_id)
    await desk.sight.agent(who, Permission.FLOOR, place)
    await _note(desk, who, place, f"{wish.presence} {wish.reason}".strip())
    presence = Presence(wish.presence)
    if presence == Presence.OFFLINE:
        await desk.ports.inbox.submit(SignOut(place, by=who.user))
    else:
        await desk.ports.inbox.submit(SetPresence(place, presence, wish.reason, by=who.user))
    return _shown(desk, place)


@endpoint(
    ROUTER,
    "GET /api/v1/agents/{agent_id}/seat/forecast",
    Permission.FLOOR,
    answers=Forecast,
)
async def seat_forecast(agent_id: Id, who: Who, desk: TheDesk, queue: QueueNames) -> Response:
    """What serving these queues would do (none: their own again), by the router's estimate."""
    place = await desk.sight.agent(who, Permission.FLOOR, AgentId(agent_id))
    wished = tuple(QueueName(name) for name in queue)
    _within(who, desk, place, wished)
    found = desk.ports.floor.seat_forecast(place, wished or None)
    rows = (
        QueueForecast(
            queue=each.queue,
            waiting=each.waiting,
            seats=each.seats,
            seats_then=each.seats_then,
            expected=_interval(each.expected),
            expected_then=_interval(each.expected_then),
            lacks={str(skill): level for skill, level in each.lacks.items()},
        )
        for each in found
    )
    return answer(Forecast(tuple(rows)))


@endpoint(
    ROUTER,
    "POST /api/v1/agents/{agent_id}/seat",
    Permission.FLOOR,
    takes=MovedSeat,
    answers=AgentShape,
)
async def move_seat(agent_id: Id, request: Request, who: Who, desk: TheDesk) -> Response:
    """Let an agent serve other queues for a while; it goes back by itself."""
    wish = await take(request, MovedSeat)
    place = await desk.sight.agent(who, Permission.FLOOR, AgentId(agent_id))
    queues = tuple(QueueName(name) for name in wish.queues)
    _within(who, desk, place, queues)
    skills = {SkillName(name): level for name, level in wish.skills.items()}
    await _note(desk, who, place, f"moved to {', '.join(queues)} until {wish.until}")
    await desk.ports.inbox.submit(
        MoveSeat(place, queues, Instant(wish.until), by=who.user, skills=skills)
    )
    return _shown(desk, place)


@endpoint(ROUTER, "DELETE /api/v1/agents/{agent_id}/seat", Permission.FLOOR, answers=AgentShape)
async def return_seat(agent_id: Id, who: Who, desk: TheDesk) -> Response:
    """Let an agent serve their own queues again."""
    place = await desk.sight.agent(who, Permission.FLOOR, AgentId(agent_id))
    await _note(desk, who, place, "back at their own queues")
    await desk.ports.inbox.submit(ReturnSeat(place, by=who.user))
    return _shown(desk, place)


def _within(who: Principal, desk: Desk, agent_id: AgentId, queues: tuple[QueueName, ...]) -> None:
    """Raises NotFound for a queue there is none of, or out of sight and not the agent's already."""
    view = desk.ports.floor.agent(agent_id)
    known = {*who.queues, *(view.queues if view is not None else ())}
    if who.grant(Permission.FLOOR).scope == Scope.ALL:
        known = set(desk.ports.floor.catalogue().queues)
    if not known.issuperset(queues):
        raise NotFound("there is no such queue")


def _interval(expected: ExpectedWait | None) -> tuple[int, int] | None:
    return None if expected is None else (expected.low_ms, expected.high_ms)


async def _note(desk: Desk, who: Principal, agent_id: AgentId, detail: str) -> None:
    """Noted before it is done: what cannot be noted is not done (LOG-3)."""
    if who.grant(Permission.FLOOR).audited:
        await desk.audit.note(who, Permission.FLOOR.value, f"agent {agent_id}", detail)


def _shown(desk: Desk, agent_id: AgentId) -> Response:
    """The agent as they are now. Raises NotFound when a new configuration has none."""
    view = desk.ports.floor.agent(agent_id)
    if view is None:
        raise NotFound("there is no such agent")
    return answer(agent_shape(view, desk.ports.floor))
