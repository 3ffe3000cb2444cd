"""The history of a running centre: kept in step with the log, and read."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from reporting.past import CATCH_UP_MS, PastQueries
from reporting.projector import Projector
from reporting.reading import Reading
from reporting.store import HistoryStore
from reporting.store.reading import HistoryReader
from router.ports import EventLog, Feed

P = ParamSpec("P")
T = TypeVar("T")


class KeptHistory:
    """Follows ``feed`` into the tables at ``url``; ``log`` has the sealed words.

    ``reading`` runs reports, ``past`` tells the desk, ``projector`` says how far it has come.
    """

    def __init__(self, url: str, feed: Feed, log: EventLog) -> None:
        store = HistoryStore(url)
        self.projector = Projector(store, feed)
        self.reading = Reading(store)
        self.past = PastQueries(self.reading, self.projector, feed.head, log)
        self._head = feed.head

    async def report(
        self, query: Callable[Concatenate[HistoryReader, P], T], *args: P.args, **more: P.kwargs
    ) -> T:
        """Make a report of all that is in the log now; of less, and it says of how much, when the
        history does not come along within two seconds. Raises StorageFailed, Overloaded."""
        await self.projector.reached(self._head(), CATCH_UP_MS)
        return await self.reading.report(query, *args, **more)

    async def start(self) -> None:
        """Open the tables and begin to follow. Raises StorageFailed."""
        await self.projector.start()

    async def stop(self) -> None:
        """Finish the batch and the queries in hand, and let go of the database."""
        self.reading.stop()
        await self.projector.stop()
