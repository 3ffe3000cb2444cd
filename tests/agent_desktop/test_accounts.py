"""Users are made, changed and listed; bad input names its field."""

import asyncio
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agent_desktop.accounts import Accounts, open_accounts
from agent_desktop.permissions import Role
from router.model.errors import InvalidInput, NotFound, Refused, StorageFailed
from tests.support.clock import StillClock

PASSWORD = "three trams to the harbour"


def over(folder: Path, story: Callable[[Accounts], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_accounts(f"sqlite:///{folder}/desk.sqlite", StillClock()) as accounts:
            await story(accounts)

    asyncio.run(run())


def test_a_user_is_added_changed_and_listed(tmp_path: Path) -> None:
    async def story(accounts: Accounts) -> None:
        await accounts.add_user(" Mia ", PASSWORD, Role.AGENT, name="Mia Kaya")
        await accounts.add_user("tom", PASSWORD, Role.SUPERVISOR)
        await accounts.set_role("mia", Role.MANAGER)
        await accounts.disable("tom")
        listed = await accounts.list_users()
        assert [(user.user, user.role, user.disabled) for user in listed] == [
            ("mia", Role.MANAGER, False),
            ("tom", Role.SUPERVISOR, True),
        ]
        assert listed[0].agent_id == "mia"
        assert PASSWORD not in repr(listed)

    over(tmp_path, story)


@pytest.mark.parametrize(
    ("user", "name", "password", "field"),
    [
        ("", "", PASSWORD, "user"),
        ("no spaces", "", PASSWORD, "user"),
        ("a" * 65, "", PASSWORD, "user"),
        ("mia", "Mia\nKaya", PASSWORD, "name"),
        ("mia", "", "short", "password"),
        ("mia", "Mia", "mia-mia-mia-mia-1", "password"),
    ],
)
def test_a_bad_user_is_refused_by_the_field(
    tmp_path: Path, user: str, name: str, password: str, field: str
) -> None:
    async def story(accounts: Accounts) -> None:
        with pytest.raises(InvalidInput) as caught:
            await accounts.add_user(user, password, Role.AGENT, name=name)
        assert caught.value.field == field
        assert await accounts.list_users() == []

    over(tmp_path, story)


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    async def story(accounts: Accounts) -> None:
        await accounts.add_user("mia", PASSWORD, Role.AGENT)
        with pytest.raises(Refused) as caught:
            await accounts.add_user("MIA", PASSWORD, Role.MANAGER)
        assert caught.value.code == "user_exists"

    over(tmp_path, story)


def test_an_unknown_user_cannot_be_changed(tmp_path: Path) -> None:
    async def story(accounts: Accounts) -> None:
        for change in (
            accounts.set_role("nobody", Role.AGENT),
            accounts.disable("nobody"),
            accounts.set_password("nobody", PASSWORD),
        ):
            with pytest.raises(NotFound):
                await change

    over(tmp_path, story)


def test_cfg_3_the_laboratory_gets_random_log_ins_once(tmp_path: Path) -> None:
    async def story(accounts: Accounts) -> None:
        wanted = {"mia": Role.AGENT, "boss": Role.MANAGER}
        first = await accounts.ensure_lab_users(wanted)
        assert [user for user, _ in first] == ["mia", "boss"]
        assert len({password for _, password in first}) == 2
        assert await accounts.ensure_lab_users(wanted) == []

    over(tmp_path, story)


def test_db_1_nobody_else_on_the_machine_reads_the_tables(tmp_path: Path) -> None:
    async def story(accounts: Accounts) -> None:
        await accounts.list_users()

    over(tmp_path, story)
    mode = (tmp_path / "desk.sqlite").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize("url", ["", "mysql://x/y", "sqlite:///", "not a url"])
def test_a_bad_address_of_the_tables_is_said(url: str) -> None:
    async def run() -> None:
        with pytest.raises(InvalidInput):
            async with open_accounts(url, StillClock()):
                pass

    asyncio.run(run())


def test_tables_that_cannot_be_reached_are_a_storage_failure(tmp_path: Path) -> None:
    (tmp_path / "desk.sqlite").write_bytes(b"this is no database at all, and long enough" * 100)

    async def run() -> None:
        with pytest.raises(StorageFailed):
            async with open_accounts(f"sqlite:///{tmp_path}/desk.sqlite", StillClock()):
                pass

    asyncio.run(run())


def test_the_tables_are_migrated_once_and_kept(tmp_path: Path) -> None:
    async def first(accounts: Accounts) -> None:
        await accounts.add_user("mia", PASSWORD, Role.AGENT)

    async def second(accounts: Accounts) -> None:
        assert [user.user for user in await accounts.list_users()] == ["mia"]

    over(tmp_path, first)
    over(tmp_path, second)
