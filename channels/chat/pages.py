"""The widget's host: its scripts, its frame, file transfer, and the visitors' socket."""

import hashlib
import html
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from channels.chat.headers import for_script, for_site, guarded, own_origin
from channels.chat.limits import source_of
from channels.chat.settings import Site
from channels.chat.tokens import COOKIE, cookie, expired_cookie
from channels.chat.uploads import Uploads
from channels.chat.visitor import Desks, Visitor
from router.model.errors import (
    CarillonError,
    InvalidInput,
    NotFound,
    Overloaded,
    Refused,
    StorageFailed,
)
from router.model.file_names import disposition

STATIC = Path(__file__).parent / "static"
_STATUS: tuple[tuple[type[CarillonError], int], ...] = (
    (NotFound, 404),
    (InvalidInput, 422),
    (Refused, 409),
    (Overloaded, 429),
)
NOT_BUILT = "the chat's pages are not built: run `make setup` (or install the wheel)"
_SCRIPTS = ("widget.js", "panel.js", "frame.js", "framed.js", "demo.js")


class Pages:
    """Answers what browsers ask of the widget's host."""

    def __init__(self, desks: Desks, uploads: Uploads) -> None:
        self._desks = desks
        self._parts = desks.parts
        self._uploads = uploads
        self._visitors: set[Visitor] = set()
        self.stopping = False

    def application(self) -> Starlette:
        """The ASGI application of the widget's host."""
        scripts = [
            Route(f"/{name}", self._guarded(self._script), methods=["GET"]) for name in _SCRIPTS
        ]
        return Starlette(
            routes=[
                *scripts,
                Route("/frame/{site}", self._guarded(self._frame), methods=["GET"]),
                Route("/frame.css", self._guarded(self._style), methods=["GET"]),
                Route("/demo", self._guarded(self._demo), methods=["GET"]),
                Route(
                    "/chat/{site}/files",
                    self._guarded(self._upload),
                    methods=["POST", "OPTIONS"],
                ),
                Route(
                    "/chat/{site}/files/{file_id}",
                    self._guarded(self._download),
                    methods=["GET", "OPTIONS"],
                ),
                Route(
                    "/chat/{site}/cookie",
                    self._guarded(self._cookie),
                    methods=["GET", "POST", "DELETE", "OPTIONS"],
                ),
                WebSocketRoute("/ws/chat/{site}", self._socket),
                Route("/{rest:path}", self._guarded(self._nothing)),
            ]
        )

    def built(self) -> str:
        """What keeps visitors from seeing the widget; empty when it is there."""
        return "" if (STATIC / _SCRIPTS[0]).is_file() else NOT_BUILT

    def cut_all(self, code: int, reason: str) -> None:
        """Close every socket."""
        for visitor in tuple(self._visitors):
            visitor.cut(code, reason)

    def _own_origin(self, connection: HTTPConnection) -> str:
        return own_origin(
            self._parts.settings, connection.url.scheme, connection.headers.get("host", "")
        )

    def _site(self, connection: HTTPConnection) -> Site:
        site = self._parts.site(str(connection.path_params["site"]))
        if site is None:
            raise NotFound("no such site")
        return site

    def _allowed_origin(self, connection: HTTPConnection, site: Site) -> str:
        """The exact origin that asks, when this site's widget may stand there; else NotFound."""
        origins = connection.headers.getlist("origin")
        own = self._own_origin(connection)
        if len(origins) == 1 and origins[0] in {*site.origins, own} - {""}:
            return origins[0]
        reads = connection.scope["type"] == "http" and connection.scope["method"] == "GET"
        if reads and not origins and connection.headers.get("sec-fetch-site") == "same-origin":
            # Browsers name no origin when a page reads from its own.
            return own
        raise NotFound("this origin is not allowed")

    def _guarded(
        self, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Every answer carries CHAT-1's headers; what we raise becomes a status and a code."""

        async def endpoint(request: Request) -> Response:
            try:
                response = await answer(request)
            except CarillonError as error:
                status = next((code for kind, code in _STATUS if isinstance(error, kind)), 503)
                response = _told(request, error, status)
                self._readable(request, response)
            for name, value in guarded(self._own_origin(request)).items():
                response.headers.setdefault(name, value)
            return response

        return endpoint

    def _readable(self, request: Request, response: Response) -> None:
        site = self._parts.site(str(request.path_params.get("site", "")))
        if site is None:
            return
        try:
            response.headers.update(for_site(self._allowed_origin(request, site)))
        except NotFound:
            return

    async def _script(self, request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        if name == "demo.js" and not self._parts.settings.demo:
            raise NotFound("no such page")
        body, tag = _static(name)
        headers = for_script() | {"ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="text/javascript; charset=utf-8", headers=headers)

    async def _style(self, request: Request) -> Response:
        body, _ = _static("frame.css")
        return Response(body, media_type="text/css; charset=utf-8")

    async def _frame(self, request: Request) -> Response:
        site = self._site(request)
        own = self._own_origin(request)
        page, _ = _static("frame.html")
        headers = guarded(own, (*site.origins, own) if own else site.origins)
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return Response(page, media_type="text/html; charset=utf-8", headers=headers)

    async def _demo(self, request: Request) -> Response:
        if not self._parts.settings.demo or not self._parts.settings.sites:
            raise NotFound("no such page")
        asked = request.query_params.get("site", "")
        key = (
            asked if asked in self._parts.settings.sites else next(iter(self._parts.settings.sites))
        )
        built, _ = _static("demo.html")
        page = built.decode().replace("{site}", html.escape(key, quote=True))
        return Response(page, media_type="text/html; charset=utf-8")

    async def _upload(self, request: Request) -> Response:
        origin = self._allowed_origin(request, self._site(request))
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=for_site(origin))
        conversation = await self._uploads.conversation(self._token(request))
        name = request.query_params.get("name", "")
        file = await self._uploads.take(conversation, name, request)
        shown = {
            name: getattr(file, name) for name in ("file_id", "name", "media_type", "size_bytes")
        }
        return JSONResponse(shown, status_code=201, headers=for_site(origin))

    async def _download(self, request: Request) -> Response:
        origin = self._allowed_origin(request, self._site(request))
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=for_site(origin))
        conversation = await self._uploads.conversation(self._token(request))
        file, data = await self._uploads.give(conversation, str(request.path_params["file_id"]))
        headers = for_site(origin) | {
            "Content-Disposition": disposition(file.name),
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        return Response(data, media_type="application/octet-stream", headers=headers)

    async def _cookie(self, request: Request) -> Response:
        """Move a token into the cookie that a framed widget resumes by (CHAT-2), or out of it."""
        site = self._site(request)
        if self._allowed_origin(request, site) != self._own_origin(request):
            raise NotFound("only our own frame has a cookie")
        if request.method == "OPTIONS":
            return Response(status_code=204)
        if request.method == "DELETE":
            return Response(status_code=204, headers={"Set-Cookie": expired_cookie()})
        token = self._token(request)
        await self._uploads.conversation(token)
        if request.method == "GET":
            return Response(status_code=204)
        return Response(status_code=204, headers={"Set-Cookie": cookie(token)})

    async def _nothing(self, request: Request) -> Response:
        raise NotFound("no such page")

    def _token(self, request: Request) -> str:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind == "Bearer":
            return token
        return request.cookies.get(COOKIE, "")

    async def _socket(self, websocket: WebSocket) -> None:
        headers = guarded(self._own_origin(websocket))
        try:
            site = self._site(websocket)
            origin = self._allowed_origin(websocket, site)
        except NotFound:
            await websocket.send_denial_response(Response(status_code=403, headers=headers))
            return
        source = source_of(websocket.client.host if websocket.client else "")
        full = len(self._visitors) >= self._parts.settings.sockets_max or self.stopping
        sockets = self._parts.limits.sockets
        if full or not sockets.take(source):
            status = 503 if full else 429
            denial = Response(status_code=status, headers=headers | {"Retry-After": "15"})
            await websocket.send_denial_response(denial)
            return
        try:
            await websocket.accept()
            framed = origin == self._own_origin(websocket)
            visitor = Visitor(self._desks, websocket, str(websocket.path_params["site"]), source)
            self._visitors.add(visitor)
            try:
                await visitor.serve(websocket.cookies.get(COOKIE, "") if framed else "")
            finally:
                self._visitors.discard(visitor)
        finally:
            sockets.give_back(source)


def _told(request: Request, error: CarillonError, status: int) -> Response:
    """The error as a program reads it, or as a person who opened a page does."""
    if "text/html" in request.headers.get("accept", ""):
        return Response(f"{error.message}\n", status, media_type="text/plain; charset=utf-8")
    return JSONResponse({"code": error.code, "message": error.message}, status_code=status)


@cache
def _static(name: str) -> tuple[bytes, str]:
    """A built file and its tag. Raises StorageFailed where the widget was not built."""
    try:
        body = (STATIC / name).read_bytes()
    except OSError as error:
        raise StorageFailed(NOT_BUILT) from error
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def forget_built() -> None:
    """Look for the built files anew, as after they were built again."""
    _static.cache_clear()
