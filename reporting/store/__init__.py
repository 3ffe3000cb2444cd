"""The history's tables and queries, on SQLite or PostgreSQL through SQLAlchemy.

Everything here can be built again from the event log; nothing else is kept in it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from reporting.store.reading import HistoryReader
from reporting.store.tables import (
    KEYS,
    SCHEMA_VERSION,
    TABLES,
    AnyRow,
    in_force,
    metadata,
    projection,
)
from router.database import GUARDED, private_file
from router.model.errors import StorageFailed

READERS = 6
"""Connections that read at one time; the projector has one of its own."""
READ_MS_MAX = 60_000
"""How long PostgreSQL works at one statement of a report at most (DB-2)."""


class HistoryStore:
    """The tables, opened at a SQLAlchemy URL (``sqlite:///history.db``, ``postgresql+psycopg:``).

    All methods block. One thread writes; any threads read, each in a snapshot of its own, and
    nobody waits for anybody.
    """

    def __init__(self, url: str) -> None:
        self._url = sa.make_url(url)
        self._writers = self._engine(1, readonly=False)
        self._readers = self._engine(READERS, readonly=True)
        local = self._writers.dialect.name == "sqlite"
        self._insert: Any = sqlite.insert if local else postgresql.insert

    def _engine(self, connections: int, *, readonly: bool) -> sa.Engine:
        pool: dict[str, Any] = {"pool_size": connections, "max_overflow": 0}
        if self._url.get_backend_name() == "sqlite":
            engine = sa.create_engine(self._url, **pool)
            event.listen(engine, "connect", _tune_sqlite_reader if readonly else _tune_sqlite)
            # The driver begins only where something is changed; a snapshot begins with reading.
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
            return engine
        if not readonly:
            return sa.create_engine(self._url, **pool)
        options = f"-c default_transaction_read_only=on -c statement_timeout={READ_MS_MAX}"
        return sa.create_engine(
            self._url,
            isolation_level="REPEATABLE READ",
            connect_args={"options": options},
            **pool,
        )

    def open(self) -> tuple[int, int]:
        """Make the tables where needed; the position the history stands at and its moment."""
        with told("the history was not opened"):
            if self._url.get_backend_name() == "sqlite" and self._url.database:
                private_file(Path(self._url.database))
            columns = set(sa.inspect(self._writers).get_table_names()) & {projection.name} and {
                each["name"] for each in sa.inspect(self._writers).get_columns(projection.name)
            }
            row = None
            if columns == set(projection.c.keys()):
                with self._writers.begin() as connection:
                    row = connection.execute(sa.select(projection)).first()
            if row is None or row.version != SCHEMA_VERSION:
                self.reset()
                return 0, 0
            return int(row.position), int(row.at)

    def close(self) -> None:
        """Let go of the database."""
        self._readers.dispose()
        self._writers.dispose()

    def reset(self) -> None:
        """Empty the history, so that it is built again from the first event."""
        with told("the history was not emptied"):
            metadata.drop_all(self._writers)
            metadata.create_all(self._writers)

    @contextmanager
    def writing(self, position: int, at: int) -> Iterator["HistoryWriter"]:
        """One transaction that takes the history to ``position``, or changes nothing.

        ``at`` is the moment of the event there. Raises StorageFailed when the database did not
        take it.
        """
        with told("the history was not written"), self._writers.begin() as connection:
            yield HistoryWriter(connection, self._insert)
            values = {
                "name": "history",
                "position": position,
                "at": at,
                "version": SCHEMA_VERSION,
            }
            statement = self._insert(projection).values(values)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_=values)
            )

    @contextmanager
    def reading(self) -> Iterator[HistoryReader]:
        """A snapshot of the history. Raises StorageFailed when the database does not answer."""
        with told("the history was not read"), self._readers.connect() as connection:
            yield HistoryReader(connection)

    def catalogue(self) -> str:
        """The catalogue in force where the history stands, as JSON; empty before the first."""
        with told("the history was not read"), self._readers.connect() as connection:
            row = connection.execute(sa.select(in_force.c.catalogue)).first()
        return "" if row is None else str(row[0])


class HistoryWriter(HistoryReader):
    """Reads and writes within one transaction of ``HistoryStore.writing``."""

    def __init__(self, connection: sa.Connection, insert: Any) -> None:
        super().__init__(connection)
        self._insert = insert

    def put(self, rows: Sequence[AnyRow]) -> None:
        """Insert rows of one type, or replace the ones with the same key."""
        if not rows:
            return
        kind = type(rows[0])
        table = TABLES[kind]
        statement = self._insert(table)
        names = [column.name for column in table.columns if not column.primary_key]
        statement = statement.on_conflict_do_update(
            index_elements=list(KEYS[kind]),
            set_={name: statement.excluded[name] for name in names},
        )
        self._connection.execute(statement, [msgspec.structs.asdict(row) for row in rows])

    def put_catalogue(self, text: str) -> None:
        """Keep the catalogue in force, as JSON."""
        values = {"name": "history", "catalogue": text}
        statement = self._insert(in_force).values(values)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_=values)
        )


@contextmanager
def told(what: str) -> Iterator[None]:
    """A driver's error as StorageFailed; a pool that has no connection left is one, too."""
    try:
        yield
    except (DBAPIError, NoConnection, OSError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise StorageFailed(f"{what}: {reason}") from error


def _tune_sqlite(connection: Any, _record: Any) -> None:
    """Fast and safe enough: a lost tail of the history is built again from the log."""
    connection.isolation_level = None
    for statement in (*GUARDED, "PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL"):
        connection.execute(statement)


def _tune_sqlite_reader(connection: Any, record: Any) -> None:
    _tune_sqlite(connection, record)
    connection.execute("PRAGMA query_only=ON")
