"""Interactions over HTTP: the timeline with its decisions, older words, why it waits."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response

from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint, take
from agent_desktop.context import Desk
from agent_desktop.permissions import Permission
from agent_desktop.principal import Principal
from agent_desktop.shapes import (
    DecisionShape,
    DraftShape,
    EntryShape,
    ItemShape,
    SegmentShape,
)
from agent_desktop.visibility import Sighting
from router.model.commands import Assign, Discard, Requeue
from router.model.errors import NotFound
from router.model.events import EntryAdded
from router.model.explanation import WhyWaiting
from router.model.ids import AgentId, QueueName

ROUTER = APIRouter()
PAGE = 100
PAGE_MAX = 200
Id = Annotated[str, Path(max_length=64, pattern=r"^[\x21-\x7e]+$")]
ShortText = Annotated[str, msgspec.Meta(max_length=500)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class InteractionBody(msgspec.Struct, frozen=True):
    """An interaction: as it stands, its last words, its life, its decisions, own drafts."""

    item: ItemShape
    entries: Sequence[EntryShape]
    segments: Sequence[SegmentShape]
    decisions: Sequence[DecisionShape]
    drafts: Sequence[DraftShape]


class EntriesBody(msgspec.Struct, frozen=True):
    """A page of an interaction's words."""

    entries: Sequence[EntryShape]


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who shall have it."""

    agent: Name


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which queue it shall be in."""

    queue: Name
    keep_age: bool = True


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: ShortText


async def seen(desk: Desk, who: Principal, permission: Permission, place: str) -> Sighting:
    """An interaction this person may see; what the table marks A is noted. NotFound."""
    found = await desk.sight.interaction(who, permission, place)
    if who.grant(permission).audited:
        await desk.audit.note(who, permission.value, f"interaction {place}")
    return found


async def _entries(
    desk: Desk, found: Sighting, wanted: Sequence[EntryAdded]
) -> Sequence[EntryShape]:
    marks = found.timeline.marks
    return [await desk.items.entry(entry, marks.get(entry.entry_id)) for entry in wanted]


@endpoint(
    ROUTER,
    "GET /api/v1/interactions/{interaction_id}",
    Permission.CONTENT,
    answers=InteractionBody,
)
async def interaction(interaction_id: Id, who: Who, desk: TheDesk) -> Response:
    """An interaction with its last hundred entries and all decisions about it."""
    found = await seen(desk, who, Permission.CONTENT, interaction_id)
    item = await desk.items.item(who.agent_id, found.interaction_id)
    return answer(
        InteractionBody(
            item=item or await desk.items.finished(found.timeline, found.interaction_id),
            entries=await _entries(desk, found, found.timeline.entries[-PAGE:]),
            segments=found.timeline.segments,
            decisions=found.timeline.decisions,
            drafts=await desk.drafts.of(who.agent_id, found.interaction_id),
        )
    )


@endpoint(
    ROUTER,
    "GET /api/v1/interactions/{interaction_id}/entries",
    Permission.CONTENT,
    answers=EntriesBody,
)
async def entries(
    interaction_id: Id,
    who: Who,
    desk: TheDesk,
    before: Annotated[int, Query(ge=1, le=10_000_000)] = 10_000_000,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE,
) -> Response:
    """Older words, those just before a number."""
    found = await seen(desk, who, Permission.CONTENT, interaction_id)
    wanted = [entry for entry in found.timeline.entries if entry.number < before][-limit:]
    return answer(EntriesBody(await _entries(desk, found, wanted)))


@endpoint(
    ROUTER,
    "GET /api/v1/interactions/{interaction_id}/why",
    Permission.WHY,
    answers=WhyWaiting,
)
async def why(interaction_id: Id, who: Who, desk: TheDesk) -> Response:
    """Why it is still waiting, now."""
    found = await seen(desk, who, Permission.WHY, interaction_id)
    reason = desk.ports.floor.why_waiting(found.interaction_id)
    if reason is None:
        raise NotFound("it does not wait")
    return answer(reason)


@endpoint(
    ROUTER,
    "POST /api/v1/interactions/{interaction_id}/assign",
    Permission.FLOOR,
    takes=Assignment,
    status=204,
)
async def assign(interaction_id: Id, request: Request, who: Who, desk: TheDesk) -> Response:
    """Give a waiting or parked interaction to an agent, past skills and capacity."""
    wish = await take(request, Assignment)
    found = await seen(desk, who, Permission.FLOOR, interaction_id)
    agent_id = AgentId(wish.agent)
    await desk.sight.agent(who, Permission.FLOOR, agent_id)
    await desk.ports.inbox.submit(Assign(found.interaction_id, agent_id, who.user))
    return Response(status_code=204)


@endpoint(
    ROUTER,
    "POST /api/v1/interactions/{interaction_id}/requeue",
    Permission.FLOOR,
    takes=Move,
    status=204,
)
async def requeue(interaction_id: Id, request: Request, who: Who, desk: TheDesk) -> Response:
    """Move an interaction into a queue."""
    wish = await take(request, Move)
    found = await seen(desk, who, Permission.FLOOR, interaction_id)
    await desk.ports.inbox.submit(
        Requeue(found.interaction_id, who.user, QueueName(wish.queue), wish.keep_age)
    )
    return Response(status_code=204)


@endpoint(
    ROUTER,
    "POST /api/v1/interactions/{interaction_id}/discard",
    Permission.FLOOR,
    takes=Reason,
    status=204,
)
async def discard(interaction_id: Id, request: Request, who: Who, desk: TheDesk) -> Response:
    """End an interaction without an answer."""
    wish = await take(request, Reason)
    found = await seen(desk, who, Permission.FLOOR, interaction_id)
    await desk.ports.inbox.submit(Discard(found.interaction_id, who.user, wish.reason))
    return Response(status_code=204)
