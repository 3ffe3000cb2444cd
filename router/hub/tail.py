"""What followers read: the newest events from memory, older ones from the log."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from router.model.events import Recorded
from router.model.ids import Position
from router.ports import EventLog

_BATCH = 1_000

_CUT_MOST = 500
"""So many events are let go of at a time: to free twenty thousand at once takes ten
milliseconds."""


class Tail:
    """The end of the log in memory. It grows only by events that are durable.

    A follower asks at its own speed: nothing is kept for it and it is never waited for; who falls
    behind the tail reads from the log until they have caught up.
    """

    def __init__(self, log: EventLog, bound: int) -> None:
        self._log = log
        self._bound = bound
        self._cut = min(bound, _CUT_MOST)
        self._records: list[Recorded] = []
        self._first = 1
        self._head = Position(0)
        self._grown = asyncio.Event()
        self._ended = False

    @property
    def head(self) -> Position:
        """The position of the last durable event."""
        return self._head

    def restart(self, head: Position) -> None:
        """Begin behind a position: what stands before it is read from the log."""
        self._records = []
        self._first = head + 1
        self._head = head
        self._tell()

    def grow(self, records: Sequence[Recorded]) -> None:
        """Add events that are durable, and tell whoever follows."""
        self._records.extend(records)
        self._head = Position(self._head + len(records))
        while len(self._records) > self._bound + self._cut:
            del self._records[: self._cut]
            self._first += self._cut
        self._tell()

    def end(self) -> None:
        """Let every follower finish once it has read all."""
        self._ended = True
        self._tell()

    async def follow(self, after: Position) -> AsyncIterator[Sequence[Recorded]]:
        """Yield what stands behind ``after``, then what comes, until the end."""
        while True:
            grown = self._grown
            if after >= self._head:
                if self._ended:
                    return
                await grown.wait()
                continue
            start = after + 1 - self._first
            if start >= 0:
                batch: Sequence[Recorded] = self._records[start : start + _BATCH]
            else:
                batch = await self._log.read(after, _BATCH)
                if after + len(batch) > self._head:
                    # Durable already, but not told yet: it comes with its own batch.
                    batch = batch[: self._head - after]
            if batch:
                after = batch[-1].position
                yield batch

    def _tell(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()
