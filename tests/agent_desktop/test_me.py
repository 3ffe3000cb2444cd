"""What everybody has for themselves: settings, password, sessions, the day."""

from pathlib import Path

from agent_desktop.api.me import day_of
from agent_desktop.permissions import Role
from router.model.ids import Instant
from tests.agent_desktop.world import PASSWORD, World, story


def test_settings_are_kept_and_checked(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")
        usual = (await mia.get("/api/v1/me/settings")).json()
        assert usual["single_keys"] is True
        wanted = {
            **usual,
            "theme": "dark",
            "keys": {"accept": "F4"},
            "sound": {"volume": 0.5, "media": {"mail": True}},
        }
        put = await mia.request("PUT", "/api/v1/me/settings", json=wanted)
        assert put.status_code == 200, put.text
        assert (await mia.get("/api/v1/me/settings")).json() == wanted
        bad = await mia.request("PUT", "/api/v1/me/settings", json={"theme": "pink"})
        assert bad.status_code == 422
        assert bad.json()["errors"][0]["field"] == "theme"
        desk = await world.desk("mia")
        assert desk.snapshot is not None
        assert desk.snapshot["settings"]["theme"] == "dark"

    story(tmp_path, tell)


def test_the_day_counts_what_was_done(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        await world.leap(60_000)
        await mia.do("end", interaction_id=chat)
        await world.leap(30_000)
        await mia.do("wrap_up", interaction_id=chat, disposition="solved", done=True)
        day = (await mia.person.get("/api/v1/me/day")).json()
        assert day["engagements"] == 1
        assert day["by_medium"] == {"chat": 1}
        assert 60_000 <= day["talk_ms"] < 70_000
        assert 30_000 <= day["wrap_up_ms"] < 40_000
        assert day["ready_ms"] >= 90_000
        assert [line["presence"] for line in day["log"]] == ["not_ready", "ready"], day["log"]

    story(tmp_path, tell)


def test_the_day_of_somebody_who_has_not_worked_is_empty(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        sue = await world.sign_in("sue", Role.SUPERVISOR)
        answer = await sue.get("/api/v1/me/day")
        assert answer.status_code == 200
        assert answer.json()["log"] == []

    story(tmp_path, tell)


def test_a_day_ends_at_midnight_where_the_site_is() -> None:
    noon = Instant(1_795_608_000_000)  # 2026-11-25 12:00 UTC
    since, until = day_of(noon, "Asia/Tokyo")
    assert (noon - since) / 3_600_000 == 21
    assert (until - noon) / 3_600_000 == 3


def test_a_new_password_ends_every_session(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")
        other = await world.sign_in("mia")
        place = "/api/v1/me/password"
        wrong = await mia.post(place, {"password": "not it", "new_password": "a b c d e f g h"})
        assert wrong.status_code == 401
        weak = await mia.post(place, {"password": PASSWORD, "new_password": "password1234"})
        assert weak.status_code == 422
        assert weak.json()["code"] == "password_common"
        done = await mia.post(place, {"password": PASSWORD, "new_password": "five boats at noon"})
        assert done.status_code == 204
        for person in (mia, other):
            assert (await person.get("/api/v1/session")).status_code == 401
        await mia.sign_in("mia", "five boats at noon")

    story(tmp_path, tell)


def test_one_sees_and_ends_ones_other_sessions(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")
        other = await world.sign_in("mia")
        listed = (await mia.get("/api/v1/me/sessions")).json()["sessions"]
        assert [each["this"] for each in listed].count(True) == 1
        assert len(listed) == 2
        assert (await mia.request("DELETE", "/api/v1/me/sessions")).status_code == 204
        assert (await other.get("/api/v1/session")).status_code == 401
        assert (await mia.get("/api/v1/session")).json()["user"] == "mia"

    story(tmp_path, tell)


def test_canned_replies_are_found_by_title_and_words(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")

        async def names(**query: str) -> list[tuple[str, str]]:
            response = await mia.get("/api/v1/replies", params=query)
            return [(each["name"], each["language"]) for each in response.json()["replies"]]

        assert await names() == [("greeting", "en"), ("refund", "en")]
        assert await names(find="refu") == [("refund", "en")]
        assert await names(find="this is") == [("greeting", "en")]
        assert await names(find="nothing") == []
        assert await names(language="zh-CN") == [("greeting", "zh"), ("refund", "en")]
        assert await names(queue="sales") == [("greeting", "en")]
        assert await names(medium="mail") == [("refund", "en")]
        boss = await world.sign_in("boss", Role.MANAGER)
        assert (await boss.get("/api/v1/replies")).status_code == 403

    story(tmp_path, tell)
