"""The connection to the desk's tables."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, func, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from agent_desktop.store.schema import META, migrate
from router.model.errors import InvalidInput, StorageFailed

POOL_SIZE = 5
BUSY_MS = 5_000
MIGRATION_LOCK = 7_206_151
"""The number of the advisory lock two starting processes meet at; ours alone by agreement."""
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


class Database:
    """An engine and its transactions. Every failure of the server is a StorageFailed."""

    def __init__(self, url: str) -> None:
        """Takes a SQLAlchemy URL (``sqlite:///file``, ``postgresql://...``); InvalidInput else."""
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise InvalidInput("not a database URL", field="database_url") from error
        kind = parsed.get_backend_name()
        if kind not in DRIVERS:
            raise InvalidInput(f"{kind!r} is neither sqlite nor postgresql", field="database_url")
        self._file = parsed.database if kind == "sqlite" else None
        # On PostgreSQL writers do not wait for each other; the pool bounds how many there are.
        self._turn = asyncio.Semaphore(1 if kind == "sqlite" else POOL_SIZE)
        self.engine: AsyncEngine = create_async_engine(
            parsed.set(drivername=DRIVERS[kind]), **_options(kind, self._file)
        )
        if kind == "sqlite":
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)

    async def open(self) -> None:
        """Make or migrate the tables. Raises StorageFailed."""
        if self._file and self._file != ":memory:":
            # Nobody else on the machine reads it (DB-1); made before SQLite would with its umask.
            path = Path(self._file)
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        try:
            async with self.begin() as connection:
                if connection.dialect.name == "postgresql":
                    locking = text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
                    await connection.execute(locking)
                await connection.run_sync(migrate)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of every connection."""
        await self.engine.dispose()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, rolled back when anything raises.

        On SQLite our own writers wait in line here: its own waiting is a lottery in which one
        can lose for seconds while many come.
        """
        try:
            async with self._turn, self.engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise StorageFailed(f"the desk's tables: {type(error).__name__}") from error

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read by, which never waits for a writer on SQLite."""
        try:
            async with self.engine.connect() as connection:
                yield await connection.execution_options(reading=True)
        except (SQLAlchemyError, OSError) as error:
            raise StorageFailed(f"the desk's tables: {type(error).__name__}") from error

    async def lock(self, connection: AsyncConnection, name: str) -> None:
        """Within a transaction: let nobody else pass this point until it ends."""
        if connection.dialect.name == "postgresql":  # On SQLite there is one writer anyway.
            await connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))

    async def revision(self) -> int:
        """Grows whenever a user or session was ended, by this process or another."""
        async with self.reading() as connection:
            found = await connection.execute(select(META.c.value).where(META.c.name == "revision"))
            return int(found.scalar_one())


async def announce_change(connection: AsyncConnection) -> None:
    """Within a transaction: tell every desk process to look at its sessions again."""
    await connection.execute(
        update(META).where(META.c.name == "revision").values(value=META.c.value + 1)
    )


def _options(kind: str, file: str | None) -> dict[str, Any]:
    if kind == "postgresql":
        return {"pool_size": POOL_SIZE, "max_overflow": 0, "pool_pre_ping": True}
    if file in (None, "", ":memory:"):
        raise InvalidInput("the desk's tables need a file", field="database_url")
    return {"connect_args": {"timeout": BUSY_MS / 1_000}, "pool_size": POOL_SIZE}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # So that the driver leaves BEGIN to _begin_sqlite.
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        f"busy_timeout={BUSY_MS}",
        "trusted_schema=OFF",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer that began as a reader fails at once when another wrote meanwhile; one that says so
    # at the beginning waits its turn (busy_timeout).
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
