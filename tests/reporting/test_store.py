"""The tables are what the manual says, for their owner alone, and follow through an outage."""

import asyncio
import contextlib
import re
import sqlite3
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reporting import projector as module
from reporting.projector import Projector
from reporting.reading import Reading
from reporting.rows import VisitRow
from reporting.store import HistoryStore, HistoryWriter
from reporting.store.tables import SCHEMA_VERSION, TABLES, metadata, shape_of
from router.model import events as facts
from router.model.errors import StorageFailed
from router.model.events import Event
from tests.reporting import events
from tests.reporting.projecting import all_rows, project

MANUAL = Path(__file__).parents[2] / "docs" / "schema.md"


def columns_of_the_manual() -> dict[str, list[str]]:
    """What docs/schema.md says of each table."""
    found = {}
    for line in MANUAL.read_text(encoding="utf-8").splitlines():
        named = re.fullmatch(r"\| `(\w+)` \| .* \| (`.*`) \| `.*` \|", line)
        if named:
            found[named[1]] = re.findall(r"`(\w+)`", named[2])
    return found


def test_the_manual_names_every_table_and_every_column() -> None:
    tables = {name: [str(c.name) for c in table.c] for name, table in metadata.tables.items()}
    assert columns_of_the_manual() == tables


def test_db_1_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    store = HistoryStore(f"sqlite:///{tmp_path}/history.db")
    store.open()
    store.close()
    assert stat.S_IMODE((tmp_path / "history.db").stat().st_mode) == 0o600


def test_a_reader_can_change_nothing(url: str) -> None:
    asyncio.run(project(url, events.a_day(), all_rows))
    store = HistoryStore(url)
    with pytest.raises(StorageFailed), store.reading() as reader:
        HistoryWriter(reader._connection, store._insert).put(
            [msgspec.structs.replace(row, queue="other") for row in reader.rows(VisitRow)]
        )
    store.close()


def test_a_history_of_an_older_version_is_built_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = asyncio.run(project(url, events.a_day(), all_rows))
    assert whole[0], "there are interactions"
    monkeypatch.setattr("reporting.store.SCHEMA_VERSION", SCHEMA_VERSION + 1)
    store = HistoryStore(url)
    assert store.open() == (0, 0)
    with store.reading() as reader:
        assert not any(all_rows(reader))
    store.close()
    assert asyncio.run(project(url, events.a_day(), all_rows)) == whole


def test_a_history_with_other_columns_is_built_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    whole = asyncio.run(project(url, events.a_day(), all_rows))
    with contextlib.closing(sqlite3.connect(tmp_path / "history.db")) as connection:
        connection.execute("ALTER TABLE projection DROP COLUMN at")
        connection.execute("ALTER TABLE visits DROP COLUMN rule")
    assert asyncio.run(project(url, events.a_day(), all_rows)) == whole


def test_the_history_follows_again_once_its_database_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is away the centre says so, and nothing is lost or done twice."""
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    url = f"sqlite:///{tmp_path}/history.db?timeout=0.01"
    happened = events.a_day()

    async def run() -> list[Any]:
        await project(url, happened[:5], all_rows)
        log = events.Log(happened)
        store = HistoryStore(url)
        projector, reading = Projector(store, log), Reading(store)
        with contextlib.closing(sqlite3.connect(tmp_path / "history.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            await projector.start()
            while not projector.health():
                await projector.reached(log.head(), deadline_ms=1)
            assert "locked" in projector.health()
            assert not await projector.reached(log.head(), deadline_ms=1)
            assert len((await reading.look(all_rows))[0]) == 1, "what is kept can be read"
        assert await projector.reached(log.head(), deadline_ms=30_000)
        assert projector.health() == ""
        rows = await reading.look(all_rows)
        reading.stop()
        await projector.stop()
        return rows

    whole = asyncio.run(project(f"sqlite:///{tmp_path}/whole.db", happened, all_rows))
    assert asyncio.run(run()) == whole


def test_another_shape_of_a_row_or_of_a_kept_fact_is_another_version() -> None:
    """Kept steps are events as JSON: what cannot be read any more must not be kept."""
    assert shape_of(list(TABLES), Event) == SCHEMA_VERSION
    assert shape_of(list(TABLES)[1:], Event) != SCHEMA_VERSION
    assert shape_of(list(TABLES), facts.Offered | facts.Closed) != SCHEMA_VERSION
