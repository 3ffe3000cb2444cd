"""A websocket's way from uvicorn to the desk: its handshake over ASGI, then a line of its own.

uvicorn's own protocol waits for a peer that reads nothing for as long as it likes, and keeps a task
for every socket; after the handshake ``agent_desktop.line`` takes over.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

from typing_extensions import override
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from agent_desktop.line import Ear, Line

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

EXTENSION = "carillon.socket"
FRAME_BYTES_REFUSED = 131_072
"""Where uvicorn itself breaks off (1009); between 64 KiB and this our own code says 4413."""


class Closed(Exception):
    """The other side is gone."""


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's websocket, which hands its transport over when the handshake is done.

    To be given to uvicorn as ``ws=SocketProtocol``. It puts itself into the scope.
    """

    @override
    def handle_connect(self, event: Request) -> None:
        """Let the application find this protocol in its scope."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope.setdefault("extensions", {})
            extensions[EXTENSION] = self

    def hand_over(self, make: Callable[[Line], Ear]) -> None:
        """Give the accepted socket to a line whose ear ``make`` makes. Raises Closed.

        What a hasty client sent before it was let in is heard first.
        """
        if self.disconnected or self.transport.is_closing():
            raise Closed
        self.stop_keepalive()
        line = Line(self.transport, self.conn, cast("set[Any]", self.connections))
        line.ear = make(line)
        self.connections.discard(self)
        self.transport.set_protocol(line)
        if self.read_paused:
            self.transport.resume_reading()
        # This object ends with its task, which closes what it believes to be its transport.
        self.transport = _Away()
        line.ear.begin()
        while not self.queue.empty():
            message: Any = self.queue.get_nowait()
            if message["type"] == "websocket.receive" and not line.closed:
                text = message.get("text")
                line.ear.hear(text if text is not None else message["bytes"])


class _Away(asyncio.Transport):
    """In the place of a transport that was handed over."""

    @override
    def close(self) -> None:
        """The line closes it."""


def refused(scope: Scope) -> None:
    """Say that a handshake was answered with a refusal, which uvicorn would log as a mistake."""
    extension: Any = scope.get("extensions", {}).get(EXTENSION)
    if extension is not None:
        extension.handshake_complete = True


async def accept(scope: Scope, receive: Receive, send: Send, make: Callable[[Line], Ear]) -> None:
    """Let a socket in; from then on the ear that ``make`` makes listens to it. Raises Closed."""
    await receive()
    try:
        await send({"type": "websocket.accept"})
    except (ClientDisconnected, RuntimeError, OSError) as error:
        raise Closed from error
    protocol: SocketProtocol = scope["extensions"][EXTENSION]
    protocol.hand_over(make)
