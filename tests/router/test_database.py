"""Tables on SQLite and on a real PostgreSQL: shapes, turns, and what failures say."""

import asyncio
import stat
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    func,
    insert,
    select,
    text,
)

from router.database import AlreadyThere, Change, Database
from router.model.errors import InvalidInput, StorageFailed

Use = Callable[[Database], Awaitable[None]]


def shelf(*more: Column[str], schema: str | None = None) -> Table:
    """A table as one version knows it."""
    columns = (Column("book", String(20), primary_key=True), Column("pages", Integer))
    return Table("shelf", MetaData(schema=schema), *columns, *more)


SHELF = shelf()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/made/shelf.db"
    return str(request.getfixturevalue("postgres").create_database())


def use(url: str, story: Use, table: Table = SHELF, changes: Sequence[Change] = ()) -> None:
    async def told() -> None:
        database = Database(url, "shelf", table.metadata, changes)
        await database.open()
        try:
            await story(database)
        finally:
            await database.close()

    asyncio.run(told())


async def put(database: Database, book: str, **values: object) -> None:
    def work(connection: Connection) -> None:
        connection.execute(insert(SHELF).values(book=book, **values))

    await database.change(work)


async def count(database: Database) -> int:
    def query(connection: Connection) -> int:
        return connection.execute(select(func.count()).select_from(SHELF)).scalar_one()

    return await database.look(query)


def test_what_a_version_ago_was_written_takes_the_shape_of_today(url: str) -> None:
    def with_colour(connection: Connection) -> None:
        connection.execute(text("ALTER TABLE shelf ADD COLUMN colour VARCHAR(20)"))

    now = shelf(Column("colour", String(20)))

    async def before(database: Database) -> None:
        await put(database, "Emma", pages=474)

    async def after(database: Database) -> None:
        async with database.writing() as connection:
            await connection.execute(insert(now).values(book="Ulysses", colour="blue"))
        async with database.reading() as connection:
            rows = (await connection.execute(select(now).order_by(now.c.book))).all()
        assert [tuple(row) for row in rows] == [("Emma", 474, None), ("Ulysses", None, "blue")]

    async def nothing(_database: Database) -> None:
        pass

    use(url, before)
    use(url, after, now, [with_colour])
    use(url, nothing, now, [with_colour])
    with pytest.raises(StorageFailed, match=r"newer version's \(2\)"):
        use(url, nothing)


def test_a_new_database_has_the_shape_of_today_at_once(url: str) -> None:
    def never(_connection: Connection) -> None:
        raise AssertionError("there is nothing to change in a new database")

    async def story(database: Database) -> None:
        assert await count(database) == 0

    use(url, story, SHELF, [never])


def test_a_change_that_fails_leaves_the_tables_as_they_were(url: str) -> None:
    def breaks(connection: Connection) -> None:
        connection.execute(insert(SHELF).values(book="half"))
        connection.execute(text("ALTER TABLE nowhere ADD COLUMN colour VARCHAR(20)"))

    async def never(_database: Database) -> None:
        raise AssertionError("it was opened")

    async def story(database: Database) -> None:
        assert await count(database) == 0

    use(url, story)
    with pytest.raises(StorageFailed):
        use(url, never, SHELF, [breaks])
    use(url, story)


def test_many_that_start_at_once_make_the_tables_once(url: str) -> None:
    async def told() -> None:
        table = shelf(schema="shelves")
        databases = [Database(url, "shelf", table.metadata) for _ in range(4)]
        await asyncio.gather(*(database.open() for database in databases))
        for database in databases:
            await database.close()

    asyncio.run(told())


def test_who_comes_second_is_told_so_without_the_words_of_the_row(url: str) -> None:
    async def story(database: Database) -> None:
        await put(database, "a diary")
        with pytest.raises(AlreadyThere) as told:
            await put(database, "a diary")
        assert "diary" not in str(told.value)
        with pytest.raises(AlreadyThere):
            async with database.writing() as connection:
                await connection.execute(insert(SHELF).values(book="a diary"))
        assert await count(database) == 1

    use(url, story)


