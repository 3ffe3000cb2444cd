"""Incoming mail by SMTP (RFC 5321) on Twisted: for our own recipients only, never a relay.

A message is acknowledged (250 to the end of DATA) only when ``deliver`` has returned, that is when
it is durable; a client that hears nothing sends it again. The bounds are those of MAIL-1.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from twisted.internet import interfaces, protocol
from twisted.mail import smtp
from typing_extensions import override

from router.model.errors import InvalidInput, Overloaded
from router.model.ids import MINUTE_MS
from router.ports import Clock

log = logging.getLogger(__name__)
LINE_BYTES = 16_384
"""A longer line ends the connection: what follows it could be taken for commands."""


class SmtpLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of the listener; each is refused visibly when reached."""

    message_bytes: int = 25 * 1024 * 1024
    recipients: int = 100
    messages_a_connection: int = 100
    errors_a_connection: int = 10
    connections_a_source: int = 20
    connections: int = 200
    messages_a_minute_a_source: int = 120
    idle_seconds: int = 300
    delivery_seconds: int = 60


class Envelope(msgspec.Struct, frozen=True):
    """Who handed over a message for whom; ``sender`` is empty for the null return path."""

    sender: str
    recipients: tuple[str, ...]
    source: str
    helo: str
    tls: bool


Deliver = Callable[[Envelope, bytes], Awaitable[None]]
"""Takes a message durably, or raises: InvalidInput refuses it for good, all else for now."""


class MailReceiverFactory(protocol.ServerFactory):
    """Makes a receiver per connection and counts connections and messages by source.

    ``owns(address)`` says whether a recipient is ours; ``tls`` is a Twisted context factory, or
    None when STARTTLS is not offered.
    """

    noisy = False

    def __init__(
        self,
        *,
        host: str,
        owns: Callable[[str], bool],
        deliver: Deliver,
        clock: Clock,
        limits: SmtpLimits,
        tls: Any = None,
    ) -> None:
        self.host = host.encode("ascii")
        self.owns = owns
        self.deliver = deliver
        self.limits = limits
        self.tls = tls
        self._clock = clock
        self._open: Counter[str] = Counter()
        self._recent: dict[str, deque[int]] = {}

    @override
    def buildProtocol(self, addr: interfaces.IAddress | None) -> "MailReceiver":
        """One connection."""
        return MailReceiver(self, str(getattr(addr, "host", "")))

    def refusal(self, source: str) -> str:
        """Why a further connection of this source is not taken now; empty when it is."""
        if self._open.total() >= self.limits.connections:
            return "Too many connections, try again later"
        if self._open[source] >= self.limits.connections_a_source:
            return "Too many connections from your address, try again later"
        return ""

    def opened(self, source: str) -> None:
        """A connection of this source is taken."""
        self._open[source] += 1

    def closed(self, source: str) -> None:
        """A connection of this source is gone."""
        self._open[source] -= 1
        if not self._open[source]:
            del self._open[source]

    def may_send(self, source: str) -> bool:
        """Count a message of this source; False when it had its share of this minute."""
        now = self._clock.now()
        for other in [s for s, times in self._recent.items() if times[-1] <= now - MINUTE_MS]:
            del self._recent[other]
        times = self._recent.setdefault(source, deque())
        while times and times[0] <= now - MINUTE_MS:
            times.popleft()
        if len(times) >= self.limits.messages_a_minute_a_source:
            return False
        times.append(now)
        return True


