"""Each real program starts, speaks, and leaves nothing behind; a missing one is told clearly."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import imaplib
import os
import poplib
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
import redis

from tests.support.browser import async_chromium, chromium
from tests.support.certificates import Certificates, make_certificates
from tests.support.programs import (
    LOOPBACK,
    ProgramFailed,
    free_port,
    own_folder,
    running,
    speaks,
    start,
    wait_until,
    where,
)
from tests.support.programs_clients import send_with_mail_program, swaks
from tests.support.programs_dovecot import dovecot_server
from tests.support.programs_postfix import postfix_server
from tests.support.programs_postgres import PostgresServer, postgres_server
from tests.support.programs_redis import RedisServer, redis_server


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return make_certificates(tmp_path)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_free_port_is_given_only_once() -> None:
    assert len({free_port() for _ in range(200)}) == 200


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(ProgramFailed, match="no-such-program is not installed; `make test`"):
        where("no-such-program")


def test_a_program_that_ends_at_once_shows_what_it_said(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo my reason; exit 3"]
    with pytest.raises(ProgramFailed, match=r"sh ended with 3\nmy reason"):
        start(command, folder=tmp_path, ready=lambda: False)


def test_a_program_that_never_speaks_is_ended(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo $$ > pid; exec sleep 600"]
    with pytest.raises(ProgramFailed, match="not within 0 s: sh is ready"):
        start(command, folder=tmp_path, ready=lambda: False, deadline_s=0.3)
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_program_that_does_not_want_to_end_is_ended(tmp_path: Path) -> None:
    """Its children too, which is why each program has a process group of its own."""
    script = "trap '' INT; sleep 600 & echo $! > child; echo $$ > pid; wait; wait"
    keeper = Path(__file__).with_name("keeper.py")
    order = [sys.executable, str(keeper), str(os.getpid()), str(int(signal.SIGINT)), "0.2", "--"]
    with subprocess.Popen([*order, "sh", "-c", script], cwd=tmp_path) as process:
        wait_until((tmp_path / "pid").exists, "the program runs")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == signal.SIGKILL
    for name in ("pid", "child"):
        pid = int((tmp_path / name).read_text())
        wait_until(functools.partial(gone, pid), f"{name} is gone")


def test_programs_end_when_the_tests_are_killed(tmp_path: Path) -> None:
    """`kill -9` of a run must not leave a server on the machine."""
    code = (
        "import signal; from pathlib import Path; from tests.support.programs import start\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "start(['sh', '-c', 'echo $$ > pid; exec sleep 600'], folder=folder,"
        " ready=(folder / 'pid').exists)\n"
        "signal.raise_signal(signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=30)
    assert done.returncode == -signal.SIGKILL
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: gone(pid), "the program is gone")


def test_postgresql_serves_databases_and_survives_a_crash(postgres: PostgresServer) -> None:
    first, second = postgres.create_database(), postgres.create_database()

    with psycopg.connect(first) as line:
        line.execute("CREATE TABLE kept (n integer)")
        line.execute("INSERT INTO kept VALUES (7)")
    assert postgres.query("SELECT n FROM kept", first).strip() == "7"
    assert "does not exist" in failure_of(postgres, "SELECT n FROM kept", second)
    postgres.stop("immediate")
    postgres.start()
    assert postgres.query("SELECT n FROM kept", first).strip() == "7"


def failure_of(server: PostgresServer, sql: str, url: str) -> str:
    with pytest.raises(ProgramFailed) as caught:
        server.query(sql, url)
    return str(caught.value)


def test_postgresql_leaves_no_process_and_no_folder() -> None:
    with postgres_server(durable=True) as server:
        assert server.query("SHOW fsync").strip() == "on"
        folder = Path(server.url().partition("host=")[2])
        pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    assert gone(pid)
    assert not folder.exists()


def test_postgresql_cuts_its_clients_when_told(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.create_database()) as line:
        postgres.drop_connections()
        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            line.execute("SELECT 1")


def test_redis_speaks(redis_program: RedisServer) -> None:
    with redis.Redis.from_url(redis_program.url) as client:
        client.set("bell", "rung")
        assert client.get("bell") == b"rung"


def test_redis_is_gone_afterwards() -> None:
    with redis_server() as server:
        assert server.program.alive()
    assert not server.program.alive()


def test_postfix_takes_mail_of_a_mail_program_and_passes_it_on(
    certificates: Certificates, tmp_path: Path
) -> None:
    """One Postfix is the sender's relay and another the receiver, over TLS."""
    note = tmp_path / "note.txt"
    note.write_text("attached text\n")
    required = {"smtp_tls_security_level": "encrypt"}
    with (
        postfix_server(addresses=["anna@example.org"], certificates=certificates) as receiver,
        postfix_server(routes={"example.org": receiver.port}, settings=required) as relay,
    ):
        send_with_mail_program(
            relay.port,
            "bert@example.net",
            ["anna@example.org"],
            "Gruß über zwei Server",
            "Guten Tag\n",
            attachments=[note],
        )
        receiver.wait_for_mail("anna@example.org")
        [message] = receiver.delivered("anna@example.org")
        assert message["Subject"] == "Gruß über zwei Server"
        assert [part.get_filename() for part in message.iter_attachments()] == ["note.txt"]
        assert "ESMTPS" in str(message["Received"])
        assert "Mail queue is empty" in relay.queued()
    assert not receiver.program.alive()


