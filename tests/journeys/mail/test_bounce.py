"""An answer that a real mail server sends back is shown as failed, with the reason (MAIL-5)."""

import asyncio
import smtplib
from email import message_from_bytes
from pathlib import Path

from router.model.commands import AddEntry
from router.model.content import Author, Content, Mark
from router.model.events import Arrived, EntryMarked, Recorded
from router.model.ids import AgentId
from tests.journeys.mail.test_answer import configured, smtp_port
from tests.support import loop
from tests.support.centre import accept_next, an_entry, make_ready, running_centre, until
from tests.support.programs import free_port
from tests.support.programs_clients import swaks
from tests.support.programs_postfix import postfix_server

MIA = AgentId("mia")
KEPT = "ana@example.test"
GONE = "gone@example.test"


def test_an_answer_that_postfix_sends_back_becomes_failed(tmp_path: Path) -> None:
    """Postfix takes the answer, finds nobody and tells us by its own notice; nobody answers it."""
    ours = free_port()
    # Postfix takes mail for anybody of this domain and finds out later, as a relay does.
    lenient = {"smtpd_reject_unlisted_recipient": "no"}
    with postfix_server(
        addresses=[KEPT], routes={"carillon.test": ours}, settings=lenient
    ) as postfix:
        folder = configured(tmp_path / "centre", relay=postfix.port)
        channels = folder / "channels.toml"
        text = channels.read_text(encoding="utf-8")
        channels.write_text(text.replace("127.0.0.1:0", f"127.0.0.1:{ours}"), encoding="utf-8")

        async def story() -> None:
            async with running_centre(folder) as centre:
                await make_ready(centre, MIA)
                talk = await asyncio.to_thread(
                    swaks, smtp_port(centre), GONE, "help@carillon.test", "--body", "hello"
                )
                assert talk.code == 0, talk.lines
                offered = await accept_next(centre, MIA)
                entry = await an_entry(centre, offered.interaction_id, Content(text="good day"))
                await centre.hub.submit(
                    AddEntry(offered.interaction_id, Author.AGENT, entry, agent_id=MIA, seen=1)
                )
                seen: list[object] = []

                def failed(recorded: Recorded) -> bool:
                    seen.append(recorded.event)
                    event = recorded.event
                    return isinstance(event, EntryMarked) and event.mark is Mark.FAILED

                marked = (await until(centre, failed)).event
                assert isinstance(marked, EntryMarked)
                assert marked.entry_id == entry.entry_id
                assert marked.reason == "5.1.1 no such user"
                assert len([one for one in seen if isinstance(one, Arrived)]) == 1
                assert postfix.delivered(GONE) == []

        loop.run(story())


REPORT = """\
From: mailer-daemon@relay.test
To: help@carillon.test
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.test

Final-Recipient: rfc822; ana@example.test
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <ana@example.test>: Recipient address rejected

--b
Content-Type: message/rfc822-headers

Message-ID: {message_id}

--b--
""".replace("\n", "\r\n")


class HastyRelay:
    """A relay whose bounce is with us before it has said that it took the message."""

    def __init__(self) -> None:
        self.bounce_to = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        writer.write(b"220 relay\r\n")
        while line := (await reader.readline()).upper():
            if line.startswith(b"DATA"):
                writer.write(b"354 go\r\n")
                message = message_from_bytes(await reader.readuntil(b"\r\n.\r\n"))
                report = REPORT.format(message_id=message["Message-ID"])
                await asyncio.to_thread(self._bounce, report)
            writer.write(b"250 ok\r\n" if not line.startswith(b"QUIT") else b"221 bye\r\n")
            if line.startswith(b"QUIT"):
                break
        writer.close()

    def _bounce(self, report: str) -> None:
        with smtplib.SMTP("127.0.0.1", self.bounce_to, timeout=20) as client:
            client.sendmail("", ["help@carillon.test"], report)


def test_a_bounce_that_is_quicker_than_the_relays_word_is_understood(tmp_path: Path) -> None:
    """It marks the answer as failed, and the word that it was taken does not cover that up."""

    async def story() -> None:
        relay = HastyRelay()
        server = await asyncio.start_server(relay.talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with running_centre(configured(tmp_path / "centre", relay=port)) as centre:
            relay.bounce_to = smtp_port(centre)
            await make_ready(centre, MIA)
            await asyncio.to_thread(
                swaks, relay.bounce_to, KEPT, "help@carillon.test", "--body", "hello"
            )
            offered = await accept_next(centre, MIA)
            entry = await an_entry(centre, offered.interaction_id, Content(text="good day"))
            await centre.hub.submit(
                AddEntry(offered.interaction_id, Author.AGENT, entry, agent_id=MIA, seen=1)
            )
            await until(centre, lambda r: isinstance(r.event, EntryMarked))
            # A second answer leaves after the first one's end was told.
            second = await an_entry(centre, offered.interaction_id, Content(text="and more"))
            await centre.hub.submit(
                AddEntry(offered.interaction_id, Author.AGENT, second, agent_id=MIA, seen=2)
            )
            marks: list[tuple[str, Mark]] = []

            def both(recorded: Recorded) -> bool:
                if isinstance(recorded.event, EntryMarked):
                    marks.append((recorded.event.entry_id, recorded.event.mark))
                return len(marks) == 2

            await until(centre, both)
            assert marks == [(entry.entry_id, Mark.FAILED), (second.entry_id, Mark.FAILED)]
        server.close()
        await server.wait_closed()

    loop.run(story())
