"""The rounds: start a victim, load it, kill it at a random moment, audit what it left."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from router.model.commands import Command
from router.storage.sqlite import SqliteLog
from tests.chaos.ledger import Ledger
from tests.chaos.wire import (
    LINE_MOST_BYTES,
    STARTED,
    TO_LOAD,
    Ask,
    Hello,
    Push,
    Reply,
    Started,
    line,
)
from tests.chaos.world import SLOTS, World

IN_FLIGHT = 40
LIFE_S = (0.02, 0.15)
START_S = 60.0
_ENTRY_ID = 32
ROOT = Path(__file__).resolve().parents[2]


class Outcome(msgspec.Struct):
    """What a run showed."""

    kills: int
    seed: int
    acknowledged: int
    events: int
    interactions: int
    delivered: int
    lost: list[str]
    faults: list[str]


class Round:
    """One life of a victim under load."""

    def __init__(self, world: World, started: Started) -> None:
        self._world = world
        self._started = started

    async def run(self, life_s: float | None) -> None:
        """Load the victim for so long, then kill it; None leaves it to end well."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._started.port, limit=LINE_MOST_BYTES
        )
        descriptor = os.pidfd_open(self._started.pid)
        try:
            writer.write(line(Hello(self._world.seen)))
            self._ask(writer, self._world.openings())
            if life_s is None:
                await self._rest(reader, writer)
            else:
                loop = asyncio.get_running_loop()
                timer = loop.call_later(
                    life_s, signal.pidfd_send_signal, descriptor, signal.SIGKILL
                )
                await self._load(reader, writer)
                timer.cancel()
            await _died(descriptor)
        finally:
            os.close(descriptor)
            writer.close()
        self._world.cut_off()

    async def _load(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Ask without pause until the victim is gone; what it had answered counts."""
        try:
            while data := await reader.readline():
                if not data.endswith(b"\n"):
                    return
                self._take(data)
                if not writer.is_closing():
                    self._ask(writer, self._world.asks(IN_FLIGHT - self._world.open_asks))
        except OSError:
            return

    async def _rest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Ask for a last few things, and leave when everything is answered."""
        self._ask(writer, self._world.asks(IN_FLIGHT))
        async with asyncio.timeout(START_S):
            while self._world.open_asks:
                self._take(await reader.readline())
        writer.write_eof()
        while await reader.readline():
            pass

    def _take(self, data: bytes) -> None:
        match TO_LOAD.decode(data):
            case Reply(error="") as reply:
                self._world.answered(reply.number, reply.position, reply.events)
            case Reply() as reply:
                self._world.refusal(reply.number, reply.error)
            case Push(records=records):
                self._world.push(records)
            case _:
                raise AssertionError(f"the victim said {data!r}")

    def _ask(self, writer: asyncio.StreamWriter, asks: Iterator[tuple[int, Command]]) -> None:
        for number, command in asks:
            writer.write(line(Ask(number, command)))


async def kill_again_and_again(folder: Path, kills: int, seed: int) -> Outcome:
    """Run so many rounds and a last one that ends well; the outcome says what was lost."""
    moments = random.Random(seed)  # noqa: S311 - replayable, no secret
    world, ledger = World(seed), Ledger(SLOTS)
    lost: list[str] = []
    nursery = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.chaos.nursery",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    try:
        for number in range(kills + 1):
            nursery.stdin.write(f"{folder}\n".encode())
            async with asyncio.timeout(START_S):
                started = STARTED.decode(await nursery.stdout.readline())
            await Round(world, started).run(moments.uniform(*LIFE_S) if number < kills else None)
            await _audit(folder, world, ledger, lost)
    finally:
        nursery.stdin.close()
        await nursery.wait()
    delivered = _delivered(folder)
    lost += [f"the reply {entry} was never delivered" for entry in world.written - delivered]
    return Outcome(
        kills,
        seed,
        world.acknowledged,
        ledger.read,
        len(ledger.arrived),
        len(delivered),
        lost,
        ledger.faults,
    )


async def _audit(folder: Path, world: World, ledger: Ledger, lost: list[str]) -> None:
    log = SqliteLog(folder / "log.db")
    await log.open()
    try:
        await ledger.catch_up(log)
    finally:
        await log.close()
    if ledger.read < max(world.proven, world.seen):
        lost.append(f"the log ends at {ledger.read}; {world.proven} was acknowledged")
    lost += [f"the interaction {one} is not there" for one in world.arrived - ledger.arrived]
    lost += [f"the reply {one} is not there" for one in world.written - ledger.entries]


async def _died(descriptor: int) -> None:
    gone = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, gone.set)
    try:
        async with asyncio.timeout(START_S):
            await gone.wait()
    finally:
        loop.remove_reader(descriptor)


def _delivered(folder: Path) -> set[str]:
    lines = (folder / "effects.txt").read_text().splitlines()
    return {what for text in lines if len(what := text.partition(" ")[2]) == _ENTRY_ID}
