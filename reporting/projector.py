"""The projector: follows the log from its saved position and keeps the history's tables.

Position and rows are written in one transaction, so a batch is in the history exactly once
whatever happens; a crash costs nothing but reading again.
"""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any, TypeVar

import msgspec

from reporting.history import HistoryFold
from reporting.rows import AgentStateRow, EngagementRow, OfferRow, Row
from reporting.states import STARTS_KEPT, AgentStates
from reporting.store import TABLES, HistoryStore, HistoryWriter
from router.model.catalogue import Catalogue
from router.model.errors import StorageFailed
from router.model.events import Recorded
from router.model.ids import Instant, Position
from router.ports import Feed

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
RETRY_SECONDS = 1.0
"""How long a failed write rests before it is tried again, doubling to 30 s."""


class Projector:
    """Keeps ``store`` in step with ``feed``. One worker thread does all of its database work."""

    def __init__(self, store: HistoryStore, feed: Feed) -> None:
        self.store = store
        self._feed = feed
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._fold: HistoryFold | None = None
        self._task: asyncio.Task[None] | None = None
        self._moved = asyncio.Condition()
        self.position = Position(0)
        self.complete_to = Instant(0)

    async def start(self) -> None:
        """Open the history and begin to follow. A history ahead of the log is built again."""
        self.position = Position(await self.run(self.store.open))
        if self.position > self._feed.head():
            log.warning("The history is ahead of the log and is built again.")
            await self.run(self.store.reset)
            self.position = Position(0)
        self._fold = await self.run(self._load)
        self._task = asyncio.create_task(self._follow(), name="projector")

    async def stop(self) -> None:
        """Stop following; the batch in hand is finished."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._thread.shutdown(wait=True)
        self.store.close()

    async def run(self, call: Any, *arguments: Any) -> Any:
        """Do blocking work on the history's one thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, call, *arguments)

    async def reached(self, position: Position, deadline_ms: int = 5_000) -> bool:
        """Wait until the history holds ``position``; False when the deadline passes first."""
        try:
            async with asyncio.timeout(deadline_ms / 1_000), self._moved:
                await self._moved.wait_for(lambda: self.position >= position)
        except TimeoutError:
            return False
        return True

    def _load(self) -> HistoryFold:
        """The fold as the kept history left it: its open rows."""
        states, offers, engagements = (TABLES[k] for k in (AgentStateRow, OfferRow, EngagementRow))
        agents = AgentStates(
            self.store.rows(AgentStateRow, states.c.ended_at.is_(None)),
            self.store.rows(OfferRow, offers.c.ended_at.is_(None)),
            self.store.rows(
                EngagementRow,
                order=(engagements.c.started_at.desc(),),
                limit=STARTS_KEPT,
            )[::-1],
        )
        kept = self.store.catalogue()
        catalogue = msgspec.json.decode(kept, type=Catalogue) if kept else None
        return HistoryFold(lambda kind, **key: None, agents, catalogue)

    async def _follow(self) -> None:
        async for batch in self._feed.follow(self.position):
            await self._keep(batch)

    async def _keep(self, batch: Sequence[Recorded]) -> None:
        """Write one batch, trying again for as long as the database is away."""
        rest = RETRY_SECONDS
        while True:
            try:
                await self.run(self._write, batch)
                break
            except StorageFailed:
                log.exception("The history could not be written; trying again in %s s.", rest)
                self._fold = None
                await asyncio.sleep(rest)
                rest = min(30.0, rest * 2)
        async with self._moved:
            self.position = batch[-1].position
            self.complete_to = batch[-1].event.at
            self._moved.notify_all()

    def _write(self, batch: Sequence[Recorded]) -> None:
        fold = self._fold = self._fold or self._load()
        before = fold.catalogue
        with self.store.writing(batch[-1].position) as writer:
            fold.use(writer.get)
            for recorded in batch:
                fold.apply(recorded)
            _put_all(writer, fold.drain())
            if fold.catalogue is not before and fold.catalogue is not None:
                writer.put_catalogue(msgspec.json.encode(fold.catalogue).decode())


def _put_all(writer: HistoryWriter, rows: Sequence[Row]) -> None:
    for _, group in groupby(sorted(rows, key=_kind), key=_kind):
        writer.put(list(group))  # type: ignore[arg-type]  # groups hold rows of one type


def _kind(row: Row) -> str:
    return type(row).__name__
