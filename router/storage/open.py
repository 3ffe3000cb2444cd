"""Which adapter stands behind an address.

- ``memory:`` forgets everything with the process.
- ``sqlite:///relative/path`` and ``sqlite:////absolute/path``: a file.
- ``postgresql://user@host/database``: a PostgreSQL server; ``?host=/folder`` is a unix socket.
"""

from pathlib import Path

from router.model.errors import InvalidInput
from router.ports import EventLog
from router.storage.memory import MemoryLog
from router.storage.postgres import PostgresLog
from router.storage.sqlite import SqliteLog

_SQLITE = "sqlite:///"


def event_log(url: str) -> EventLog:
    """The log of this address, not opened yet. Raises InvalidInput for an address unknown."""
    if url == "memory:":
        return MemoryLog()
    if url.startswith(_SQLITE) and len(url) > len(_SQLITE):
        return SqliteLog(Path(url.removeprefix(_SQLITE)))
    if url.startswith(("postgresql://", "postgres://")):
        return PostgresLog(url)
    raise InvalidInput(
        f"{url.split('://')[0]!r} is no address of a log:"
        " memory:, sqlite:///path or postgresql://host/database",
        field="log",
    )
