"""Real sockets: the torture messages, bounds of connections (SIP-9), TLS, and large messages."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typing_extensions import override

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.framing import StreamReader
from channels.voice.sip.limits import STREAM_BYTES
from channels.voice.sip.message import Message, Request, Response
from channels.voice.sip.parsing import parse_datagram
from channels.voice.sip.settings import SipSettings
from channels.voice.sip.wire.streams import StreamLimits
from router.model.errors import InvalidInput
from tests.channels.voice.sip.listening import Ear, listening, settings_of
from tests.channels.voice.sip.test_torture import DROPPED, REFUSED
from tests.channels.voice.sip.torture import torture_messages
from tests.support.loop import run

GOOD = (
    b"OPTIONS sip:us@127.0.0.1 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:5070;rport;branch=z9hG4bKgood\r\n"
    b"From: <sip:them@127.0.0.1>;tag=1\r\nTo: <sip:us@127.0.0.1>\r\n"
    b"Call-ID: good-one\r\nCSeq: 7 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)
SILENT = DROPPED | {"unreason", "noreason"}
ACCEPTED = {"OPTIONS": 200, "INVITE": 486, "REGISTER": 401, "MESSAGE": 405}
"""How a request that is fine is answered here: calls are rejected as busy, nobody is logged on."""
OVER_STREAMS = {"clerr": [], "dblreq": [401, 400]}
"""The rest of the one is waited for until the line is closed; the other is two messages there, the
second with a line in its description that is none.
"""


def expected(name: str, data: bytes) -> list[int]:
    if name in SILENT:
        return []
    if name in REFUSED:
        return [REFUSED[name]]
    if name == "wsinv":
        return [481]  # It names a dialog (To has a tag) that is unknown here.
    return [ACCEPTED[data.split(b" ", 1)[0].decode()]]


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: asyncio.Queue[Message] = asyncio.Queue()
        self.transport: Any = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.put_nowait(parse_datagram(data))


@asynccontextmanager
async def datagrams(port: int) -> AsyncIterator[Datagrams]:
    loop = asyncio.get_running_loop()
    transport, line = await loop.create_datagram_endpoint(
        Datagrams, remote_addr=("127.0.0.1", port)
    )
    try:
        yield line
    finally:
        transport.close()


def finals(messages: list[Message]) -> list[int]:
    """The final statuses, those of the good request left out."""
    return [
        m.status
        for m in messages
        if isinstance(m, Response) and m.status >= 200 and m.first("call-id") != "good-one"
    ]


async def until_good(read: Callable[[], Any]) -> list[Message]:
    """What is heard until the good request is answered, or the line is closed."""
    heard: list[Message] = []
    async with asyncio.timeout(10):
        while True:
            message = await read()
            if message is None or message.first("call-id") == "good-one":
                return heard
            heard.append(message)


def busy(ear: Ear) -> None:
    ear.on_call = lambda call: call.reject(486)


def test_the_torture_messages_over_udp_are_answered_as_the_list_says() -> None:
    """Attack 4: each whole one as listed, and the next request is answered all the same."""

    async def story() -> None:
        async with listening() as ear:
            busy(ear)
            for name, torture in torture_messages().items():
                async with datagrams(ear.endpoint.port()) as line:
                    line.transport.sendto(torture.data)
                    line.transport.sendto(GOOD.replace(b"good\r\n", b"%s\r\n" % name.encode()))
                    heard = await until_good(line.heard.get)
                    assert finals(heard) == expected(name, torture.data), name

    run(story())


class Stream:
    """A TCP line spoken by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._frames = StreamReader()

    async def next_message(self) -> Message | None:
        """The next message, None when the line was closed."""
        while True:
            message = self._frames.next_message()
            if message is not None:
                return message
            try:
                data = await self.reader.read(65_536)
            except ConnectionError:
                return None
            if not data:
                return None
            self._frames.feed(data)


@asynccontextmanager
async def stream(port: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[Stream]:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=tls, server_hostname="localhost" if tls else None
    )
    try:
        yield Stream(reader, writer)
    finally:
        writer.transport.abort()


def limited(**limits: float) -> SipSettings:
    streams = msgspec.convert(limits, StreamLimits)
    return msgspec.structs.replace(settings_of(), streams=streams)


def test_the_torture_messages_over_tcp_are_answered_as_the_list_says() -> None:
    async def story() -> None:
        async with listening(limited(message_s=0.4)) as ear:
            busy(ear)
            for name, torture in torture_messages().items():
                async with stream(ear.endpoint.port("TCP")) as line:
                    line.writer.write(torture.data + GOOD)
                    heard = await until_good(line.next_message)
                    wanted = OVER_STREAMS.get(name, expected(name, torture.data))
                    assert finals(heard) == wanted, name

    run(story())