def test_postfix_keeps_mail_for_a_server_that_is_down_and_delivers_it_later() -> None:
    port = free_port()
    with postfix_server(routes={"example.org": port}) as relay:
        talk = swaks(relay.port, "bert@example.net", "anna@example.org")
        assert talk.code == 0, talk.lines
        wait_until(lambda: "status=deferred" in relay.log(), "the message is deferred")
        assert "anna@example.org" in relay.queued()
        with ListeningServer(port) as heard:
            relay.flush()
            wait_until(lambda: b"RCPT TO:<anna@example.org>" in bytes(heard), "it is delivered")


class ListeningServer:
    """A server that notes what it hears and answers yes to everything."""

    def __init__(self, port: int) -> None:
        self._door = socket.create_server((LOOPBACK, port))
        self._heard = bytearray()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> bytearray:
        self._thread.start()
        return self._heard

    def __exit__(self, *_: object) -> None:
        self._door.close()
        self._thread.join(10)

    def _serve(self) -> None:
        try:
            line, _ = self._door.accept()
        except OSError:
            return
        with line:
            line.settimeout(10)
            line.sendall(b"220 ready\r\n")
            while data := line.recv(4096):
                self._heard += data
                line.sendall(b"354 go\r\n" if data.startswith(b"DATA") else b"250 yes\r\n")
                if b"RCPT TO" in data:
                    return


def test_postfix_refuses_what_has_no_route() -> None:
    with postfix_server(addresses=["anna@example.org"]) as server:
        stranger = swaks(server.port, "bert@example.net", "carl@example.org")
        assert stranger.code == 24, stranger.lines
        assert "550 5.1.1" in stranger.lines


def test_dovecot_is_read_by_imap_and_pop3_with_and_without_tls(certificates: Certificates) -> None:
    trust = ssl.create_default_context(cafile=certificates.authority)
    with dovecot_server({"anna": "a b:c"}, certificates=certificates) as server:
        server.deliver("anna", b"Subject: one\r\n\r\nfirst\r\n")
        assert server.messages("anna") == [b"Subject: one\r\n\r\nfirst\r\n"]
        with imaplib.IMAP4_SSL("localhost", server.imaps_port, ssl_context=trust) as imap:
            assert imap.login("anna", "a b:c")[0] == "OK"
        pop3 = poplib.POP3_SSL("localhost", server.pop3s_port, context=trust, timeout=10)
        pop3.user("anna")
        pop3.pass_("a b:c")
        assert pop3.stat()[0] == 1
        pop3.quit()
        with (
            imaplib.IMAP4(LOOPBACK, server.imap_port, timeout=10) as imap_plain,
            pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"),
        ):
            imap_plain.login("anna", "wrong")
    assert not server.program.alive()


