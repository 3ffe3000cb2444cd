"""Existing mailboxes are read by IMAP and POP3: nothing lost, nothing doubled, over restarts."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from config.wiring import Centre
from router.model.errors import StorageFailed
from router.model.events import Arrived
from tests.support import loop
from tests.support.centre import running_centre, until, write_configuration
from tests.support.programs_dovecot import DovecotServer, dovecot_server

USERS = {"help": "a-long-password"}


def a_mail(number: int) -> bytes:
    """A mail with eight-bit words in it."""
    return (
        f"From: Ana <ana@example.test>\r\nTo: help@carillon.test\r\nSubject: number {number}\r\n"
        f"Message-ID: <{number}@example.test>\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n.hidden dot\r\n"
    ).encode()


def configured(folder: Path, server: DovecotServer, protocol: str, *, keep: bool) -> Path:
    """A centre that reads one mailbox of this server."""
    port = server.imap_port if protocol == "imap" else server.pop3_port
    folder.mkdir(mode=0o700, exist_ok=True)
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(USERS["help"], encoding="ascii")
    return write_configuration(
        folder,
        channels=f"""
[channels.mail]
check_senders = false
incoming = {{ listen = "127.0.0.1:0" }}

[channels.mail.mailboxes.help]
address = "help@carillon.test"

[channels.mail.mailboxes.help.poll]
protocol = "{protocol}"
host = "{server.host}"
port = {port}
security = "none"
user = "help"
password = "file:password"
keep = {str(keep).lower()}
every = "1 h"
""",
    )


async def arrivals(centre: Centre, count: int) -> list[Arrived]:
    """The first arrivals, waited for; then all there are."""
    seen: list[Arrived] = []

    def note(recorded: object) -> bool:
        event = getattr(recorded, "event", None)
        if isinstance(event, Arrived):
            seen.append(event)
        return len(seen) >= count

    await until(centre, note)
    return seen


async def read(folder: Path, expected: int) -> int:
    """Run the centre until it has read the mailbox; how many interactions there are then."""
    async with running_centre(folder) as centre:
        if expected:
            await arrivals(centre, expected)
        channel = centre.channels["mail"]  # type: ignore[index]  # a Medium is a string
        mailbox = centre.settings.channels["mail"].mailboxes["help"]
        await channel.read_once("help", mailbox, mailbox.poll)  # type: ignore[attr-defined]
        assert centre.health() == {}
        return centre.hub.conservation().accepted


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
@pytest.mark.parametrize("keep", [True, False])
def test_each_mail_of_a_mailbox_arrives_once_over_restarts(
    tmp_path: Path, protocol: str, *, keep: bool
) -> None:
    with dovecot_server(USERS) as server:
        folder = configured(tmp_path / "centre", server, protocol, keep=keep)
        server.deliver("help", a_mail(1))
        server.deliver("help", a_mail(2))
        assert loop.run(read(folder, 2)) == 2
        server.deliver("help", a_mail(3))
        assert loop.run(read(folder, 3)) == 3
        assert len(server.messages("help")) == (3 if keep else 0)


def test_a_mailbox_is_read_by_one_at_a_time(tmp_path: Path) -> None:
    with dovecot_server(USERS) as server:
        folder = configured(tmp_path / "centre", server, "pop3", keep=False)
        for number in range(3):
            server.deliver("help", a_mail(number))

        async def story() -> None:
            async with running_centre(folder) as centre:
                channel: Any = centre.channels["mail"]  # type: ignore[index]  # a Medium is a string
                mailbox = centre.settings.channels["mail"].mailboxes["help"]
                reading = (channel.read_once("help", mailbox, mailbox.poll) for _ in range(3))
                await asyncio.gather(*reading)
                assert centre.health() == {}
                assert centre.hub.conservation().accepted == 3

        loop.run(story())


def test_a_mailbox_that_does_not_let_us_in_is_said_so(tmp_path: Path) -> None:
    with dovecot_server(USERS) as server:
        folder = configured(tmp_path / "centre", server, "imap", keep=True)
        (folder / "password").write_text("wrong", encoding="ascii")

        async def story() -> None:
            async with running_centre(folder) as centre:
                channel = centre.channels["mail"]  # type: ignore[index]  # a Medium is a string
                mailbox = centre.settings.channels["mail"].mailboxes["help"]
                with pytest.raises(StorageFailed, match="imap"):
                    await channel.read_once("help", mailbox, mailbox.poll)  # type: ignore[attr-defined]
                assert centre.hub.conservation().accepted == 0

        loop.run(story())
