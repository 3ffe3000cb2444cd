"""Listeners and channels change while the real process runs; nobody is dropped, nothing is lost."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from tests.support.certificates import make_certificates
from tests.support.process import Program, program
from tests.support.programs import free_port, wait_until

DEADLINE_S = 150
PATIENCE_S = 60.0


class Changing:
    """A folder that is written anew part by part, and the process that runs it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self.folder = folder
        self.desk, self.widget, self.mail = free_port(), free_port(), free_port()
        self.with_mail = True
        self.certificate = ""
        self.signature = "Yours"
        self.write()

    def write(self) -> None:
        """Write the files as they shall be, exchanged at once as an editor does."""
        mail = f"""
            [channels.mail]
            host = "mail.localhost"
            incoming = {{ listen = "127.0.0.1:{self.mail}" }}

            [channels.mail.mailboxes.help]
            address = "help@mail.localhost"
            signature = "{self.signature}"
            """
        text = f"""
            [desk]
            listen = "127.0.0.1:{self.desk}"
            {self.certificate}

            [widget]
            listen = "127.0.0.1:{self.widget}"

            [channels.chat.sites.shop]
            origins = ["http://localhost:8000"]
            {mail if self.with_mail else ""}
            """
        whole = "\n".join(line.strip() for line in text.splitlines())
        new = self.folder / ".new"
        new.write_text(whole, encoding="utf-8")
        new.rename(self.folder / "site.toml")

    def give_certificate(self) -> None:
        """Put a new certificate where the old one stood."""
        made = make_certificates(self.folder)
        for name, source in (("desk.pem", made.certificate), ("desk.key", made.key)):
            (self.folder / name).write_bytes(source.read_bytes())
            (self.folder / name).chmod(0o600)


Story = Callable[[Changing, Program], Awaitable[None]]


def told(tmp_path: Path, story: Story) -> None:
    async def tell() -> None:
        changing = Changing(tmp_path / "centre")
        async with asyncio.timeout(DEADLINE_S), program(changing.folder) as centre:
            await story(changing, centre)
            assert await centre.stop() == 0, centre.log
            assert "Traceback" not in centre.log

    asyncio.run(tell())


async def until(holds: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(wait_until, holds, what, PATIENCE_S)


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


async def state(origin: str, passwords: dict[str, str]) -> dict[str, Any]:
    """What the administration says of the configuration."""
    headers = {"Origin": origin, "X-Carillon": "1"}
    async with httpx.AsyncClient(base_url=origin, headers=headers) as http:
        entry = {"user": "ada", "password": passwords["ada"]}
        entered = await http.post("/api/v1/session", json=entry)
        assert entered.status_code == 200
        # A browser gives a secure cookie back to this very machine; this client does not.
        cookies = [each.partition(";")[0] for each in entered.headers.get_list("set-cookie")]
        answer = await http.get("/api/v1/configuration", headers={"Cookie": "; ".join(cookies)})
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found


def test_a_moved_listener_opens_before_the_old_one_closes(tmp_path: Path) -> None:
    async def story(changing: Changing, centre: Program) -> None:
        former, changing.mail = changing.mail, free_port()
        talk = await asyncio.to_thread(smtplib.SMTP, "127.0.0.1", former, timeout=30)
        await asyncio.to_thread(talk.helo, "customers.example")
        before, changing.desk = changing.desk, free_port()
        changing.write()
        await until(lambda: listens(changing.mail) and not listens(former), "mail moves")
        await until(lambda: listens(changing.desk) and not listens(before), "the desk moves")
        # Who was talking to the old one finishes.
        message = "Subject: hello\r\n\r\nStill here?\r\n"
        given = await asyncio.to_thread(
            talk.sendmail, "anna@customers.example", "help@mail.localhost", message
        )
        assert given == {}
        await asyncio.to_thread(talk.quit)
        found = await state(f"http://127.0.0.1:{changing.desk}", centre.passwords)
        assert found["trouble"] == ""

    told(tmp_path, story)


def test_a_port_that_cannot_be_had_leaves_everything_and_is_told(tmp_path: Path) -> None:
    async def story(changing: Changing, centre: Program) -> None:
        desk, former = changing.desk, changing.mail
        busy = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        async with busy:
            taken = busy.sockets[0].getsockname()[1]
            changing.mail = taken
            changing.desk = free_port()
            changing.write()
            await until(lambda: "not in force yet" in centre.log, "the trouble is logged")
            found = await state(f"http://127.0.0.1:{desk}", centre.passwords)
            assert (
                f"channels.mail.incoming.listen: cannot listen on 127.0.0.1:{taken}"
                in (found["trouble"])
            )
            assert listens(former)
            assert listens(desk)
        # As soon as the port is free the change is made, without anybody's help.
        await until(lambda: listens(changing.desk) and listens(taken), "the change is made")
        assert not listens(former)

    told(tmp_path, story)


def test_a_channel_is_removed_and_added_again(tmp_path: Path) -> None:
    async def story(changing: Changing, centre: Program) -> None:
        changing.with_mail = False
        changing.write()
        await until(lambda: not listens(changing.mail), "no mail is taken")
        await until(lambda: "channel mail was removed" in centre.log, "mail is done")
        changing.with_mail = True
        changing.write()
        await until(lambda: listens(changing.mail), "mail is taken again")
        answer = await asyncio.to_thread(_send, changing.mail)
        assert answer == {}

    told(tmp_path, story)


def test_a_removed_channel_finishes_what_it_has(tmp_path: Path) -> None:
    async def story(changing: Changing, centre: Program) -> None:
        assert await asyncio.to_thread(_send, changing.mail) == {}
        changing.with_mail = False
        changing.write()
        await until(lambda: not listens(changing.mail), "no mail is taken")
        # The mail waits for an agent: its channel must be there to carry the answer.
        finishing = "takes no new contacts and finishes those it has"
        await until(lambda: finishing in centre.log, "mail finishes what it has")
        assert "channel mail was removed" not in centre.log
        found = await state(f"http://127.0.0.1:{changing.desk}", centre.passwords)
        assert found["trouble"] == ""

    told(tmp_path, story)


def _send(port: int) -> Any:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as mail:
        text = "From: anna@customers.example\r\nSubject: lamp\r\n\r\nIs it green?\r\n"
        return mail.sendmail("anna@customers.example", ["help@mail.localhost"], text)


def test_a_certificate_is_taken_and_renewed_at_the_same_address(tmp_path: Path) -> None:
    async def story(changing: Changing, centre: Program) -> None:
        changing.give_certificate()
        changing.certificate = 'certificate = "desk.pem"\nprivate_key_file = "desk.key"'
        changing.write()
        await until(lambda: _served(changing.desk) is not None, "TLS is served")
        before = _served(changing.desk)
        changing.give_certificate()
        changing.signature = "Sincerely"
        changing.write()
        await until(lambda: _served(changing.desk) not in (None, before), "the new one is served")

    told(tmp_path, story)


def _served(port: int) -> bytes | None:
    """The certificate that is served, None where there is no TLS."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            context.wrap_socket(plain) as wrapped,
        ):
            return wrapped.getpeercert(binary_form=True)
    except OSError:
        return None
