"""Interactions over HTTP: what they show, and to whom."""

from pathlib import Path
from typing import Any

from agent_desktop.audit import AuditQuestion
from agent_desktop.permissions import Role
from router.model.commands import CustomerLeave
from router.model.content import Content
from tests.agent_desktop.world import MAIL, World, story


def test_the_timeline_shows_words_legs_and_decisions(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia", text="Where is it?")
        await mia.write(chat, "On its way.")
        body = (await mia.person.get(f"/api/v1/interactions/{chat}")).json()
        assert [entry["text"] for entry in body["entries"]] == ["Where is it?", "On its way."]
        assert body["item"]["interaction_id"] == chat
        kinds = [(each["kind"], each["outcome"]) for each in body["segments"]]
        assert kinds == [("waiting", "answered"), ("ringing", "accepted"), ("talking", None)]
        assert [each["kind"] for each in body["decisions"]] == ["queued", "offered"]
        assert body["decisions"][1]["why"]["candidates"] == ["mia"]

    story(tmp_path, tell)


def test_a_long_life_comes_page_by_page_for_those_who_may_see_it(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        _, chat = await world.given("mia")
        sue = await world.sign_in("sue", Role.SUPERVISOR)
        for queue in ("sales", "billing") * 3:
            moved = await sue.post(f"/api/v1/interactions/{chat}/requeue", {"queue": queue})
            assert moved.status_code == 204
        place = f"/api/v1/interactions/{chat}/life"
        whole = (await sue.get(place)).json()
        assert whole["segments_before"] == whole["decisions_before"] == 0
        pieces: list[Any] = []
        decided: list[Any] = []
        before: dict[str, int] = {"limit": 2}
        while True:
            page = (await sue.get(place, params=before)).json()
            pieces, decided = page["segments"] + pieces, page["decisions"] + decided
            left = {name: page[name] for name in ("segments_before", "decisions_before")}
            if not any(left.values()):
                break
            before |= left
        assert (pieces, decided) == (whole["segments"], whole["decisions"])
        queued = [each for each in decided if each["kind"] == "queued"]
        assert [each["queue"] for each in queued] == ["billing", *("sales", "billing") * 3]
        assert queued[0]["why"]["decision"]["version"] == "v1"
        eve = await world.sign_in("bea", Role.SUPERVISOR, teams=["nobody"])
        assert (await eve.get(place)).status_code == 404

    story(tmp_path, tell)


def test_older_words_come_page_by_page(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia", text="1")
        for number in range(2, 8):
            await world.says(chat, str(number))
        place = f"/api/v1/interactions/{chat}/entries"
        newest = (await mia.person.get(place, params={"limit": 3})).json()["entries"]
        assert [entry["text"] for entry in newest] == ["5", "6", "7"]
        before = newest[0]["number"]
        older = await mia.person.get(place, params={"limit": 3, "before": before})
        assert [entry["text"] for entry in older.json()["entries"]] == ["2", "3", "4"]

    story(tmp_path, tell)


def test_a_finished_interaction_is_still_shown_from_its_facts(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        boss = await world.sign_in("boss", Role.MANAGER)
        chat = await world.arrive(text="Never mind")
        await world.submit(CustomerLeave(chat))
        body = (await boss.get(f"/api/v1/interactions/{chat}")).json()
        assert body["item"]["phase"] == "finished"
        assert body["segments"][0]["outcome"] == "customer_left"
        assert body["entries"][0]["text"] == "Never mind"

    story(tmp_path, tell)


def test_why_it_waits_can_be_asked_while_it_waits_only(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        boss = await world.sign_in("boss", Role.MANAGER)
        chat = await world.arrive()
        reason = (await boss.get(f"/api/v1/interactions/{chat}/why")).json()
        assert reason["position"] == 1
        assert {each["code"] for each in reason["refusals"]} == {"offline", "queue"}
        await world.submit(CustomerLeave(chat))
        assert (await boss.get(f"/api/v1/interactions/{chat}/why")).status_code == 404

    story(tmp_path, tell)


def test_web_8_others_interactions_and_absent_ones_look_the_same(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        _, chat = await world.given("mia")
        eve = await world.sign_in("eve")
        sue = await world.sign_in("sue", Role.SUPERVISOR)
        bea = await world.sign_in("bea", Role.SUPERVISOR, teams=["sales"])
        root = await world.sign_in("root", Role.ADMINISTRATOR)
        place = f"/api/v1/interactions/{chat}"
        foreign, absent = await eve.get(place), await eve.get(place[:-4] + "0000")
        assert foreign.status_code == absent.status_code == 404
        same = {"type", "title", "status", "code", "detail", "errors"}
        assert {key: foreign.json()[key] for key in same} == {
            key: absent.json()[key] for key in same
        }
        assert (await sue.get(place)).status_code == 200
        assert (await bea.get(place)).status_code == 404
        assert (await root.get(place)).status_code == 403

    story(tmp_path, tell)


def test_an_agent_sees_all_contacts_of_a_customer_they_are_engaged_with(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        before = await world.arrive(text="Yesterday's question")
        await world.submit(CustomerLeave(before))
        mia, chat = await world.given("mia")
        place = f"/api/v1/interactions/{before}"
        assert (await mia.person.get(place)).status_code == 200
        await mia.do("end", interaction_id=chat)
        await mia.do("wrap_up", interaction_id=chat, disposition="solved", done=True)
        assert (await mia.person.get(place)).status_code == 404
        assert (await mia.person.get(f"/api/v1/interactions/{chat}")).status_code == 200

    story(tmp_path, tell)


def test_what_a_manager_reads_is_in_the_audit_log(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        chat = await world.arrive()
        boss = await world.sign_in("boss", Role.MANAGER)
        await boss.get(f"/api/v1/interactions/{chat}")
        lines = (await world.server.desk.audit.trail.read(AuditQuestion())).entries
        assert [(line.actor, line.action, line.object) for line in lines] == [
            ("boss", "content", f"interaction {chat}")
        ]
        verdict = (await boss.get("/api/v1/audit/verdict")).json()
        assert (verdict["entries"], verdict["first_bad"]) == (1, None)

    story(tmp_path, tell)


def test_a_supervisor_reassigns_and_forces_states_in_the_own_team_only(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.desk("mia")
        sue = await world.sign_in("sue", Role.SUPERVISOR)
        bea = await world.sign_in("bea", Role.SUPERVISOR, teams=["sales"])
        chat = await world.arrive()
        give = f"/api/v1/interactions/{chat}/assign"
        assert (await bea.post(give, {"agent": "mia"})).status_code == 404
        assert (await sue.post(give, {"agent": "eve"})).status_code == 404
        assert (await sue.post(give, {"agent": "mia"})).status_code == 204
        assert (await mia.push("item"))["item"]["interaction_id"] == chat
        force = "/api/v1/agents/mia/presence"
        body = {"presence": "ready"}
        assert (await bea.post(force, body)).status_code == 404
        forced = await sue.post(force, body)
        assert forced.json()["presence"] == "ready"
        assert forced.json()["set_by"] == "sue"
        requeue = await sue.post(f"/api/v1/interactions/{chat}/requeue", {"queue": "sales"})
        assert requeue.status_code == 204
        assert (await mia.push("item_gone"))["how"] == "requeued"
        discard = await bea.post(f"/api/v1/interactions/{chat}/discard", {"reason": "spam"})
        assert discard.status_code == 204

    story(tmp_path, tell)


def test_the_words_of_an_erased_customer_are_gone_and_the_page_is_not(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        chat = await world.arrive(MAIL, content=Content(text="secret"))
        view = world.hub.interaction(chat)
        assert view is not None
        await world.customers.erase(view.subject)
        boss = await world.sign_in("boss", Role.MANAGER)
        body = (await boss.get(f"/api/v1/interactions/{chat}")).json()
        assert body["entries"][0]["text"] == ""
        assert body["entries"][0]["notices"] == ["erased"]
        assert body["item"]["customer"]["name"] == ""

    story(tmp_path, tell)
