"""Attack 39 on PostgreSQL: the server itself refuses whoever has no business in the log."""

from collections.abc import Iterator
from urllib.parse import quote

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest

from router.model.errors import StaleWriter, StorageFailed
from router.model.ids import Position
from router.storage.postgres import PostgresLog
from tests.router.storage.logs import signed_in, with_opened
from tests.support.programs_postgres import PostgresServer, postgres_server

WORD = "eleven quiet harbours"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server(guarded="guarded") as running:
        yield running


@pytest.fixture
def url(server: PostgresServer) -> Iterator[str]:
    """A database with a log in it, and a role that may read and append (DB-2)."""
    url = server.create_database()

    async def fill(log: PostgresLog) -> None:
        await log.append([signed_in(1)], await log.take_lead())

    with_opened(PostgresLog(url), fill)
    server.query(
        f"CREATE ROLE guarded LOGIN PASSWORD '{WORD}';"
        "GRANT USAGE ON SCHEMA carillon_log TO guarded;"
        "GRANT SELECT, INSERT ON carillon_log.log TO guarded",
        url,
    )
    yield url
    server.query("DROP OWNED BY guarded; DROP ROLE guarded", url)


def as_guarded(url: str, word: str) -> str:
    """The same database for the role, with a password."""
    return f"postgresql://guarded:{quote(word)}@{url.partition('@')[2]}"


@pytest.mark.parametrize("word", ["", "eleven quiet harbour", "postgres"])
def test_attack_39_a_wrong_password_opens_nothing_and_is_not_repeated(url: str, word: str) -> None:
    async def never(_log: PostgresLog) -> None:
        raise AssertionError("it was opened")

    with pytest.raises(StorageFailed) as told:
        with_opened(PostgresLog(as_guarded(url, word)), never)
    assert "password" in str(told.value)
    assert not word or word == "postgres" or word not in str(told.value)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE carillon_log.log SET body = ''",
        "DELETE FROM carillon_log.log",
        "TRUNCATE carillon_log.log",
        "UPDATE carillon_log.lead SET epoch = 0",
        "ALTER TABLE carillon_log.log DISABLE TRIGGER ALL",
        "DROP TRIGGER log_is_never_changed ON carillon_log.log",
        "DROP TABLE carillon_log.log",
        "SET session_replication_role = replica",
        "CREATE FUNCTION carillon_log.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_attack_39_the_servers_own_rights_keep_the_log_db_3(url: str, statement: str) -> None:
    """DB-3: who may append can still neither change what is written nor take its guard away."""

    async def tell(log: PostgresLog) -> None:
        connection = await asyncpg.connect(as_guarded(url, WORD))
        try:
            assert await connection.fetchval("SELECT count(*) FROM carillon_log.log") == 1
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        finally:
            await connection.close()
        assert [record.event for record in await log.read(Position(0))] == [signed_in(1)]

    with_opened(PostgresLog(url), tell)


def test_attack_39_a_writer_whose_epoch_is_over_writes_nothing(url: str) -> None:
    async def tell(log: PostgresLog) -> None:
        old = await log.take_lead()

        async def lead(other: PostgresLog) -> None:
            new = await other.take_lead()
            with pytest.raises(StaleWriter):
                await log.append([signed_in(2)], old)
            with pytest.raises(StaleWriter):
                await other.append([signed_in(2)], old)
            assert await other.append([signed_in(3)], new) == 2

        other = PostgresLog(url)
        await other.open()
        try:
            await lead(other)
        finally:
            await other.close()
        assert [record.event for record in await log.read(Position(1))] == [signed_in(3)]

    with_opened(PostgresLog(url), tell)
