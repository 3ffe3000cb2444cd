"""Log-in by its front door: lock-out (WEB-3), sessions (WEB-4), attacks 31 and 32."""

import asyncio
import contextlib
import statistics
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from agent_desktop.audit import AuditQuestion
from agent_desktop.guards import COOKIE, DEVICE_COOKIE
from agent_desktop.permissions import Role
from agent_desktop.server import SWEEP_S
from agent_desktop.settings import Profile
from router.model.errors import Overloaded
from router.model.ids import AgentId
from tests.agent_desktop.client import DeskClient, Person
from tests.agent_desktop.world import PASSWORD, World, story


async def log_in(person: Person, user: str, password: str = PASSWORD) -> httpx.Response:
    return await person.post("/api/v1/session", {"user": user, "password": password})


def everything_on_disk(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


def test_signing_in_says_who_one_is_and_what_one_may(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await world.add_user("mia")
        person = Person(world.origin, world.http)
        answer = await log_in(person, " MIA ")
        body = answer.json()
        assert (body["user"], body["role"], body["agent_id"]) == ("mia", "agent", "mia")
        assert body["teams"] == ["billing"]
        assert "work" in body["permissions"]
        assert "users" not in body["permissions"]
        assert body["idle_ms"] == 30 * 60_000
        assert body["expires"] > world.clock.now()
        assert (await person.get("/api/v1/session")).json() == body

    story(tmp_path, tell)


def test_web_4_the_cookies_are_as_strict_as_cookies_get(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await world.add_user("mia")
        answer = await log_in(Person(world.origin, world.http), "mia")
        session, device = answer.headers.get_list("set-cookie")
        name, _, rest = session.partition("=")
        token, *attributes = rest.split("; ")
        assert name == "__Host-carillon"
        assert len(token) >= 43
        assert attributes == ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"]
        assert device.startswith("__Host-carillon-device=")
        stored = everything_on_disk(tmp_path)
        assert token.encode() not in stored
        assert PASSWORD.encode() not in stored

    story(tmp_path, tell)


def test_attack_31_a_session_set_before_log_in_is_not_the_one_after_it(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await world.add_user("mia")
        person = Person(world.origin, world.http)
        person.cookies[COOKIE] = "chosen-by-an-attacker"
        await log_in(person, "mia")
        first = person.cookies[COOKIE]
        assert first != "chosen-by-an-attacker"
        await log_in(person, "mia")
        second = person.cookies[COOKIE]
        assert second != first
        person.cookies[COOKIE] = first
        assert (await person.get("/api/v1/session")).status_code == 401

    story(tmp_path, tell)


def test_attack_31_log_out_closes_the_sockets_within_a_second(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.ready("mia")
        other = await DeskClient.open(await world.sign_in("mia"))
        answer = await mia.person.request("DELETE", "/api/v1/session")
        assert answer.status_code == 204
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        assert await mia.closed() == 4401
        assert await other.ping() > 0
        view = world.hub.agent(AgentId("mia"))
        assert view is not None
        assert view.presence == "ready"
        await other.person.request("DELETE", "/api/v1/session")
        view = world.hub.agent(AgentId("mia"))
        assert view is not None
        assert view.presence == "offline"

    story(tmp_path, tell)


@pytest.mark.parametrize("change", ["disable", "set_role", "set_password"])
def test_attack_31_a_changed_user_is_out_everywhere_within_a_second(
    tmp_path: Path, change: str
) -> None:
    async def tell(world: World) -> None:
        mia, eve = await world.ready("mia"), await world.ready("eve")
        accounts = world.server.desk.accounts
        match change:
            case "disable":
                await accounts.disable("mia")
            case "set_role":
                await accounts.set_role("mia", Role.MANAGER)
            case _:
                await accounts.set_password("mia", "seven bells in the fog")
        # By itself: nobody calls. What was ended elsewhere is noticed by the next look at it.
        assert await mia.closed() == 4401
        assert SWEEP_S <= 0.5
        assert (await mia.person.get("/api/v1/session")).status_code == 401
        assert await eve.ping() > 0
        if change == "disable":
            again = await log_in(Person(world.origin, world.http), "mia")
            assert again.json()["code"] == "wrong"

    story(tmp_path, tell)


def test_attack_31_a_fourth_session_ends_the_oldest(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        people = []
        for _ in range(4):
            people.append(await world.sign_in("mia"))
            world.clock.pass_ms(1_000)
        codes = [(await person.get("/api/v1/session")).status_code for person in people]
        assert codes == [401, 200, 200, 200]

    story(tmp_path, tell)


@pytest.mark.parametrize(
    ("role", "profile", "minutes"),
    [
        (Role.AGENT, Profile.PRODUCTION, 30),
        (Role.SUPERVISOR, Profile.PRODUCTION, 15),
        (Role.MANAGER, Profile.PRODUCTION, 15),
        (Role.AGENT, Profile.PCI, 15),
    ],
)
def test_attack_31_an_idle_session_ends(
    tmp_path: Path, role: Role, profile: Profile, minutes: int
) -> None:
    async def tell(world: World) -> None:
        person = await world.sign_in("kim", role)
        for _ in range(3):
            world.clock.pass_ms(minutes * 60_000 - 10_000)
            assert (await person.get("/api/v1/session")).status_code == 200
        world.clock.pass_ms(minutes * 60_000 + 1)
        assert (await person.get("/api/v1/session")).status_code == 401

    story(tmp_path, tell, profile=profile)


def test_attack_31_pings_are_no_activity_and_commands_are(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.desk("mia")
        await world.leap(25 * 60_000)
        await mia.do("presence", presence="not_ready", reason="break")
        await world.leap(25 * 60_000)
        assert await mia.ping() > 0
        with contextlib.suppress(ConnectionClosed):
            await world.leap(6 * 60_000)
        assert await mia.closed() == 4401

    story(tmp_path, tell)


def test_attack_31_after_twelve_hours_a_session_ends_however_busy(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        person = await world.sign_in("mia")
        for _ in range(24):
            world.clock.pass_ms(29 * 60_000)
            assert (await person.get("/api/v1/session")).status_code == 200
        world.clock.pass_ms(25 * 60_000)
        assert (await person.get("/api/v1/session")).status_code == 401

    story(tmp_path, tell)


def test_attack_31_a_live_engagement_is_never_cut_for_an_hour_more(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, _ = await world.given("mia")
        hour = 3_600_000
        await world.leap(2 * hour)
        assert (await mia.person.get("/api/v1/session")).status_code == 200
        world.open_desks.clear()
        mia.cut()
        world.clock.pass_ms(10 * hour + 30 * 60_000)
        assert (await mia.person.get("/api/v1/session")).status_code == 200
        world.clock.pass_ms(31 * 60_000)
        assert (await mia.person.get("/api/v1/session")).status_code == 401

    story(tmp_path, tell)


def test_web_4_what_is_marked_asks_for_the_password_again(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        root = await world.sign_in("root", Role.ADMINISTRATOR)
        listed = await root.get("/api/v1/users")
        assert [each["user"] for each in listed.json()["users"]] == ["root"]
        world.clock.pass_ms(5 * 60_000 + 1)
        asked = await root.get("/api/v1/users")
        assert (asked.status_code, asked.json()["code"]) == (403, "confirmation_needed")
        wrong = await root.post("/api/v1/session/confirm", {"password": "no"})
        assert wrong.status_code == 401
        right = await root.post("/api/v1/session/confirm", {"password": PASSWORD})
        assert right.status_code == 204
        assert (await root.get("/api/v1/users")).status_code == 200

    story(tmp_path, tell)


def test_an_administrator_makes_and_changes_users_but_never_oneself(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        root = await world.sign_in("root", Role.ADMINISTRATOR)
        new = {"user": "mia", "name": "Mia Kaya", "role": "agent", "password": PASSWORD}
        made = await root.post("/api/v1/users", new)
        assert made.status_code == 201, made.text
        assert (await root.post("/api/v1/users", new)).json()["code"] == "user_exists"
        weak = await root.post("/api/v1/users", {**new, "user": "tom", "password": "short"})
        assert weak.json()["errors"][0]["field"] == "password"
        person = Person(world.origin, world.http)
        await person.sign_in("mia", PASSWORD)
        change = await root.request("PATCH", "/api/v1/users/mia", json={"role": "supervisor"})
        assert change.json()["role"] == "supervisor"
        assert (await person.get("/api/v1/session")).status_code == 401
        off = await root.request("PATCH", "/api/v1/users/mia", json={"disabled": True})
        assert off.json()["disabled"] is True
        self_made = await root.request("PATCH", "/api/v1/users/root", json={"role": "manager"})
        assert self_made.status_code == 403
        lines = (await world.server.desk.audit.trail.read(AuditQuestion())).entries
        # What was asked for, also where it was refused afterwards: the name was taken, the
        # password too short.
        assert [line.object for line in lines] == [
            "user mia: disabled",
            "user mia: role supervisor",
            "user tom: add as agent",
            "user mia: add as agent",
            "user mia: add as agent",
        ]

    story(tmp_path, tell)


def test_attack_32_wrong_and_unknown_look_the_same_and_take_the_same(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await world.add_user("mia")
        loop = asyncio.get_running_loop()
        times: dict[str, list[float]] = {"mia": [], "nobody": []}
        bodies: dict[str, Any] = {}
        for turn in range(5):
            for user, taken in times.items():
                world.clock.pass_ms(16 * 60_000)
                start = loop.time()
                answer = await log_in(Person(world.origin, world.http), user, f"wrong {turn}")
                taken.append(loop.time() - start)
                bodies[user] = {**answer.json(), "id": ""}
                assert answer.status_code == 401
        assert bodies["mia"] == bodies["nobody"]
        assert bodies["mia"]["code"] == "wrong"
        # Reported at 10 %, failed at three times that: other work shares this machine.
        # The quickest of each says most: what disturbs only ever makes one slower.
        quickest = [min(taken) for taken in times.values()]
        assert max(quickest) / min(quickest) < 1.3, quickest

    story(tmp_path, tell)


def test_web_3_failures_delay_then_lock_and_the_owners_device_still_enters(
    tmp_path: Path,
) -> None:
    async def tell(world: World) -> None:
        await world.add_user("mia")
        owner = Person(world.origin, world.http)
        await owner.sign_in("mia", PASSWORD)
        thief = Person(world.origin, world.http)
        for _ in range(5):
            assert (await log_in(thief, "mia", "guess")).status_code == 401
        waits = []
        for _ in range(5):
            early = await log_in(thief, "mia", "guess")
            assert (early.status_code, early.json()["code"]) == (429, "too_many_tries")
            waits.append(int(early.headers["retry-after"]))
            world.clock.pass_ms(waits[-1] * 1_000)
            assert (await log_in(thief, "mia", "guess")).status_code == 401
        assert waits == [1, 2, 4, 8, 16]
        world.clock.pass_ms(60_000)
        locked = await log_in(thief, "mia", PASSWORD)
        assert locked.status_code == 429
        assert 28 * 60 < int(locked.headers["retry-after"]) <= 30 * 60
        del owner.cookies[COOKIE]
        assert DEVICE_COOKIE in owner.cookies
        assert (await log_in(owner, "mia")).status_code == 200
        world.clock.pass_ms(30 * 60_000)
        assert (await log_in(thief, "mia", PASSWORD)).status_code == 200

    story(tmp_path, tell, still=True)


def test_web_3_in_the_card_profile_the_account_is_locked_for_all(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await world.add_user("mia")
        owner = Person(world.origin, world.http)
        await owner.sign_in("mia", PASSWORD)
        thief = Person(world.origin, world.http)
        for _ in range(10):
            world.clock.pass_ms(65_000)
            assert (await log_in(thief, "mia", "guess")).status_code == 401
        assert (await log_in(owner, "mia")).status_code == 429

    story(tmp_path, tell, profile=Profile.PCI)


def test_web_3_thirty_failures_lock_a_source_for_every_name(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await world.add_user("mia")
        thief = Person(world.origin, world.http)
        for number in range(30):
            world.clock.pass_ms(1_000)
            answer = await log_in(thief, f"user{number}", "guess")
            assert answer.status_code == 401
        assert (await log_in(thief, "mia")).status_code == 429

    story(tmp_path, tell)


def test_attack_32_a_storm_of_log_ins_is_shed_while_desks_go_on(tmp_path: Path) -> None:
    """200 at once: five at most are tried on one name, the others wait; the loop answers on."""

    async def tell(world: World) -> None:
        await world.add_user("tom")
        mia = await world.desk("mia")
        thief = Person(world.origin, world.http)
        storm = [asyncio.create_task(log_in(thief, "tom", f"guess {n}")) for n in range(200)]
        loop = asyncio.get_running_loop()
        lags = []
        while not all(task.done() for task in storm):
            start = loop.time()
            await mia.ping()
            lags.append(loop.time() - start)
        codes = [task.result().status_code for task in storm]
        # Those begun in the same moment count against each other: fewer are tried, never more.
        assert 1 <= codes.count(401) <= 5
        assert set(codes) == {401, 429}
        # Reported at 50 ms, failed at three times that.
        assert statistics.median(lags) < 0.15, lags

    story(tmp_path, tell)


def test_web_3_a_log_in_nobody_had_time_to_check_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tell(world: World) -> None:
        await world.add_user("mia")
        person = Person(world.origin, world.http)
        hashes = world.server._hashes
        matches = hashes.matches

        async def busy(encoded: str, password: str) -> bool:
            raise Overloaded("fifty others wait")

        monkeypatch.setattr(hashes, "matches", busy)
        # In the morning a whole centre signs in within a minute, and tries again and again.
        for _ in range(12):
            assert (await log_in(person, "mia")).status_code == 503
        monkeypatch.setattr(hashes, "matches", matches)
        assert (await log_in(person, "mia")).status_code == 200

    story(tmp_path, tell)
