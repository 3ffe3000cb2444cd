"""How every SQLite file of Carillon is opened: private, durable, and trusting nothing in it."""

import os
import sqlite3
from pathlib import Path

from router.model.errors import StorageFailed

BUSY_MS = 5_000
"""How long a statement waits for another connection's lock before it fails."""

DURABLE = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")

GUARDED = (
    f"PRAGMA busy_timeout = {BUSY_MS}",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA temp_store = MEMORY",
)
"""DB-1: a schema from a changed file calls nothing; REPLACE does not slip past delete triggers."""


def private_file(path: Path) -> None:
    """Make the file and its folder where they are missing, and let only their owner in."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def connect(path: Path, *, reader: bool = False) -> sqlite3.Connection:
    """Open the file; a reader can change nothing. Raises StorageFailed with the file's name.

    The connection may be used by one thread at a time, whichever; transactions are explicit.
    """
    try:
        private_file(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise StorageFailed(f"{path}: {error}") from error
    try:
        for statement in (*GUARDED, *DURABLE):
            connection.execute(statement)
        if reader:
            connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error as error:
        connection.close()
        raise StorageFailed(f"{path}: {error}") from error
    return connection
