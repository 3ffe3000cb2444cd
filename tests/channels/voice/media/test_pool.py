"""Real nodes in processes of their own: spawned, commanded, killed, and back again."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import socket
import ssl
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from channels.voice.media import protocol
from channels.voice.media.answers import (
    Allocated,
    LegFigures,
    NodeFigures,
    Recorded,
    Refused,
    Welcome,
)
from channels.voice.media.arrangements import conference
from channels.voice.media.client import MediaLost, MediaRefused, Place, connect
from channels.voice.media.codings import Codec
from channels.voice.media.commands import (
    Alloc,
    Free,
    Mix,
    Record,
    SetRemote,
    Stats,
    StopRecording,
)
from channels.voice.media.gate import client_context
from channels.voice.media.pool import MediaPool, NodeBack, NodeLost, PoolEvent, Settings
from channels.voice.media.sealed_recordings import open_sealed
from tests.channels.voice.media.room import HOST, TYPES, Phone
from tests.channels.voice.media.sounds import level_of, tone
from tests.support.certificates import make_certificates
from tests.support.programs import free_port

NODE = (sys.executable, "-m", "channels.voice.media.node")
DEADLINE_S = 60
FORBIDDEN = (
    *("127.0.0.1", "::1", "::ffff:127.0.0.1", "224.0.0.1", "ff02::1", "255.255.255.255", "::"),
    "0.0.0.0",  # noqa: S104 -- nothing is bound to it: it must be refused
    "example.org",
)


class Told:
    """The events of a pool, and waiting for one of them."""

    def __init__(self) -> None:
        self.events: list[PoolEvent] = []
        self._news = asyncio.Event()

    def __call__(self, event: PoolEvent) -> None:
        self.events.append(event)
        self._news.set()

    async def next(self, kind: type) -> PoolEvent:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                for event in self.events:
                    if isinstance(event, kind):
                        self.events.remove(event)
                        return event
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def running(
    folder: Path, nodes: int = 1, *, loopback: bool = True, **more: object
) -> AsyncIterator[tuple[MediaPool, Told]]:
    told = Told()
    settings = Settings(
        folder,
        folder / "sounds",
        HOST,
        nodes=nodes,
        legs=64,
        loopback=loopback,
        **more,  # type: ignore[arg-type]  # Its fields by name.
    )
    pool = MediaPool(settings, "main", 1, told)
    await pool.start()
    try:
        yield pool, told
    finally:
        await pool.stop()


async def talk(phones: list[Phone], frames: int) -> None:
    """Frames in real time, as a phone sends them."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for number in range(frames):
        for phone in phones:
            phone.talk()
        await asyncio.sleep(max(0, begun + number * 0.02 - loop.time()))
        for phone in phones:
            phone.listen()


def test_a_call_through_a_real_node_is_heard_recorded_and_scored(tmp_path: Path) -> None:
    """FILE-6 beside it: nothing of the recording is on disk in clear."""

    async def story() -> None:
        async with running(tmp_path) as (pool, told):
            phones = [Phone(Codec.PCMU), Phone(Codec.PCMA)]
            for name, phone, hz in zip(("a", "b"), phones, (440, 1_000), strict=True):
                phone.says = tone(hz, 1_000)
                at = await pool.alloc(Alloc(name))
                phone.to = (HOST, at.port)
                said = SetRemote(
                    name, phone.codec, TYPES[phone.codec], address=HOST, port=phone.port, known=True
                )
                await pool.line_of(name).do(said)
            line = pool.line_of("a")
            await line.do(Mix(["a", "b"], conference(["a", "b"])))
            await line.do(Record("a", "talk", b"k" * 32))
            await talk(phones, 100)
            await line.do(StopRecording("talk"))
            recorded = await told.next(Recorded)
            assert isinstance(recorded, Recorded)
            whole = await line.recording("talk")
            opened = open_sealed(io.BytesIO(whole), b"k" * 32)
            assert len(whole) == recorded.size
            assert not opened.torn
            assert sum(map(len, opened.pieces)) == recorded.duration_ms * 32
            assert b"".join(opened.pieces)[8_000:8_100] not in whole
            assert level_of(phones[0].heard(40), 1_000) > 4_000
            assert level_of(phones[1].heard(40), 440) > 4_000
            figures = await line.ask(Stats("a"), LegFigures)
            assert figures.quality.lost == 0
            assert figures.quality.packets > 80
            node = await line.ask(Stats(), NodeFigures)
            assert (node.legs, node.recordings) == (2, 0)
            assert (await pool.free("a")).quality.score > 4
            with pytest.raises(MediaLost):
                pool.line_of("a")
            for phone in phones:
                phone.socket.close()

    asyncio.run(story())


