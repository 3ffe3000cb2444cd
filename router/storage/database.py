"""A small SQL database behind a port: an SQLite file of its own, or a schema in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.schema import CreateSchema

from router.model.errors import InvalidInput, StorageFailed
from router.storage.connection import DURABLE, GUARDED, private_file
from router.storage.migrations import Migration, newest, pending

_SQLITE = "sqlite:///"
_WAIT_S = 5
_LOCK = 0x4341524C
_READERS = 2

T = TypeVar("T")


class Database:
    """Opens the tables of one store and gives connections to them.

    ``url`` is ``sqlite:///path`` or ``postgresql://...``; ``schema`` names the store: it is the
    schema on PostgreSQL, while on SQLite the file holds this store alone. Tables are declared with
    that schema on both.

    ``look`` and ``change`` are for what every contact does: on SQLite they take one step of one
    thread, where ``reading`` and ``writing`` take one for every word to the database.
    """

    def __init__(self, url: str, schema: str, migrations: Sequence[Migration]) -> None:
        self._schema = schema
        self._migrations = migrations
        self._path: Path | None = None
        if url.startswith(_SQLITE) and len(url) > len(_SQLITE):
            self._path = Path(url.removeprefix(_SQLITE))
            self._url = f"sqlite+aiosqlite:///{self._path}"
        elif url.startswith(("postgresql:", "postgresql+", "postgres:")):
            self._url = f"postgresql+asyncpg:{url.partition(':')[2]}"
        else:
            raise InvalidInput(
                f"{url.split('://')[0]!r} is no address of a database:"
                " sqlite:///path or postgresql://host/database",
                field=schema,
            )
        self._engine: AsyncEngine | None = None
        self._file: Engine | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._writer: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        """Connect and bring the tables to today's shape. Raises StorageFailed."""
        if self._path is not None:
            try:
                private_file(self._path)
            except OSError as error:
                raise StorageFailed(f"{self._path}: {error}") from error
            engine = create_async_engine(self._url, connect_args={"timeout": _WAIT_S})
            event.listen(engine.sync_engine, "connect", _guard)
            engine = engine.execution_options(schema_translate_map={self._schema: None})
            file = create_engine(f"{_SQLITE}{self._path}", connect_args={"timeout": _WAIT_S})
            event.listen(file, "connect", _guard)
            self._file = file.execution_options(schema_translate_map={self._schema: None})
            self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix=self._schema)
            self._writer = ThreadPoolExecutor(1, thread_name_prefix=self._schema)
        else:
            engine = create_async_engine(
                self._url, pool_timeout=_WAIT_S, pool_pre_ping=True, connect_args=_SERVER
            )
        self._engine = engine
        try:
            await self._migrate()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of every connection."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()
        for threads in (self._readers, self._writer):
            if threads is not None:
                await asyncio.to_thread(threads.shutdown)
        file, self._file = self._file, None
        if file is not None:
            file.dispose()

    async def look(self, query: Callable[[Connection], T]) -> T:
        """What a query finds; it may use the connection and nothing else. Raises StorageFailed."""
        if self._file is None or self._readers is None:
            async with self._connected() as connection:
                return await connection.run_sync(query)
        return await self._stepped(self._readers, _looked, self._file, query)

    async def change(self, work: Callable[[Connection], T]) -> T:
        """A transaction as of ``writing``, of work that needs the connection and nothing else."""
        if self._file is None or self._writer is None:
            async with self.writing() as connection:
                return await connection.run_sync(work)
        return await self._stepped(self._writer, _changed, self._file, work)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, durable when the block ends; undone when it raises.

        SQLAlchemy's errors come as StorageFailed, except IntegrityError: it says that somebody
        else was first, which the caller has to tell apart.
        """
        async with self._connected() as connection, connection.begin():
            if self._path is not None:
                # Takes the lock at once, so that what was read cannot have changed at the write.
                await connection.execute(text("BEGIN IMMEDIATE"))
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to look something up with."""
        async with self._connected() as connection:
            yield connection

    async def scrub(self, table: str) -> None:
        """Overwrite what was deleted from a table, as far as the database can."""
        if self._path is not None:
            async with self._connected() as connection:
                await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            return
        async with self._connected() as connection:
            outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await outside.execute(text(f"VACUUM {self._schema}.{table}"))

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        if self._engine is None:
            raise StorageFailed(f"the store {self._schema} is closed")
        try:
            async with self._engine.connect() as connection:
                yield connection
        except IntegrityError:
            raise
        except (SQLAlchemyError, OSError) as error:
            where = self._path or self._schema
            raise StorageFailed(f"{where}: {getattr(error, 'orig', None) or error}") from error

    async def _stepped(
        self,
        threads: ThreadPoolExecutor,
        step: Callable[[Engine, Callable[[Connection], T]], T],
        file: Engine,
        work: Callable[[Connection], T],
    ) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, step, file, work)
        except IntegrityError:
            raise
        except (SQLAlchemyError, OSError) as error:
            raise StorageFailed(f"{self._path}: {getattr(error, 'orig', None) or error}") from error

    async def _migrate(self) -> None:
        names = {"schema": "", "bytes": "BLOB"}
        shape = Table(
            "shape",
            MetaData(schema=self._schema),
            Column("store", String(64), primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
        )
        async with self.writing() as connection:
            if self._path is None:
                names = {"schema": f"{self._schema}.", "bytes": "BYTEA"}
                await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
                await connection.execute(CreateSchema(self._schema, if_not_exists=True))
            await connection.run_sync(shape.create, checkfirst=True)
            made = {(row.store, row.number) for row in await connection.execute(select(shape))}
            if any(store != self._schema for store, _ in made):
                raise StorageFailed(f"{self._path} holds another store than {self._schema}")
            done = max((number for _, number in made), default=0)
            if done > newest(self._migrations):
                raise StorageFailed(f"{self._schema} was written by a newer version ({done})")
            for migration in pending(self._migrations, done):
                for statement in migration.statements:
                    await connection.execute(text(statement.format(**names)))
                row = {"store": self._schema, "number": migration.number}
                await connection.execute(insert(shape).values(row))


_SERVER: dict[str, Any] = {
    "timeout": _WAIT_S,
    "command_timeout": 30,
    "server_settings": {"application_name": "carillon", "synchronous_commit": "on"},
}


def _looked(file: Engine, query: Callable[[Connection], T]) -> T:
    with file.connect() as connection:
        return query(connection)


def _changed(file: Engine, work: Callable[[Connection], T]) -> T:
    with file.connect() as connection, connection.begin():
        connection.execute(text("BEGIN IMMEDIATE"))
        return work(connection)


def _guard(connection: Any, record: object) -> None:
    """Guard and tune an SQLite connection; transactions are begun by us alone."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for statement in (*GUARDED, *DURABLE, "PRAGMA secure_delete = ON"):
        cursor.execute(statement)
    cursor.close()
