"""Checkpoints of an SQLite file beside its writer, so that nobody waits for them.

What is committed stands in the write-ahead log first; a checkpoint carries it over into the file
and makes that durable. Left to the writer, every thousandth page makes one commit wait for all of
it. Here a thread with a connection of its own carries over what is there, again and again, and the
writer is left with the little that came since, once the write-ahead log has reached its bound.
"""

import sqlite3
import threading
from collections.abc import Callable

CARRIED_AFTER = 100
"""Transactions between two turns of the thread."""

PAGES_MOST = 4_000
"""Pages in the write-ahead log at which the writer itself finishes the work and begins it anew."""

_PAUSE_S = 0.02
"""Rest between two turns under the highest load."""


class Checkpoints:
    """Carries over what one writer commits. The writer says ``committed`` after each commit."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], name: str) -> None:
        self._connect = connect
        self._name = name
        self._commits = 0
        self._due = threading.Event()
        self._ending = threading.Event()
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
            self._ending.set()
            self._due.set()
            self._thread.join()
            self._thread = None

    def committed(self) -> None:
        """One more transaction is durable."""
        self._commits += 1
        if self._commits >= CARRIED_AFTER:
            self._commits = 0
            self._due.set()

    def _run(self, connection: sqlite3.Connection) -> None:
        try:
            while True:
                self._due.wait()
                if self._ending.wait(_PAUSE_S):
                    return
                self._due.clear()
                try:
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                except sqlite3.Error:
                    # A full or broken disk is the writer's to tell: nothing is lost meanwhile.
                    continue
        finally:
            connection.close()
