"""One thread that writes into one SQLite file, with adaptive group commit.

Whatever has queued while the last transaction was being made durable goes into the next one: a
lone write waits for nobody, a flood shares one ``fsync``. No timer, nothing to tune.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from router.model.errors import CarillonError, StorageFailed
from router.storage.checkpoints import Checkpoints

T = TypeVar("T")

Work = Callable[[sqlite3.Connection], T]
"""Done inside a transaction. It raises a CarillonError only before it has written anything."""

_GROUP_MOST = 512


class _Job:
    __slots__ = ("answer", "loop", "work")

    def __init__(self, work: Work[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.answer: asyncio.Future[Any] = loop.create_future()


_Outcome = tuple[_Job, Any, Exception | None]


class GroupWriter:
    """Runs work in the order given, each durable when its call returns, many to a transaction."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], name: str) -> None:
        self._connect = connect
        self._name = name
        self._checkpoints = Checkpoints(connect, f"{name}, checkpoints")
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def start(self) -> None:
        """Open the file and be ready. Raises StorageFailed as ``connect`` does."""
        connection = await asyncio.to_thread(self._open)
        self._thread = threading.Thread(
            target=self._run, args=(connection,), name=self._name, daemon=True
        )
        self._thread.start()

    async def stop(self) -> None:
        """Finish what was given and close the file."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(thread.join)

    def _open(self) -> sqlite3.Connection:
        connection = self._connect()
        try:
            self._checkpoints.start(connection)
        except StorageFailed:
            connection.close()
            raise
        return connection

    async def write(self, work: Work[T]) -> T:
        """Do the work in a transaction; durable on return.

        Raises what the work raises, StorageFailed when it was not written or nothing runs.
        """
        if self._thread is None:
            raise StorageFailed(f"{self._name} is closed")
        job = _Job(work, asyncio.get_running_loop())
        self._jobs.put(job)
        result: T = await job.answer
        return result

    def _run(self, connection: sqlite3.Connection) -> None:
        try:
            while True:
                jobs, last = self._take()
                if jobs:
                    self._answer(self._transact(connection, jobs))
                    self._checkpoints.committed(connection)
                if last:
                    return
        finally:
            self._checkpoints.stop()
            connection.close()

    def _take(self) -> tuple[list[_Job], bool]:
        """What has queued, waiting for the first; and whether that was the end."""
        job = self._jobs.get()
        jobs: list[_Job] = []
        while job is not None:
            jobs.append(job)
            if len(jobs) == _GROUP_MOST:
                return jobs, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return jobs, False
        return jobs, True

    def _transact(self, connection: sqlite3.Connection, jobs: list[_Job]) -> list[_Outcome]:
        committing = False
        try:
            connection.execute("BEGIN IMMEDIATE")
            outcomes = [_attempt(connection, job) for job in jobs]
            committing = True
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            _roll_back(connection)
            if len(jobs) > 1 and not committing:
                # One bad job must not fail its neighbours.
                return [outcome for job in jobs for outcome in self._transact(connection, [job])]
            failure = StorageFailed(f"{self._name}: {error}")
            failure.__cause__ = error
            return [(job, None, failure) for job in jobs]
        except Exception as error:
            _roll_back(connection)
            return [(job, None, error) for job in jobs]
        return outcomes

    def _answer(self, outcomes: list[_Outcome]) -> None:
        loops = {job.loop for job, _, _ in outcomes}
        for loop in loops:
            mine = [outcome for outcome in outcomes if outcome[0].loop is loop]
            try:
                loop.call_soon_threadsafe(_tell, mine)
            except RuntimeError:
                # The loop is closed: nobody waits for these answers any more.
                continue


def _attempt(connection: sqlite3.Connection, job: _Job) -> _Outcome:
    try:
        return job, job.work(connection), None
    except CarillonError as refusal:
        return job, None, refusal


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error:
            # A failed write has already rolled back; the next BEGIN tells what is wrong.
            return


def _tell(outcomes: list[_Outcome]) -> None:
    for job, result, failure in outcomes:
        if job.answer.done():
            continue
        if failure is None:
            job.answer.set_result(result)
        else:
            job.answer.set_exception(failure)
