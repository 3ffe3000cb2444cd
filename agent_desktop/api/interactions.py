"""Interactions over HTTP: the timeline with its decisions, older words, why it waits."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response

from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint, take
from agent_desktop.context import Desk
from agent_desktop.history import NUMBER_MAX
from agent_desktop.permissions import Permission
from agent_desktop.principal import Principal
from agent_desktop.shapes import (
    DecisionShape,
    DraftShape,
    EntryShape,
    ItemShape,
    SegmentShape,
    decision_shape,
    segment_shape,
)
from agent_desktop.visibility import Sighting
from router.model.commands import Assign, Discard, Requeue
from router.model.errors import NotFound
from router.model.explanation import WhyWaiting
from router.model.ids import AgentId, QueueName

ROUTER = APIRouter()
Row = TypeVar("Row")
PAGE = 100
PAGE_MAX = 200
Id = Annotated[str, Path(max_length=64, pattern="^[!-~]+$")]
ShortText = Annotated[str, msgspec.Meta(max_length=500)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class InteractionBody(msgspec.Struct, frozen=True):
    """An interaction: as it stands, its last words, its life, its decisions, own drafts.

    Of a long life the last pieces and decisions are here; ``segments_before`` and
    ``decisions_before`` say how many stand before them.
    """

    item: ItemShape
    entries: Sequence[EntryShape]
    segments: Sequence[SegmentShape]
    decisions: Sequence[DecisionShape]
    drafts: Sequence[DraftShape]
    segments_before: int
    decisions_before: int


class EntriesBody(msgspec.Struct, frozen=True):
    """A page of an interaction's words."""

    entries: Sequence[EntryShape]


class LifeBody(msgspec.Struct, frozen=True):
    """A page of an interaction's life; ``*_before`` say how many stand before what is here."""

    segments: Sequence[SegmentShape]
    decisions: Sequence[DecisionShape]
    segments_before: int
    decisions_before: int


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


async def seen(
    desk: Desk, who: Principal, permission: Permission, place: str, doing: str = ""
) -> Sighting:
    """An interaction this person may see; what the table marks A is noted, with what they are
    about to do to it. NotFound."""
    found = await desk.sight.interaction(who, permission, place)
    if who.grant(permission).audited:
        await desk.audit.note(who, permission.value, f"interaction {place}", doing)
    return found


async def _entries(
    desk: Desk, found: Sighting, before: int = NUMBER_MAX, limit: int = PAGE
) -> Sequence[EntryShape]:
    wanted = await desk.ports.history.entries(found.interaction_id, before=before, limit=limit)
    return [await desk.items.written(each) for each in wanted]


def _page(rows: Sequence[Row], before: int | None, limit: int) -> tuple[Sequence[Row], int]:
    """The last rows before a place, and how many stand before them."""
    end = len(rows) if before is None else min(before, len(rows))
    start = max(0, end - limit)
    return rows[start:end], start


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
    life = await desk.ports.history.life(found.interaction_id)
    segments, segments_before = _page(life.segments, None, PAGE_MAX)
    decisions, decisions_before = _page(life.decisions, None, PAGE)
    return answer(
        InteractionBody(
            item=item or await desk.items.finished(found.past),
            entries=await _entries(desk, found),
            segments=[segment_shape(each) for each in segments],
            decisions=[decision_shape(each) for each in decisions],
            drafts=await desk.drafts.of(who.agent_id, found.interaction_id),
            segments_before=segments_before,
            decisions_before=decisions_before,
        )
    )


@endpoint(
    ROUTER,
    "GET /api/v1/interactions/{interaction_id}/life",
    Permission.CONTENT,
    answers=LifeBody,
)
async def life(
    interaction_id: Id,
    who: Who,
    desk: TheDesk,
    segments_before: Annotated[int | None, Query(ge=0, le=NUMBER_MAX)] = None,
    decisions_before: Annotated[int | None, Query(ge=0, le=NUMBER_MAX)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE,
) -> Response:
    """An interaction's life page by page: pieces and decisions, those just before a place."""
    found = await seen(desk, who, Permission.CONTENT, interaction_id)
    whole = await desk.ports.history.life(found.interaction_id)
    segments, segments_left = _page(whole.segments, segments_before, limit)
    decisions, decisions_left = _page(whole.decisions, decisions_before, limit)
    return answer(
        LifeBody(
            segments=[segment_shape(each) for each in segments],
            decisions=[decision_shape(each) for each in decisions],
            segments_before=segments_left,
            decisions_before=decisions_left,
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
    before: Annotated[int, Query(ge=1, le=NUMBER_MAX)] = NUMBER_MAX,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE,
) -> Response:
    """Older words, those just before a number."""
    found = await seen(desk, who, Permission.CONTENT, interaction_id)
    return answer(EntriesBody(await _entries(desk, found, before, limit)))


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
    doing = f"assign to {wish.agent}"
    found = await seen(desk, who, Permission.FLOOR, interaction_id, doing)
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
    doing = f"requeue to {wish.queue}"
    found = await seen(desk, who, Permission.FLOOR, interaction_id, doing)
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
    doing = f"discard: {wish.reason}"
    found = await seen(desk, who, Permission.FLOOR, interaction_id, doing)
    await desk.ports.inbox.submit(Discard(found.interaction_id, who.user, wish.reason))
    return Response(status_code=204)