def test_many_writers_come_to_their_turn_and_none_is_lost(url: str) -> None:
    async def story(database: Database) -> None:
        for book in ("turns", "steps"):
            await put(database, book, pages=0)
        pages = select(SHELF.c.pages).where(SHELF.c.book == "turns")
        turned = SHELF.update().where(SHELF.c.book == "turns")
        stepped = SHELF.update().where(SHELF.c.book == "steps").values(pages=SHELF.c.pages + 1)

        async def turn() -> None:
            async with database.writing() as connection:
                await database.lock(connection, "turns")
                found = (await connection.execute(pages)).scalar_one()
                await connection.execute(turned.values(pages=found + 1))

        def step(connection: Connection) -> None:
            connection.execute(stepped)

        steps = (database.change(step) for _ in range(20))
        await asyncio.gather(*(turn() for _ in range(20)), *steps)
        async with database.reading() as connection:
            found = await connection.execute(select(SHELF.c.pages))
            assert list(found.scalars()) == [20, 20]

    use(url, story)


def test_a_reader_sees_one_moment_while_others_write(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        await put(database, "one")
        async with database.reading() as connection:
            wanted = select(func.count()).select_from(SHELF)
            assert (await connection.execute(wanted)).scalar_one() == 1
            await put(database, "two")
            assert (await connection.execute(wanted)).scalar_one() == 1
        assert await count(database) == 2

    use(f"sqlite:///{tmp_path}/shelf.db", story)


def test_a_broken_transaction_writes_nothing(url: str) -> None:
    async def story(database: Database) -> None:
        async def breaks() -> None:
            async with database.writing() as connection:
                await connection.execute(insert(SHELF).values(book="half"))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await breaks()
        assert await count(database) == 0
        await database.scrub(SHELF)

    use(url, story)


def test_db_1_a_file_is_its_owners_and_trusts_no_schema(tmp_path: Path) -> None:
    """DB-1: the file is 0600 in a folder of its own; a schema from outside calls nothing."""
    path = tmp_path / "made" / "shelf.db"

    async def story(database: Database) -> None:
        await put(database, "one")
        found = {}
        for name in ("trusted_schema", "synchronous", "secure_delete", "foreign_keys"):
            async with database.reading() as connection:
                asked = await connection.execute(text(f"PRAGMA {name}"))
                found[name] = asked.scalar_one()
        assert found == {
            "trusted_schema": 0,
            "synchronous": 2,
            "secure_delete": 1,
            "foreign_keys": 1,
        }

    use(f"sqlite:///{path}", story)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_of_one_store_is_not_taken_for_anothers(tmp_path: Path) -> None:
    async def nothing(_database: Database) -> None:
        pass

    url = f"sqlite:///{tmp_path}/shelf.db"
    use(url, nothing, shelf(schema="books"))
    with pytest.raises(StorageFailed, match="holds another store than maps"):
        use(url, nothing, shelf(schema="maps"))


@pytest.mark.parametrize(
    "url",
    ["mysql://host/x", "nonsense", "sqlite://", "sqlite:///:memory:", "", "mysql://u:pass@h/x"],
)
def test_what_is_no_address_of_a_database_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="no address of a database") as told:
        Database(url, "shelf", SHELF.metadata)
    assert told.value.field == "shelf"
    assert "pass" not in str(told.value)


def test_a_closed_database_says_so(tmp_path: Path) -> None:
    async def told() -> None:
        database = Database(f"sqlite:///{tmp_path}/shelf.db", "shelf", SHELF.metadata)
        with pytest.raises(StorageFailed, match="closed"):
            await count(database)
        with pytest.raises(StorageFailed, match="closed"):
            await put(database, "one")

    asyncio.run(told())


def test_a_server_that_is_not_there_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    async def told() -> None:
        database = Database(f"postgresql://u@/x?host={tmp_path}", "shelf", SHELF.metadata)
        with pytest.raises(StorageFailed, match=r"the shelf's tables in PostgreSQL: .+"):
            await database.open()

    asyncio.run(told())
