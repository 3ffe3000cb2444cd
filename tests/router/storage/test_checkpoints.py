"""The write-ahead log is carried over into the file beside the writer, and stays bounded."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from router.model.ids import Position
from router.storage import checkpoints
from router.storage.checkpoints import CARRIED_AFTER, PAGES_MOST, Checkpoints
from router.storage.connection import connect
from router.storage.sqlite import SqliteLog
from tests.router.storage.logs import signed_in
from tests.router.storage.test_sqlite import fill, with_log

PAGE_BYTES = 4_096
FRAME_BYTES = PAGE_BYTES + 24
DEADLINE_S = 20


async def _carried_over(path: Path, at_least: int) -> None:
    """Wait until the file itself has grown, though its writer has not closed it."""
    async with asyncio.timeout(DEADLINE_S):
        while _size(path) < at_least:  # noqa: ASYNC110 - another thread's doing, without an event
            await asyncio.sleep(0.01)


def _size(path: Path) -> int:
    return path.stat().st_size


def test_what_is_committed_comes_into_the_file_without_the_writer_doing_it(tmp_path: Path) -> None:
    path = tmp_path / "log.db"

    async def use(log: SqliteLog) -> None:
        small = path.stat().st_size
        # Far from the number of pages at which the writer would begin by itself.
        await fill(log, 40 * CARRIED_AFTER, each=20)
        assert path.with_name("log.db-wal").stat().st_size < PAGES_MOST * FRAME_BYTES
        await _carried_over(path, small + 20 * PAGE_BYTES)

    with_log(path, use)


def test_the_write_ahead_log_is_bounded_though_nobody_rests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "PAGES_MOST", 1_000)
    path = tmp_path / "log.db"
    largest = 0

    async def use(log: SqliteLog) -> None:
        nonlocal largest
        epoch = await log.take_lead()
        for start in range(20):
            for number in range(10):
                await log.append([signed_in(1_000 * start + number)] * 3_000, epoch)
            largest = max(largest, path.with_name("log.db-wal").stat().st_size)
        assert await log.last() == Position(20 * 10 * 3_000)

    with_log(path, use)
    assert largest < path.stat().st_size / 2


def test_a_checkpoint_that_fails_stops_nobody_and_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    given: list[sqlite3.Connection] = []

    def opened() -> sqlite3.Connection:
        given.append(connect(path))
        return given[-1]

    writer = connect(path)
    writer.execute("CREATE TABLE some (value INTEGER)")
    carrying = Checkpoints(opened, "carrying over")
    carrying.start(writer)
    assert writer.execute("PRAGMA wal_autocheckpoint").fetchone() == (PAGES_MOST,)
    given[0].close()
    for number in range(3 * CARRIED_AFTER):
        writer.execute("INSERT INTO some VALUES (?)", (number,))
        carrying.committed(writer)
    assert _threads("carrying over")
    carrying.stop()
    assert not _threads("carrying over")
    assert writer.execute("SELECT count(*) FROM some").fetchone() == (3 * CARRIED_AFTER,)
    writer.close()


def test_a_closed_log_leaves_neither_thread_nor_write_ahead_log(tmp_path: Path) -> None:
    with_log(tmp_path / "log.db", lambda log: fill(log, 2 * CARRIED_AFTER))
    assert not _threads("checkpoints")
    assert not list(tmp_path.glob("*-wal"))


def _threads(name: str) -> list[str]:
    return [thread.name for thread in threading.enumerate() if name in thread.name]