def test_a_node_that_dies_names_the_legs_it_had_and_comes_back_empty(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, nodes=2) as (pool, told):
            for number in range(6):
                await pool.alloc(Alloc(f"leg-{number}"))
            victim = pool._seats[0]
            assert [len(seat.legs) for seat in pool._seats] == [3, 3]
            expected = tuple(sorted(victim.legs))
            assert victim.process is not None
            os.kill(victim.process.pid, signal.SIGKILL)
            lost = await told.next(NodeLost)
            assert isinstance(lost, NodeLost)
            assert (lost.node, lost.legs) == (victim.name, expected)
            # Calls go on at the other node meanwhile.
            at = await pool.alloc(Alloc("rescue"))
            assert at.port >= 10_000
            await told.next(NodeBack)
            assert pool.health() == {}
            with pytest.raises(MediaLost):
                pool.line_of(expected[0])
            await pool.alloc(Alloc(expected[0]))

    asyncio.run(story())


def test_what_a_dead_node_had_recorded_can_be_read_up_to_its_last_whole_piece(
    tmp_path: Path,
) -> None:
    async def story() -> Path:
        async with running(tmp_path) as (pool, told):
            phone = Phone(Codec.PCMU)
            phone.says = tone(440, 1_000)
            phone.to = (HOST, (await pool.alloc(Alloc("a"))).port)
            line = pool.line_of("a")
            said = SetRemote("a", Codec.PCMU, 0, address=HOST, port=phone.port, known=True)
            await line.do(said)
            await line.do(Record("a", "talk", b"k" * 32))
            file = tmp_path / "recordings" / "media-0" / "talk.rec"
            async with asyncio.timeout(DEADLINE_S):
                while not file.exists() or file.stat().st_size < 70_000:
                    await talk([phone], 10)
            process = pool._seats[0].process
            assert process is not None
            os.kill(process.pid, signal.SIGKILL)
            await told.next(NodeLost)
            phone.socket.close()
            return file

    with asyncio.run(story()).open("rb") as file:
        opened = open_sealed(file, b"k" * 32)
    assert opened.torn
    left = np.frombuffer(b"".join(opened.pieces), np.int16)[::2]
    assert len(left) >= 16_384
    assert level_of(left[4_000:5_600], 440) > 4_000


def test_nodes_end_with_the_main_process_and_leave_no_socket(tmp_path: Path) -> None:
    async def story() -> list[int]:
        async with running(tmp_path) as (pool, _):
            process = pool._seats[0].process
            assert process is not None
            control = tmp_path / "control"
            path = control / "0.socket"
            assert stat.S_IMODE(control.stat().st_mode) == 0o700
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            await pool.alloc(Alloc("a"))
        assert not path.exists()
        return [process.returncode if process.returncode is not None else -1]

    assert asyncio.run(story()) == [0]


def test_a_full_node_refuses_and_the_pool_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as (pool, _):
            for number in range(64):
                await pool.alloc(Alloc(f"leg-{number}"))
            with pytest.raises(MediaLost, match="room"):
                await pool.alloc(Alloc("more"))
            line = pool.line_of("leg-0")
            with pytest.raises(MediaRefused, match="64 legs") as refused:
                await line.ask(Alloc("more"), Allocated)
            assert refused.value.code == "full"
            await pool.free("leg-0")
            await pool.alloc(Alloc("more"))

    asyncio.run(story())


