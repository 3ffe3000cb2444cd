"""The simple board over HTTP, and the page that describes this API."""

from fastapi import APIRouter, Request, Response

from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint
from agent_desktop.permissions import Permission
from agent_desktop.protocol import Board

ROUTER = APIRouter()


@endpoint(ROUTER, "GET /api/v1/board", Permission.BOARD, answers=Board)
async def board(who: Who, desk: TheDesk) -> Response:
    """Queues, agents and the conservation law, as far as one may see them."""
    return answer(desk.news.board(who))


@endpoint(ROUTER, "GET /api/openapi.json", Permission.SESSION)
async def openapi(request: Request) -> Response:
    """This API as OpenAPI 3.1, for those who are signed in (CFG-5)."""
    return answer(request.app.state.openapi)
