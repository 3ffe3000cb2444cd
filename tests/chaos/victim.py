"""The process that is killed: a hub over an SQLite log, with a medium and a socket."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path

from router.hub import Hub, HubSettings
from router.model.effects import Deliver, Effect
from router.model.errors import CarillonError
from router.model.ids import Medium, Position
from router.storage.sqlite import SqliteLog
from router.storage.system import SystemClock
from tests.chaos.wire import LINE_MOST_BYTES, TO_VICTIM, Ask, Hello, Push, Reply, Started, line

UNUSED_S = 20.0
"""A victim that nobody connects to, or that lost its load, does not stay behind."""

SETTINGS = HubSettings(snapshot_events=400, effects_saved_ms=5, tail=500)
"""Small, so that kills hit snapshots, followers that fall behind, and saved positions too."""


class NotingMedium:
    """Carries out an effect by a line in a file, which survives its process."""

    medium = Medium("mail")

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def perform(self, effect: Effect, position: Position) -> None:
        """Note it: the entry of what is to be delivered, the kind of anything else."""
        what = effect.entry_id if isinstance(effect, Deliver) else type(effect).__name__
        os.write(self._file, f"{position} {what}\n".encode())


class Victim:
    """One life: from recovery to being killed (or to its load's leaving, which ends it well)."""

    def __init__(self, folder: Path) -> None:
        self._log = SqliteLog(folder / "log.db")
        self._hub = Hub(self._log, SystemClock(), settings=SETTINGS)
        self._hub.attach(NotingMedium(folder / "effects.txt"))
        self._over = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def live(self) -> None:
        """Recover, say where, serve one load."""
        await self._log.open()
        await self._hub.start()
        server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, limit=LINE_MOST_BYTES, backlog=1
        )
        async with server:
            port = server.sockets[0].getsockname()[1]
            sys.stdout.buffer.write(line(Started(os.getpid(), port)))
            sys.stdout.buffer.flush()
            async with asyncio.timeout(UNUSED_S):
                await self._over.wait()
        await self._hub.stop()
        await self._log.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.readline():
                match TO_VICTIM.decode(data):
                    case Hello(seen=seen):
                        self._spawn(self._push(seen, writer))
                    case Ask() as ask:
                        self._spawn(self._answer(ask, writer))
                    case _:
                        raise AssertionError(f"the load said {data!r}")
        except OSError:
            # The load has gone; there is nobody left to serve.
            return
        finally:
            self._over.set()

    async def _answer(self, ask: Ask, writer: asyncio.StreamWriter) -> None:
        try:
            receipt = await self._hub.submit(ask.command)
        except CarillonError as error:
            writer.write(line(Reply(ask.number, error=error.code)))
        else:
            writer.write(line(Reply(ask.number, receipt.position, len(receipt.events))))

    async def _push(self, seen: int, writer: asyncio.StreamWriter) -> None:
        async for batch in self._hub.follow(Position(seen)):
            writer.write(line(Push(list(batch))))
            await writer.drain()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