@asynccontextmanager
async def alone(folder: Path, *options: str) -> AsyncIterator[None]:
    """A node that no pool watches; it ends with the block, in order."""
    process = await asyncio.create_subprocess_exec(
        *NODE,
        *("--address", HOST, "--sounds", str(folder), "--recordings", str(folder / "r")),
        *(*options, "--guarded"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.stdin.close()
        async with asyncio.timeout(DEADLINE_S):
            assert await process.wait() == 0


def test_rtp_9_an_older_epoch_is_refused_and_a_newer_takes_over_the_legs(tmp_path: Path) -> None:
    async def story() -> None:
        place = Place(path=tmp_path / "control" / "node.socket")
        async with alone(tmp_path, "--socket", str(place.path)):
            told = Told()
            first, _ = await connect(place, "main", 5, told)
            await first.ask(Alloc("a"), Allocated)
            for epoch in (4, 5):
                with pytest.raises(MediaRefused) as refused:
                    await connect(place, "main", epoch, told)
                assert refused.value.code == "stale"
            other, welcome = await connect(place, "other", 1, told)
            assert welcome.legs == []
            with pytest.raises(MediaRefused, match="no leg a"):
                await other.ask(Free("a"), LegFigures)
            newer, welcome = await connect(place, "main", 6, told)
            assert welcome.legs == ["a"]
            async with asyncio.timeout(DEADLINE_S):
                await first.closed.wait()
            with pytest.raises(MediaLost):
                await first.ask(Free("a"), LegFigures)
            await newer.close()
            # Nobody commands it now, yet its legs go on, for whoever comes back.
            again, welcome = await connect(place, "main", 7, told)
            assert welcome.legs == ["a"]
            for line in (first, other, again):
                await line.close()

    asyncio.run(story())


def test_rtp_9_a_line_that_talks_nonsense_is_refused_by_name_or_ended(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as (pool, _):
            path = tmp_path / "control" / "0.socket"
            reader, writer = await asyncio.open_unix_connection(path)
            for body, code in (
                (b'{"do":"stop","number":4,"leg":"a"}', "invalid"),
                (b'{"do":"fly","number":5}', "malformed"),
                (b'{"do":"hello","number":6,"owner":"x","epoch":1,"protocol":9}', "invalid"),
                (b"\x80\x02}q\x00.", "malformed"),
            ):
                writer.write(len(body).to_bytes(4, "big") + body)
                size = int.from_bytes(await reader.readexactly(4), "big")
                answer = protocol.ANSWERS.decode(await reader.readexactly(size))
                assert isinstance(answer, Refused)
                assert answer.code == code
            writer.write(b"\xff\xff\xff\xff")
            assert await reader.read() == b""
            writer.close()
            await pool.alloc(Alloc("still-there"))

    asyncio.run(story())


def test_rtp_9_other_machines_command_only_with_a_certificate_of_our_authority(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        folders = tmp_path / "ours", tmp_path / "strangers"
        for folder in folders:
            folder.mkdir()
        ours, strangers = make_certificates(folders[0]), make_certificates(folders[1])
        port = free_port()
        told = Told()
        listen = ("--listen", f"{HOST}:{port}", "--certificate", str(ours.certificate))
        trust = ("--key", str(ours.key), "--authority", str(ours.authority))
        async with alone(tmp_path, *listen, *trust):
            good = client_context(ours.certificate, ours.key, ours.authority)
            place = Place(host="localhost", port=port, tls=good)
            line, welcome = await connect(place, "main", 1, told)
            assert isinstance(welcome, Welcome)
            assert (await line.ask(Alloc("a"), Allocated)).port >= 10_000
            bad = client_context(strangers.certificate, strangers.key, ours.authority)
            none = ssl.create_default_context(cafile=str(ours.authority))
            old = client_context(ours.certificate, ours.key, ours.authority)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
            for context in (bad, none, old, None):
                with pytest.raises(MediaLost):
                    await connect(Place(host="localhost", port=port, tls=context), "main", 2, told)
            assert (await line.ask(Stats(), NodeFigures)).legs == 1
            await line.close()

    asyncio.run(story())


def test_attack_11_nothing_is_sent_to_this_machine_to_many_or_to_ourselves(tmp_path: Path) -> None:
    """RTP-3, as the last of several checks: signalling refuses the SDP before."""

    async def story() -> None:
        async with running(tmp_path, loopback=False) as (pool, _):
            at = await pool.alloc(Alloc("a"))
            for address in FORBIDDEN:
                said = SetRemote("a", Codec.PCMU, 0, address=address, port=5_000, known=True)
                with pytest.raises(MediaRefused) as refused:
                    await pool.line_of("a").do(said)
                assert refused.value.field == "address", address
        async with running(tmp_path) as (pool, _):
            at = await pool.alloc(Alloc("a"))
            said = SetRemote("a", Codec.PCMU, 0, address=HOST, port=at.port, known=True)
            with pytest.raises(MediaRefused) as refused:
                await pool.line_of("a").do(said)
            assert refused.value.field == "port"

    asyncio.run(story())


def test_a_port_that_somebody_has_is_not_shared_with_them(tmp_path: Path) -> None:
    """We bind so that our two sockets share a port; nobody else's may be taken that way."""
    from channels.voice.media.ports import PORT_MIN, LegPorts, NoPort

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        at = PORT_MIN + 2 * 1_234
        other.bind((HOST, at))
        with pytest.raises(NoPort):
            LegPorts(HOST, shared=True, pick=lambda _: 1_234)
        with pytest.raises(NoPort):
            LegPorts(HOST, shared=False, pick=lambda _: 1_234)
