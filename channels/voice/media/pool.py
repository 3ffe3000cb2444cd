"""The media nodes of a main process: spawned, watched, started anew, and chosen by their load."""

import asyncio
import contextlib
import os
import secrets
import shutil
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import Callable
from pathlib import Path

import msgspec

from channels.voice.media.answers import Allocated, Event, LegFigures
from channels.voice.media.client import MediaLine, MediaLost, Place, connect
from channels.voice.media.commands import Alloc, Free

READY_S = 20.0
STOP_S = 12.0
AGAIN_S = (0.1, 1.0, 5.0, 15.0)
"""Pauses before a node that died is started again; the last one is repeated."""
STEADY_S = 60.0
SOCKET_PATH_MAX = 100
"""Bytes of a socket's path; the kernel takes no longer ones. Others lie in the temporary folder."""


class NodeLost(msgspec.Struct, frozen=True):
    """A node is gone with these legs: their calls need another node, or to be called back."""

    node: str
    legs: tuple[str, ...]


class NodeBack(msgspec.Struct, frozen=True):
    """A node is there again, empty."""

    node: str


PoolEvent = Event | NodeLost | NodeBack


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``nodes`` 0: one less than there are processors, at least one. ``elsewhere`` are nodes that
    somebody else runs, reached over TLS. Folders are made where they are missing.
    """

    folder: Path
    sounds: Path
    address: str
    public: str = ""
    nodes: int = 0
    legs: int = 1_024
    loopback: bool = False
    elsewhere: tuple[Place, ...] = ()


class _Seat:
    """One node's place in the pool."""

    def __init__(self, name: str, place: Place) -> None:
        self.name, self.place = name, place
        self.process: Process | None = None
        self.line: MediaLine | None = None
        self.room = 0
        self.legs: set[str] = set()


class MediaPool:
    """``tell`` gets every event of every node. A leg's name is its own in the whole pool."""

    def __init__(
        self, settings: Settings, owner: str, epoch: int, tell: Callable[[PoolEvent], None]
    ):
        self._settings, self._owner, self._epoch, self._tell = settings, owner, epoch, tell
        count = settings.nodes or max(1, (os.cpu_count() or 2) - 1)
        own = self._control = settings.folder / "control"
        if len(str(own / f"{count}.socket").encode()) > SOCKET_PATH_MAX:
            own = self._control = Path(tempfile.mkdtemp(prefix="carillon-"))
        self._seats = [
            _Seat(f"media-{number}", Place(path=own / f"{number}.socket"))
            for number in range(count)
        ]
        self._seats += [
            _Seat(f"media-{place.host}-{place.port}", place) for place in settings.elsewhere
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self) -> None:
        """Start all nodes; raises MediaLost when one of ours does not come up."""
        self._settings.sounds.mkdir(parents=True, exist_ok=True)
        for seat in self._seats:
            if seat.place.path is not None or seat.line is None:
                try:
                    await self._open(seat)
                except MediaLost:
                    if seat.place.path is not None:
                        await self.stop()
                        raise
        self._tasks = [
            asyncio.create_task(self._watch(seat), name=f"watch {seat.name}")
            for seat in self._seats
        ]

    async def stop(self) -> None:
        """End all nodes of ours; recordings in hand are finished by them."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(self._close(seat) for seat in self._seats))
        await asyncio.to_thread(shutil.rmtree, self._control, ignore_errors=True)

    def health(self) -> dict[str, str]:
        """The nodes that are not there."""
        return {seat.name: "not running" for seat in self._seats if seat.line is None}

    async def alloc(self, wish: Alloc) -> Allocated:
        """A leg on the node with the fewest, or where ``beside`` says. Raises MediaLost."""
        return await self._alloc(self._least(), wish)

    async def alloc_beside(self, leg: str, wish: Alloc) -> Allocated:
        """A leg on the node of another leg: only such legs can be mixed."""
        return await self._alloc(self._seat_of(leg), wish)

    def line_of(self, leg: str) -> MediaLine:
        """The line to the node that has a leg. Raises MediaLost when none has."""
        line = self._seat_of(leg).line
        if line is None:
            raise MediaLost(f"the node of {leg} is gone")
        return line

    def lines(self) -> list[MediaLine]:
        """The lines to all nodes that are there."""
        return [seat.line for seat in self._seats if seat.line is not None]

    async def free(self, leg: str) -> LegFigures:
        """End a leg; its last figures."""
        seat = self._seat_of(leg)
        line = self.line_of(leg)
        seat.legs.discard(leg)
        return await line.ask(Free(leg), LegFigures)

    def _seat_of(self, leg: str) -> _Seat:
        for seat in self._seats:
            if leg in seat.legs:
                return seat
        raise MediaLost(f"no node has {leg}")

    def _least(self) -> _Seat:
        free = [
            seat for seat in self._seats if seat.line is not None and len(seat.legs) < seat.room
        ]
        if not free:
            raise MediaLost("no media node has room")
        return min(free, key=lambda seat: len(seat.legs) / seat.room)

    async def _alloc(self, seat: _Seat, wish: Alloc) -> Allocated:
        if seat.line is None:
            raise MediaLost(f"{seat.name} is gone")
        # Counted before it is there, so that many at once are spread.
        seat.legs.add(wish.leg)
        try:
            return await seat.line.ask(wish, Allocated)
        except BaseException:
            seat.legs.discard(wish.leg)
            raise

    async def _open(self, seat: _Seat) -> None:
        if seat.place.path is not None:
            await self._spawn(seat, seat.place.path)
        try:
            seat.line, welcome = await connect(seat.place, self._owner, self._epoch, self._tell)
        except Exception:
            await self._close(seat)
            raise
        seat.room = welcome.legs_max
        seat.legs = set(welcome.legs)

    async def _spawn(self, seat: _Seat, path: Path) -> None:
        settings = self._settings
        arguments = [
            *("--name", seat.name, "--address", settings.address, "--public", settings.public),
            *("--sounds", str(settings.sounds), "--socket", str(path)),
            *("--recordings", str(settings.folder / "recordings" / seat.name)),
            *("--legs", str(settings.legs), "--guarded"),
            *(("--loopback",) if settings.loopback else ()),
        ]
        # One thread for arithmetic: more would only take the processor from the tick.
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        seat.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "channels.voice.media.node", *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
        )
        try:
            async with asyncio.timeout(READY_S):
                said = await seat.process.stdout.readline() if seat.process.stdout else b""
        except TimeoutError:
            said = b""
        if said != b"ready\n":
            await self._close(seat)
            raise MediaLost(f"{seat.name} did not start")

    async def _watch(self, seat: _Seat) -> None:
        """See a node die, say so, and have it again."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            begun_s = loop.time()
            if seat.line is not None:
                await seat.line.closed.wait()
                lost = tuple(sorted(seat.legs))
                seat.legs.clear()
                await self._close(seat)
                self._tell(NodeLost(seat.name, lost))
            failures = 0 if loop.time() - begun_s > STEADY_S else failures + 1
            pause_s = AGAIN_S[min(failures, len(AGAIN_S)) - 1]
            # Nodes that die together need not come back together.
            await asyncio.sleep(pause_s * (0.75 + secrets.randbelow(500) / 1_000))
            with contextlib.suppress(MediaLost, OSError):
                await self._open(seat)
                self._tell(NodeBack(seat.name))

    async def _close(self, seat: _Seat) -> None:
        line, seat.line = seat.line, None
        process, seat.process = seat.process, None
        if line is not None:
            await line.close()
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
