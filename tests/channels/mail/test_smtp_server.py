"""Incoming SMTP over a real connection: what is taken, what is refused, and that it is bounded."""

import asyncio

import pytest

from channels.mail.smtp_server import SmtpLimits
from router.model.errors import InvalidInput, Overloaded, StorageFailed
from router.model.ids import MINUTE_MS
from tests.channels.mail.smtp_talk import OURS, listening
from tests.support.loop import run

MESSAGE = b"Subject: hello\r\n\r\nGood day\r\n"


def test_a_message_is_taken_with_its_envelope_and_its_dots() -> None:
    async def story() -> None:
        async with listening() as server, server.client() as talk:
            assert await talk.reply() == "220 mx.centre.example ESMTP"
            await talk.begin()
            reply = await talk.say(MESSAGE + b"..one dot\r\n.")
            assert reply == "250 2.0.0 Taken"
            ((envelope, raw),) = server.taken
            assert raw == MESSAGE + b".one dot\r\n"
            assert envelope.sender == "ann@customer.example"
            assert envelope.recipients == (OURS,)
            assert envelope.helo == "client.example"
            assert (envelope.source, envelope.tls) == ("127.0.0.1", False)

    run(story())


def test_a_bounce_with_its_empty_sender_is_taken() -> None:
    async def story() -> None:
        async with listening() as server, server.client() as talk:
            await talk.reply()
            await talk.begin(sender="")
            assert (await talk.say(MESSAGE + b".")).startswith("250")
            assert server.taken[0][0].sender == ""

    run(story())


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (InvalidInput("no mail of this kind", field="x"), "554 5.6.0"),
        (Overloaded("busy"), "451 4.3.1"),
        (StorageFailed("disk full"), "451 4.3.0"),
        (OSError("disk gone"), "451 4.3.0"),
        (RuntimeError("a mistake of ours"), "451 4.3.0"),
    ],
)
def test_what_cannot_be_kept_is_not_acknowledged(fault: Exception, code: str) -> None:
    """The client keeps its message: whatever goes wrong here, it never hears 250."""

    async def story() -> None:
        async with listening() as server, server.client() as talk:
            await talk.reply()
            server.fault = fault
            await talk.begin()
            assert (await talk.say(MESSAGE + b".")).startswith(code)
            server.fault = None
            await talk.begin()
            assert (await talk.say(MESSAGE + b".")).startswith("250")
            assert len(server.taken) == 1

    run(story())


def test_a_delivery_that_takes_too_long_is_put_off() -> None:
    async def story() -> None:
        async with listening(SmtpLimits(delivery_seconds=0)) as server, server.client() as talk:
            server.hold = asyncio.Event()
            await talk.reply()
            await talk.begin()
            assert (await talk.say(MESSAGE + b".")).startswith("451")

    run(story())


def test_commands_sent_meanwhile_wait_until_the_message_is_durable() -> None:
    async def story() -> None:
        async with listening() as server, server.client() as talk:
            server.hold = asyncio.Event()
            await talk.reply()
            await talk.begin()
            talk.send(MESSAGE + b".\r\nNOOP\r\nQUIT\r\n")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(talk.reply(), 0.05)
            server.hold.set()
            replies = await talk.ended()
            assert [reply[:3] for reply in replies] == ["250", "250", "221"]

    run(story())


def test_a_client_that_leaves_during_delivery_harms_nobody() -> None:
    async def story() -> None:
        async with listening() as server:
            server.hold = asyncio.Event()
            async with server.client() as talk:
                await talk.reply()
                await talk.begin()
                talk.send(MESSAGE + b".\r\n")
                await talk.writer.drain()
            server.hold.set()
            async with server.client() as talk:
                await talk.reply()
                await talk.begin()
                assert (await talk.say(MESSAGE + b".")).startswith("250")

    run(story())


def test_mail_1_only_our_own_recipients_are_taken() -> None:
    async def story() -> None:
        async with listening() as server, server.client() as talk:
            await talk.reply()
            await talk.say("EHLO client.example")
            await talk.say("MAIL FROM:<ann@customer.example>")
            for foreign in ("ann@elsewhere.example", "help@centre.example@evil.example", "help"):
                assert (await talk.say(f"RCPT TO:<{foreign}>"))[:1] == "5", foreign
            assert (await talk.say("DATA")).startswith("503")
            assert server.taken == []

    run(story())


