"""A town of mail: our centre, a relay that keeps what leaves us, and domains with their records.

Who sends from ``HOME`` sends from where their domain says; ``AWAY`` is somebody else's machine.
"""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from config.wiring import Centre
from router.model.events import Event, Recorded
from tests.channels.mail.name_server import Records, name_server
from tests.journeys.mail.test_answer import smtp_port
from tests.support.centre import running_centre, until, write_configuration

HOME, AWAY = "127.0.0.1", "127.0.0.2"
HELP = "help@carillon.test"
RECORDS = {
    ("example.test.", "TXT"): [f'"v=spf1 ip4:{HOME} -all"'],
    ("_dmarc.example.test.", "TXT"): ['"v=DMARC1; p=reject"'],
    ("other.test.", "TXT"): [f'"v=spf1 ip4:{HOME} -all"'],
}
"""``example.test`` publishes DMARC, ``other.test`` SPF alone, every other domain nothing."""


class KeepingRelay:
    """Takes every message for everybody and keeps it; ``answering`` may write back."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, EmailMessage]] = []
        self.raw: list[bytes] = []
        self.answering: Callable[[str, EmailMessage], Awaitable[None]] | None = None
        self._news = asyncio.Condition()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        writer.write(b"220 relay\r\n")
        sender = ""
        while line := await reader.readline():
            words = line.upper()
            answer = b"250 ok\r\n"
            if words.startswith(b"MAIL"):
                sender = line.decode().partition("<")[2].partition(">")[0]
            if words.startswith(b"DATA"):
                writer.write(b"354 go\r\n")
                data = await reader.readuntil(b"\r\n.\r\n")
                message = message_from_bytes(data[:-3], policy=policy.default)
                self.raw.append(data[:-3])
                self.kept.append((sender, message))
                if self.answering is not None:
                    await self.answering(sender, message)
                async with self._news:
                    self._news.notify_all()
            if words.startswith(b"QUIT"):
                writer.write(b"221 bye\r\n")
                break
            writer.write(answer)
        writer.close()

    async def has(self, count: int) -> None:
        """Wait until so many messages are here."""
        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(lambda: len(self.kept) >= count)


class Town:
    """Everything of a story about senders."""

    def __init__(self, centre: Centre, relay: KeepingRelay, names: int) -> None:
        self.centre = centre
        self.relay = relay
        self.names = names
        """The port of the name server that knows the town's domains."""

    async def send(
        self,
        raw: str,
        *,
        sender: str,
        to: Sequence[str] = (HELP,),
        place: str = AWAY,
    ) -> None:
        """Hand a message over by SMTP; the centre has taken it when this returns."""
        await asyncio.to_thread(self._send, raw, sender, list(to), place)

    def _send(self, raw: str, sender: str, to: list[str], place: str) -> None:
        data = raw.replace("\n", "\r\n").encode()
        with smtplib.SMTP(
            HOME, smtp_port(self.centre), timeout=30, source_address=(place, 0)
        ) as client:
            client.sendmail(sender, to, data)

    async def events(self) -> list[Event]:
        """Everything in the log so far."""
        seen: list[Event] = []

        def last(recorded: Recorded) -> bool:
            seen.append(recorded.event)
            return recorded.position >= self.centre.hub.head()

        await until(self.centre, last)
        return seen


@asynccontextmanager
async def town(
    folder: Path, *mailbox: str, limits: str = "", records: Records | None = None
) -> AsyncIterator[Town]:
    """A centre that checks senders; ``mailbox`` are further lines of its one mailbox."""
    relay = KeepingRelay()
    server = await asyncio.start_server(relay.talk, HOME, 0)
    port = server.sockets[0].getsockname()[1]
    async with name_server({**RECORDS, **(records or {})}) as names:
        made = write_configuration(
            folder,
            channels="\n".join(
                (
                    "[channels.mail]",
                    'host = "mail.carillon.test"',
                    f'nameservers = ["{HOME}:{names}"]',
                    f'relay = {{ host = "{HOME}", port = {port}, security = "none" }}',
                    "[channels.mail.incoming]",
                    f'listen = "{HOME}:0"',
                    limits,
                    "[channels.mail.mailboxes.help]",
                    f'address = "{HELP}"',
                    *mailbox,
                )
            ),
        )
        try:
            async with running_centre(made) as centre:
                yield Town(centre, relay, names)
        finally:
            server.close()
            await server.wait_closed()
