"""The board over HTTP, now or then, the rows behind its numbers, and the page of this API."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint
from agent_desktop.figures import (
    PAGE_MAX,
    ROWS_MAX,
    Figure,
    FigureRows,
    Wanted,
    check,
    rows_of_all_time,
    rows_on_the_floor,
)
from agent_desktop.permissions import Permission
from agent_desktop.protocol import Board
from agent_desktop.seen import board_then
from router.model.ids import Instant

ROUTER = APIRouter()
Moment = Annotated[int, Query(ge=0, le=2**53)]
NOW = 0
"""In place of a moment: now."""


class Span(msgspec.Struct, frozen=True):
    """The moments between which there is a past: of the first and of the last fact."""

    first: int
    last: int


@endpoint(ROUTER, "GET /api/v1/board", Permission.BOARD, answers=Board)
async def board(who: Who, desk: TheDesk, at: Moment = NOW) -> Response:
    """Queues, agents and the conservation law, as far as one may see them: now, or at a moment."""
    if at == NOW:
        return answer(desk.news.board(who))
    then = Instant(min(at, desk.clock.now()))
    return answer(await desk.ports.past.look(then, lambda floor: board_then(who, floor, then)))


@endpoint(ROUTER, "GET /api/v1/board/span", Permission.BOARD, answers=Span)
async def board_span(who: Who, desk: TheDesk) -> Response:
    """From when to when the board can be put back."""
    first, last = await desk.ports.past.span() or (desk.clock.now(), desk.clock.now())
    return answer(Span(first, last))


@endpoint(ROUTER, "GET /api/v1/board/rows", Permission.BOARD, answers=FigureRows)
async def board_rows(
    who: Who,
    desk: TheDesk,
    figure: Figure,
    queue: Annotated[str, Query(max_length=64)] = "",
    at: Moment = NOW,
    skip: Annotated[int, Query(ge=0, le=ROWS_MAX)] = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
) -> Response:
    """The rows that a number of the board counts: as many as it says."""
    wanted = Wanted(figure, queue, skip, limit)
    check(who, wanted)
    history, now = desk.ports.history, desk.clock.now()
    then = Instant(min(at, now)) if at != NOW else now
    if figure in ("accepted", "finished"):
        return answer(await rows_of_all_time(history, who, desk.ports.floor, wanted, then))
    if at == NOW:
        return answer(rows_on_the_floor(who, desk.ports.floor, wanted, now))
    return answer(
        await desk.ports.past.look(then, lambda floor: rows_on_the_floor(who, floor, wanted, then))
    )


@endpoint(ROUTER, "GET /api/openapi.json", Permission.SESSION)
async def openapi(request: Request) -> Response:
    """This API as OpenAPI 3.1, for those who are signed in (CFG-5)."""
    return answer(request.app.state.openapi)