def test_mail_1_a_message_over_the_size_is_refused_announced_or_not() -> None:
    async def story() -> None:
        limits = SmtpLimits(message_bytes=1_000)
        async with listening(limits) as server, server.client() as talk:
            await talk.reply()
            assert "SIZE 1000" in await talk.say("EHLO client.example")
            assert (await talk.say("MAIL FROM:<a@b.example> SIZE=1001")).startswith("552")
            await talk.begin()
            assert (await talk.say(b"x" * 500 + b"\r\n" + b"y" * 600 + b"\r\n.")).startswith("552")
            await talk.begin()
            assert (await talk.say(MESSAGE + b".")).startswith("250")
            assert server.bodies == [MESSAGE]

    run(story())


def test_mail_1_recipients_messages_and_errors_of_a_connection_are_bounded() -> None:
    async def story() -> None:
        limits = SmtpLimits(recipients=1, messages_a_connection=1, errors_a_connection=2)
        async with listening(limits) as server, server.client() as talk:
            await talk.reply()
            await talk.say("EHLO client.example")
            await talk.say("MAIL FROM:<a@b.example>")
            assert (await talk.say(f"RCPT TO:<{OURS}>")).startswith("250")
            assert (await talk.say("RCPT TO:<sales@centre.example>")).startswith("452 4.5.3")
            await talk.say("DATA")
            assert (await talk.say(MESSAGE + b".")).startswith("250")
            assert (await talk.say("MAIL FROM:<a@b.example>")).startswith("452")
            assert (await talk.say("NONSENSE")).startswith("500")
            talk.send(b"AUTH PLAIN AGEAYg==\r\n")
            assert [reply[:3] for reply in await talk.ended()] == ["502", "421"]
            assert len(server.taken) == 1

    run(story())


def test_mail_1_connections_are_bounded_by_source_and_in_all() -> None:
    async def story(limits: SmtpLimits) -> None:
        async with listening(limits) as server:
            async with server.client() as first:
                assert (await first.reply()).startswith("220")
                async with server.client() as second:
                    assert [reply[:9] for reply in await second.ended()] == ["421 4.7.0"]
                assert (await first.say("QUIT")).startswith("221")
                await first.ended()
            async with server.client() as third:
                assert (await third.reply()).startswith("220")

    run(story(SmtpLimits(connections_a_source=1)))
    run(story(SmtpLimits(connections=1)))


def test_mail_1_a_source_has_its_share_of_messages_a_minute() -> None:
    async def story() -> None:
        limits = SmtpLimits(messages_a_minute_a_source=1)
        async with listening(limits) as server, server.client() as talk:
            await talk.reply()
            await talk.begin()
            assert (await talk.say(MESSAGE + b".")).startswith("250")
            await talk.say("MAIL FROM:<a@b.example>")
            await talk.say(f"RCPT TO:<{OURS}>")
            assert (await talk.say("DATA")).startswith("450 4.7.1")
            server.clock.pass_ms(MINUTE_MS)
            assert (await talk.say("DATA")).startswith("354")
            assert (await talk.say(MESSAGE + b".")).startswith("250")

    run(story())


def test_mail_1_an_idle_connection_is_ended() -> None:
    async def story() -> None:
        async with listening(SmtpLimits(idle_seconds=1)) as server, server.client() as talk:
            await talk.reply()
            assert [reply[:9] for reply in await talk.ended()] == ["421 4.4.2"]

    run(story())


@pytest.mark.parametrize(
    "line",
    [b"\xff\xfe", b"", b"MAIL", b"MAIL FROM:ann", b"RCPT TO:<x>", b"STARTTLS", b"BDAT 5", b"AUTH",
     b"DATA", b"VRFY ann", b"\x00", b"MAIL FROM:<a@b> SIZE=\xb2", b"helo \xff", b"EHLO"],
)  # fmt: skip
def test_a_wrong_command_is_refused_and_the_connection_lives(line: bytes) -> None:
    async def story() -> None:
        async with listening() as server, server.client() as talk:
            await talk.reply()
            assert (await talk.say(line))[:1] in "245", line
            await talk.begin()
            assert (await talk.say(MESSAGE + b".")).startswith("250")
            assert len(server.taken) == 1

    run(story())
