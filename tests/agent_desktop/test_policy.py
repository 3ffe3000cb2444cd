"""What a site sets about log-ins and load holds at once, for those as well who are signed in."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest
from websockets.exceptions import InvalidStatus

from agent_desktop.passwords import check_breached
from agent_desktop.permissions import Role
from agent_desktop.settings import Policy
from router.model.errors import InvalidInput
from router.model.ids import HOUR_MS, MINUTE_MS
from tests.agent_desktop.client import DeskClient, Person
from tests.agent_desktop.test_log_in import log_in
from tests.agent_desktop.world import PASSWORD, World, story


def set_policy(world: World, **changes: object) -> None:
    world.server.reconfigure(msgspec.structs.replace(Policy(), **changes))


@pytest.mark.parametrize(
    ("user", "role", "changes"),
    [
        ("mia", Role.AGENT, {"session_idle_ms": MINUTE_MS}),
        ("sue", Role.SUPERVISOR, {"session_idle_supervisor_ms": MINUTE_MS}),
    ],
)
def test_web_4_a_shorter_idle_time_ends_sessions_that_are_open(
    tmp_path: Path, user: str, role: Role, changes: dict[str, int]
) -> None:
    async def tell(world: World) -> None:
        person = await world.sign_in(user, role)
        world.clock.pass_ms(2 * MINUTE_MS)
        assert (await person.get("/api/v1/session")).status_code == 200
        world.clock.pass_ms(2 * MINUTE_MS)
        set_policy(world, **changes)
        assert (await person.get("/api/v1/session")).status_code == 401

    story(tmp_path, tell)


def test_web_4_a_shorter_total_time_holds_for_open_sessions_and_is_shown(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")
        until = (await mia.get("/api/v1/session")).json()["expires"]
        set_policy(world, session_total_ms=2 * HOUR_MS)
        assert (await mia.get("/api/v1/session")).json()["expires"] == until - 10 * HOUR_MS
        for _ in range(5):
            world.clock.pass_ms(20 * MINUTE_MS)
            assert (await mia.get("/api/v1/session")).status_code == 200
        world.clock.pass_ms(21 * MINUTE_MS)
        assert (await mia.get("/api/v1/session")).status_code == 401

    story(tmp_path, tell)


def test_web_4_how_many_sessions_a_user_may_have_is_the_sites_to_say(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await world.add_user("mia")
        set_policy(world, sessions=1)
        first, second = Person(world.origin, world.http), Person(world.origin, world.http)
        assert (await log_in(first, "mia")).status_code == 200
        assert (await log_in(second, "mia")).status_code == 200
        assert (await first.get("/api/v1/session")).status_code == 401
        assert (await second.get("/api/v1/session")).status_code == 200

    story(tmp_path, tell)


def test_web_3_when_and_for_how_long_an_account_is_locked_is_the_sites_to_say(
    tmp_path: Path,
) -> None:
    async def tell(world: World) -> None:
        await world.add_user("mia")
        set_policy(world, failures_until_locked=3, locked_ms=2 * HOUR_MS)
        mia = Person(world.origin, world.http)
        for _ in range(3):
            assert (await log_in(mia, "mia", "wrong")).status_code == 401
        assert (await log_in(mia, "mia")).status_code == 429
        world.clock.pass_ms(2 * HOUR_MS - MINUTE_MS)
        assert (await log_in(mia, "mia")).status_code == 429
        world.clock.pass_ms(2 * MINUTE_MS)
        assert (await log_in(mia, "mia")).status_code == 200

    story(tmp_path, tell)


def test_web_1_a_longer_password_and_a_list_of_breached_ones_are_asked_for(tmp_path: Path) -> None:
    known = ["the harbour has three trams", "a fourth tram never came"]
    digests = [hashlib.sha1(each.encode(), usedforsecurity=False).hexdigest() for each in known]
    others = [hashlib.sha1(bytes([each]), usedforsecurity=False).hexdigest() for each in range(99)]
    breached = tmp_path / "breached.txt"
    lines = sorted(f"{each.upper()}:{number}" for number, each in enumerate((*digests, *others)))
    breached.write_text("\r\n".join(lines) + "\r\n")

    async def tell(world: World) -> None:
        add = world.server.desk.accounts.add_user
        root = await world.sign_in("root", Role.ADMINISTRATOR)
        set_policy(world, password_min_length=20, breached_passwords=breached)

        async def made(user: str, password: str) -> tuple[int, str]:
            body = {"user": user, "password": password, "role": "agent", "name": user}
            answer = await root.post("/api/v1/users", body)
            return answer.status_code, answer.json().get("code", "")

        assert await made("ann", "sixteen letters.") == (422, "password_length")
        for number, password in enumerate(known):
            assert await made(f"u{number}", password) == (422, "password_breached")
        assert (await made("ann", "no list knows this sentence"))[0] == 201
        breached.unlink()
        assert (await made("bea", "nor does it know this other one"))[0] == 503
        set_policy(world)
        assert (await add("bea", PASSWORD, Role.AGENT)).user == "bea"

    story(tmp_path, tell)


def test_every_digest_of_a_breach_list_is_found_wherever_it_stands(tmp_path: Path) -> None:
    passwords = [f"password number {number}" for number in range(300)]
    digests = sorted(
        hashlib.sha1(each.encode(), usedforsecurity=False).hexdigest().upper() for each in passwords
    )
    listed = tmp_path / "list"
    listed.write_text("\n".join(digests))
    for password in passwords:
        with pytest.raises(InvalidInput, match="breach"):
            check_breached(listed, password)
    for number in range(300):
        check_breached(listed, f"another {number}")


def test_how_many_desks_may_be_open_is_the_sites_to_say(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        set_policy(world, desks=1)
        mia, tom = await world.sign_in("mia"), await world.sign_in("tom")
        desk = await DeskClient.open(mia)
        with pytest.raises(InvalidStatus) as caught:
            await tom.socket("/ws/desk")
        assert caught.value.response.status_code == 503
        set_policy(world, desks=2)
        assert await (await DeskClient.open(tom)).ping() > 0
        assert await desk.ping() > 0

    story(tmp_path, tell)


def test_web_8_how_much_one_may_ask_is_the_sites_to_say(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")
        set_policy(world, requests_per_s=1, request_burst=2)
        found = [(await mia.get("/api/v1/session")).status_code for _ in range(3)]
        assert found == [200, 200, 429]
        world.clock.pass_ms(1_000)
        assert (await mia.get("/api/v1/session")).status_code == 200
        assert (await mia.get("/api/v1/session")).status_code == 429
        set_policy(world)
        world.clock.pass_ms(1_000)
        found = [(await mia.get("/api/v1/session")).status_code for _ in range(5)]
        assert set(found) == {200}

    story(tmp_path, tell, still=True)
