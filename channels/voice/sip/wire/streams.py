"""SIP over TCP and TLS: connections that come in, and those we open, within bounds (SIP-9)."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from twisted.internet import interfaces, protocol
from typing_extensions import override
from zope.interface import implementer  # type: ignore[import-untyped]  # It has no types.

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.framing import PONG, StreamReader
from channels.voice.sip.hops import TLS, Hop
from channels.voice.sip.message import Message

log = logging.getLogger(__name__)
WAITING = 64
"""So many messages wait for a connection that is being opened."""
WRITE_BYTES = 1_048_576
"""A peer that reads nothing is let go when this much waits for it."""


class StreamLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bounds of SIP-9."""

    message_s: float = 10
    idle_s: float = 120
    connections_a_source: int = 20
    connections: int = 1_000
    connect_s: int = 5


class Lines:
    """All connections of one transport, by number and by whom they lead to."""

    def __init__(
        self,
        transport: str,
        *,
        receive: Callable[[Message, Hop], None],
        fault: Callable[[BadMessage, Hop], None],
        known: Callable[[Hop], bool],
        gone: Callable[[int], None],
        limits: StreamLimits,
        numbers: Callable[[], int],
    ) -> None:
        self.transport = transport
        self.receive = receive
        self.fault = fault
        self.known = known
        self.limits = limits
        self._gone = gone
        self._numbers = numbers
        self._lines: dict[int, Line] = {}
        self._by_place: dict[tuple[str, int], int] = {}
        self._sources: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many connections are open."""
        return len(self._lines)

    def admit(self, line: "Line") -> bool:
        """Give a new connection its number, or refuse it when there are too many."""
        host, port = line.place
        if line.incoming:
            full = len(self._lines) >= self.limits.connections
            if full or self._sources[host] >= self.limits.connections_a_source:
                return False
            self._sources[host] += 1
        line.number = self._numbers()
        self._lines[line.number] = line
        self._by_place[(host, port)] = line.number
        return True

    def remove(self, line: "Line") -> None:
        """A connection is gone."""
        if self._lines.pop(line.number, None) is None:
            return
        if self._by_place.get(line.place) == line.number:
            del self._by_place[line.place]
        if line.incoming:
            self._sources[line.place[0]] -= 1
            if not self._sources[line.place[0]]:
                del self._sources[line.place[0]]
        self._gone(line.number)

    def find(self, hop: Hop) -> "Line | None":
        """The open connection to a hop: that very one, or any to the same place."""
        number = hop.connection or self._by_place.get((hop.host, hop.port), 0)
        return self._lines.get(number)

    def close(self) -> None:
        """Close everything; what was sent still leaves."""
        for line in list(self._lines.values()):
            line.close()


class Opener(Protocol):
    """Whoever opens a connection and waits for it."""

    def opened(self, line: "Line") -> None:
        """It can be used; by TLS only once the certificate was checked."""
        ...

    def not_opened(self, reason: str) -> None:
        """It will not be."""
        ...


@implementer(interfaces.IHandshakeListener, interfaces.IPushProducer)
class Line(protocol.Protocol):
    """One connection. ``opener`` is told when it is ready, for those we open."""

    transport: Any

    def __init__(
        self, lines: Lines, *, place: tuple[str, int], opener: Opener | None = None
    ) -> None:
        self.number = 0
        self.incoming = opener is None
        self.place = place
        self._opener = opener
        self._backlog: int | None = None
        self._lines = lines
        self._reader = StreamReader()
        self._timer: asyncio.TimerHandle | None = None
        self._unfinished = False
        self._deaf = False

    @property
    def hop(self) -> Hop:
        """The other side."""
        return Hop(self._lines.transport, *self.place, connection=self.number)

    @override
    def connectionMade(self) -> None:
        """Count it, or close it at once when there are too many."""
        if not self._lines.admit(self):
            log.warning("Too many SIP connections, refused one from %s", self.place[0])
            self.transport.abortConnection()
            return
        self.transport.setTcpNoDelay(True)
        self.transport.setTcpKeepAlive(True)
        self.transport.registerProducer(self, streaming=True)
        if self._opener is None:
            self._wait(self._lines.limits.idle_s)
        else:
            self._wait(self._lines.limits.connect_s)
            if self._lines.transport != TLS:
                self._ready()

    def handshakeCompleted(self) -> None:
        """TLS is up and the certificate was checked."""
        self._ready()

    def _ready(self) -> None:
        opener, self._opener = self._opener, None
        if opener is not None:
            self._wait(self._lines.limits.idle_s)
            opener.opened(self)

    @override
    def dataReceived(self, data: bytes) -> None:
        """Take bytes, and act on the messages they complete."""
        if not self.number or self._deaf:
            return
        self._reader.feed(data)
        try:
            while (message := self._reader.next_message()) is not None:
                self._lines.receive(message, self.hop)
        except BadMessage as fault:
            self._lines.fault(fault, self.hop)
            self.close()
        self._after()

    def send(self, data: bytes) -> None:
        """Send a message; a peer that reads nothing is let go."""
        if self._backlog is not None:
            self._backlog += len(data)
            if self._backlog > WRITE_BYTES:
                self.abort()
                return
        self.transport.write(data)

    def pauseProducing(self) -> None:
        """The other side does not keep up: count what waits for it."""
        self._backlog = 0

    def resumeProducing(self) -> None:
        """It has read what waited."""
        self._backlog = None

    def stopProducing(self) -> None:
        """The connection is gone."""

    def close(self) -> None:
        """Close once everything has left."""
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def abort(self) -> None:
        """Close without waiting."""
        self.transport.abortConnection()

    @override
    def connectionLost(self, reason: Any = protocol.connectionDone) -> None:
        """Forget it."""
        if self._timer is not None:
            self._timer.cancel()
        opener, self._opener = self._opener, None
        if opener is not None:
            opener.not_opened(str(getattr(reason, "value", reason)))
        self._lines.remove(self)

    def _after(self) -> None:
        for _ in range(self._reader.pings):
            self.transport.write(PONG)
        self._reader.pings = 0
        if self._reader.deaf:
            # Nobody knows where the next message would begin: answer, then close.
            self._deaf = True
            self._wait(self._lines.limits.message_s)
            return
        unfinished = self._reader.unfinished
        if unfinished != self._unfinished or not unfinished:
            limits = self._lines.limits
            self._wait(limits.message_s if unfinished else limits.idle_s)
        self._unfinished = unfinished

    def _wait(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._late)

    def _late(self) -> None:
        """A message was not completed, or nothing came: those we know may be silent for long."""
        if self._unfinished or self._deaf or self._opener or not self._lines.known(self.hop):
            self.abort()
        else:
            self._wait(self._lines.limits.idle_s)


class LineFactory(protocol.ServerFactory):
    """Makes a line for each connection that comes in."""

    noisy = False

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    @override
    def buildProtocol(self, addr: Any) -> Line:
        """One connection."""
        return Line(self._lines, place=(addr.host, addr.port))


class Opening:
    """A connection we are opening, and what waits for it."""

    def __init__(self) -> None:
        self._waiting: list[tuple[bytes, Callable[[], None] | None]] = []

    def add(self, data: bytes, failed: Callable[[], None] | None) -> bool:
        """Let a message wait; False when too many do."""
        if len(self._waiting) >= WAITING:
            return False
        self._waiting.append((data, failed))
        return True

    def opened(self, line: Line) -> None:
        """It is open: everything leaves."""
        waiting, self._waiting = self._waiting, []
        for data, _ in waiting:
            line.send(data)

    def failed(self) -> None:
        """It could not be opened: everybody is told."""
        waiting, self._waiting = self._waiting, []
        for _, tell in waiting:
            if tell is not None:
                tell()
