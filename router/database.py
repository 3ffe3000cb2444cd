"""The one way tables are kept: an SQLite file, or tables on a PostgreSQL server, by a URL.

Every store of the centre but the event log (which has a file and a batch of its own, see
``router.storage``) is a ``MetaData`` and queries over a ``Database``.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
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
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import SQLAlchemyError as AnyDatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.schema import CreateSchema

from router.model.errors import InvalidInput, StorageFailed

BUSY_MS = 5_000
"""How long a statement waits for another connection's lock before it fails."""
CONNECTIONS = 5
"""How many connections a store holds at a server, or to read its file by, at the most."""
WAIT_S = 30
"""How long one waits for a connection, or for one's turn to write, before that is a failure."""

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

_CONNECT_S = 5
_READERS = 2
_LOCK = 0x4341524C
"""The number of the advisory lock at which starting processes meet; ours alone by agreement."""
_BEGIN = "carillon_begin"
_READS = {_BEGIN: "BEGIN"}
_OUTSIDE = {_BEGIN: ""}

T = TypeVar("T")
Change = Callable[[Connection], object]
"""Takes the tables from one shape to the next, within a transaction."""


class AlreadyThere(StorageFailed):
    """Somebody else was first: a row with this key is there, or one that it needs is gone."""


class Database:
    """The tables of one store; ``owner`` is what errors call it.

    ``url`` is ``sqlite:///path`` or ``postgresql://...``. Where ``tables`` has a schema, that is
    the schema on PostgreSQL, while an SQLite file then holds this store alone. ``changes`` are
    what became of the tables since the first version, in order, and none is ever changed: a new
    database gets today's tables at once, an older one the changes it has not seen.

    All that goes wrong with the database is a StorageFailed whose cause is kept.

    ``look`` and ``change`` are for what every contact does: on SQLite they take one step of one
    thread, where ``reading`` and ``writing`` take one for every word to the database.
    """

    def __init__(
        self, url: str, owner: str, tables: MetaData, changes: Sequence[Change] = ()
    ) -> None:
        """Raises InvalidInput for a URL that is neither SQLite's nor PostgreSQL's."""
        self._owner = owner
        self._tables = tables
        self._changes = changes
        self._url = database_url(url, owner)
        local = self._url.get_backend_name() == "sqlite"
        self._path = Path(self._url.database or "") if local else None
        self.insert: Any = sqlite.insert if local else postgresql.insert
        """An insert that may say what to do on conflict."""
        self._engine: AsyncEngine | None = None
        self._file: Engine | None = None
        self._threads: tuple[ThreadPoolExecutor, ...] = ()
        # On PostgreSQL writers do not wait for each other; on SQLite ours wait in line here, as
        # its own waiting is a lottery in which one can lose for seconds while many come.
        self._turn = asyncio.Semaphore(1 if local else CONNECTIONS)

    async def open(self) -> None:
        """Connect and bring the tables to today's shape. Raises StorageFailed."""
        if self._path is not None:
            try:
                private_file(self._path)
            except OSError as error:
                raise StorageFailed(f"{self._path}: {error}") from error
            self._engine = create_async_engine(self._url, **_FILE)
            self._file = create_engine(self._url.set(drivername="sqlite"), **_FILE)
            for engine in (self._engine.sync_engine, self._file):
                event.listen(engine, "connect", _prepare)
                event.listen(engine, "begin", _begin)
            if self._tables.schema:
                none = {"schema_translate_map": {self._tables.schema: None}}
                self._engine = self._engine.execution_options(**none)
                self._file = self._file.execution_options(**none)
            self._threads = tuple(
                ThreadPoolExecutor(many, thread_name_prefix=self._owner) for many in (1, _READERS)
            )
        else:
            self._engine = create_async_engine(self._url, pool_pre_ping=True, **_SERVER)
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
        threads, self._threads = self._threads, ()
        for each in threads:
            await asyncio.to_thread(each.shutdown)
        file, self._file = self._file, None
        if file is not None:
            file.dispose()

    async def look(self, query: Callable[[Connection], T]) -> T:
        """What a query finds; it may use the connection and nothing else."""
        if self._file is None:
            async with self.reading() as connection:
                return await connection.run_sync(query)
        return await self._stepped(self._threads[1], partial(_looked, self._file, query))

    async def change(self, work: Callable[[Connection], T]) -> T:
        """A transaction as of ``writing``, of work that needs the connection and nothing else."""
        if self._file is None:
            async with self.writing() as connection:
                return await connection.run_sync(work)
        async with self._in_turn():
            return await self._stepped(self._threads[0], partial(_changed, self._file, work))

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, durable when the block ends; undone when it raises.

        Raises AlreadyThere when somebody else was first. On SQLite what was read within it cannot
        change before it is written.
        """
        async with self._in_turn():
            try:
                async with self._opened().begin() as connection:
                    yield connection
            except (AnyDatabaseError, OSError) as error:
                raise self._told(error) from error

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to look something up with, which on SQLite waits for no writer."""
        async with self._connected(_READS) as connection:
            yield connection

    async def lock(self, connection: AsyncConnection, name: str) -> None:
        """Within a transaction: let nobody else pass this point until it ends."""
        if self._path is None:  # On SQLite there is one writer anyway.
            await connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))

    async def scrub(self, table: Table) -> None:
        """Overwrite what was deleted from a table, as far as the database can."""
        if self._path is not None:
            async with self._connected(_OUTSIDE) as connection:
                await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            return
        async with self._connected({"isolation_level": "AUTOCOMMIT"}) as connection:
            await connection.execute(text(f"VACUUM {table.fullname}"))

    @asynccontextmanager
    async def _connected(self, options: dict[str, Any]) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._opened().connect() as connection:
                yield await connection.execution_options(**options)
        except (AnyDatabaseError, OSError) as error:
            raise self._told(error) from error

    def _opened(self) -> AsyncEngine:
        if self._engine is None:
            raise StorageFailed(f"the {self._owner}'s tables are closed")
        return self._engine

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(WAIT_S):
                await self._turn.acquire()
        except TimeoutError as error:
            raise self._told(error) from error
        try:
            yield
        finally:
            self._turn.release()

    async def _stepped(self, threads: ThreadPoolExecutor, step: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, step)
        except (AnyDatabaseError, OSError) as error:
            raise self._told(error) from error

    def _told(self, error: Exception) -> StorageFailed:
        """The error without a row's words, which a driver puts into those about its content."""
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        reason = type(cause).__name__
        if isinstance(error, OperationalError | OSError) and str(cause):
            reason = str(cause)
        kind = AlreadyThere if isinstance(error, IntegrityError) else StorageFailed
        return kind(f"the {self._owner}'s tables in {self._path or 'PostgreSQL'}: {reason}")

    async def _migrate(self) -> None:
        async with self.writing() as connection:
            if self._path is None:
                await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
                if self._tables.schema:
                    await connection.execute(CreateSchema(self._tables.schema, if_not_exists=True))
            await connection.run_sync(self._bring_to_shape)

    def _bring_to_shape(self, connection: Connection) -> None:
        store = self._tables.schema or self._owner
        shape = Table(
            "shape" if self._tables.schema else f"{self._owner}_shape",
            MetaData(schema=self._tables.schema),
            Column("store", String(64), primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
        )
        shape.create(connection, checkfirst=True)
        made = {(row.store, row.number) for row in connection.execute(select(shape))}
        if any(name != store for name, _ in made):
            raise StorageFailed(f"{self._path} holds another store than {store}")
        done = max((number for _, number in made), default=0)
        newest = len(self._changes) + 1
        if done > newest:
            raise StorageFailed(f"the {self._owner}'s tables are a newer version's ({done})")
        if done == 0:
            self._tables.create_all(connection)
        for change in self._changes[done - 1 :] if done else ():
            change(connection)
        if done < newest:
            connection.execute(insert(shape).values(store=store, number=newest))


def database_url(url: str, field: str) -> URL:
    """The URL with the driver we use. Raises InvalidInput, which names ``field``.

    The URL may hold a password, so that no error repeats it.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InvalidInput(f"is no address of a database: {_KINDS}", field=field) from None
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            return parsed.set(drivername="sqlite+aiosqlite")
        case "postgresql" | "postgres":
            return parsed.set(drivername="postgresql+asyncpg")
        case kind:
            raise InvalidInput(f"{kind!r} is no address of a database: {_KINDS}", field=field)


def private_file(path: Path) -> None:
    """Make the file and its folder where they are missing, and let only their owner in (DB-1)."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


_KINDS = "sqlite:///path or postgresql://host/database"
_POOL: dict[str, Any] = {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": WAIT_S}
_FILE: dict[str, Any] = {**_POOL, "connect_args": {"timeout": BUSY_MS / 1_000}}
_SERVER: dict[str, Any] = {
    **_POOL,
    "connect_args": {
        "timeout": _CONNECT_S,
        "command_timeout": WAIT_S,
        "server_settings": {"application_name": "carillon", "synchronous_commit": "on"},
    },
}


def _looked(file: Engine, query: Callable[[Connection], T]) -> T:
    with file.connect() as connection:
        return query(connection.execution_options(**_READS))


def _changed(file: Engine, work: Callable[[Connection], T]) -> T:
    with file.begin() as connection:
        return work(connection)


def _prepare(connection: Any, _record: object) -> None:
    """Guard and tune an SQLite connection, whose transactions are begun by ``_begin`` alone."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for statement in (*GUARDED, *DURABLE, "PRAGMA secure_delete = ON"):
        cursor.execute(statement)
    cursor.close()


def _begin(connection: Connection) -> None:
    """A change takes the lock at once: one that began as a reader could only fail.

    That is when another wrote meanwhile; one that says so at the beginning waits for its turn.
    """
    statement = connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE")
    if statement:
        connection.exec_driver_sql(statement)
