"""One open websocket after its handshake: frames come by call and go as bytes.

uvicorn serves a socket by a task that waits in a dozen nested calls, and by queues between them:
more memory and time than the desk itself needs for one. After the handshake the line takes the
transport over (``agent_desktop.wire``). Nothing runs while nothing happens, and bytes made once
for many desks are sent as they are.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar, cast

from typing_extensions import override
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from agent_desktop.protocol import COME_AGAIN, TOO_BIG

log = logging.getLogger(__name__)

E = TypeVar("E")

QUEUE_MAX = 4_096
BYTES_MAX = 1_024 * 1_024
NEWS_BEHIND_BYTES = 16 * 1_024
"""While so much waits in a transport its client gets no numbers: what matters goes first."""

CLOSE_WITHIN_S = 1.0
REASON_BYTES_MAX = 120
PARTS_MAX = 1_000
SERVICE_RESTART = 1012
_BROKEN_TEXT = 1007


def framed(payload: bytes) -> bytes:
    """A text frame as it stands on the wire: the same bytes for every client."""
    return bytes(Frame(Opcode.TEXT, payload).serialize(mask=False))


class Ear(Protocol):
    """Who listens to a line. Nothing of it may wait."""

    def begin(self) -> None:
        """The line is open; called once, before anything else."""
        ...

    def hear(self, frame: str | bytes) -> None:
        """Take a whole frame."""
        ...

    def flow(self) -> None:
        """The other side reads again."""
        ...

    def gone(self) -> None:
        """The line is closed, by whomever; called once."""
        ...


class Line(asyncio.Protocol):
    """The transport of an open websocket. Its ``ear`` is set before anything comes."""

    ear: Ear

    __slots__ = (
        "_binary",
        "_conn",
        "_lines",
        "_parts",
        "_timer",
        "_transport",
        "closed",
        "ear",
        "paused",
    )

    def __init__(self, transport: asyncio.Transport, conn: ServerProtocol, lines: set[Any]) -> None:
        self._transport = transport
        self._conn = conn
        self._lines = lines
        self._timer: asyncio.TimerHandle | None = None
        self._parts: list[bytes] | None = None
        self._binary = False
        self.closed = False
        self.paused = False
        lines.add(self)

    @property
    def busy(self) -> bool:
        """Whether the other side is behind with reading."""
        return self.paused or self._transport.get_write_buffer_size() > NEWS_BEHIND_BYTES

    def write(self, frames: bytes) -> None:
        """Send what ``framed`` made; it waits in the transport while the other side is slow."""
        if not self.closed:
            self._transport.write(frames)

    def close(self, code: int, reason: str = "") -> None:
        """Say good-bye, past everything that waits; hang up a second later in any case."""
        if self.closed:
            return
        if self._conn.state == State.OPEN:
            short = reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")
            self._conn.send_close(code, short)
            self._flush()
        self._timer = asyncio.get_running_loop().call_later(CLOSE_WITHIN_S, self._hang_up)
        self._end()

    def shutdown(self) -> None:
        """uvicorn stops."""
        self.close(SERVICE_RESTART, "the server stops")

    # --- what the transport calls -------------------------------------------------------------

    @override
    def data_received(self, data: bytes) -> None:
        """Take bytes: whole text and binary frames go to the ear, the rest is answered here."""
        self._conn.receive_data(data)
        for event in self._conn.events_received():
            self._take(cast("Frame", event))
        # Pongs, the echo of a close frame, or why the other side was not understood.
        self._flush()
        if self._conn.parser_exc is not None or self._conn.close_rcvd is not None:
            self._transport.close()
            self._end()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        self._lines.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._end()

    @override
    def pause_writing(self) -> None:
        """More waits than the transport likes."""
        self.paused = True

    @override
    def resume_writing(self) -> None:
        """The other side has read."""
        self.paused = False
        if not self.closed:
            self.ear.flow()

    def _take(self, event: Frame) -> None:
        if event.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._parts, self._binary = [], event.opcode == Opcode.BINARY
        if self._parts is None or event.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        # How long all parts together may be is watched by the parser.
        self._parts.append(bytes(event.data))
        if len(self._parts) > PARTS_MAX:
            self.close(TOO_BIG, "a message comes in a thousand parts at most")
        if self.closed or not event.fin:
            return
        data, self._parts = b"".join(self._parts), None
        if self._binary:
            self.ear.hear(data)
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self.close(_BROKEN_TEXT, "text is UTF-8")
            return
        self.ear.hear(text)

    def _hang_up(self) -> None:
        """Nobody has answered the good-bye; who does not even read it is cut."""
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()

    def _flush(self) -> None:
        waiting = b"".join(self._conn.data_to_send())
        if waiting and not self._transport.is_closing():
            self._transport.write(waiting)

    def _end(self) -> None:
        if not self.closed:
            self.closed = True
            self.ear.gone()


class Outbox(Generic[E]):
    """What waits to be sent on a line, in order, bounded: over the bound the line is closed.

    Elements that are no bytes are rendered when their turn comes. There is a task only while
    something is rendered, and nothing is kept while nothing waits.
    """

    __slots__ = ("_bytes", "_line", "_more", "_queue", "_render", "_task")

    def __init__(self, line: Line, render: Callable[[E], Awaitable[bytes]]) -> None:
        self._line = line
        self._render = render
        self._queue: deque[bytes | E] | None = None
        self._bytes = 0
        self._more = 0
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._queue) if self._queue else 0

    @property
    def behind(self) -> bool:
        """Whether anything waits here or the other side is behind with reading."""
        return self._task is not None or bool(self._queue) or self._line.busy

    def put(self, element: bytes | E) -> None:
        """Send this after all before it."""
        if self._line.closed:
            return
        waits = self._task is not None or bool(self._queue) or self._line.paused
        if isinstance(element, bytes):
            if not waits:
                self._line.write(element)
                return
            self._bytes += len(element)
        if self._queue is None:
            self._queue = deque()
        self._queue.append(element)
        if len(self._queue) > QUEUE_MAX + self._more or self._bytes > BYTES_MAX:
            self._line.close(COME_AGAIN, "too slow")
            self.stop()
        else:
            self.flow()

    def allow(self, more: int) -> None:
        """Let so many more elements wait than the bound says: a replay of what was missed."""
        self._more = more

    def flow(self) -> None:
        """Send what waits, as far as the other side reads."""
        if self._queue and self._task is None and not self._line.paused:
            self._task = asyncio.get_running_loop().create_task(self._drain(self._queue))

    def stop(self) -> None:
        """Send nothing more."""
        self._queue = None
        self._bytes = 0
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _drain(self, queue: deque[bytes | E]) -> None:
        try:
            while queue and not self._line.paused:
                element = queue.popleft()
                if isinstance(element, bytes):
                    self._bytes -= len(element)
                    self._line.write(element)
                else:
                    self._line.write(await self._render(element))
            if not queue:
                self._more = 0
                self._queue = None
        except Exception:
            # Nothing may be missing from what a client gets: it asks again from where it stands.
            log.exception("a frame could not be made")
            self._line.close(COME_AGAIN, "come again")
            self._queue = None
        finally:
            self._task = None
        # The other side may have read while the last one was made.
        self.flow()
