"""What only the file can do to us: torn tails, damage, a full disk, foreign hands."""

import asyncio
import resource
import shutil
import sqlite3
import stat
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from router.model.errors import StorageFailed
from router.model.ids import Position
from router.ports import Snapshot
from router.storage.sqlite import SqliteLog
from tests.router.storage.logs import signed_in, with_opened


def with_log(path: Path, use: Callable[[SqliteLog], Awaitable[None]]) -> None:
    with_opened(SqliteLog(path), use)


async def fill(log: SqliteLog, count: int, each: int = 1) -> None:
    epoch = await log.take_lead()
    for number in range(0, count, each):
        await log.append([signed_in(number + more) for more in range(each)], epoch)


def test_files_and_folder_are_for_their_owner_alone_db_1(tmp_path: Path) -> None:
    path = tmp_path / "data" / "log.db"
    modes: dict[str, int] = {}

    async def use(log: SqliteLog) -> None:
        await fill(log, 3)
        await log.save_snapshot(Snapshot(Position(1), 1, (b"x",)))
        for file in path.parent.iterdir():
            modes[file.name] = stat.S_IMODE(file.stat().st_mode)

    with_log(path, use)
    assert {"log.db", "log.db-wal", "log.db-shm", "log.db.snapshot"} <= set(modes)
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_that_was_left_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with_log(path, lambda log: fill(log, 1))
    path.chmod(0o644)
    with_log(path, lambda log: fill(log, 1))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET body = x'00' WHERE position = 2",
        "DELETE FROM log WHERE position = 3",
        "DELETE FROM log",
        "INSERT OR REPLACE INTO log VALUES (2, 1, 'x', x'00', 0)",
        "INSERT INTO log VALUES (9, 1, 'x', x'00', 0)",
        "UPDATE lead SET epoch = epoch - 1",
        "DELETE FROM lead",
    ],
)
def test_triggers_refuse_to_change_or_cut_the_log_db_3(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "log.db"
    with_log(path, lambda log: fill(log, 3))
    connection = sqlite3.connect(path)
    try:
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)
    finally:
        connection.close()

    async def use(log: SqliteLog) -> None:
        assert [record.event for record in await log.read(Position(0))] == [
            signed_in(number) for number in range(3)
        ]

    with_log(path, use)


def test_a_torn_last_record_is_cut_off_and_all_before_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "live" / "log.db"
    crashed: list[Path] = []

    async def use(log: SqliteLog) -> None:
        await fill(log, 20)
        wal = path.with_name("log.db-wal").read_bytes()
        frame = 24 + 4_096
        for cut in (1, 100, frame - 1, frame, frame + 1, 3 * frame + 7):
            # What a crash leaves when the machine dies in the middle of a write.
            folder = tmp_path / f"crashed-{cut}"
            folder.mkdir()
            shutil.copy(path, folder / "log.db")
            (folder / "log.db-wal").write_bytes(wal[:-cut])
            crashed.append(folder / "log.db")

    with_log(path, use)
    counts = []

    async def look(log: SqliteLog) -> None:
        records = await log.read(Position(0))
        assert [record.event for record in records] == [
            signed_in(number) for number in range(len(records))
        ]
        counts.append(len(records))
        epoch = await log.take_lead()
        assert await log.append([signed_in(99)], epoch) == len(records) + 1

    for copy in crashed:
        with_log(copy, look)
    assert counts[0] == 19
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] >= 15


