"""Reports over HTTP: who sees what, what agrees with the board, and what no question can break."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter

from agent_desktop.audit import AuditQuestion
from agent_desktop.permissions import Role
from config import report_doors
from reporting.projector import Projector
from reporting.reading import Reading
from reporting.reports import queue_by_interval
from reporting.store import HistoryStore
from router.model.commands import Arrive, CustomerLeave, Enqueue, NoteStep
from router.model.ids import InteractionId, SubjectId
from tests.agent_desktop.client import Person
from tests.agent_desktop.world import BILLING, CHAT, MAIL, SALES, World, story

REPORT = "/api/v1/reports/queue-by-interval"
PARTS = ("answered", "abandoned", "flowed_out", "still_waiting")
INJECTIONS = (
    "' OR '1'='1",
    "'; DROP TABLE visits; --",
    '" OR ""="',
    "1) UNION SELECT name, sql FROM sqlite_master --",
    "1; SELECT pg_sleep(10)",
    "%' AND 1=(SELECT count(*) FROM visits) AND '%'='",
    "billing'/**/OR/**/1=1#",
    "${7*7}{{7*7}}",
    "\\'; EXEC xp_cmdshell('x')",
    "\u02bc OR 1=1",
    "x" * 190,
)


def routers(world: World) -> Sequence[APIRouter]:
    return [report_doors.routes(world.history, lambda: "Europe/Berlin")]


def told(folder: Path, tell: Callable[[World], Awaitable[None]]) -> None:
    """A story in a world with reports."""
    story(folder, tell, routers=routers)


def whole(world: World, **more: Any) -> dict[str, Any]:
    """A question about the day until now."""
    now = world.clock.now()
    return {"from": now - 86_400_000, "to": now + 1_000, **more}


async def a_day(world: World) -> InteractionId:
    """Three chats for billing and one mail for sales: one of each fate, and one still waits."""
    gone = await world.arrive(text="I leave")
    await world.leap(8_000)
    await world.submit(CustomerLeave(gone))
    sold = await world.arrive(MAIL, queue=SALES, sender="bo@shop.example")
    desk, done = await world.given("mia")
    await world.leap(30_000)
    await desk.do("end", interaction_id=done)
    await desk.do("wrap_up", interaction_id=done, disposition="solved", done=True)
    await desk.do("presence", presence="not_ready", reason="break")
    await world.arrive(text="I wait")
    return sold


async def figures(person: Person, question: dict[str, Any]) -> dict[str, Any]:
    """The totals somebody sees."""
    answer = await person.get(REPORT, params=question)
    assert answer.status_code == 200, answer.text
    totals: dict[str, Any] = answer.json()["totals"]
    return totals


def test_board_report_and_conservation_law_say_the_same(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await a_day(world)
        boss = await world.sign_in("boss", Role.MANAGER)
        totals = await figures(boss, whole(world))
        board = (await boss.get("/api/v1/board")).json()
        law = board["conservation"]
        assert law["balances"]
        assert law["accepted"] == 4
        assert totals["offered"] == 4, "each came into one queue, once"
        assert totals["offered"] == sum(totals[part] for part in PARTS)
        assert totals["still_waiting"] == law["waiting"] + law["offered"]
        assert totals["answered"] + totals["abandoned"] == law["finished"] + law["in_work"]
        by_queue = {queue["queue"]: queue for queue in board["queues"]}
        for queue in (BILLING, SALES):
            of_queue = await figures(boss, whole(world, queue=queue))
            waiting = by_queue[queue]["waiting"] + by_queue[queue]["offered"]
            assert of_queue["still_waiting"] == waiting

    told(tmp_path, tell)


def test_priv_2_erasing_a_customers_key_changes_no_figure(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        sold = await a_day(world)
        boss = await world.sign_in("boss", Role.MANAGER)
        question = whole(world)
        before = (await boss.get(REPORT, params=question)).json()
        view = world.hub.interaction(sold)
        assert view is not None
        await world.customers.erase(view.subject)
        assert (await boss.get(REPORT, params=question)).json()["totals"] == before["totals"]
        # Not even when everything is counted anew from the first event.
        store = HistoryStore(f"sqlite:///{tmp_path}/again.db")
        projector, reading = Projector(store, world.hub), Reading(store)
        await projector.start()
        assert await projector.reached(world.hub.head())
        asked = queue_by_interval.Question(question["from"], question["to"], zone="Europe/Berlin")
        again = await reading.report(queue_by_interval.answer, asked)
        reading.stop()
        await projector.stop()
        assert again.totals == before["totals"]

    told(tmp_path, tell)


def test_everybody_sees_the_queues_and_rows_that_are_theirs(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await a_day(world)
        people = {
            "boss": await world.sign_in("boss", Role.MANAGER),
            "sue": await world.sign_in("sue", Role.SUPERVISOR),
            "bea": await world.sign_in("bea", Role.SUPERVISOR, teams=["sales"]),
            "mia": await world.sign_in("mia"),
            "eve": await world.sign_in("eve"),
        }
        question = whole(world)
        offered = {n: (await figures(p, question))["offered"] for n, p in people.items()}
        assert offered == {"boss": 4, "sue": 3, "bea": 1, "mia": 3, "eve": 1}
        for name, person in people.items():
            body = (
                await person.get(f"{REPORT}/rows", params={**question, "figure": "offered"})
            ).json()
            assert body["total"] == len(body["rows"]) == offered[name], name
            named = [row for row in body["rows"] if row["interaction_id"] is not None]
            assert len(named) == {"boss": 4, "sue": 3, "bea": 1, "mia": 1, "eve": 0}[name], name
        foreign = await figures(people["bea"], {**question, "queue": BILLING})
        assert foreign["offered"] == 0
        root = await world.sign_in("root", Role.ADMINISTRATOR)
        for place in (REPORT, f"{REPORT}/rows", f"{REPORT}.csv", "/api/v1/reports/definitions"):
            more = {"figure": "offered"} if place.endswith("rows") else {}
            asked = {} if place.endswith("definitions") else {**question, **more}
            assert (await root.get(place, params=asked)).status_code == 403, place
        lines = (await world.server.desk.audit.trail.read(AuditQuestion())).entries
        assert [(line.actor, line.action) for line in lines] == [("boss", "reports.persons")]

    told(tmp_path, tell)


def test_an_export_needs_the_permission_and_the_password_and_is_noted(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await a_day(world)
        mia = await world.sign_in("mia")
        assert (await mia.get(f"{REPORT}.csv", params=whole(world))).status_code == 403
        boss = await world.sign_in("boss", Role.MANAGER)
        found = await boss.get(f"{REPORT}.csv", params=whole(world))
        assert found.status_code == 200
        assert found.headers["content-disposition"].startswith("attachment")
        table = list(csv.DictReader(io.StringIO(found.content.decode("utf-8-sig"))))
        assert table[-1]["interval"] == "total"
        assert table[-1]["offered"] == "4"
        (line,) = (await world.server.desk.audit.trail.read(AuditQuestion())).entries
        assert (line.actor, line.action) == ("boss", "export")
        world.clock.pass_ms(5 * 60_000 + 1)
        late = await boss.get(f"{REPORT}.csv", params=whole(world))
        assert (late.status_code, late.json()["code"]) == (403, "confirmation_needed")

    told(tmp_path, tell)


@pytest.mark.parametrize("field", ["queue", "medium", "zone", "figure", "after", "interval", "at"])
def test_no_question_is_taken_for_sql(tmp_path: Path, field: str) -> None:
    async def tell(world: World) -> None:
        await a_day(world)
        boss = await world.sign_in("boss", Role.MANAGER)
        question = whole(world)
        for attack in INJECTIONS:
            asked = {**question, "figure": "offered", field: attack}
            answer = await boss.get(f"{REPORT}/rows", params=asked)
            if field in ("queue", "medium"):
                assert answer.status_code == 200, (attack, answer.text)
                assert answer.json()["total"] == 0
            else:
                assert answer.status_code == 422, (attack, answer.text)
                assert answer.json()["errors"][0]["field"] == field
            assert "sql" not in answer.text.lower().replace(attack.lower(), "")
        assert (await figures(boss, question))["offered"] == 4

    told(tmp_path, tell)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"from": -1}, "from"),
        ({"from": "now"}, "from"),
        ({"to": 2**60}, "to"),
        ({"to": 2**53}, "to"),
        ({"from": 2, "to": 1}, "to"),
        ({"interval": 7}, "interval"),
        ({"split": "maybe"}, "split"),
        ({"sort": "offered"}, "sort"),
        ({"from": 0, "to": 10**12, "interval": 5, "empty": "true"}, "to"),
    ],
)
def test_a_question_without_sense_is_refused_by_field(
    tmp_path: Path, more: dict[str, Any], field: str
) -> None:
    async def tell(world: World) -> None:
        boss = await world.sign_in("boss", Role.MANAGER)
        answer = await boss.get(REPORT, params={**whole(world), **more})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] == field

    told(tmp_path, tell)


FLOWS = "/api/v1/reports/self-service"


async def callers(world: World) -> tuple[InteractionId, InteractionId]:
    """One hangs up in the menu, one goes to billing."""
    gone, queued = InteractionId("gone"), InteractionId("queued")
    for each, way in ((gone, ""), (queued, "0")):
        arrive = Arrive(each, CHAT, "shop", SubjectId("somebody"), self_service=True)
        await world.submit(arrive)
        await world.submit(NoteStep(each, "main", "menu", way, 2_000, "menu"))
    await world.submit(CustomerLeave(gone))
    await world.submit(Enqueue(queued, queue=BILLING))
    return gone, queued


def test_where_callers_leave_is_counted_for_all_and_named_to_who_may_see_the_queue(
    tmp_path: Path,
) -> None:
    async def tell(world: World) -> None:
        gone, queued = await callers(world)
        boss = await world.sign_in("boss", Role.MANAGER)
        sue = await world.sign_in("sue", Role.SUPERVISOR)
        for person, names in ((boss, [gone, queued]), (sue, [None, queued])):
            told_of = (await person.get(FLOWS, params=whole(world))).json()
            assert [row["node"] for row in told_of["rows"]] == ["menu"]
            assert told_of["totals"]["step_hung_up"] == 1
            rows = whole(world, flow="main", node="menu", figure="step_came")
            found = (await person.get(f"{FLOWS}/rows", params=rows)).json()
            assert [row["interaction_id"] for row in found["rows"]] == names
        mia = await world.sign_in("mia")
        assert (await mia.get(f"{FLOWS}.csv", params=whole(world))).status_code == 403
        table = await boss.get(f"{FLOWS}.csv", params=whole(world))
        assert "main,menu,menu,2" in table.text
        for wrong in ({"figure": "offered"}, {"figure": "step_came", "limit": 0}):
            asked = whole(world, flow="main", node="menu", **wrong)
            refused = await boss.get(f"{FLOWS}/rows", params=asked)
            assert refused.status_code == 422

    told(tmp_path, tell)
