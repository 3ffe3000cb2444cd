"""The log in PostgreSQL: one statement appends a batch, fenced by the writer's epoch.

The statement locks the row of the lead, so that a new leader either waits for it or makes it
find nothing to do; there is no moment in which two writers both succeed.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg  # type: ignore[import-untyped] # it ships no types

from router.model.errors import StaleWriter, StorageFailed
from router.model.events import Event, Recorded
from router.model.ids import Position
from router.ports import Snapshot
from router.storage.checksum import checksum, checksum_of
from router.storage.codec import CODEC, Codec
from router.storage.migrations import newest, pending
from router.storage.migrations.log_postgresql import MIGRATIONS

STATEMENT_S = 30.0
"""Nothing asked of the server may take longer."""

CONNECT_S = 5.0
CLOSE_S = 5.0

_CONNECTIONS_MOST = 5

_LOCK = 0x4341524C
"""Our own advisory lock: one process at a time changes the tables' shape."""

_APPEND = """
    WITH leader AS (SELECT epoch FROM carillon_log.lead WHERE epoch = $1 FOR SHARE)
    INSERT INTO carillon_log.log (position, epoch, tag, body, checksum)
    SELECT $2 + fresh.place, $1, fresh.tag, fresh.body, fresh.checksum
    FROM leader, unnest($3::text[], $4::bytea[], $5::bigint[])
        WITH ORDINALITY AS fresh (tag, body, checksum, place)
"""

_LAST = "SELECT coalesce(max(position), 0) FROM carillon_log.log"

_READ = """
    SELECT position, epoch, tag, body, checksum FROM carillon_log.log
    WHERE position > $1 ORDER BY position LIMIT $2
"""

_FAULTS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # What a connection answers that was cut while it lay idle.
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