def test_damage_inside_a_record_is_found_and_named_by_its_position(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with_log(path, lambda log: fill(log, 50, each=50))
    data = path.read_bytes()
    at = data.index(b"agent-0041")
    path.write_bytes(data[:at] + b"agent-6041" + data[at + 10 :])

    async def use(log: SqliteLog) -> None:
        assert len(await log.read(Position(0), 41)) == 41
        with pytest.raises(StorageFailed, match="position 42 is damaged"):
            await log.read(Position(41))

    with_log(path, use)


def test_a_missing_record_is_found_and_named(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with_log(path, lambda log: fill(log, 5))
    connection = sqlite3.connect(path)
    connection.executescript(
        "DROP TRIGGER log_is_never_cut; DELETE FROM log WHERE position = 3; VACUUM;"
    )
    connection.close()

    async def use(log: SqliteLog) -> None:
        with pytest.raises(StorageFailed, match="position 3 is missing"):
            await log.read(Position(0))

    with_log(path, use)


@pytest.mark.parametrize("damage", ["header", "foreign", "newer", "other sqlite", "cut"])
def test_a_file_that_is_no_log_of_ours_is_refused_and_left_alone(
    tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "log.db"
    with_log(path, lambda log: fill(log, 400))
    if damage == "header":
        path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    elif damage == "foreign":
        path.write_bytes(b"this is somebody's letter, not a database" * 500)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:8_192])
    else:
        if damage == "other sqlite":
            path.unlink()
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE letters (words)")
        if damage == "newer":
            connection.execute("PRAGMA user_version = 99")
        connection.commit()
        connection.close()
    before = path.read_bytes()

    async def use(log: SqliteLog) -> None:
        await log.read(Position(0), 1_000)

    with pytest.raises(StorageFailed, match=r"log\.db"):
        with_log(path, use)
    assert path.read_bytes()[100:] == before[100:]


def test_a_snapshot_that_is_damaged_or_of_another_log_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    sheet = tmp_path / "log.db.snapshot"

    async def save(log: SqliteLog) -> None:
        await fill(log, 3)
        await log.save_snapshot(Snapshot(Position(3), 1, (b"s" * 5_000,)))

    async def absent(log: SqliteLog) -> None:
        assert await log.load_snapshot() is None

    with_log(path, save)
    whole = sheet.read_bytes()
    for damaged in (whole[:-1], whole[:2_000] + b"?" + whole[2_001:], b"", b"abc"):
        sheet.write_bytes(damaged)
        with_log(path, absent)
    sheet.write_bytes(whole)
    other = tmp_path / "other" / "log.db"
    with_log(other, lambda log: fill(log, 3))
    shutil.copy(sheet, tmp_path / "other" / "log.db.snapshot")
    with_log(other, absent)


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """A disk on which no file can grow past this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_refuses_the_append_keeps_the_log_whole_and_heals(tmp_path: Path) -> None:
    path = tmp_path / "log.db"

    async def use(log: SqliteLog) -> None:
        epoch = await log.take_lead()
        await log.append([signed_in(1)], epoch)
        wal = path.with_name("log.db-wal").stat().st_size
        with room_for(wal + 8_192):
            with pytest.raises(StorageFailed, match=r"log\.db"):
                await log.append([signed_in(number) for number in range(5_000)], epoch)
            assert await log.last() == 1
            with pytest.raises(StorageFailed):
                await log.save_snapshot(Snapshot(Position(1), 1, (bytes(100_000),)))
        assert await log.load_snapshot() is None
        assert await log.append([signed_in(2)], epoch) == 2
        assert [record.event for record in await log.read(Position(0))] == [
            signed_in(1),
            signed_in(2),
        ]

    with_log(path, use)
    assert not list(tmp_path.glob("*.new"))


def test_what_a_crash_left_of_a_snapshot_is_cleared_away_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    half = tmp_path / "log.db.snapshot.0123456789abcdef.new"
    other = tmp_path / "notes.new"
    for file in (half, other):
        file.write_bytes(b"half")

    async def use(log: SqliteLog) -> None:
        await log.save_snapshot(Snapshot(Position(0), 1, (b"whole",)))

    with_log(path, use)
    assert not half.exists()
    assert other.exists()


def test_one_append_that_fails_does_not_fail_its_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "log.db"

    async def use(log: SqliteLog) -> None:
        epoch = await log.take_lead()
        results = await asyncio.gather(
            *(log.append([signed_in(number)], epoch) for number in range(5)),
            log.append([signed_in(77)], epoch - 1),
            *(log.append([signed_in(number)], epoch) for number in range(5, 9)),
            return_exceptions=True,
        )
        assert [result for result in results if isinstance(result, int)] == list(range(1, 10))
        assert isinstance(results[5], StorageFailed)

    with_log(path, use)
