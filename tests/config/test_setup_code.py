"""CFG-3: no default account; the first one by a code, once, for 15 minutes, from this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from agent_desktop.permissions import Role
from config.setup_code import VALID_MS, FirstAccount, SetUpCode, _from_here, routes
from router.model.errors import NotFound
from tests.agent_desktop.client import Person
from tests.agent_desktop.world import PASSWORD, World, story


class Accounts:
    """Reached late: the routes are made before the desk that has the accounts."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.server.desk.accounts, name)


CODES: dict[World, SetUpCode] = {}


def made(world: World) -> Sequence[APIRouter]:
    accounts: Any = Accounts(world)
    CODES[world] = SetUpCode(accounts, world.clock)
    return [routes(CODES[world])]


async def asked(world: World, code: str, **more: str) -> httpx.Response:
    person = Person(world.origin, world.http)
    body = {"code": code, "user": "ada", "password": PASSWORD, **more}
    return await person.post("/api/v1/setup", body)


async def begun(world: World) -> str:
    code = await CODES[world].begin()
    assert code is not None
    return code


def test_cfg_3_the_code_makes_one_administrator_and_is_spent(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        code = await begun(world)
        assert len(code.replace("-", "")) == 24
        response = await asked(world, code.upper(), name="Ada L")
        assert (response.status_code, response.json()) == (
            201,
            {"user": "ada", "role": "administrator"},
        )
        (user,) = await world.server.desk.accounts.list_users()
        assert (user.user, user.role) == ("ada", Role.ADMINISTRATOR)
        assert (await asked(world, code, user="eve")).status_code == 404
        assert len(await world.server.desk.accounts.list_users()) == 1
        assert await CODES[world].begin() is None
        signed_in = await Person(world.origin, world.http).sign_in("ada", PASSWORD)
        assert signed_in["role"] == "administrator"

    story(tmp_path, tell, routers=made)


def test_cfg_3_without_a_start_that_asked_for_one_there_is_no_code(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        for code in ("", "aaaaaa-aaaaaa-aaaaaa-aaaaaa"):
            response = await asked(world, code)
            assert (response.status_code, response.json()["code"]) == (404, "not_found")
        assert await world.server.desk.accounts.list_users() == []

    story(tmp_path, tell, routers=made)


def test_cfg_3_the_code_is_good_for_15_minutes(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        code = await begun(world)
        world.clock.pass_ms(VALID_MS)
        assert (await asked(world, code)).status_code == 404
        world.clock.pass_ms(-VALID_MS)
        assert (await asked(world, code)).status_code == 404, "late once, spent for good"

    story(tmp_path, tell, routers=made)


def test_cfg_3_five_guesses_spend_the_code(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        code = await begun(world)
        for _ in range(5):
            assert (await asked(world, "wrong")).status_code == 404
        assert (await asked(world, code)).status_code == 404

    story(tmp_path, tell, routers=made)


def test_cfg_3_a_password_that_will_not_do_leaves_the_code_good(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        code = await begun(world)
        refused = await asked(world, code, password="short")
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "password"
        assert (await asked(world, code)).status_code == 201

    story(tmp_path, tell, routers=made)


def test_cfg_3_an_account_made_by_hand_meanwhile_ends_the_code(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        code = await begun(world)
        await world.add_user("rae", Role.MANAGER)
        with pytest.raises(NotFound):
            await CODES[world].redeem(FirstAccount(code, "ada", PASSWORD))

    story(tmp_path, tell, routers=made)


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("", False),
        ("localhost", False),
    ],
)
def test_cfg_3_the_address_exists_for_this_machine_only(address: str, here: bool) -> None:
    assert _from_here(address) is here
