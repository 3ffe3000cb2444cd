"""One websocket: what the desk and the board need of it, over ASGI and uvicorn.

uvicorn's own protocol waits for a peer that reads nothing for as long as it likes; ours can be cut.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Generic, TypeVar

from typing_extensions import override
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from agent_desktop.protocol import COME_AGAIN

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
E = TypeVar("E")

QUEUE_MAX = 4_096
BYTES_MAX = 1_024 * 1_024
CLOSE_WITHIN_S = 1.0
EXTENSION = "carillon.socket"
FRAME_BYTES_REFUSED = 131_072
"""Where uvicorn itself breaks off (1009); between 64 KiB and this our own code says 4413."""


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's websocket, which can also be cut in the middle of a write.

    To be given to uvicorn as ``ws=SocketProtocol``. It puts a way to cut into the scope.
    """

    @override
    def handle_connect(self, event: Request) -> None:
        """Let the application find this protocol in its scope."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope.setdefault("extensions", {})
            extensions[EXTENSION] = self

    def cut(self, code: int, reason: str) -> None:
        """Send a close frame past everything that waits, and hang up without waiting for it."""
        if self.disconnected or self.transport.is_closing() or self.close_sent:
            self.transport.abort()
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.writable.set()
        self.close_timer = self.loop.call_later(CLOSE_WITHIN_S, self.transport.abort)


def refused(scope: Scope) -> None:
    """Say that a handshake was answered with a refusal, which uvicorn would log as a mistake."""
    extension: Any = scope.get("extensions", {}).get(EXTENSION)
    if extension is not None:
        extension.handshake_complete = True


class Closed(Exception):
    """The other side is gone, or this side has closed."""


class Wire:
    """One websocket, not yet accepted when it is made."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._extension: Any = scope.get("extensions", {}).get(EXTENSION)
        self._receive = receive
        self._send = send
        self.closed = False

    async def accept(self) -> None:
        """Take the connection."""
        await self._receive()
        await self._send({"type": "websocket.accept"})

    async def receive(self) -> str | bytes:
        """The next frame. Raises Closed."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            self.closed = True
            raise Closed
        text: str | None = message.get("text")
        return text if text is not None else message["bytes"]

    async def send(self, text: str) -> None:
        """Send a frame; waits while the other side does not read. Raises Closed."""
        if self.closed:
            raise Closed
        try:
            await self._send({"type": "websocket.send", "text": text})
        except (ClientDisconnected, RuntimeError, OSError) as error:
            self.closed = True
            raise Closed from error

    async def close(self, code: int, reason: str = "") -> None:
        """Say good-bye with a code; hang up when that cannot be said within a second."""
        if self.closed:
            return
        self.closed = True
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except TimeoutError:
            self.cut(code, reason)
        except (ClientDisconnected, RuntimeError, OSError):
            return

    def cut(self, code: int, reason: str = "") -> None:
        """Hang up at once on a side that does not read."""
        self.closed = True
        if self._extension is not None:
            self._extension.cut(code, reason)


class Outbox(Generic[E]):
    """What waits to be sent on a wire, in order, bounded: over the bound the wire is cut.

    Elements that are no text are rendered when their turn comes. There is a task only while there
    is something to send, so that thousands of quiet sockets cost no task.
    """

    def __init__(self, wire: Wire, render: Callable[[E], Awaitable[str]]) -> None:
        self._wire = wire
        self._render = render
        self._queue: deque[str | E] = deque()
        self._bytes = 0
        self._more = 0
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, element: str | E) -> None:
        """Send this after all before it."""
        if self._wire.closed:
            return
        self._queue.append(element)
        if isinstance(element, str):
            self._bytes += len(element)
        if len(self._queue) > QUEUE_MAX + self._more or self._bytes > BYTES_MAX:
            self._wire.cut(COME_AGAIN, "too slow")
            self.stop()
        elif self._task is None:
            self._task = asyncio.create_task(self._drain())

    def allow(self, more: int) -> None:
        """Let so many more elements wait than the bound says: a replay of what was missed."""
        self._more = more

    def stop(self) -> None:
        """Send nothing more."""
        self._queue.clear()
        self._bytes = 0
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _drain(self) -> None:
        try:
            while self._queue:
                element = self._queue.popleft()
                if isinstance(element, str):
                    text = element
                    self._bytes -= len(text)
                else:
                    text = await self._render(element)
                await self._wire.send(text)
            self._more = 0
        except Closed:
            self._queue.clear()
        except Exception:
            # Nothing may be missing from what a client gets: it asks again from where it stands.
            log.exception("a frame could not be made")
            self._queue.clear()
            self._wire.cut(COME_AGAIN, "come again")
        finally:
            self._task = None
