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
from agent_desktop.line import Line, Outbox, framed
from agent_desktop.news import News
from agent_desktop.principal import Principal
from agent_desktop.projection import Projection, PushRef
from agent_desktop.protocol import (
    CaughtUp,
    Described,
    Do,
    Hello,
    Live,
    Outgoing,
    Ping,
    Pong,
    Welcome,
    encode,
    refusal,
)
from agent_desktop.rendering import Rendering
from agent_desktop.telephone import PageTelephones
from router.model.errors import CarillonError, InvalidInput, NotFound, Refused
from router.model.ids import AgentId, Instant, Position
from router.ports import Clock

WAITING_COMMANDS_MAX = 200

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
    telephones: PageTelephones


class SnapshotRef(msgspec.Struct, frozen=True):
    """A snapshot to be rendered when its turn comes."""

    seq: Position


class DeskSocket:
    """One tab of one agent, from its first frame to its end."""

    __slots__ = (
        "_hello_by",
        "_joined",
        "_outbox",
        "_parts",
        "_tokens",
        "_tokens_at",
        "_waiting",
        "_worker",
        "agent_id",
        "desk",
        "heard",
        "line",
        "principal",
    )

    def __init__(self, parts: Parts, principal: Principal, line: Line) -> None:
        self._parts = parts
        self.principal = principal
        self.line = line
        self.agent_id: AgentId = principal.agent_id
        self.desk = ""
        self.heard: Instant = parts.clock.now()
        self._outbox: Outbox[PushRef | SnapshotRef] = Outbox(line, self._render)
        self._joined = False
        self._hello_by: asyncio.TimerHandle | None = None
        self._waiting: deque[Do | Ping] | None = None
        self._worker: asyncio.Task[None] | None = None
        self._tokens = float(protocol.COMMANDS_PER_S)
        self._tokens_at = self.heard

    # --- what others do to it ---------------------------------------------------------------

    def push(self, ref: PushRef) -> None:
        """Send a push after all before it."""
        self._outbox.put(ref)

    def send(self, frame: Outgoing) -> None:
        """Send a frame after all before it."""
        self._outbox.put(framed(encode(frame)))

    def send_queues(self) -> None:
        """Send all queues as they are now, after all before it."""
        self.send(Live("queues", queues=self._parts.news.queues()))

    def send_news(self, frames: bytes) -> bool:
        """Send news of the moment unless this desk is behind: what matters goes first."""
        if self._outbox.behind:
            return False
        self.line.write(frames)
        return True

    def end(self, code: int, reason: str) -> None:
        """Close; never waits."""
        self._outbox.stop()
        self.line.close(code, reason)

    # --- its own life -------------------------------------------------------------------------

    def begin(self) -> None:
        """Wait for the hello, not for long."""
        self._hello_by = asyncio.get_running_loop().call_later(
            protocol.HELLO_WITHIN_MS / 1_000, self.end, protocol.SILENT, "say hello first"
        )

    def hear(self, frame: str | bytes) -> None:
        """Take a frame: a hello first, then commands and pings."""
        try:
            message = protocol.decode(frame)
            self.heard = self._parts.clock.now()
            if self.desk:
                self._take(message)
            else:
                self._greet(message)
        except InvalidInput as error:
            self.end(*refusal(error))

    def flow(self) -> None:
        """It reads again."""
        self._outbox.flow()

    def gone(self) -> None:
        """The line is closed. Commands that were given are still done."""
        self._be_patient()
        self._parts.projection.leave(self.agent_id, self)
        self._parts.news.unhear(self)
        self._parts.desks.leave(self)
        self._outbox.stop()

    def _be_patient(self) -> None:
        if self._hello_by is not None:
            self._hello_by.cancel()
            self._hello_by = None

    def _greet(self, message: protocol.Incoming) -> None:
        if not isinstance(message, Hello) or message.protocol != protocol.VERSION:
            raise InvalidInput(f"say hello first, in protocol {protocol.VERSION}", field="type")
        self._be_patient()
        self.desk = message.desk
        self._worker = asyncio.get_running_loop().create_task(self._serve(message))

    def _take(self, message: protocol.Incoming) -> None:
        if isinstance(message, Hello):
            raise InvalidInput("hello is said once", field="type")
        if isinstance(message, Ping) and self._joined:
            self.send(Pong(message.id, self.heard))
            return
        if not self._afford(self.heard):
            self.end(protocol.TOO_MANY, "too many commands")
            return
        if isinstance(message, Described):
            self._parts.telephones.described(self, message)
            return
        if isinstance(message, Do):
            self._parts.active(self.principal.session)
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(message)
        if len(self._waiting) > WAITING_COMMANDS_MAX:
            self.end(protocol.TOO_MANY, "too many commands")
        elif self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._serve(None))

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

    async def _serve(self, hello: Hello | None) -> None:
        """Join, if that is still to be done; then do what was asked, in the order it came."""
        try:
            if hello is not None and not await self._join(hello):
                return
            while self._waiting:
                message = self._waiting.popleft()
                if isinstance(message, Ping):
                    self.send(Pong(message.id, self._parts.clock.now()))
                    continue
                answer = await self._parts.commands.do(self.principal, self, message)
                if answer is not None:
                    self.send(answer)
            self._waiting = None
        except Exception:
            log.exception("a desk could not be served")
            self.end(protocol.COME_AGAIN, "come again")
        finally:
            self._worker = None

    async def _join(self, hello: Hello) -> bool:
        """Sign in, register, and queue what this desk does not have yet."""
        try:
            await self._parts.desks.arrive(self.agent_id)
        except NotFound:
            self.end(protocol.NOT_ALLOWED, "no agent of this centre")
        except CarillonError as error:
            refused = isinstance(error, Refused)
            self.end(protocol.NOT_ALLOWED if refused else protocol.COME_AGAIN, error.code)
        if self.line.closed:
            return False
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
        self._parts.news.hear(self, fresh=missed is None)
        self._parts.telephones.joined(self)
        self._joined = True
        return True

    async def _render(self, element: PushRef | SnapshotRef) -> bytes:
        if isinstance(element, PushRef):
            return framed(encode(await self._parts.rendering.push(self.agent_id, element)))
        settings = await self._parts.settings(self.principal.user)
        snapshot = await self._parts.rendering.snapshot(self.agent_id, element.seq, settings)
        return framed(encode(snapshot))
