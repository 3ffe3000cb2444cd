"""What only a server can do to us: cut connections, stop, come back, hold two writers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest

from router.model.errors import StaleWriter, StorageFailed
from router.model.ids import Position
from router.ports import Snapshot
from router.storage.postgres import PostgresLog
from tests.router.storage.logs import signed_in, with_opened
from tests.support.programs_postgres import PostgresServer, postgres_server


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


def with_log(url: str, use: Callable[[PostgresLog], Awaitable[None]]) -> None:
    with_opened(PostgresLog(url), use)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE carillon_log.log SET body = ''",
        "DELETE FROM carillon_log.log WHERE position = 3",
        "TRUNCATE carillon_log.log",
        "INSERT INTO carillon_log.log VALUES (9, 1, 'x', '', 0)",
        "INSERT INTO carillon_log.log VALUES (4, 1, 'x', '', 0), (6, 1, 'x', '', 0)",
        "INSERT INTO carillon_log.log VALUES (2, 1, 'x', '', 0)"
        " ON CONFLICT (position) DO UPDATE SET body = ''",
        "UPDATE carillon_log.lead SET epoch = epoch - 1",
        "DELETE FROM carillon_log.lead",
    ],
)
def test_triggers_refuse_to_change_or_cut_the_log_db_3(
    server: PostgresServer, statement: str
) -> None:
    url = server.create_database()

    async def use(log: PostgresLog) -> None:
        epoch = await log.take_lead()
        await log.append([signed_in(number) for number in range(3)], epoch)
        connection = await asyncpg.connect(url)
        try:
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute(statement)
        finally:
            await connection.close()
        assert await log.append([signed_in(3)], epoch) == 4
        assert [record.event for record in await log.read(Position(0))] == [
            signed_in(number) for number in range(4)
        ]

    with_log(url, use)


def test_connections_that_were_cut_are_made_again(server: PostgresServer) -> None:
    async def use(log: PostgresLog) -> None:
        epoch = await log.take_lead()
        await log.append([signed_in(1)], epoch)
        await asyncio.to_thread(server.drop_connections)
        # The append meets a dead connection, finds out that nothing was taken, and says so; or the
        # pool has noticed before and it simply works.
        try:
            assert await log.append([signed_in(2)], epoch) == 2
        except StorageFailed:
            with pytest.raises(StorageFailed, match="take the lead again"):
                await log.append([signed_in(2)], epoch)
            epoch = await log.take_lead()
            assert await log.append([signed_in(2)], epoch) == 2
        assert await log.last() == 2

    with_log(server.create_database(), use)


def test_a_server_that_is_gone_is_a_storage_failure_and_its_return_heals(
    server: PostgresServer,
) -> None:
    async def use(log: PostgresLog) -> None:
        epoch = await log.take_lead()
        await log.append([signed_in(1)], epoch)
        await asyncio.to_thread(server.stop)
        try:
            with pytest.raises(StorageFailed):
                await log.append([signed_in(2)], epoch)
            with pytest.raises(StorageFailed):
                await log.read(Position(0))
            with pytest.raises(StorageFailed):
                await log.take_lead()
        finally:
            await asyncio.to_thread(server.start)
        epoch = await log.take_lead()
        assert await log.append([signed_in(2)], epoch) == 2

    with_log(server.create_database(), use)


def test_an_append_that_is_under_way_when_the_lead_changes_is_before_or_not_at_all(
    server: PostgresServer,
) -> None:
    url = server.create_database()

    async def use(new: PostgresLog) -> None:
        old = PostgresLog(url)
        await old.open()
        try:
            for _ in range(20):
                epoch = await old.take_lead()
                before = await old.last()
                results = await asyncio.gather(
                    *(old.append([signed_in(number)], epoch) for number in range(5)),
                    new.take_lead(),
                    return_exceptions=True,
                )
                taken = [result for result in results[:5] if isinstance(result, int)]
                assert taken == list(range(before + 1, before + 1 + len(taken)))
                assert all(
                    isinstance(result, StaleWriter) for result in results[:5] if result not in taken
                )
                assert await new.last() == before + len(taken)
        finally:
            await old.close()

    with_log(url, use)


def test_what_a_broken_connection_had_written_is_not_written_twice(
    server: PostgresServer,
) -> None:
    """The server takes the events, and the connection breaks before it can say so."""
    url = server.create_database()

    async def run() -> None:
        async with deaf_proxy(server.socket) as (port, deaf):
            log = PostgresLog(f"{url.partition('?')[0].replace('@/', f'@127.0.0.1:{port}/')}")
            await log.open()
            try:
                epoch = await log.take_lead()
                assert await log.append([signed_in(0)], epoch) == 1
                deaf.set()
                assert await log.append([signed_in(1), signed_in(2)], epoch) == 3
                assert not deaf.is_set()
                assert await log.append([signed_in(3)], epoch) == 4
                assert [record.event for record in await log.read(Position(0))] == [
                    signed_in(number) for number in range(4)
                ]
            finally:
                await log.close()

    asyncio.run(run())


@asynccontextmanager
async def deaf_proxy(socket: str) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """Stands between a client and the server; once ``deaf`` is set, the next answer is lost."""
    deaf = asyncio.Event()
    tasks: set[asyncio.Task[None]] = set()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            sink.write(data)
        sink.close()

    async def answers(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            if deaf.is_set():
                deaf.clear()
                break
            sink.write(data)
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, downstream = await asyncio.open_unix_connection(socket)
        tasks.add(asyncio.create_task(pump(reader, downstream)))
        tasks.add(asyncio.create_task(answers(upstream, writer)))

    proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with proxy:
        yield proxy.sockets[0].getsockname()[1], deaf
    await asyncio.wait(tasks, timeout=5)


def test_a_server_that_is_not_there_is_named_at_opening() -> None:
    async def run() -> None:
        log = PostgresLog("postgresql://nobody@127.0.0.1:1/none")
        with pytest.raises(StorageFailed, match="PostgreSQL"):
            await log.open()

    asyncio.run(run())


def test_a_damaged_snapshot_is_not_used(server: PostgresServer) -> None:
    url = server.create_database()

    async def use(log: PostgresLog) -> None:
        await log.save_snapshot(Snapshot(Position(0), 1, (b"state",)))
        connection = await asyncpg.connect(url)
        await connection.execute("UPDATE carillon_log.snapshot_pages SET page = 'stale'")
        await connection.close()
        assert await log.load_snapshot() is None

    with_log(url, use)


def test_two_processes_may_open_a_new_database_at_the_same_time(server: PostgresServer) -> None:
    url = server.create_database()

    async def run() -> None:
        logs = [PostgresLog(url) for _ in range(4)]
        await asyncio.gather(*(log.open() for log in logs))
        epochs = await asyncio.gather(*(log.take_lead() for log in logs))
        assert sorted(epochs) == [1, 2, 3, 4]
        await asyncio.gather(*(log.close() for log in logs))

    asyncio.run(run())
