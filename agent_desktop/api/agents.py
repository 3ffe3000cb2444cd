"""What a supervisor does to agents: force a state, sign somebody out."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Path, Request, Response

from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint, take
from agent_desktop.permissions import Permission
from agent_desktop.shapes import AgentShape
from agent_desktop.showing import agent_shape
from router.model.agent import Presence
from router.model.commands import SetPresence, SignOut
from router.model.errors import NotFound
from router.model.ids import AgentId

ROUTER = APIRouter()
Id = Annotated[str, Path(max_length=64)]


class ForcedPresence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state somebody shall be in."""

    presence: Literal["ready", "not_ready", "offline"]
    reason: Annotated[str, msgspec.Meta(max_length=100)] = ""


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
    presence = Presence(wish.presence)
    if presence == Presence.OFFLINE:
        await desk.ports.inbox.submit(SignOut(place, by=who.user))
    else:
        await desk.ports.inbox.submit(SetPresence(place, presence, wish.reason, by=who.user))
    if who.grant(Permission.FLOOR).audited:
        detail = f"{wish.presence} {wish.reason}".strip()
        await desk.audit.note(who, Permission.FLOOR.value, f"agent {agent_id}", detail)
    view = desk.ports.floor.agent(place)
    if view is None:
        raise NotFound("there is no such agent")
    return answer(agent_shape(view, desk.ports.floor))
