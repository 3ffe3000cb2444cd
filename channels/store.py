"""Tables of a channel's own in the centre's database: SQLite or PostgreSQL, by its URL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from router.model.errors import InvalidInput, StorageFailed

POOL_SIZE = 5
BUSY_MS = 5_000
_IN_MEMORY = {"memory:", "sqlite://", "sqlite:///:memory:"}


class ChannelTables:
    """The tables of ``metadata`` at a database URL; ``owner`` is what errors call them.

    Everything that goes wrong with the database is a StorageFailed whose cause is kept.
    """

    def __init__(self, url: str, metadata: MetaData, owner: str) -> None:
        """Raises InvalidInput for a URL that is neither SQLite's nor PostgreSQL's."""
        self._metadata = metadata
        self._owner = owner
        self._engine = _engine(url)
        lite = self._engine.dialect.name == "sqlite"
        self.insert: Any = sqlite.insert if lite else postgresql.insert
        """An insert that may say what to do on conflict."""
        if lite:
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self._engine.sync_engine, "begin", _begin_sqlite)

    async def open(self) -> None:
        """Make the tables where they are missing."""
        async with self.change() as connection:
            await connection.run_sync(self._metadata.create_all)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def change(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, durable when the block ends; undone when it raises."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise StorageFailed(f"the {self._owner}'s tables: {type(error).__name__}") from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection to look something up with; on SQLite it waits for no writer."""
        try:
            async with self._engine.connect() as connection:
                yield await connection.execution_options(carillon_reads=True)
        except (SQLAlchemyError, OSError) as error:
            raise StorageFailed(f"the {self._owner}'s tables: {type(error).__name__}") from error


def _engine(url: str) -> AsyncEngine:
    if url in _IN_MEMORY:
        return create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
    try:
        parsed = make_url(url)
    except SQLAlchemyError as error:
        raise InvalidInput(f"no address of a database: {error}", field="database_url") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        lite = parsed.set(drivername="sqlite+aiosqlite")
        return create_async_engine(lite, pool_size=POOL_SIZE, max_overflow=0)
    if backend in {"postgresql", "postgres"}:
        # A server that was started again is met by a fresh connection, not by an error.
        server = parsed.set(drivername="postgresql+asyncpg")
        return create_async_engine(server, pool_size=POOL_SIZE, max_overflow=0, pool_pre_ping=True)
    raise InvalidInput(f"{backend} is neither sqlite nor postgresql", field="database_url")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "trusted_schema = OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    # Transactions are begun by _begin_sqlite and not by the driver.
    connection.isolation_level = None


def _begin_sqlite(connection: Any) -> None:
    """A change takes the lock at once: upgrading a read in its midst could only fail."""
    reads = connection.get_execution_options().get("carillon_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
