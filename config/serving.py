"""Web servers on the one loop: uvicorn, told nothing of signals and saying nothing of itself."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from typing_extensions import override

from config.settings_types import Listen, WebListener
from router.model.errors import StorageFailed

FRAME_BYTES = 64 * 1024
"""A bigger websocket frame closes its connection (WEB-7); channels may ask for less."""
START_SECONDS = 10
STOP_SECONDS = 5


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the process's business, not a server's."""
        yield


class WebServer:
    """One ASGI application on one listener. The socket is bound when it is made.

    ``options`` are further words to uvicorn, such as a websocket protocol of the application's.
    """

    def __init__(self, application: Any, listener: WebListener, name: str, **options: Any) -> None:
        self._socket = _bind(listener.listen, name)
        settings: dict[str, Any] = {
            "http": "h11",
            "ws": "websockets-sansio",
            "ws_max_size": FRAME_BYTES,
            "ws_per_message_deflate": False,
            "server_header": False,
            "proxy_headers": False,
            "access_log": False,
            **options,
            "loop": "none",
            "ws_ping_interval": None,
            "lifespan": "off",
            "log_config": None,
            "timeout_graceful_shutdown": STOP_SECONDS,
            "ssl_certfile": listener.certificate,
            "ssl_keyfile": listener.private_key_file,
        }
        self._server = _Server(uvicorn.Config(application, **settings))
        self._name = name
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port it is bound to."""
        return int(self._socket.getsockname()[1])

    async def start(self) -> None:
        """Serve; returns once connections are taken. Raises StorageFailed when it cannot."""
        self._task = asyncio.create_task(
            self._server.serve(sockets=[self._socket]), name=f"web {self._name}"
        )
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait(
            [self._task, ready], timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        ready.cancel()
        if not self._server.ready.is_set():
            raise StorageFailed(f"the {self._name} server did not start")

    async def stop(self) -> None:
        """Take no more connections, finish requests, close sockets; 5 s at most."""
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.wait([self._task], timeout=STOP_SECONDS + 1)
        self._socket.close()


def _bind(listen: Listen, name: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((listen.host, listen.port))
    except OSError as error:
        bound.close()
        raise StorageFailed(f"{name}: cannot listen on {listen}: {error.strerror}") from error
    bound.setblocking(False)  # noqa: FBT003 - the standard library's
    return bound