class PostgresLog:
    """An EventLog on a server. Constructor: ``PostgresLog(url)``, the URL as libpq knows it.

    After an append that failed, this writer's epoch takes nothing more until the lead is taken
    again: the new epoch shuts out whatever of the failed one may still be on its way.
    """

    def __init__(self, url: str, codec: Codec = CODEC) -> None:
        scheme, separator, rest = url.partition("://")
        self._url = scheme.partition("+")[0] + separator + rest
        self._codec = codec
        self._pool: asyncpg.Pool | None = None
        self._turn = asyncio.Lock()
        self._last = Position(0)
        self._epoch = 0

    async def open(self) -> None:
        """Connect and bring the tables to today's shape. Raises StorageFailed."""
        try:
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=_CONNECTIONS_MOST,
                timeout=CONNECT_S,
                command_timeout=STATEMENT_S,
                reset=_keep_session,
                server_settings={
                    "application_name": "carillon-log",
                    "synchronous_commit": "on",
                    "statement_timeout": str(int(STATEMENT_S * 1_000)),
                },
            )
        except (*_FAULTS, ValueError) as error:
            raise StorageFailed(f"the log's PostgreSQL: {error}") from error
        try:
            async with self._connection() as connection:
                await _prepare(connection)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of every connection within a few seconds."""
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                await asyncio.wait_for(pool.close(), CLOSE_S)
            except (*_FAULTS,):
                pool.terminate()

    async def take_lead(self) -> int:
        """Become the writer: returns a new epoch, greater than all before."""
        async with self._turn, self._connection() as connection, connection.transaction():
            epoch = await connection.fetchval(
                "UPDATE carillon_log.lead SET epoch = epoch + 1 RETURNING epoch"
            )
            self._last = Position(await connection.fetchval(_LAST))
        self._epoch = int(epoch)
        return self._epoch

    async def append(self, events: Sequence[Event], epoch: int) -> Position:
        """Append all of the events or none; durable on return; the last one's position.

        Raises StaleWriter when a newer epoch exists, StorageFailed when it cannot be written,
        InvalidInput when an event holds a value that has no bytes. When the connection breaks in
        the middle it looks, on a new one, whether the server took the events.
        """
        encoded = [self._codec.encode(event) for event in events]
        async with self._turn:
            if epoch != self._epoch:
                await self._require_lead(epoch)
                raise StorageFailed("take the lead again: the last append of this epoch failed")
            rows = [
                (tag, body, checksum(position, epoch, tag, body))
                for position, (tag, body) in enumerate(encoded, self._last + 1)
            ]
            try:
                taken = await self._insert(rows, epoch)
            except StorageFailed:
                if not await self._was_taken(rows, epoch):
                    self._epoch = 0
                    raise
                taken = len(rows)
            if taken != len(rows):
                self._epoch = 0
                raise StaleWriter(f"epoch {epoch} is over")
            self._last = Position(self._last + len(rows))
            return self._last

    async def read(self, after: Position, limit: int = 1_000) -> Sequence[Recorded]:
        """The events behind a position, in order. Raises StorageFailed naming damaged ones."""
        async with self._connection() as connection:
            rows = await connection.fetch(_READ, after, limit)
        return self._codec.records(after, rows)

    async def last(self) -> Position:
        """The position of the last event, 0 when there is none."""
        async with self._connection() as connection:
            return Position(await connection.fetchval(_LAST))

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of the one before."""
        async with self._connection() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO carillon_log.snapshots (position, version, checksum)"
                " VALUES ($1, $2, $3) ON CONFLICT (only_one) DO UPDATE SET"
                " position = excluded.position, version = excluded.version,"
                " checksum = excluded.checksum",
                snapshot.position,
                snapshot.version,
                checksum_of(*snapshot.pages),
            )
            await connection.execute("DELETE FROM carillon_log.snapshot_pages")
            for number, page in enumerate(snapshot.pages):
                await connection.execute(
                    "INSERT INTO carillon_log.snapshot_pages VALUES ($1, $2)", number, page
                )

    async def load_snapshot(self) -> Snapshot | None:
        """The newest snapshot; None when there is none or it is damaged (the log has all)."""
        async with self._connection() as connection:
            row = await connection.fetchrow(
                "SELECT position, version, checksum, (SELECT coalesce(array_agg(page"
                " ORDER BY number), '{}') FROM carillon_log.snapshot_pages) AS pages"
                " FROM carillon_log.snapshots"
            )
        if row is None or checksum_of(*row["pages"]) != row["checksum"]:
            return None
        return Snapshot(Position(row["position"]), row["version"], tuple(row["pages"]))

    async def save_position(self, follower: str, position: Position) -> None:
        """Remember how far a follower has come."""
        async with self._connection() as connection:
            await connection.execute(
                "INSERT INTO carillon_log.followers VALUES ($1, $2)"
                " ON CONFLICT (follower) DO UPDATE SET position = excluded.position",
                follower,
                position,
            )

    async def load_position(self, follower: str) -> Position:
        """How far a follower had come; 0 when it is new."""
        async with self._connection() as connection:
            position = await connection.fetchval(
                "SELECT position FROM carillon_log.followers WHERE follower = $1", follower
            )
        return Position(position or 0)

    async def _insert(self, rows: Sequence[tuple[str, bytes, int]], epoch: int) -> int:
        if not rows:
            await self._require_lead(epoch)
            return 0
        tags, bodies, checksums = zip(*rows, strict=True)
        async with self._connection() as connection:
            status = await connection.execute(_APPEND, epoch, self._last, tags, bodies, checksums)
        return int(status.rpartition(" ")[2])

    async def _was_taken(self, rows: Sequence[tuple[str, bytes, int]], epoch: int) -> bool:
        """Whether an append that seemed to fail is in the log after all."""
        try:
            async with self._connection() as connection, connection.transaction():
                # Waits for the failed statement, should the server still be at it.
                await connection.execute("SELECT FROM carillon_log.lead FOR UPDATE")
                found = await connection.fetch(_READ, self._last, len(rows) + 1)
        except StorageFailed:
            return False
        return [(row["epoch"], row["checksum"]) for row in found] == [
            (epoch, written) for _, _, written in rows
        ]

    async def _require_lead(self, epoch: int) -> None:
        async with self._connection() as connection:
            leading = await connection.fetchval("SELECT epoch FROM carillon_log.lead")
        if leading != epoch:
            raise StaleWriter(f"epoch {epoch} is over: {leading} leads")

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
        if self._pool is None:
            raise StorageFailed("the log is closed")
        try:
            async with self._pool.acquire(timeout=CONNECT_S) as connection:
                yield connection
        except _FAULTS as error:
            raise StorageFailed(f"the log's PostgreSQL: {error or type(error).__name__}") from error


async def _keep_session(connection: asyncpg.Connection) -> None:
    """Nothing here changes a session, so a connection needs no round trip to be used again."""


async def _prepare(connection: asyncpg.pool.PoolConnectionProxy) -> None:
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute("CREATE SCHEMA IF NOT EXISTS carillon_log")
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS carillon_log.shape"
            " (number bigint PRIMARY KEY, name text NOT NULL)"
        )
        done = await connection.fetchval("SELECT coalesce(max(number), 0) FROM carillon_log.shape")
        if done > newest(MIGRATIONS):
            raise StorageFailed(f"the log was written by a newer version (shape {done})")
        for migration in pending(MIGRATIONS, done):
            for statement in migration.statements:
                await connection.execute(statement)
            await connection.execute(
                "INSERT INTO carillon_log.shape VALUES ($1, $2)", migration.number, migration.name
            )
