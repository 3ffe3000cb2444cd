"""The history of a running centre: kept in step with the log, and read."""

from reporting.past import PastQueries
from reporting.projector import Projector
from reporting.reading import Reading
from reporting.store import HistoryStore
from router.ports import EventLog, Feed


class KeptHistory:
    """Follows ``feed`` into the tables at ``url``; ``log`` has the sealed words.

    ``reading`` runs reports, ``past`` tells the desk, ``projector`` says how far it has come.
    """

    def __init__(self, url: str, feed: Feed, log: EventLog) -> None:
        store = HistoryStore(url)
        self.projector = Projector(store, feed)
        self.reading = Reading(store)
        self.past = PastQueries(self.reading, self.projector, feed.head, log)

    async def start(self) -> None:
        """Open the tables and begin to follow. Raises StorageFailed."""
        await self.projector.start()

    async def stop(self) -> None:
        """Finish the batch and the queries in hand, and let go of the database."""
        self.reading.stop()
        await self.projector.stop()
