"""Our SMTP listener on loopback, what it took, and a client that sends exactly these bytes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.mail.reaching import on
from channels.mail.smtp_server import Envelope, MailReceiverFactory, SmtpLimits
from tests.support.clock import StillClock

OURS = "help@centre.example"
DEADLINE_S = 10.0


class Talk:
    """One connection: bytes out, replies in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def reply(self) -> str:
        """The next reply, its lines joined; empty when the connection has ended."""
        lines = []
        async with asyncio.timeout(DEADLINE_S):
            while line := (await self._reader.readline()).decode("utf-8"):
                lines.append(line.rstrip("\r\n"))
                if line[3:4] != "-":
                    break
        return "\n".join(lines)

    async def say(self, line: str | bytes) -> str:
        """Send a line and hear the reply."""
        self.send((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return await self.reply()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)

    async def ended(self) -> list[str]:
        """Every reply until the other side closes."""
        replies = []
        while reply := await self.reply():
            replies.append(reply)
        return replies

    async def begin(self, sender: str = "ann@customer.example", recipient: str = OURS) -> None:
        """Greet and come to the point where the message's bytes follow."""
        assert (await self.say("EHLO client.example")).startswith("250")
        assert (await self.say(f"MAIL FROM:<{sender}>")).startswith("250")
        assert (await self.say(f"RCPT TO:<{recipient}>")).startswith("250")
        assert (await self.say("DATA")).startswith("354")


class Listening:
    """A running listener; ``fault`` is raised instead of taking a message."""

    def __init__(self) -> None:
        self.taken: list[tuple[Envelope, bytes]] = []
        self.fault: Exception | None = None
        self.hold: asyncio.Event | None = None
        self.clock = StillClock()
        self.port = 0

    @property
    def bodies(self) -> list[bytes]:
        """What was taken, without the envelopes."""
        return [raw for _, raw in self.taken]

    async def deliver(self, envelope: Envelope, raw: bytes) -> None:
        """Take a message, when ``hold`` allows it."""
        if self.hold is not None:
            await self.hold.wait()
        if self.fault is not None:
            raise self.fault
        self.taken.append((envelope, raw))

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Talk]:
        """A connection that was greeted; closed at the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        talk = Talk(reader, writer)
        try:
            yield talk
        finally:
            writer.close()
            try:
                await writer.wait_closed()
            except (OSError, EOFError):
                # The server may have reset it first: it is closed all the same.
                return


@asynccontextmanager
async def listening(limits: SmtpLimits | None = None, tls: Any = None) -> AsyncIterator[Listening]:
    """The listener on a free port until the end of the block."""
    # Imported late: importing the reactor earlier would install another one.
    from twisted.internet import reactor

    found = Listening()
    factory = MailReceiverFactory(
        host="mx.centre.example",
        owns=lambda address: address.lower() in {OURS, "sales@centre.example"},
        deliver=found.deliver,
        clock=found.clock,
        limits=limits or SmtpLimits(),
        tls=tls,
    )
    listen: Any = reactor
    port = listen.listenTCP(0, factory, interface="127.0.0.1")
    found.port = port.getHost().port
    try:
        yield found
    finally:
        await on(port.stopListening())
