"""The guarded client asks whom the configuration named, and nobody within the network (IVR-1)."""

import asyncio
import gzip
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ivr.egress import BODY_BYTES_MAX, FAILURES_MAX, OPEN_MS, EgressFailed, GuardedClient, is_public
from router.model.ids import Instant
from tests.support.certificates import make_certificates
from tests.support.clock import StillClock

Story = Callable[["Server", GuardedClient, StillClock], Awaitable[None]]


class Server:
    """An HTTP server that answers every request with the same bytes and keeps what it was asked."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.asked: list[bytes] = []
        self.port = 0
        self.hold = asyncio.Event()
        self.hold.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        self.asked.append(head + await reader.readexactly(length))
        await self.hold.wait()
        writer.write(self.answer)
        writer.close()


def answer(body: bytes, status: str = "200 OK", *more: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def tell(tmp_path: Path, reply: bytes, story: Story, *, inside: bool = True) -> None:
    """Run a story with a TLS server on loopback; ``inside``: the configuration allows it."""

    async def run() -> None:
        made = make_certificates(tmp_path)
        server = Server(reply)
        offered = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        offered.load_cert_chain(made.certificate, made.key)
        listening = await asyncio.start_server(
            server.serve, "127.0.0.1", 0, ssl=offered, family=socket.AF_INET
        )
        server.port = listening.sockets[0].getsockname()[1]
        clock = StillClock()
        trusted = ssl.create_default_context(cafile=str(made.authority))
        internal = [f"localhost:{server.port}"] if inside else []
        client = GuardedClient(clock, internal, verify=trusted)
        try:
            await story(server, client, clock)
        finally:
            server.hold.set()
            await client.close()
            listening.close()
            await listening.wait_closed()

    asyncio.run(run())


def test_a_host_of_the_configuration_is_asked_by_its_name_over_tls(tmp_path: Path) -> None:
    async def story(server: Server, client: GuardedClient, clock: StillClock) -> None:
        url = f"https://localhost:{server.port}/orders/5?x=%2F"
        found = await client.send("POST", url, headers={"X-Key": "k"}, body=b"{}")
        assert (found.status, found.media_type, found.body) == (200, "application/json", b"[1]")
        head = server.asked[0]
        assert head.startswith(b"POST /orders/5?x=%2F HTTP/1.1\r\n")
        assert f"host: localhost:{server.port}".encode() in head.lower()
        assert b"x-key: k" in head.lower()
        assert head.endswith(b"{}")

    tell(tmp_path, answer(b"[1]", "200 OK", "Content-Type: application/json; a=b"), story)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",  # noqa: S104 -- An address to refuse, not to bind.
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::]",
        "shop.example@127.0.0.1",
        "127.0.0.1%00.shop.example",
    ],
)
def test_attack_17_no_way_of_writing_loopback_reaches_it(tmp_path: Path, host: str) -> None:
    async def story(server: Server, client: GuardedClient, clock: StillClock) -> None:
        for scheme in ("https", "http"):
            with pytest.raises(EgressFailed) as caught:
                await client.send("GET", f"{scheme}://{host}:{server.port}/")
            assert caught.value.code in ("refused", "unreachable")
        assert server.asked == []

    tell(tmp_path, answer(b""), story, inside=False)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104 -- An address to refuse, not to bind.
        "224.0.0.1",
        "255.255.255.255",
        "fd00::1",
        "fe80::1%eth0",
        "::",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:db8::1",
    ],
)
def test_attack_17_addresses_within_the_network_are_known_in_every_form(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_public_addresses_may_be_asked(address: str) -> None:
    assert is_public(address)


def test_plain_http_is_for_named_hosts_within_only(tmp_path: Path) -> None:
    async def story(server: Server, client: GuardedClient, clock: StillClock) -> None:
        for url in ("http://shop.example/", "ftp://shop.example/", "file:///etc/passwd", "x"):
            with pytest.raises(EgressFailed) as caught:
                await client.send("GET", url)
            assert caught.value.code == "refused"

    tell(tmp_path, answer(b""), story)


def test_a_redirect_is_an_answer_and_not_a_way(tmp_path: Path) -> None:
    async def story(server: Server, client: GuardedClient, clock: StillClock) -> None:
        found = await client.send("GET", f"https://localhost:{server.port}/")
        assert found.status == 302
        assert len(server.asked) == 1

    tell(tmp_path, answer(b"", "302 Found", "Location: https://localhost/"), story)


def test_an_answer_that_inflates_beyond_the_bound_is_cut_off(tmp_path: Path) -> None:
    async def story(server: Server, client: GuardedClient, clock: StillClock) -> None:
        with pytest.raises(EgressFailed) as caught:
            await client.send("GET", f"https://localhost:{server.port}/")
        assert caught.value.code == "too_large"

    packed = gzip.compress(bytes(BODY_BYTES_MAX + 1))
    tell(tmp_path, answer(packed, "200 OK", "Content-Encoding: gzip"), story)


def test_a_host_that_does_not_answer_is_given_up_and_then_rests(tmp_path: Path) -> None:
    async def story(server: Server, client: GuardedClient, clock: StillClock) -> None:
        url = f"https://localhost:{server.port}/"
        server.hold.clear()
        with pytest.raises(EgressFailed) as caught:
            await client.send("GET", url, limit_ms=150)
        assert caught.value.code == "too_slow"
        server.hold.set()
        server.answer = answer(b"", "503 Busy")
        for _ in range(FAILURES_MAX - 1):
            assert (await client.send("GET", url)).status == 503
        with pytest.raises(EgressFailed) as caught:
            await client.send("GET", url)
        assert caught.value.code == "resting"
        server.answer = answer(b"", "204 Good")
        clock.at = Instant(clock.at + OPEN_MS)
        assert (await client.send("GET", url)).status == 204

    tell(tmp_path, answer(b""), story)


def test_a_server_nobody_vouches_for_is_not_believed(tmp_path: Path) -> None:
    async def story(server: Server, client: GuardedClient, clock: StillClock) -> None:
        stranger = GuardedClient(clock, [f"localhost:{server.port}"])
        with pytest.raises(EgressFailed) as caught:
            await stranger.send("GET", f"https://localhost:{server.port}/")
        assert caught.value.code == "unreachable"
        assert server.asked == []
        await stranger.close()

    tell(tmp_path, answer(b""), story)
