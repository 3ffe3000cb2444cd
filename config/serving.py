"""Web servers on the one loop: uvicorn, told nothing of signals and saying nothing of itself.

A ``Door`` is one listener that can be moved while it serves: the new one takes connections before
the old one stops, also where only the certificate changes and the address stays.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from typing_extensions import override

from channels.listening import bound_socket
from config.settings_types import WebListener
from router.model.errors import CannotListen, StorageFailed

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
    """One ASGI application on one listener. ``listening`` is its socket; else one is bound.

    ``options`` are further words to uvicorn, such as a websocket protocol of the application's.
    Raises CannotListen where nothing can be bound.
    """

    def __init__(
        self,
        application: Any,
        listener: WebListener,
        name: str,
        listening: socket.socket | None = None,
        **options: Any,
    ) -> None:
        self._socket = listening or bound_socket(
            listener.listen.host, listener.listen.port, f"{name}.listen"
        )
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

    def another_socket(self) -> socket.socket:
        """A second handle of the listening socket, for who serves there next."""
        return self._socket.dup()

    async def start(self) -> None:
        """Serve; returns once connections are taken.

        Raises StorageFailed when it cannot, OSError or SSLError for a certificate that is wrong.
        """
        self._task = asyncio.create_task(
            self._server.serve(sockets=[self._socket]), name=f"web {self._name}"
        )
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait(
            [self._task, ready], timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        ready.cancel()
        if self._task.done():
            self._task.result()
        if not self._server.ready.is_set():
            raise StorageFailed(f"the {self._name} server did not start")

    async def stop(self) -> None:
        """Take no more connections, finish requests, close sockets; 5 s at most."""
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.wait([self._task], timeout=STOP_SECONDS + 1)
        self._socket.close()


class Door:
    """The listener of one application, which follows its settings. ``name`` is their section."""

    def __init__(self, application: Any, name: str, **options: Any) -> None:
        self._application = application
        self._name = name
        self._options = options
        self._server: WebServer | None = None
        self._where: tuple[object, ...] = ()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port it listens on; 0 while it is shut."""
        return self._server.port if self._server is not None else 0

    async def follow(self, listener: WebListener | None) -> None:
        """Listen where the settings say, or nowhere (None); nothing happens where nothing changed.

        Raises CannotListen or StorageFailed; then it listens where it did.
        """
        async with self.prepared(listener):
            pass

    @contextlib.asynccontextmanager
    async def prepared(self, listener: WebListener | None) -> AsyncIterator[None]:
        """Listen at the new place within the block; where the block ends well, only there.

        Where it fails, the new place is let go, and all is as it was. Raises as ``follow`` does.
        """
        wanted = (listener.listen, *_certificate(listener)) if listener is not None else ()
        if wanted == self._where:
            yield
            return
        opened = await self._opened(listener) if listener is not None else None
        try:
            yield
        except BaseException:
            if opened is not None:
                await opened.stop()
            raise
        former, self._server, self._where = self._server, opened, wanted
        if former is not None:
            # What is being answered by the former one ends in its own time.
            closing = asyncio.create_task(former.stop(), name=f"web {self._name} closes")
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Listen no more; requests are finished within 5 s."""
        await self.follow(None)
        await asyncio.gather(*self._closing)

    async def _opened(self, listener: WebListener) -> WebServer:
        held: socket.socket | None = None
        if self._server is not None and self._where[0] == listener.listen:
            held = self._server.another_socket()
        server = WebServer(self._application, listener, self._name, held, **self._options)
        try:
            await server.start()
        except (OSError, ssl.SSLError) as error:
            await server.stop()
            raise CannotListen(
                f"{self._name}.certificate: {error}", field=f"{self._name}.certificate"
            ) from error
        except StorageFailed:
            await server.stop()
            raise
        return server


def _certificate(listener: WebListener) -> tuple[object, ...]:
    """What of the certificate's files decides: a renewed one has another time or size."""
    files = (listener.certificate, listener.private_key_file)
    return tuple(_state(path) if path is not None else None for path in files)


def _state(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (str(path), 0, 0)
    return (str(path), found.st_mtime_ns, found.st_size)
