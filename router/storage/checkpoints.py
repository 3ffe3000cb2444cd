"""Checkpoints of an SQLite file beside its writer, so that nobody waits for them.

What is committed stands in the write-ahead log first; a checkpoint carries it over into the file
and makes that durable. Left to the writer, every thousandth page makes one commit wait for all of
it. Here a thread with a connection of its own carries over what is there, and the writer only the
little that came meanwhile: then the write-ahead log begins anew.
"""

import sqlite3
import threading
from collections.abc import Callable

CARRIED_AFTER, CARRIED_AFTER_ROWS = 100, 1_000
"""Transactions, or rows, between two turns of the thread: small turns, because a disk that makes
two files durable at once lets both of them wait."""

ANEW_FROM = 2_000
"""Pages in the write-ahead log from which it is worth beginning it anew."""

PAGES_MOST = 16_000
"""Pages at which the writer does all of it by itself, whatever has become of the thread."""

_CARRY = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpoints:
    """Carries over what one writer commits. The writer says ``committed`` after each commit."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], name: str) -> None:
        self._connect = connect
        self._name = name
        self._commits = 0
        self._rows = 0
        self._nearly_all = False
        self._due = threading.Event()
        self._ending = False
        self._thread: threading.Thread | None = None

    def start(self, writer: sqlite3.Connection) -> None:
        """Begin; raises StorageFailed as ``connect`` does. Blocks for as long."""
        connection = self._connect()
        writer.execute(f"PRAGMA wal_autocheckpoint = {PAGES_MOST}")
        self._thread = threading.Thread(
            target=self._run, args=(connection,), name=self._name, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End; what is left the last connection carries over as it closes. Blocks."""
        if self._thread is not None:
            self._ending = True
            self._due.set()
            self._thread.join()
            self._thread = None

    def committed(self, writer: sqlite3.Connection) -> None:
        """One more transaction is durable; called by the writer, between two of them."""
        if self._nearly_all:
            self._nearly_all = False
            _carry_over(writer)
        self._commits += 1
        rows = writer.total_changes
        if self._commits >= CARRIED_AFTER or rows - self._rows >= CARRIED_AFTER_ROWS:
            self._commits, self._rows = 0, rows
            self._due.set()

    def _run(self, connection: sqlite3.Connection) -> None:
        try:
            while True:
                self._due.wait()
                if self._ending:
                    return
                self._due.clear()
                if _carry_over(connection) >= ANEW_FROM:
                    # What came while that took its time is soon done, and the rest is next to none.
                    _carry_over(connection)
                    self._nearly_all = True
        finally:
            connection.close()


def _carry_over(connection: sqlite3.Connection) -> int:
    """Carry over what can be, without waiting for anybody; how many pages the log of it has.

    A full or broken disk is told by the next commit; until then nothing is lost.
    """
    try:
        _busy, pages, _done = connection.execute(_CARRY).fetchone()
    except sqlite3.Error:
        return 0
    return int(pages)