def test_dovecot_can_take_no_password_before_tls(certificates: Certificates) -> None:
    trust = ssl.create_default_context(cafile=certificates.authority)
    with (
        dovecot_server({"anna": "secret"}, certificates=certificates, tls_required=True) as server,
        imaplib.IMAP4(server.host, server.imap_port, timeout=10) as imap,
    ):
        assert "LOGINDISABLED" in imap.capabilities
        imap.starttls(trust)
        assert imap.login("anna", "secret")[0] == "OK"


def test_swaks_tells_a_refusal_of_tls(certificates: Certificates) -> None:
    with postfix_server(addresses=["anna@example.org"]) as plain:
        talk = swaks(plain.port, "bert@example.net", "anna@example.org", "--tls")
        assert talk.code == 29, talk.lines
    with postfix_server(addresses=["anna@example.org"], certificates=certificates) as secure:
        talk = swaks(secure.port, "bert@example.net", "anna@example.org", "--tls")
        assert talk.code == 0, talk.lines
        trust = ssl.create_default_context(cafile=certificates.authority)
        with smtplib.SMTP("localhost", secure.port, timeout=10) as client:
            assert client.starttls(context=trust)[0] == 220


def test_a_certificate_of_a_stranger_and_an_expired_one_are_refused(tmp_path: Path) -> None:
    """The tests' own certificates are good enough to show that ours are checked."""
    for name in ("known", "stranger", "expired"):
        (tmp_path / name).mkdir()
    known = make_certificates(tmp_path / "known")
    stranger = make_certificates(tmp_path / "stranger", issuer="Somebody else")
    expired = make_certificates(tmp_path / "expired", expired=True)
    for shown, trusted, reason in (
        (stranger, known, "unable to get local issuer"),
        (expired, expired, "certificate has expired"),
    ):
        trust = ssl.create_default_context(cafile=trusted.authority)
        with (
            dovecot_server({"anna": "secret"}, certificates=shown) as server,
            pytest.raises(ssl.SSLCertVerificationError, match=reason),
        ):
            imaplib.IMAP4_SSL("localhost", server.imaps_port, ssl_context=trust)


@pytest.fixture
def page(tmp_path: Path) -> str:
    path = tmp_path / "page.html"
    path.write_text("<!doctype html><title>钟</title><p>一个队列</p>", encoding="utf-8")
    return path.as_uri()


def test_chromium_shows_a_page(page: str) -> None:
    with chromium() as browser:
        tab = browser.new_page()
        tab.goto(page)
        assert tab.title() == "钟"


def test_chromium_can_share_the_loop_of_a_test(page: str) -> None:
    async def look() -> str:
        async with async_chromium() as browser:
            tab = await browser.new_page()
            await tab.goto(page)
            return await tab.inner_text("p")

    assert asyncio.run(look()) == "一个队列"


def test_a_folder_of_its_own_is_removed_even_after_a_failure() -> None:
    with contextlib.ExitStack() as stack:
        stack.enter_context(pytest.raises(ZeroDivisionError))
        folder = stack.enter_context(own_folder("broken"))
        (folder / "file").write_text(str(1 / len(list(folder.iterdir()))))
    assert not folder.exists()


def test_a_running_program_tells_that_it_died(tmp_path: Path) -> None:
    port = free_port()
    command = [where("redis-server"), "--port", str(port), "--bind", LOOPBACK, "--save", ""]
    with running(command, folder=tmp_path, ready=lambda: speaks(port)) as program:
        assert program.alive()
        with socket.create_connection((LOOPBACK, port), timeout=10) as line:
            line.sendall(b"SHUTDOWN NOSAVE\r\n")
        wait_until(lambda: not program.alive(), "the program has ended")
        assert "bye bye" in program.said()
