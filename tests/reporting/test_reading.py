"""Look-ups share snapshots and threads without ever sharing a fate."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from reporting import reading as module
from reporting.reading import Reading
from reporting.reports import queue_by_interval
from reporting.rows import VisitRow
from reporting.store import HistoryStore
from reporting.store.reading import HistoryReader
from reporting.store.tables import TABLES
from router.model.errors import InvalidInput, Overloaded, StorageFailed
from tests.reporting import events
from tests.reporting.projecting import project, question


def visits(reader: HistoryReader) -> int:
    return reader.counts(VisitRow)


def spoiled(reader: HistoryReader) -> int:
    """What no database understands."""
    return reader.counts(VisitRow, TABLES[VisitRow].c.visit.op("is no word of")(1))


def refused(reader: HistoryReader) -> int:
    raise InvalidInput("not so", field="figure")


def test_a_look_up_that_fails_spoils_no_other(url: str) -> None:
    async def run() -> list[Any]:
        await project(url, events.a_day(), visits)
        store = HistoryStore(url)
        reading = Reading(store)
        asked = [visits, spoiled, visits, refused, visits, spoiled, visits]
        try:
            return list(
                await asyncio.gather(
                    *(reading.look(each) for each in asked), return_exceptions=True
                )
            )
        finally:
            reading.stop()
            store.close()

    found = asyncio.run(run())
    assert [each for each in found if isinstance(each, int)] == [4, 4, 4, 4]
    assert [type(found[place]) for place in (1, 3, 5)] == [
        StorageFailed,
        InvalidInput,
        StorageFailed,
    ]


def test_without_a_database_everybody_is_told(tmp_path: Path) -> None:
    async def run() -> list[Any]:
        store = HistoryStore(f"sqlite:///{tmp_path}/missing/history.db")
        reading = Reading(store)
        try:
            asked = [reading.look(visits) for _ in range(100)]
            return list(await asyncio.gather(*asked, return_exceptions=True))
        finally:
            reading.stop()
            store.close()

    assert {type(each) for each in asyncio.run(run())} == {StorageFailed}


def test_five_hundred_at_once_are_all_answered_and_one_more_than_bearable_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> list[Any]:
        await project(url, events.a_day(), visits)
        store = HistoryStore(url)
        reading = Reading(store)
        try:
            first = await asyncio.gather(*(reading.look(visits) for _ in range(500)))
            monkeypatch.setattr(module, "LOOKS_WAITING_MAX", 3)
            asked = [reading.look(visits) for _ in range(20)]
            return [*first, *await asyncio.gather(*asked, return_exceptions=True)]
        finally:
            reading.stop()
            store.close()

    found = asyncio.run(run())
    assert found[:500] == [4] * 500
    kinds = [type(each) for each in found[500:]]
    assert Overloaded in kinds
    assert int in kinds


def test_a_long_report_keeps_no_look_up_waiting_and_sees_one_moment(url: str) -> None:
    """A report reads in a snapshot: what is written meanwhile is not in it."""
    happened = [*events.signed_in(), *events.arrives("first", 10)]
    reading_goes_on, looked = threading.Event(), threading.Event()

    def slow(reader: HistoryReader) -> tuple[int, int]:
        before = visits(reader)
        reading_goes_on.set()
        assert looked.wait(30)
        report = queue_by_interval.answer(reader, question())
        offered = report.totals["offered"]
        assert isinstance(offered, int)
        return before, offered

    async def run() -> tuple[tuple[int, int], int]:
        await project(url, happened, visits)
        store = HistoryStore(url)
        reading = Reading(store)
        report = asyncio.create_task(reading.report(slow))
        try:
            await asyncio.to_thread(reading_goes_on.wait, 30)
            now = await project(url, [*happened, *events.arrives("second", 20)], visits)
            assert await reading.look(visits) == now
            looked.set()
            return await report, now
        finally:
            reading.stop()
            store.close()

    of_the_report, now = asyncio.run(run())
    assert of_the_report == (1, 1)
    assert now == 2
