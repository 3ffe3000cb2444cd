"""Looking at the history from threads of its own: a long report keeps no desk waiting."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from reporting.store import READERS, HistoryStore
from reporting.store.reading import HistoryReader
from router.model.errors import Overloaded

P = ParamSpec("P")
T = TypeVar("T")
REPORTS_AT_ONCE = 2
REPORTS_WAITING_MAX = 20


class Reading:
    """Runs queries, each in a snapshot. Reports have two threads, quick look-ups the others."""

    def __init__(self, store: HistoryStore) -> None:
        self._store = store
        self._quick = ThreadPoolExecutor(READERS - REPORTS_AT_ONCE, "history-look")
        self._long = ThreadPoolExecutor(REPORTS_AT_ONCE, "history-report")
        self._reports = 0

    async def look(
        self, query: Callable[Concatenate[HistoryReader, P], T], *args: P.args, **more: P.kwargs
    ) -> T:
        """Run a query that takes milliseconds. Raises StorageFailed."""
        return await self._run(self._quick, query, *args, **more)

    async def report(
        self, query: Callable[Concatenate[HistoryReader, P], T], *args: P.args, **more: P.kwargs
    ) -> T:
        """Run a query that may take long. Raises StorageFailed, and Overloaded when too many are
        waiting already."""
        if self._reports >= REPORTS_WAITING_MAX:
            raise Overloaded("too many reports are being made; try again in a moment")
        self._reports += 1
        try:
            return await self._run(self._long, query, *args, **more)
        finally:
            self._reports -= 1

    def stop(self) -> None:
        """End the threads once they have done what they were given."""
        for threads in (self._quick, self._long):
            threads.shutdown(wait=True, cancel_futures=True)

    async def _run(
        self,
        threads: ThreadPoolExecutor,
        query: Callable[Concatenate[HistoryReader, P], T],
        *args: P.args,
        **more: P.kwargs,
    ) -> T:
        def work() -> T:
            with self._store.reading() as reader:
                return query(reader, *args, **more)

        return await asyncio.get_running_loop().run_in_executor(threads, work)
