"""The desk's tables on SQLite and on a real PostgreSQL: one contract."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent_desktop.permissions import Role
from agent_desktop.store import desk_database
from agent_desktop.store.desk import DeskRows, DraftRow, UploadRow
from agent_desktop.store.failures import FailureRows
from agent_desktop.store.sessions import SessionRow, SessionRows
from agent_desktop.store.users import User, UserRows
from router.database import Database
from router.model.content import Sealed
from router.model.errors import NotFound, Refused
from router.model.ids import AgentId, Instant, InteractionId, SubjectId, TeamName
from tests.agent_desktop.client import DeskClient, Person
from tests.agent_desktop.test_log_in import log_in
from tests.agent_desktop.world import World, story

MIA = User(
    user="mia",
    name="Mia",
    role=Role.AGENT,
    agent_id=AgentId("mia"),
    teams=(TeamName("billing"),),
    disabled=False,
    created=Instant(5),
)
BOX = Sealed(SubjectId("a" * 32), "content/1", b"\x01\x00box")
CHAT = InteractionId("c" * 32)
LATER = Instant(2**45)

Use = Callable[[Database], Awaitable[None]]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/desk.db"
    return str(request.getfixturevalue("postgres").create_database())


def use(url: str, *uses: Use) -> None:
    """Use a database, opened anew each time: what was written is there."""

    async def run() -> None:
        for each in uses:
            database = desk_database(url)
            await database.open()
            try:
                await each(database)
            finally:
                await database.close()

    asyncio.run(run())


def a_session(token: str, created: int = 1, user: str = "mia") -> SessionRow:
    at = Instant(created)
    return SessionRow(token, user, at, at, LATER, at, "127.0.0.1")


def test_users_are_kept_changed_and_never_twice(url: str) -> None:
    async def write(database: Database) -> None:
        users = UserRows(database)
        await users.add(MIA, "hash")
        with pytest.raises(Refused):
            await users.add(MIA, "other")
        await users.change("mia", Instant(9), end_sessions=True, role="supervisor", disabled=True)
        with pytest.raises(NotFound):
            await users.change("nobody", Instant(9), end_sessions=False, disabled=True)

    async def read(database: Database) -> None:
        found, encoded = await UserRows(database).with_hash("mia")
        assert found == msgspec.structs.replace(MIA, role=Role.SUPERVISOR, disabled=True)
        assert encoded == "hash"
        assert await UserRows(database).with_hash("Mia") == (None, "")

    use(url, write, read)


def test_a_users_oldest_sessions_end_and_every_process_is_told(url: str) -> None:
    async def write(database: Database) -> None:
        await UserRows(database).add(MIA, "hash")
        sessions = SessionRows(database)
        before = await sessions.revision()
        for number in range(5):
            await sessions.add(a_session(f"s{number}", number), 3)
        assert await sessions.revision() > before
        assert [row.token_hash for row in await sessions.of_user("mia")] == ["s4", "s3", "s2"]
        assert await sessions.living(["s0", "s2", "s4"]) == {"s2", "s4"}

    async def read(database: Database) -> None:
        sessions = SessionRows(database)
        await sessions.touch("s4", last_active=77)
        assert (await sessions.get("s4")) == msgspec.structs.replace(
            a_session("s4", 4), last_active=Instant(77)
        )
        await UserRows(database).change("mia", Instant(9), end_sessions=True, disabled=True)
        assert await sessions.get("s4") is None
        await sessions.add(a_session("old"), 3)
        await sessions.prune(Instant(LATER + 1))
        assert await sessions.get("old") is None

    use(url, write, read)


def test_a_ticket_is_spent_once_however_many_try_at_once(url: str) -> None:
    async def tell(database: Database) -> None:
        await UserRows(database).add(MIA, "hash")
        sessions = SessionRows(database)
        await sessions.add(a_session("s"), 3)
        await sessions.add_ticket("t", "s", Instant(100))
        found = await asyncio.gather(*(sessions.spend_ticket("t", Instant(50)) for _ in range(8)))
        assert sorted(found, key=str) == [None] * 7 + ["s"]
        await sessions.add_ticket("late", "s", Instant(100))
        assert await sessions.spend_ticket("late", Instant(101)) is None
        await sessions.add_device("d", "mia", Instant(10))
        assert await sessions.knows_device("d", "mia", Instant(9))
        assert not await sessions.knows_device("d", "tom", Instant(9))
        assert not await sessions.knows_device("d", "mia", Instant(10))

    use(url, tell)


def test_of_many_failures_at_once_each_has_its_own_number(url: str) -> None:
    async def tell(database: Database) -> None:
        rows = FailureRows(database)
        found = await asyncio.gather(
            *(rows.note(f"f{number}", "mia", Instant(10), Instant(0)) for number in range(12))
        )
        assert sorted(number for number, _ in found) == list(range(1, 13))
        await asyncio.gather(*(rows.lock("mia", Instant(50)) for _ in range(6)))
        assert await rows.locked_until(("tom", "mia")) == 50
        await rows.clear("mia")
        assert await rows.note("next", "mia", Instant(20), Instant(0)) == (1, 0)
        await rows.prune(Instant(60))
        assert await rows.locked_until(("mia",)) == 0

    use(url, tell)


def test_drafts_marks_settings_and_uploads_outlive_the_process(url: str) -> None:
    draft = DraftRow(AgentId("mia"), CHAT, "reply", 3, BOX, Instant(30))
    upload = UploadRow("f" * 32, CHAT, BOX.subject, AgentId("mia"), 7, BOX, Instant(30))

    async def write(database: Database) -> None:
        rows = DeskRows(database)
        await rows.save_draft(draft, 0)
        with pytest.raises(Refused):
            await rows.save_draft(draft, 2)
        await rows.save_read_mark(AgentId("mia"), CHAT, 4, Instant(30))
        await rows.add_upload(upload)
        await rows.add_upload(msgspec.structs.replace(upload, file_id="e" * 32))
        await rows.mark_used(["e" * 32])
        await asyncio.gather(*(rows.save_settings("mia", f'{{"n":{n}}}') for n in range(8)))
        await asyncio.gather(
            *(rows.save_read_mark(AgentId("mia"), CHAT, 4 + n, Instant(30)) for n in range(8))
        )

    async def read(database: Database) -> None:
        rows = DeskRows(database)
        assert list(await rows.drafts(AgentId("mia"), CHAT)) == [draft]
        ((agent_id, interaction_id, number),) = await rows.read_marks()
        assert (agent_id, interaction_id) == ("mia", CHAT)
        assert 4 <= number <= 11
        assert (await rows.settings("mia")).startswith('{"n":')
        assert await rows.upload("f" * 32, CHAT) == upload
        assert await rows.upload("f" * 32, InteractionId("d" * 32)) is None
        assert await rows.uploaded_bytes(CHAT) == 14
        assert await rows.prune(Instant(31), Instant(31)) == ["f" * 32]
        assert list(await rows.drafts(AgentId("mia"), CHAT)) == []

    use(url, write, read)


def test_of_many_drafts_at_once_one_is_kept_and_none_breaks(url: str) -> None:
    async def tell(database: Database) -> None:
        rows = DeskRows(database)

        async def save(revision: int) -> bool:
            draft = DraftRow(AgentId("mia"), CHAT, "reply", revision, BOX, Instant(30))
            try:
                await rows.save_draft(draft, revision)
            except Refused:
                return False
            return True

        assert any(await asyncio.gather(*(save(revision) for revision in range(10))))
        (kept,) = await rows.drafts(AgentId("mia"), CHAT)
        assert kept.revision == 9

    use(url, tell)


def test_a_desk_works_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    async def tell(world: World) -> None:
        await world.add_user("mia")
        person = Person(world.origin, world.http)
        assert (await log_in(person, "mia")).status_code == 200
        mia, chat = await world.given("mia")
        args: dict[str, Any] = {
            "interaction_id": chat,
            "kind": "reply",
            "text": "So far",
            "revision": 1,
        }
        kept = (await mia.do("draft", **args))["revision"]
        assert await mia.do("read", interaction_id=chat, number=1) == {"unread": 0}
        put = await person.request("PUT", "/api/v1/me/settings", json={"theme": "dark"})
        assert put.status_code == 200
        shown = (await mia.person.get(f"/api/v1/interactions/{chat}")).json()
        assert shown["drafts"] == [{"kind": "reply", "text": "So far", "revision": kept}]
        again = await DeskClient.open(person)
        assert again.snapshot is not None
        assert again.snapshot["settings"]["theme"] == "dark"
        assert (await person.request("DELETE", "/api/v1/session")).status_code == 204
        assert await again.closed() == 4401

    story(tmp_path, tell, database_url=postgres_url)