class MailReceiver(smtp.ESMTP):
    """One SMTP connection. Commands wait while a message is being made durable."""

    noisy = False
    transport: Any

    def __init__(self, owner: MailReceiverFactory, source: str) -> None:
        super().__init__(contextFactory=owner.tls)
        self.host = owner.host
        self.timeout = owner.limits.idle_seconds
        self._owner = owner
        self._source = source
        self._counted = False
        self._bytes = bytearray()
        self._busy = False
        self._errors = 0
        self._messages = 0
        self._envelope: Envelope | None = None
        self._lines: list[bytes] = []
        self._size = 0
        self._task: asyncio.Task[None] | None = None

    # -- the connection

    @override
    def connectionMade(self) -> None:
        """Greet, or refuse a source that has too many connections."""
        refusal = self._owner.refusal(self._source)
        if refusal:
            self.transport.write(f"421 4.7.0 {refusal}\r\n".encode())
            self.transport.loseConnection()
            return
        self._owner.opened(self._source)
        self._counted = True
        super().connectionMade()

    @override
    def connectionLost(self, reason: Any = protocol.connectionDone) -> None:
        """Forget what was not finished; a message being made durable goes on."""
        self.setTimeout(None)
        self._lines.clear()
        self._bytes.clear()
        if self._counted:
            self._owner.closed(self._source)
            self._counted = False

    @override
    def greeting(self) -> bytes:
        """The greeting; it names no product."""
        return bytes(self.host) + b" ESMTP"

    @override
    def extensions(self) -> dict[bytes, Any]:
        """What EHLO announces: a list of parameters, or None, by the extension's name."""
        offered: dict[bytes, Any] = {
            b"SIZE": [str(self._owner.limits.message_bytes).encode()],
            b"8BITMIME": None,
            b"PIPELINING": None,
        }
        if self.canStartTLS and not self.startedTLS:
            offered[b"STARTTLS"] = None
        return offered

    @override
    def sendCode(self, code: int, message: bytes = b"") -> None:
        """Answer; too many refusals end the connection."""
        super().sendCode(code, message)
        if code >= 500:
            self._errors += 1
            if self._errors >= self._owner.limits.errors_a_connection:
                super().sendCode(421, b"4.7.0 Too many errors")
                self.transport.loseConnection()

    @override
    def timeoutConnection(self) -> None:
        """End an idle connection; one that waits for us is not idle."""
        if self._busy:
            self.resetTimeout()
            return
        super().sendCode(421, b"4.4.2 Idle for too long")
        self.transport.loseConnection()

    # -- bytes to lines

    @override
    def dataReceived(self, data: bytes) -> None:
        """Take bytes; lines end with CRLF and with nothing else."""
        self._bytes += data
        self._work()

    def _work(self) -> None:
        start = 0
        while not self._busy and not self.transport.disconnecting:
            end = self._bytes.find(b"\r\n", start)
            if (end if end >= 0 else len(self._bytes)) - start > LINE_BYTES:
                self.lineLengthExceeded(b"")
                return
            if end < 0:
                break
            line = bytes(self._bytes[start:end])
            start = end + 2
            self.lineReceived(line)
            if not self._bytes:
                return
        del self._bytes[:start]

    @override
    def lineLengthExceeded(self, line: bytes) -> None:
        """End the connection: the rest of such a message must not be read as commands."""
        super().sendCode(500, b"5.5.2 Line too long")
        self._bytes.clear()
        self.transport.loseConnection()

    @override
    def ext_STARTTLS(self, rest: bytes) -> None:
        """Begin TLS. What the client sent before the handshake is discarded (RFC 3207, 4.2)."""
        super().ext_STARTTLS(rest)
        if self.startedTLS:
            self._bytes.clear()
            self._helo = (None, self._source.encode())
            self._from = None
            self._to = []

    @override
    def lookupMethod(self, command: bytes) -> Callable[[bytes], None] | None:
        """What answers a command; None for one that is unknown or not even ASCII."""
        found: Callable[[bytes], None] | None = (
            super().lookupMethod(command) if command.isascii() else None
        )
        return found

    def do_NOOP(self, rest: bytes) -> None:
        """Nothing, politely (RFC 5321, 4.1.1.9)."""
        self.sendCode(250, b"2.0.0 Yes")

    @override
    def ext_AUTH(self, rest: bytes) -> None:
        """Nobody logs in here."""
        self.sendCode(502, b"5.5.1 Not implemented")

    # -- the envelope

    @override
    def do_MAIL(self, rest: bytes) -> None:
        """Check the announced size and the connection's share, then the address."""
        if self._messages >= self._owner.limits.messages_a_connection:
            self.sendCode(452, b"4.5.3 Enough messages on this connection")
            return
        announced = _announced_size(rest)
        if announced > self._owner.limits.message_bytes:
            self.sendCode(552, b"5.3.4 Message too big")
            return
        super().do_MAIL(rest)

    @override
    def validateFrom(self, helo: Any, origin: Any) -> Any:
        """Any sender may write to us; who it really was is checked with the message."""
        return origin

    @override
    def validateTo(self, user: Any) -> Any:
        """Only recipients of our own (550), and not too many (452)."""
        if len(self._to) >= self._owner.limits.recipients:
            raise smtp.SMTPServerError(452, "4.5.3 Too many recipients")
        address = _text(bytes(user.dest))
        if not self._owner.owns(address):
            raise smtp.SMTPBadRcpt(user, 550, "5.1.1 No such mailbox here")
        return lambda: address

    # -- the message

    @override
    def do_DATA(self, rest: bytes) -> None:
        """Begin to take a message."""
        if self._from is None or not self._to:
            self.sendCode(503, b"5.5.1 Sender and recipient first")
            return
        if not self._owner.may_send(self._source):
            self.sendCode(450, b"4.7.1 Too many messages, try again later")
            return
        self._envelope = Envelope(
            sender=_text(bytes(self._from)),
            recipients=tuple(dict.fromkeys(take() for _, take in self._to)),
            source=self._source,
            helo=_text((self._helo or (b"", b""))[0] or b""),
            tls=self.startedTLS,
        )
        self._from, self._to = None, []
        self._lines, self._size = [], 0
        self.mode = smtp.DATA
        super().sendCode(354, b"Go ahead, end with <CRLF>.<CRLF>")

    @override
    def state_DATA(self, line: bytes) -> None:
        """Take a line of the message; bare CR and LF inside it become line ends."""
        if line == b".":
            self.mode = smtp.COMMAND
            self._end_of_message()
            return
        line = line.removeprefix(b".")
        if b"\n" in line or b"\r" in line:
            line = line.replace(b"\r", b"\n").replace(b"\n", b"\r\n")
        self._size += len(line) + 2
        if self._size <= self._owner.limits.message_bytes:
            self._lines.append(line)
        else:
            self._lines.clear()

    def _end_of_message(self) -> None:
        envelope, lines = self._envelope, self._lines
        self._lines = []
        if envelope is None or self._size > self._owner.limits.message_bytes:
            self.sendCode(552, b"5.3.4 Message too big")
            return
        self._messages += 1
        self._busy = True
        self.transport.pauseProducing()
        raw = b"".join(line + b"\r\n" for line in lines)
        self._task = asyncio.get_running_loop().create_task(self._hand_over(envelope, raw))

    async def _hand_over(self, envelope: Envelope, raw: bytes) -> None:
        code, words = await self._delivered(envelope, raw)
        self._busy = False
        if self.transport is not None and self.connected:
            self.sendCode(code, words.encode("ascii", "replace"))
            self.transport.resumeProducing()
            self._work()

    async def _delivered(self, envelope: Envelope, raw: bytes) -> tuple[int, str]:
        try:
            async with asyncio.timeout(self._owner.limits.delivery_seconds):
                await self._owner.deliver(envelope, raw)
        except InvalidInput as error:
            return 554, f"5.6.0 {error.message}"
        except Overloaded:
            return 451, "4.3.1 Busy, try again later"
        except Exception:
            # A mistake of ours too: the client keeps its message, and the connection goes on.
            log.exception("A message from %s could not be taken.", envelope.source)
            return 451, "4.3.0 Not taken, try again later"
        return 250, "2.0.0 Taken"


def _announced_size(rest: bytes) -> int:
    """The SIZE parameter of MAIL (RFC 1870), 0 when it is absent or no number."""
    for word in rest.upper().split():
        name, _, value = word.partition(b"=")
        if name == b"SIZE" and value.isdigit():
            return int(value)
    return 0


def _text(address: bytes) -> str:
    return address.decode("utf-8", "replace")
