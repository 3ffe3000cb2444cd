"""Customer cards over HTTP: found exactly, edited without losing others' changes, merged."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from agent_desktop.audit import AuditEntry, AuditQuestion
from agent_desktop.permissions import Role
from router.model.commands import CustomerLeave
from router.model.errors import StorageFailed
from router.model.ids import AgentId, InteractionId
from tests.agent_desktop.client import DeskClient, Person
from tests.agent_desktop.world import MAIL, PASSWORD, World, story


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


def test_a_damaged_card_keeps_nobody_from_their_desk(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        _, chat = await world.given("mia")
        with contextlib.closing(sqlite3.connect(tmp_path / "customers.db")) as stored:
            stored.execute("UPDATE cards SET sealed = substr(sealed, 1, length(sealed) - 1)")
            stored.commit()
        world.clock.pass_ms(61_000)
        again = await DeskClient.open(await world.sign_in("mia"))
        snapshot = again.snapshot
        assert snapshot is not None
        assert [item["interaction_id"] for item in snapshot["items"]] == [chat]
        assert [item["customer"]["name"] for item in snapshot["items"]] == [""]

    story(tmp_path, tell)


@pytest.mark.parametrize("deed", ["merge", "presence", "user", "discard"])
def test_log_3_what_cannot_be_written_down_is_not_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    async def tell(world: World) -> None:
        _, chat = await world.given("mia")
        boss = await world.sign_in("sue", Role.SUPERVISOR)
        root = await world.sign_in("root", Role.ADMINISTRATOR)
        manager = await world.sign_in("max", Role.MANAGER)
        view = world.hub.interaction(InteractionId(chat))
        assert view is not None
        await world.arrive(MAIL, sender="ana@work.example", name="Ana")
        (other,) = await found(boss, "ana@work.example")

        async def full(*what: str, **more: str) -> AuditEntry:
            raise StorageFailed("the disk is full")

        monkeypatch.setattr(world.audit, "record", full)
        new = {"user": "new", "password": PASSWORD, "role": "agent"}
        place, body, who = {
            "merge": (f"customers/{other['subject']}/merge", {"into": view.subject}, manager),
            "presence": ("agents/mia/presence", {"presence": "not_ready"}, boss),
            "user": ("users", new, root),
            "discard": (f"interactions/{chat}/discard", {"reason": "spam"}, boss),
        }[deed]
        answer = await who.post(f"/api/v1/{place}", body)
        assert answer.status_code == 503, answer.text
        people = await world.customers.same_person(view.subject)
        users = {each.user for each in await world.server.desk.accounts.list_users()}
        agent, chat_now = (
            world.hub.agent(AgentId("mia")),
            world.hub.interaction(view.interaction_id),
        )
        assert (len(people), "new" in users) == (1, False)
        assert agent is not None
        assert agent.asked is None
        assert chat_now is not None
        assert chat_now.phase == "engaged"

    story(tmp_path, tell)


def test_the_audit_says_what_a_supervisor_did_to_an_interaction(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        _, chat = await world.given("mia")
        boss = await world.sign_in("sue", Role.SUPERVISOR)
        place = f"/api/v1/interactions/{chat}"
        assert (await boss.post(f"{place}/requeue", {"queue": "billing"})).status_code == 204
        assert (await boss.post(f"{place}/assign", {"agent": "mia"})).status_code == 204
        assert (await boss.post(f"{place}/discard", {"reason": "spam"})).status_code == 204
        lines = (await world.audit.read(AuditQuestion(limit=3))).entries
        assert [(line.object, line.reason) for line in lines] == [
            (f"interaction {chat}", "discard: spam"),
            (f"interaction {chat}", "assign to mia"),
            (f"interaction {chat}", "requeue to billing"),
        ]

    story(tmp_path, tell)


def test_a_guest_of_the_chat_has_no_address_that_anybody_could_use(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.ready("mia")
        await world.arrive(sender="b789ca279a6d8507967a331529fb8b5c", name="")
        offer = (await mia.push("offered"))["offer"]
        assert offer["customer"]["address"] == ""
        guest = offer["customer"]["subject"]
        card = (await mia.person.get(f"/api/v1/customers/{guest}")).json()
        assert card["addresses"] == []
        await world.arrive(MAIL, sender="ana@ruiz.example")
        offer = (await mia.push("offered"))["offer"]
        assert offer["customer"]["address"] == "ana@ruiz.example"

    story(tmp_path, tell)