def test_sip_9_half_sent_messages_are_given_up_and_lines_are_counted() -> None:
    """Attack 6: slow lines are closed in time, and nobody has more than his share of them."""

    async def story() -> None:
        async with listening(limited(message_s=0.5, connections_a_source=20)) as ear:
            port = ear.endpoint.port("TCP")
            lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(60)]
            for _, writer in lines:
                writer.write(b"OPTIONS sip:a")
            async with asyncio.timeout(10):
                ends = await asyncio.gather(
                    *(reader.read() for reader, _ in lines), return_exceptions=True
                )
            assert all(end == b"" or isinstance(end, ConnectionError) for end in ends)
            for _, writer in lines:
                writer.transport.abort()
            assert ear.endpoint.carrier.connections == 0
            async with stream(port) as line:
                line.writer.write(GOOD)
                assert await until_good(line.next_message) == []

    run(story())


def test_sip_9_no_more_lines_than_allowed_are_open() -> None:
    async def story() -> None:
        async with listening(limited(connections=3)) as ear:
            port = ear.endpoint.port("TCP")
            kept = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            async with asyncio.timeout(5):
                with contextlib.suppress(ConnectionError):  # Closed, one way or the other.
                    assert await reader.read() == b""
            writer.transport.abort()
            assert ear.endpoint.carrier.connections == 3
            for _, open_writer in kept:
                open_writer.transport.abort()

    run(story())


def test_sip_1_a_stream_message_that_is_too_large_is_refused_and_closed() -> None:
    async def story() -> None:
        async with listening() as ear, stream(ear.endpoint.port("TCP")) as line:
            line.writer.write(GOOD.replace(b"Length: 0", b"Length: %d" % (STREAM_BYTES + 1)))
            message = await line.next_message()
            assert isinstance(message, Response)
            assert message.status == 513
            assert await line.next_message() is None

    run(story())


def test_strangers_silence_is_ended_and_known_ones_may_be_silent() -> None:
    async def story() -> None:
        strangers = msgspec.structs.replace(limited(idle_s=0.3), trunks=())
        async with listening(strangers) as ear, stream(ear.endpoint.port("TCP")) as line:
            async with asyncio.timeout(5):
                assert await line.next_message() is None
        async with listening(limited(idle_s=0.1)) as ear, stream(ear.endpoint.port("TCP")) as line:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await line.next_message()

    run(story())


def test_keep_alives_are_answered() -> None:
    """RFC 5626: a double line end is answered by a single one, to those we know."""

    async def story() -> None:
        async with listening() as ear:
            async with stream(ear.endpoint.port("TCP")) as line:
                line.writer.write(b"\r\n\r\n")
                assert await line.reader.readexactly(2) == b"\r\n"
            loop = asyncio.get_running_loop()
            heard: asyncio.Queue[bytes] = asyncio.Queue()

            class Raw(asyncio.DatagramProtocol):
                @override
                def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                    heard.put_nowait(data)

            transport, _ = await loop.create_datagram_endpoint(
                Raw, remote_addr=("127.0.0.1", ear.endpoint.port())
            )
            transport.sendto(b"\r\n\r\n")
            async with asyncio.timeout(5):
                assert await heard.get() == b"\r\n"
            transport.close()

    run(story())


def test_settings_with_a_mistake_are_refused_by_name(tmp_path: Path) -> None:
    bad = msgspec.structs.replace(
        settings_of(), certificate_file=str(tmp_path / "none"), key_file=str(tmp_path / "none")
    )

    async def story() -> None:
        for settings in (bad, msgspec.structs.replace(bad, realm=" ")):
            with pytest.raises(InvalidInput):
                async with listening(settings):
                    pass

    run(story())


def test_a_bad_message_is_named_with_its_call_id(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with listening() as ear, datagrams(ear.endpoint.port()) as line:
            line.transport.sendto(GOOD.replace(b"CSeq: 7", b"CSeq: x"))
            answer = await line.heard.get()
            assert isinstance(answer, Response)
            assert (answer.status, answer.reason) == (400, "CSeq is malformed")

    run(story())
    assert "Call-ID good-one" in caplog.text


def test_requests_that_are_no_requests_are_not_parsed_as_such() -> None:
    with pytest.raises(BadMessage):
        parse_datagram(b"\x80\x00" + b"\x00" * 158)  # Sound that lost its way.
    assert isinstance(parse_datagram(GOOD), Request)
