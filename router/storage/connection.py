"""How the log's SQLite file is opened: private, durable, and trusting nothing in it."""

import sqlite3
from pathlib import Path

from router.database import DURABLE, GUARDED, private_file
from router.model.errors import StorageFailed


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
