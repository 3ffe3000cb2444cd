"""Canned replies: found by title and words, fields left to the page that knows the customer."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response

from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint
from agent_desktop.context import Canned
from agent_desktop.permissions import Permission
from agent_desktop.principal import Principal

ROUTER = APIRouter()
FOUND_MAX = 50
Text = Annotated[str, Query(max_length=100)]


class ReplyBody(msgspec.Struct, frozen=True):
    """One canned reply in the language asked for, or the one it has."""

    name: str
    title: dict[str, str]
    text: str
    queues: tuple[str, ...]
    language: str


class RepliesBody(msgspec.Struct, frozen=True):
    """What was found, best first."""

    replies: Sequence[ReplyBody]


@endpoint(ROUTER, "GET /api/v1/replies", Permission.WORK, answers=RepliesBody)
async def replies(
    who: Who,
    desk: TheDesk,
    language: Annotated[str, Query(max_length=20)] = "",
    find: Text = "",
    queue: Annotated[str, Query(max_length=64)] = "",
    medium: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Canned replies for a queue and a medium whose title or words hold all that is looked for."""
    wanted = language or desk.ports.site.language
    words = find.casefold().split()
    found = [
        (rank, number, _body(reply, wanted))
        for number, reply in enumerate(desk.ports.replies())
        if _is_for(reply, who, queue, medium) and (rank := _rank(reply, words)) is not None
    ]
    found.sort(key=lambda each: each[:2])
    return answer(RepliesBody([body for _, _, body in found[:FOUND_MAX]]))


def _is_for(reply: Canned, who: Principal, queue: str, medium: str) -> bool:
    of_team = not reply.teams or bool(who.teams & set(reply.teams))
    of_queue = not queue or not reply.queues or queue in reply.queues
    return of_team and of_queue and (not medium or not reply.media or medium in reply.media)


def _rank(reply: Canned, words: list[str]) -> int | None:
    """0 when every word is in name or title, 1 when in the text as well, None when one is not."""
    title = " ".join((reply.name, *reply.title.values())).casefold()
    if all(word in title for word in words):
        return 0
    everything = " ".join((title, *reply.text.values())).casefold()
    return 1 if all(word in everything for word in words) else None


def _body(reply: Canned, wanted: str) -> ReplyBody:
    choices = (wanted, wanted.partition("-")[0], "en", *reply.text)
    language = next((each for each in choices if each in reply.text), "")
    return ReplyBody(
        name=reply.name,
        title=reply.title,
        text=reply.text.get(language, ""),
        queues=tuple(reply.queues),
        language=language,
    )
