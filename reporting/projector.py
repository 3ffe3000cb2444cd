"""The projector: follows the log from its saved position and keeps the history's tables.

Position and rows are written in one transaction, so a batch is in the history exactly once
whatever happens; a crash costs nothing but reading again.
"""

import asyncio
import contextlib
import heapq
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import ParamSpec, TypeVar

import msgspec

from reporting.history import HistoryFold
from reporting.rows import AgentStateRow, EngagementRow, OfferRow, Row
from reporting.states import AgentStates
from reporting.store import HistoryStore, HistoryWriter
from reporting.store.tables import TABLES
from router.model.catalogue import Catalogue
from router.model.errors import StorageFailed
from router.model.events import Recorded
from router.model.ids import Instant, Position
from router.ports import Feed

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
RETRY_SECONDS = 1.0
"""How long a failed write rests before it is tried again, doubling to 30 s."""
GATHER_SECONDS = 0.2
"""How long events are gathered into one transaction while nobody waits for the history."""
GATHERED_MAX = 500
"""A batch of this many events says that the history is behind: the next is taken at once."""
WAITERS_MAX = 10_000
"""Who may wait for the history to come along; one more is told at once that it did not."""
_UNFINISHED = ("talking", "held", "wrap_up")


class Projector:
    """Keeps ``store`` in step with ``feed``. One thread does all of its writing."""

    def __init__(self, store: HistoryStore, feed: Feed) -> None:
        self.store = store
        self._feed = feed
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._fold: HistoryFold | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiters: list[tuple[int, int, asyncio.Future[None]]] = []
        self._asked = 0
        self._wanted = asyncio.Event()
        self._trouble = ""
        self.position = Position(0)
        self.complete_to = Instant(0)

    async def start(self) -> None:
        """Open the history and begin to follow. A history ahead of the log is built again."""
        position, at = await self._run(self.store.open)
        self.position, self.complete_to = Position(position), Instant(at)
        if self.position > self._feed.head():
            log.warning("The history is ahead of the log and is built again.")
            await self._run(self.store.reset)
            self.position, self.complete_to = Position(0), Instant(0)
        self._fold = await self._run(self._load)
        self._task = asyncio.create_task(self._follow(), name="projector")

    async def stop(self) -> None:
        """Stop following; the batch in hand is finished."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._thread.shutdown(wait=True)
        self.store.close()

    def health(self) -> str:
        """Why the history does not follow the log; empty while it does."""
        return self._trouble

    async def reached(self, position: Position, deadline_ms: int = 5_000) -> bool:
        """Wait until the history holds ``position``; False when the deadline passes first."""
        if self.position >= position:
            return True
        if len(self._waiters) >= WAITERS_MAX:
            self._waiters = [each for each in self._waiters if not each[2].done()]
            heapq.heapify(self._waiters)
        if len(self._waiters) >= WAITERS_MAX:
            return False
        reached = asyncio.get_running_loop().create_future()
        self._asked += 1
        heapq.heappush(self._waiters, (position, self._asked, reached))
        self._wanted.set()
        try:
            async with asyncio.timeout(deadline_ms / 1_000):
                await reached
        except TimeoutError:
            return False
        return True

    async def _run(self, call: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """Do blocking work on the writing thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: call(*args, **more))

    def _load(self) -> HistoryFold:
        """The fold as the kept history left it: its open rows."""
        states, offers, engagements = (
            TABLES[kind].c for kind in (AgentStateRow, OfferRow, EngagementRow)
        )
        with self.store.reading() as reader:
            agents = AgentStates(
                reader.rows(AgentStateRow, states.ended_at.is_(None)),
                reader.rows(OfferRow, offers.ended_at.is_(None)),
                reader.rows(EngagementRow, engagements.state.in_(_UNFINISHED)),
            )
        kept = self.store.catalogue()
        catalogue = msgspec.json.decode(kept, type=Catalogue) if kept else None
        return HistoryFold(lambda kind, **key: None, agents, catalogue)

    async def _follow(self) -> None:
        try:
            async for batch in self._feed.follow(self.position):
                await self._keep(batch)
                await self._gather(len(batch))
        except Exception as error:
            self._trouble = f"the history stands at position {self.position}: {error!r}"
            log.exception("The history does not follow the log any more.")

    async def _gather(self, kept: int) -> None:
        """Let events come together, unless somebody waits or there is much to catch up with.

        Writing every few milliseconds would take the interpreter from the desks all day.
        """
        if kept >= GATHERED_MAX:
            return
        self._wanted.clear()
        if any(not reached.done() for _, _, reached in self._waiters):
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GATHER_SECONDS):
                await self._wanted.wait()

    async def _keep(self, batch: Sequence[Recorded]) -> None:
        """Write one batch, trying again for as long as the database is away."""
        rest = RETRY_SECONDS
        while True:
            try:
                await self._run(self._write, batch)
                break
            except StorageFailed as error:
                self._trouble = str(error)
                log.exception("The history could not be written; trying again in %s s.", rest)
                self._fold = None
                await asyncio.sleep(rest)
                rest = min(30.0, rest * 2)
        self._trouble = ""
        self.position = batch[-1].position
        self.complete_to = batch[-1].event.at
        while self._waiters and self._waiters[0][0] <= self.position:
            _, _, reached = heapq.heappop(self._waiters)
            if not reached.done():
                reached.set_result(None)

    def _write(self, batch: Sequence[Recorded]) -> None:
        fold = self._fold = self._fold or self._load()
        before = fold.catalogue
        with self.store.writing(batch[-1].position, batch[-1].event.at) as writer:
            fold.use(writer.get)
            # A commit whose answer was lost is not done twice.
            kept = writer.position()
            for recorded in batch:
                if recorded.position > kept:
                    fold.apply(recorded)
            _put_all(writer, fold.drain())
            if fold.catalogue is not before and fold.catalogue is not None:
                writer.put_catalogue(msgspec.json.encode(fold.catalogue).decode())


def _put_all(writer: HistoryWriter, rows: Sequence[Row]) -> None:
    for _, group in groupby(sorted(rows, key=_kind), key=_kind):
        writer.put(list(group))  # type: ignore[arg-type]  # groups hold rows of one type


def _kind(row: Row) -> str:
    return type(row).__name__
