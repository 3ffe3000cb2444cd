"""Attack test 20 (MAIL-1): one message stays one, whatever ends its lines or comes before TLS."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import ssl as twisted_ssl

from channels.mail.smtp_server import LINE_BYTES
from tests.channels.mail.smtp_talk import OURS, Talk, listening
from tests.support.certificates import make_certificates
from tests.support.loop import run
from tests.support.programs_clients import swaks

FORGED = (
    b"MAIL FROM:<boss@centre.example>\r\nRCPT TO:<help@centre.example>\r\nDATA\r\n"
    b"Subject: forged\r\n\r\npay\r\n.\r\n"
)
ENDS_OF_DATA = [
    b"\n.\n",
    b"\n.\r",
    b"\r.\r",
    b"\r.\n",
    b"\n.\r\n",
    b"\r.\r\n",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r\n.\r\r\n",
    b"\r\n\x00.\r\n",
    b"\r\n.\x00\r\n",
    b"\r\n. \r\n",
]
"""What some servers take for the end of a message; only CRLF.CRLF is (RFC 5321, 4.1.1.4)."""


@pytest.mark.parametrize("end", ENDS_OF_DATA)
@pytest.mark.parametrize("torn", [False, True])
def test_no_other_end_of_data_smuggles_a_second_message(end: bytes, *, torn: bool) -> None:
    """MAIL-1: exactly one message, which holds the forged one as harmless text."""

    async def story() -> None:
        async with listening() as server, server.client() as talk:
            await talk.reply()
            await talk.begin()
            whole = b"Subject: true\r\n\r\nhello" + end + FORGED
            pieces = [whole[i : i + 1] for i in range(len(whole))] if torn else [whole]
            for piece in pieces:
                talk.send(piece)
                await talk.writer.drain()
            talk.send(b"QUIT\r\n")
            replies = await talk.ended()
            assert [reply[:3] for reply in replies] == ["250", "221"]
            (raw,) = server.bodies
            assert raw.startswith(b"Subject: true\r\n")
            assert raw.endswith(b"pay\r\n")
            assert b"MAIL FROM:<boss@centre.example>" in raw

    run(story())


def test_bare_line_ends_are_made_whole_before_anybody_else_reads_them() -> None:
    """MAIL-1: what is kept, and might be sent on, holds no bare CR or LF."""

    async def story() -> None:
        async with listening() as server, server.client() as talk:
            await talk.reply()
            await talk.begin()
            assert (await talk.say(b"A: 1\nB: 2\rC: 3\n\r\nx\r\r\n.")).startswith("250")
            (raw,) = server.bodies
            assert b"\n" not in raw.replace(b"\r\n", b"")
            assert b"\r" not in raw.replace(b"\r\n", b"")
            assert raw.startswith(b"A: 1\r\nB: 2\r\nC: 3\r\n")

    run(story())


@pytest.mark.parametrize("length", [LINE_BYTES + 1, 20_000, 200_000])
def test_a_line_too_long_ends_the_connection_and_its_rest_is_no_command(length: int) -> None:
    """MAIL-1: the body after the long line is never read as commands."""

    async def story() -> None:
        async with listening() as server, server.client() as talk:
            await talk.reply()
            await talk.begin()
            talk.send(b"Subject: true\r\n\r\n" + b"x" * length + b"\r\n" + FORGED + FORGED)
            try:
                replies = await talk.ended()
            except ConnectionError:
                # Closed while our bytes were still under way: also a refusal.
                replies = ["500"]
            assert [reply[:3] for reply in replies] == ["500"]
            assert server.taken == []

    run(story())


def test_the_longest_line_is_still_taken() -> None:
    async def story() -> None:
        async with listening() as server, server.client() as talk:
            await talk.reply()
            await talk.begin()
            assert (await talk.say(b"x" * LINE_BYTES + b"\r\n.")).startswith("250")
            assert len(server.taken) == 1

    run(story())


def _server_tls(folder: Path) -> tuple[Any, ssl.SSLContext]:
    made = make_certificates(folder)
    factory: Any = twisted_ssl.DefaultOpenSSLContextFactory
    context = ssl.create_default_context(cafile=str(made.authority))
    return factory(str(made.key), str(made.certificate)), context


@pytest.mark.parametrize(
    "injected",
    [
        b"MAIL FROM:<boss@centre.example>\r\nRCPT TO:<help@centre.example>\r\n",
        b"EHLO evil.example\r\nMAIL FROM:<boss@centre.example>\r\n",
        b"MAIL FROM:<boss@centre.ex",
        FORGED,
    ],
)
def test_commands_put_before_the_tls_handshake_are_lost(tmp_path: Path, injected: bytes) -> None:
    """MAIL-1: nothing that was said in clear counts after STARTTLS (CVE-2021-38371)."""

    async def story() -> None:
        tls, context = _server_tls(tmp_path)
        async with listening(tls=tls) as server, server.client() as talk:
            await talk.reply()
            assert "STARTTLS" in await talk.say("EHLO client.example")
            await talk.say("MAIL FROM:<mallory@evil.example>")
            await talk.say(f"RCPT TO:<{OURS}>")
            talk.send(b"STARTTLS\r\n" + injected)
            assert (await talk.reply()).startswith("220")
            async with asyncio.timeout(10):
                await talk.writer.start_tls(context, server_hostname="localhost")
            assert (await talk.say("DATA")).startswith("503")
            assert (await talk.say("NOOP")).startswith("250")
            await _one_message(talk)
            ((envelope, _),) = server.taken
            assert (envelope.sender, envelope.tls) == ("ann@customer.example", True)

    run(story())


async def _one_message(talk: Talk) -> None:
    assert "STARTTLS" not in await talk.say("EHLO client.example")
    assert (await talk.say("STARTTLS"))[:1] == "5"
    await talk.begin()
    assert (await talk.say(b"Subject: x\r\n\r\nhello\r\n.")).startswith("250")


def test_swaks_sends_one_message_over_tls_and_pipelined(tmp_path: Path) -> None:
    """MAIL-1, by a program that is not ours."""

    async def story() -> None:
        tls, _ = _server_tls(tmp_path)
        async with listening(tls=tls) as server:
            for options in (["--tls"], ["--pipeline"], ["--tls", "--pipeline"]):
                talk = await asyncio.to_thread(
                    swaks, server.port, "ann@customer.example", OURS, *options
                )
                assert talk.code == 0, talk.lines
            assert [envelope.tls for envelope, _ in server.taken] == [True, False, True]

    run(story())
