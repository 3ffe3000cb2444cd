"""Looking at the history from threads of its own: a long report keeps no desk waiting."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

from reporting.store import READERS, HistoryStore, told
from reporting.store.reading import HistoryReader
from router.model.errors import Overloaded, StorageFailed

P = ParamSpec("P")
T = TypeVar("T")
REPORTS_AT_ONCE = 2
REPORTS_WAITING_MAX = 20
LOOKING_AT_ONCE = READERS - REPORTS_AT_ONCE
LOOKS_OF_A_BATCH = 64
LOOKS_WAITING_MAX = 5_000

_Query = Callable[[HistoryReader], Any]
_Asked = tuple[_Query, asyncio.Future[Any]]


class Reading:
    """Runs queries, each in a snapshot that begins after it was asked for.

    Quick look-ups that wait at one time share a snapshot and a turn on a thread: five hundred
    rings at once cost little more than their queries. Reports have threads of their own.
    """

    def __init__(self, store: HistoryStore) -> None:
        self._store = store
        self._quick = ThreadPoolExecutor(LOOKING_AT_ONCE, "history-look")
        self._long = ThreadPoolExecutor(REPORTS_AT_ONCE, "history-report")
        self._asked: deque[_Asked] = deque()
        self._looking = 0
        self._reports = 0

    async def look(
        self, query: Callable[Concatenate[HistoryReader, P], T], *args: P.args, **more: P.kwargs
    ) -> T:
        """Run a query that takes milliseconds. Raises StorageFailed, and Overloaded when too many
        wait already."""
        if len(self._asked) >= LOOKS_WAITING_MAX:
            raise Overloaded("the history is asked too much; try again in a moment")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._asked.append((lambda reader: query(reader, *args, **more), answer))
        if self._looking < LOOKING_AT_ONCE:
            self._begin()
        return await answer

    async def report(
        self, query: Callable[Concatenate[HistoryReader, P], T], *args: P.args, **more: P.kwargs
    ) -> T:
        """Run a query that may take long. Raises StorageFailed, and Overloaded when too many are
        waiting already."""
        if self._reports >= REPORTS_WAITING_MAX:
            raise Overloaded("too many reports are being made; try again in a moment")

        def work() -> T:
            with self._store.reading() as reader:
                return query(reader, *args, **more)

        self._reports += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._long, work)
        finally:
            self._reports -= 1

    def stop(self) -> None:
        """End the threads once they have done what they were given; what waits is cancelled."""
        for _, answer in self._asked:
            answer.cancel()
        self._asked.clear()
        for threads in (self._quick, self._long):
            threads.shutdown(wait=True, cancel_futures=True)

    def _begin(self) -> None:
        """Give a thread what waits."""
        count = min(len(self._asked), LOOKS_OF_A_BATCH)
        batch = [self._asked.popleft() for _ in range(count)]
        self._looking += 1
        work = asyncio.get_running_loop().run_in_executor(
            self._quick, partial(_answers, self._store, batch)
        )
        work.add_done_callback(partial(self._end, batch))

    def _end(self, batch: list[_Asked], work: asyncio.Future[list[Any]]) -> None:
        self._looking -= 1
        failed = work.exception() if not work.cancelled() else StorageFailed("the history is shut")
        given = [failed] * len(batch) if failed is not None else work.result()
        for (_, answer), value in zip(batch, given, strict=True):
            if answer.done():
                continue
            if isinstance(value, BaseException):
                answer.set_exception(value)
            else:
                answer.set_result(value)
        if self._asked:
            self._begin()


def _answers(store: HistoryStore, batch: list[_Asked]) -> list[Any]:
    """What each query gives, or what it raised; a failed one does not spoil the others."""
    answers: list[Any] = []
    while len(answers) < len(batch):
        opened = False
        try:
            with store.reading() as reader:
                opened = True
                for query, answer in batch[len(answers) :]:
                    # Whoever has given up waiting needs no answer.
                    answers.append(None if answer.done() else _answer(query, reader))
        except StorageFailed as error:
            # The snapshot is gone with what failed in it; the next ones get another.
            answers += [error] * (1 if opened else len(batch) - len(answers))
    return answers


def _answer(query: _Query, reader: HistoryReader) -> Any:
    try:
        with told("the history was not read"):
            return query(reader)
    except StorageFailed:
        raise
    except Exception as error:
        return error  # It is raised where it was asked.
