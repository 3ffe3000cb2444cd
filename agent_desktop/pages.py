"""The built web pages: hashed assets kept for ever by browsers, one page for every address."""

import mimetypes
from pathlib import Path

from starlette.responses import Response

from agent_desktop.headers import IMMUTABLE
from agent_desktop.wire import Application, Receive, Scope, Send

KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".txt": "text/plain; charset=utf-8",
}


class Pages:
    """ASGI: serves the folder's files at ``/``, the rest goes to the application behind.

    The folder is read once, at the start: what is served is what was built, whatever a request
    names, and no path of a request ever reaches the file system.
    """

    def __init__(self, app: Application, folder: Path) -> None:
        self._app = app
        self._files: dict[str, Response] = {}
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file():
                self._files["/" + path.relative_to(folder).as_posix()] = _file(path, folder)
        self._index = self._files.get("/index.html", _UNBUILT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file, the page for an address of the page's own, or pass on."""
        path: str = scope.get("path", "")
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            found = self._files.get(path)
            if found is None and "." not in path and not path.startswith(("/api/", "/ws/")):
                found = self._index
            if found is not None and path not in _ELSEWHERE:
                await found(scope, receive, send)
                return
        await self._app(scope, receive, send)


_UNBUILT = Response(
    "The pages of the desk are not built. `make run` builds them and starts the centre;"
    " `make setup` builds them alone.\n",
    status_code=503,
    media_type="text/plain; charset=utf-8",
    headers={"Cache-Control": "no-store", "Retry-After": "30"},
)
"""In place of every page of a desk whose folder has none: said at once, and not kept."""

_ELSEWHERE = frozenset({"/healthz", "/readyz", "/metrics", "/health"})


def _file(path: Path, folder: Path) -> Response:
    kind = KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    hashed = path.relative_to(folder).parts[0] == "assets"
    return Response(
        path.read_bytes(),
        media_type=kind or "application/octet-stream",
        headers={"Cache-Control": IMMUTABLE if hashed else "no-cache"},
    )
