"""The log in one SQLite file: WAL, ``synchronous=FULL``, one writer thread, group commit.

SQLite itself cuts off what a crash tore while it was being written (the frames of its journal are
checksummed). Every record carries a checksum of its own, so that any other damage is found when
the record is read, and named by its position.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TypeVar

from router.model.errors import StaleWriter, StorageFailed
from router.model.events import Event, Recorded
from router.model.ids import Position
from router.ports import Snapshot
from router.storage.checksum import checksum
from router.storage.codec import CODEC, Codec
from router.storage.connection import connect
from router.storage.group import GroupWriter
from router.storage.migrations import newest, pending
from router.storage.migrations.log_sqlite import APPLICATION_ID, MIGRATIONS
from router.storage.snapshots import SnapshotFile

T = TypeVar("T")

_Row = tuple[int, int, str, bytes, int]

_INSERT = "INSERT INTO log VALUES "
_ROWS_MOST = 64
"""Rows of one statement; each number of rows is a statement that the connection keeps prepared."""


class SqliteLog:
    """An EventLog in one file. Constructor: ``SqliteLog(path)``; snapshots lie beside the file.

    Opening makes file and folder, for their owner alone (0600, 0700).
    """

    def __init__(self, path: Path, codec: Codec = CODEC) -> None:
        self._path = path
        self._codec = codec
        self._writer = GroupWriter(lambda: connect(path), f"the log {path}")
        self._snapshots = SnapshotFile(path.with_name(f"{path.name}.snapshot"))
        self._threads: ThreadPoolExecutor | None = None
        self._reader: sqlite3.Connection | None = None
        self._log_id = ""

    async def open(self) -> None:
        """Get ready; what a crash tore is cut off. Raises StorageFailed for any other damage."""
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="log-reader")
        try:
            self._log_id = await self._in_reader(lambda: _prepare(self._path))
            await self._in_reader(self._snapshots.sweep)
            self._reader = await self._in_reader(lambda: connect(self._path, reader=True))
            await self._writer.start()
        except StorageFailed:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish what was given and let go of the file."""
        await self._writer.stop()
        threads, self._threads = self._threads, None
        reader, self._reader = self._reader, None
        if threads is not None:
            if reader is not None:
                await asyncio.get_running_loop().run_in_executor(threads, reader.close)
            threads.shutdown(wait=False)

    async def take_lead(self) -> int:
        """Become the writer: returns a new epoch, greater than all before."""
        return await self._writer.write(_take_lead)

    async def append(self, events: Sequence[Event], epoch: int) -> Position:
        """Append all of the events or none; durable on return; the last one's position.

        Raises StaleWriter when a newer epoch exists, StorageFailed when it cannot be written,
        InvalidInput when an event holds a value that has no bytes.
        """
        encoded = [self._codec.encode(event) for event in events]
        return await self._writer.write(lambda connection: _append(connection, encoded, epoch))

    async def read(self, after: Position, limit: int = 1_000) -> Sequence[Recorded]:
        """The events behind a position, in order. Raises StorageFailed naming damaged ones."""
        return await self._read(lambda connection: self._load(connection, after, limit))

    async def last(self) -> Position:
        """The position of the last event, 0 when there is none."""
        return await self._read(lambda connection: Position(_last(connection)))

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of the one before; durable on return."""
        await self._in_reader(lambda: self._snapshots.save(snapshot, self._log_id))

    async def load_snapshot(self) -> Snapshot | None:
        """The newest snapshot; None when there is none of this log or it is damaged."""
        return await self._in_reader(lambda: self._snapshots.load(self._log_id))

    async def save_position(self, follower: str, position: Position) -> None:
        """Remember how far a follower has come; shares a transaction with what is appended."""
        await self._writer.write(
            lambda connection: (
                connection.execute(
                    "INSERT INTO followers VALUES (?, ?)"
                    " ON CONFLICT (follower) DO UPDATE SET position = excluded.position",
                    (follower, position),
                ).rowcount
            )
        )

    async def load_position(self, follower: str) -> Position:
        """How far a follower had come; 0 when it is new."""

        def look(connection: sqlite3.Connection) -> Position:
            row = connection.execute(
                "SELECT position FROM followers WHERE follower = ?", (follower,)
            ).fetchone()
            return Position(row[0] if row else 0)

        return await self._read(look)

    def _load(self, connection: sqlite3.Connection, after: int, limit: int) -> list[Recorded]:
        rows: list[_Row] = connection.execute(
            "SELECT position, epoch, tag, body, checksum FROM log"
            " WHERE position > ? ORDER BY position LIMIT ?",
            (after, limit),
        ).fetchall()
        return self._codec.records(after, rows, f"{self._path}: ")

    async def _read(self, look: Callable[[sqlite3.Connection], T]) -> T:
        reader = self._reader
        if reader is None:
            raise StorageFailed(f"the log {self._path} is closed")
        return await self._in_reader(lambda: look(reader))

    async def _in_reader(self, look: Callable[[], T]) -> T:
        if self._threads is None:
            raise StorageFailed(f"the log {self._path} is closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, look)
        except sqlite3.Error as error:
            raise StorageFailed(f"{self._path}: {error}") from error


def _prepare(path: Path) -> str:
    """Bring the file to today's shape and check that it is a log; its id."""
    connection = connect(path)
    try:
        done = _number(connection, "user_version")
        application_id = _number(connection, "application_id")
        if done > newest(MIGRATIONS):
            raise StorageFailed(f"{path} was written by a newer version (shape {done})")
        if done == 0 and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise StorageFailed(f"{path} is an SQLite file, but no log of ours")
        if done > 0 and application_id != APPLICATION_ID:
            raise StorageFailed(f"{path} is an SQLite file, but no log of ours")
        connection.execute("BEGIN IMMEDIATE")
        for migration in pending(MIGRATIONS, _number(connection, "user_version")):
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {migration.number}")
        connection.execute("COMMIT")
        (log_id,) = connection.execute("SELECT log_id FROM lead").fetchone()
        return str(log_id)
    finally:
        connection.close()


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    (number,) = connection.execute(f"PRAGMA {pragma}").fetchone()
    return int(number)


def _last(connection: sqlite3.Connection) -> int:
    (position,) = connection.execute("SELECT coalesce(max(position), 0) FROM log").fetchone()
    return int(position)


def _take_lead(connection: sqlite3.Connection) -> int:
    connection.execute("UPDATE lead SET epoch = epoch + 1")
    (epoch,) = connection.execute("SELECT epoch FROM lead").fetchone()
    return int(epoch)


def _append(
    connection: sqlite3.Connection, encoded: Sequence[tuple[str, bytes]], epoch: int
) -> Position:
    leading, last = connection.execute(
        "SELECT epoch, (SELECT coalesce(max(position), 0) FROM log) FROM lead"
    ).fetchone()
    if leading != epoch:
        raise StaleWriter(f"epoch {epoch} is over: {leading} leads")
    for start in range(0, len(encoded), _ROWS_MOST):
        values: list[int | str | bytes] = []
        rows = encoded[start : start + _ROWS_MOST]
        for position, (tag, body) in enumerate(rows, last + start + 1):
            values += (position, epoch, tag, body, checksum(position, epoch, tag, body))
        connection.execute(_insert(len(rows)), values)
    return Position(last + len(encoded))


@cache
def _insert(rows: int) -> str:
    """One statement for many rows: the driver takes up the interpreter's lock once, not per row."""
    return _INSERT + ", ".join(rows * ["(?, ?, ?, ?, ?)"])
