"""WEB-7: frames that are no good, too many, too big or not read close their socket alone."""

import asyncio
import contextlib
import json
import secrets
import socket as sockets
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.agent_desktop.client import DeskClient
from tests.agent_desktop.world import World, story


async def said_hello(world: World, user: str) -> ClientConnection:
    person = await world.sign_in(user)
    socket = await person.socket("/ws/desk")
    await socket.send(json.dumps({"type": "hello", "protocol": 1, "desk": secrets.token_hex(4)}))
    return socket


async def code_of(socket: ClientConnection) -> int | None:
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.recv()
    return socket.close_code


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", 4400),
        ("{}", 4400),
        (json.dumps({"type": "hello", "protocol": 1, "desk": "twice"}), 4400),
        (json.dumps({"type": "do", "id": "1", "do": "x", "more": 1}), 4400),
        (json.dumps({"type": "ping", "id": "x" * 65}), 4400),
        (b"bytes", 4400),
        ("[" * 60_000, 4400),
        (json.dumps({"type": "ping", "id": "x" * 65_536}), 4413),
        ("é" * 40_000, 4413),
        ("x" * 200_000, 1009),
    ],
)
def test_attack_27_a_frame_that_is_no_good_closes_its_socket_alone(
    tmp_path: Path, frame: str | bytes, code: int
) -> None:
    async def tell(world: World) -> None:
        eve = await world.desk("eve")
        socket = await said_hello(world, "mia")
        await socket.send(frame)
        assert await code_of(socket) == code
        assert await eve.ping() > 0

    story(tmp_path, tell)


def test_attack_27_the_first_frame_is_a_hello_and_comes_within_five_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent_desktop.protocol.HELLO_WITHIN_MS", 50)

    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")
        assert await code_of(await mia.socket("/ws/desk")) == 4408
        first = await mia.socket("/ws/desk")
        await first.send(json.dumps({"type": "ping", "id": "1"}))
        assert await code_of(first) == 4400
        other = await mia.socket("/ws/desk")
        await other.send(json.dumps({"type": "hello", "protocol": 2, "desk": "d"}))
        assert await code_of(other) == 4400

    story(tmp_path, tell)


def test_attack_27_more_than_fifty_commands_a_second_close_the_socket(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        eve = await world.desk("eve")
        mia = await world.desk("mia")
        for number in range(200):
            await mia.send(type="do", id=f"n{number}", do="nothing", args={})
        assert await mia.closed() == 4429
        assert await eve.ping() > 0

    story(tmp_path, tell)


def test_attack_27_a_silent_socket_is_closed_after_twenty_seconds(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.desk("mia")
        world.clock.pass_ms(19_000)
        await mia.ping()
        world.clock.pass_ms(19_000)
        await world.server.desk.desks.sweep()
        await mia.ping()
        world.clock.pass_ms(20_001)
        await world.server.desk.desks.sweep()
        assert await mia.closed() == 4408

    story(tmp_path, tell)


def test_attack_27_a_reader_that_does_not_read_is_cut_and_others_are_served(
    tmp_path: Path,
) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        tom = await world.ready("tom")
        await mia.leave()
        slow = await stuck(world, mia)
        tabs = world.server.desk.desks.tabs
        long = "x" * 15_000
        sent = 0
        while tabs(mia_id := mia.snapshot["agent"]["agent_id"]):  # type: ignore[index]  # it has one
            await world.says(chat, long)
            sent += 1
            assert sent < 5_000, "a desk that does not read was not cut"
        assert mia_id == "mia"
        assert await tom.ping() > 0
        slow.close()
        back = await DeskClient.open(mia.person, desk=mia.desk, log=mia.log, after=mia.seq)
        assert len(back.pushes) == sent or back.snapshot is not None

    story(tmp_path, tell)


async def stuck(world: World, mia: DeskClient) -> sockets.socket:
    """A desk that says hello and then never reads, with small buffers."""
    host, port = world.origin.partition("//")[2].split(":")
    ticket = await mia.person.ticket()
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, (host, int(port)))
    head = (
        f"GET /ws/desk?ticket={ticket} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Version: 13\r\nOrigin: {world.origin}\r\n"
        f"Cookie: {mia.person.headers['Cookie']}\r\n\r\n"
    )
    await loop.sock_sendall(raw, head.encode())
    assert b"101" in await loop.sock_recv(raw, 200)
    hello = json.dumps(
        {"type": "hello", "protocol": 1, "desk": mia.desk, "log": mia.log, "after": mia.seq}
    ).encode()
    # A masked text frame with a mask of zeros.
    await loop.sock_sendall(
        raw, bytes([0x81, 0xFE]) + len(hello).to_bytes(2, "big") + bytes(4) + hello
    )
    return raw


def test_attack_27_compression_is_not_spoken(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")
        ticket = await mia.ticket()
        host, port = world.origin.partition("//")[2].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            (
                f"GET /ws/desk?ticket={ticket} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                f"Sec-WebSocket-Version: 13\r\nOrigin: {world.origin}\r\n"
                f"Cookie: {mia.headers['Cookie']}\r\n\r\n"
            ).encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head
        assert b"extensions" not in head.lower()
        writer.transport.abort()

    story(tmp_path, tell)


def test_a_desk_past_its_bound_of_sockets_is_told_so(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")
        for _ in range(10):
            await DeskClient.open(mia)
        with pytest.raises(InvalidStatus) as caught:
            await mia.socket("/ws/desk")
        assert caught.value.response.status_code == 503

    story(tmp_path, tell)


def test_a_server_that_stops_tells_every_desk_to_come_again(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.desk("mia")
        world.server.sockets.close_all(4503, "the server stops")
        assert await mia.closed() == 4503

    story(tmp_path, tell)
