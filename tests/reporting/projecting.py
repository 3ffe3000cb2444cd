"""A projector that reads a log to its end, for the tests of the history."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from reporting.projector import Projector
from reporting.reading import Reading
from reporting.reports import queue_by_interval
from reporting.store import HistoryStore
from reporting.store.reading import HistoryReader
from reporting.store.tables import TABLES
from router.model.events import Event
from tests.reporting import events

T = TypeVar("T")
Look = Callable[[HistoryReader], T]


async def project(url: str, happened: Sequence[Event], look: Look[T]) -> T:
    """Let a projector read these events to the end, then look at its history."""
    log = events.Log(happened)
    store = HistoryStore(url)
    projector, reading = Projector(store, log), Reading(store)
    await projector.start()
    try:
        assert await projector.reached(log.head()), projector.health()
        return await reading.look(look)
    finally:
        reading.stop()
        await projector.stop()


def all_rows(reader: HistoryReader) -> list[Any]:
    """Every row of every table."""
    return [reader.rows(kind, order=tuple(TABLES[kind].primary_key)) for kind in TABLES]


def question(**values: Any) -> queue_by_interval.Question:
    """A question about the whole day."""
    given = {"start": events.at(0), "end": events.at(3_600), **values}
    return queue_by_interval.Question(**given)
