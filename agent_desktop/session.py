"""One desk's socket: hello, resume, commands, pings, and pushes in order."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from agent_desktop import protocol
from agent_desktop.commands import Commands
from agent_desktop.desks import Desks
from agent_desktop.news import News
from agent_desktop.principal import Principal
from agent_desktop.projection import Projection, PushRef
from agent_desktop.protocol import (
    CaughtUp,
    Do,
    Hello,
    Outgoing,
    Ping,
    Pong,
    Welcome,
    encode,
)
from agent_desktop.rendering import Rendering
from agent_desktop.wire import Closed, Outbox, Wire
from router.model.errors import CarillonError, InvalidInput, NotFound, Refused
from router.model.ids import AgentId, Instant, Position
from router.ports import Clock

WAITING_COMMANDS_MAX = 200
SHED_LIVE_BEHIND = 64

log = logging.getLogger(__name__)


class Parts(msgspec.Struct, frozen=True):
    """What all desk sockets share. ``active`` is told of a session's sign of life.

    ``settings`` gives a user's own settings for the snapshot.
    """

    clock: Clock
    desks: Desks
    projection: Projection
    rendering: Rendering
    commands: Commands
    news: News
    active: Callable[[str], None]
    settings: Callable[[str], Awaitable[dict[str, Any]]]


class TooBig(InvalidInput):
    """A frame is longer than 64 KiB."""

    code = "too_big"


class SnapshotRef(msgspec.Struct, frozen=True):
    """A snapshot to be rendered when its turn comes."""

    seq: Position


class DeskSocket:
    """One tab of one agent, from its first frame to its end."""

    __slots__ = (
        "_outbox",
        "_parts",
        "_tokens",
        "_tokens_at",
        "_waiting",
        "_worker",
        "agent_id",
        "desk",
        "heard",
        "principal",
        "wire",
    )

    def __init__(self, parts: Parts, principal: Principal, wire: Wire) -> None:
        self._parts = parts
        self.principal = principal
        self.wire = wire
        self.agent_id: AgentId = principal.agent_id
        self.desk = ""
        self.heard: Instant = parts.clock.now()
        self._outbox: Outbox[PushRef | SnapshotRef] = Outbox(wire, self._render)
        self._waiting: deque[Do] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._tokens = float(protocol.COMMANDS_PER_S)
        self._tokens_at = self.heard

    # --- what others do to it ---------------------------------------------------------------

    def push(self, ref: PushRef) -> None:
        """Send a push after all before it."""
        self._outbox.put(ref)

    def send(self, frame: Outgoing) -> None:
        """Send a frame after all before it."""
        self._outbox.put(encode(frame))

    def send_live(self, text: str) -> None:
        """Send news of the moment, unless this desk is behind: what matters goes first."""
        if len(self._outbox) < SHED_LIVE_BEHIND:
            self._outbox.put(text)

    def end(self, code: int, reason: str) -> None:
        """Close without waiting for it."""
        self._outbox.stop()
        if not self.wire.closed:
            task = asyncio.get_running_loop().create_task(self.wire.close(code, reason))
            _closing.add(task)
            task.add_done_callback(_closing.discard)

    # --- its own life -------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve the socket until it closes."""
        try:
            hello = await self._hello()
            if hello is not None and await self._join(hello):
                while True:
                    await self._hear(await self.wire.receive())
        except Closed:
            pass
        except InvalidInput as error:
            big = isinstance(error, TooBig)
            code = protocol.TOO_BIG if big else protocol.NOT_UNDERSTOOD
            await self.wire.close(code, error.message[:100])
        finally:
            self._parts.projection.leave(self.agent_id, self)
            self._parts.news.unhear(self)
            self._parts.desks.leave(self)
            self._outbox.stop()

    async def _hello(self) -> Hello | None:
        try:
            async with asyncio.timeout(protocol.HELLO_WITHIN_MS / 1_000):
                frame = await self.wire.receive()
        except TimeoutError:
            await self.wire.close(protocol.SILENT, "say hello first")
            return None
        message = self._decode(frame)
        if not isinstance(message, Hello) or message.protocol != protocol.VERSION:
            raise InvalidInput(f"say hello first, in protocol {protocol.VERSION}", field="type")
        return message

    async def _join(self, hello: Hello) -> bool:
        """Sign in, register, and queue what this desk does not have yet."""
        try:
            await self._parts.desks.arrive(self.agent_id)
        except NotFound:
            await self.wire.close(protocol.NOT_ALLOWED, "no agent of this centre")
            return False
        except CarillonError as error:
            code = protocol.NOT_ALLOWED if isinstance(error, Refused) else protocol.COME_AGAIN
            await self.wire.close(code, error.code)
            return False
        self.desk = hello.desk
        self.heard = self._parts.clock.now()
        projection = self._parts.projection
        owner = self._parts.desks.join(self, take=hello.take)
        ring = projection.ring(self.agent_id)
        missed = ring.after(hello.after) if hello.log == projection.log_id else None
        self.send(
            Welcome(
                log=projection.log_id,
                server_time=self._parts.clock.now(),
                owner=owner,
                resumed=missed is not None,
            )
        )
        if missed is None:
            self._outbox.put(SnapshotRef(ring.last))
        else:
            self._outbox.allow(len(missed))
            for ref in missed:
                self._outbox.put(ref)
        self.send(CaughtUp(ring.last, len(missed or ())))
        # Registered in the same step, so that nothing falls between what was known and what comes.
        projection.listen(self.agent_id, self)
        self._parts.news.hear(self)
        return True

    async def _hear(self, frame: str | bytes) -> None:
        message = self._decode(frame)
        now = self.heard = self._parts.clock.now()
        if isinstance(message, Ping):
            self.send(Pong(message.id, now))
            return
        if isinstance(message, Hello):
            raise InvalidInput("hello is said once", field="type")
        if not self._afford(now):
            await self.wire.close(protocol.TOO_MANY, "too many commands")
            return
        self._parts.active(self.principal.session)
        self._waiting.append(message)
        if len(self._waiting) > WAITING_COMMANDS_MAX:
            await self.wire.close(protocol.TOO_MANY, "too many commands")
        elif self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._work())

    def _decode(self, frame: str | bytes) -> protocol.Incoming:
        if isinstance(frame, bytes):
            raise InvalidInput("frames are text", field="frame")
        # No character is less than a byte, so only the few longer frames are measured exactly.
        if len(frame) > protocol.FRAME_BYTES_MAX or (
            len(frame) > protocol.FRAME_BYTES_MAX // 4
            and len(frame.encode()) > protocol.FRAME_BYTES_MAX
        ):
            raise TooBig("a frame has at most 65536 bytes", field="frame")
        return protocol.decode(frame)

    def _afford(self, now: Instant) -> bool:
        """Fifty commands a second, with a burst of as many."""
        passed = max(0, now - self._tokens_at)
        self._tokens_at = now
        most = float(protocol.COMMANDS_PER_S)
        self._tokens = min(most, self._tokens + passed * most / 1_000)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    async def _work(self) -> None:
        """Do the commands one after the other, in the order they came."""
        try:
            while self._waiting:
                wish = self._waiting.popleft()
                answer = await self._parts.commands.do(self.principal, self, wish)
                if answer is not None:
                    self.send(answer)
        finally:
            self._worker = None

    async def _render(self, element: PushRef | SnapshotRef) -> str:
        if isinstance(element, PushRef):
            return encode(await self._parts.rendering.push(self.agent_id, element))
        settings = await self._parts.settings(self.principal.user)
        return encode(await self._parts.rendering.snapshot(self.agent_id, element.seq, settings))


_closing: set[asyncio.Task[None]] = set()
