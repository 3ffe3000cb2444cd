"""Customer cards over HTTP: found exactly, edited without losing others' changes, merged."""

from pathlib import Path

from agent_desktop.permissions import Role
from router.model.commands import CustomerLeave
from tests.agent_desktop.client import Person
from tests.agent_desktop.world import MAIL, World, story


async def found(person: Person, value: str, kind: str = "mail") -> list[dict[str, object]]:
    response = await person.get("/api/v1/customers", params={"kind": kind, "value": value})
    assert response.status_code == 200, response.text
    cards: list[dict[str, object]] = response.json()["customers"]
    return cards


def test_a_customer_is_found_by_exactly_their_address(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await world.arrive(MAIL, sender="ana@ruiz.example", name="Ana Ruiz")
        mia = await world.sign_in("mia")
        assert [card["name"] for card in await found(mia, "ana@ruiz.example")] == ["Ana Ruiz"]
        assert await found(mia, "ana@ruiz") == []
        assert await found(mia, "%") == []

    story(tmp_path, tell)


def test_an_agent_searches_thirty_times_an_hour(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")
        for _ in range(30):
            await found(mia, "ana@ruiz.example")
        query = {"kind": "mail", "value": "ana@ruiz.example"}
        over = await mia.get("/api/v1/customers", params=query)
        assert over.status_code == 429
        assert over.json()["code"] == "too_many_searches"
        world.clock.pass_ms(3_600_000)
        mia = await world.sign_in("mia")
        assert await found(mia, "ana@ruiz.example") == []

    story(tmp_path, tell)


def test_a_supervisor_finds_customers_of_the_own_team(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await world.arrive(MAIL)
        sue = await world.sign_in("sue", Role.SUPERVISOR)
        bea = await world.sign_in("bea", Role.SUPERVISOR, teams=["sales"])
        assert len(await found(sue, "ana@ruiz.example")) == 1
        assert await found(bea, "ana@ruiz.example") == []

    story(tmp_path, tell)


def test_a_card_is_edited_and_a_stale_edit_is_stopped(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        item = (await mia.person.get(f"/api/v1/interactions/{chat}")).json()["item"]
        place = f"/api/v1/customers/{item['customer']['subject']}"
        card = (await mia.person.get(place)).json()
        change = {"revision": card["revision"], "notes": "Likes short answers.", "tier": "gold"}
        saved = await mia.person.request("PATCH", place, json=change)
        assert saved.json()["notes"] == "Likes short answers."
        assert saved.json()["name"] == card["name"]
        stale = await mia.person.request("PATCH", place, json={**change, "notes": "Mine!"})
        assert stale.status_code == 409
        assert stale.json()["code"] == "stale"
        unknown = await mia.person.request("PATCH", place, json={**change, "nope": 1})
        assert unknown.status_code == 422
        item = (await mia.person.get(f"/api/v1/interactions/{chat}")).json()["item"]
        assert item["customer"]["tier"] == "gold"
        changes = (await mia.person.get(f"{place}/changes")).json()["changes"]
        assert changes[0]["by"] == "mia"

    story(tmp_path, tell)


def test_an_agent_reads_no_card_they_have_nothing_to_do_with(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        chat = await world.arrive()
        view = world.hub.interaction(chat)
        assert view is not None
        eve = await world.sign_in("eve")
        place = f"/api/v1/customers/{view.subject}"
        assert (await eve.get(place)).status_code == 404
        assert (await eve.get(f"{place}/timeline")).status_code == 404
        root = await world.sign_in("root", Role.ADMINISTRATOR)
        assert (await root.get(place)).status_code == 403

    story(tmp_path, tell)


def test_duplicates_are_merged_and_parted_again_with_their_history(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mail = await world.arrive(MAIL, text="By mail", sender="ana@work.example", name="A. Ruiz")
        await world.submit(CustomerLeave(mail))
        mia, chat = await world.given("mia", text="By chat")
        me = (await mia.person.get(f"/api/v1/interactions/{chat}")).json()["item"]["customer"]
        other = (await found(mia.person, "ana@work.example"))[0]
        merge = f"/api/v1/customers/{other['subject']}/merge"
        merged = await mia.person.post(merge, {"into": me["subject"]})
        assert merged.status_code == 200, merged.text
        assert merged.json()["merged"] == [other["subject"]]
        timeline = f"/api/v1/customers/{me['subject']}/timeline"
        seen = (await mia.person.get(timeline)).json()["interactions"]
        assert [each["summary"] for each in seen] == ["By chat", "By mail"]
        parted = await mia.person.post(f"/api/v1/customers/{other['subject']}/unmerge")
        assert parted.json()["subject"] == other["subject"]
        seen = (await mia.person.get(timeline)).json()["interactions"]
        assert [each["summary"] for each in seen] == ["By chat"]
        itself = await mia.person.post(
            f"/api/v1/customers/{me['subject']}/merge", {"into": me["subject"]}
        )
        assert itself.status_code == 409

    story(tmp_path, tell)
