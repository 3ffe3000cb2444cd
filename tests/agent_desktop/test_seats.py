"""A supervisor moves a seat: told before, in force at once, seen by all, undone, noted, kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent_desktop.audit import AuditQuestion
from agent_desktop.permissions import Role
from router.model.events import SeatMoved, SeatReturned
from router.model.ids import Position
from router.storage.memory import MemoryLog
from tests.agent_desktop.test_board_socket import heard, until
from tests.agent_desktop.world import SALES, World, story

HALF_AN_HOUR_MS = 30 * 60_000
SEAT = "/api/v1/agents/mia/seat"


def row(frame: dict[str, Any], agent: str) -> dict[str, Any]:
    (found,) = (each for each in frame["agents"] if each["agent_id"] == agent)
    return dict(found)


def test_a_moved_seat_is_offered_the_new_queue_s_work_and_everybody_sees_where_it_is(
    tmp_path: Path,
) -> None:
    async def tell(world: World) -> None:
        mia = await world.ready("mia")
        eve = await world.desk("eve")
        sue = await world.sign_in("sue", Role.SUPERVISOR, teams=("billing", "sales"))
        board = await sue.socket("/ws/board")
        assert row(await heard(board), "mia")["move"] is None
        waiting = await world.arrive(queue=SALES)
        told = (await sue.get(f"{SEAT}/forecast?queue=sales")).json()["queues"]
        assert [(each["queue"], each["seats"], each["seats_then"]) for each in told] == [
            ("billing", 1, 0),
            ("sales", 0, 1),
        ]
        end = world.clock.now() + HALF_AN_HOUR_MS
        moved = await sue.post(SEAT, {"queues": ["sales"], "until": end})
        assert moved.status_code == 200, moved.text
        assert moved.json()["queues"] == ["sales"]
        assert moved.json()["move"]["by"] == "sue"
        push = await mia.push("presence")
        while push["agent"]["move"] is None:
            push = await mia.push("presence")
        assert push["agent"]["move"]["until"] == end
        offer = (await mia.push("offered"))["offer"]
        assert offer["interaction_id"] == waiting
        seen = row(await until(board, lambda frame: row(frame, "mia")["move"]), "mia")
        assert seen["queues"] == ["sales"]
        while not any(
            each["agent_id"] == "mia" for each in (await eve.live("colleagues"))["colleagues"]
        ):
            pass
        back = await sue.request("DELETE", SEAT)
        assert back.json()["move"] is None
        assert back.json()["queues"] == ["billing"]
        lines = [(each.actor, each.object, each.reason) for each in await _audited(world)]
        assert lines == [
            ("sue", "agent mia", f"moved to sales until {end}"),
            ("sue", "agent mia", "back at their own queues"),
        ]

    story(tmp_path, tell)


async def _audited(world: World) -> list[Any]:
    found = (await world.audit.read(AuditQuestion())).entries
    return [each for each in reversed(found) if each.object == "agent mia"]


def test_a_move_stands_in_the_log_and_survives_a_restart(tmp_path: Path) -> None:
    log = MemoryLog()

    async def before(world: World) -> None:
        sue = await world.sign_in("sue", Role.SUPERVISOR, teams=("billing", "sales"))
        end = world.clock.now() + HALF_AN_HOUR_MS
        await sue.post(SEAT, {"queues": ["sales"], "until": end})
        facts = [each.event for each in await log.read(Position(0))]
        (moved,) = (event for event in facts if isinstance(event, SeatMoved))
        assert (moved.by, moved.agent_id, moved.queues) == ("sue", "mia", ("sales",))

    async def after(world: World) -> None:
        sue = await world.sign_in("sue", Role.SUPERVISOR)
        (mia,) = [
            each
            for each in (await sue.get("/api/v1/board")).json()["agents"]
            if each["agent_id"] == "mia"
        ]
        assert mia["queues"] == ["sales"]
        await world.leap(HALF_AN_HOUR_MS)
        facts = [each.event for each in await log.read(Position(0))]
        assert [event.by for event in facts if isinstance(event, SeatReturned)] == [""]

    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    story(tmp_path / "one", before, log=log)
    story(tmp_path / "two", after, log=log)


@pytest.mark.parametrize(
    ("user", "role", "path", "body", "status"),
    [
        ("mia", Role.AGENT, SEAT, {"queues": ["billing"]}, 403),
        ("root", Role.ADMINISTRATOR, SEAT, {"queues": ["billing"]}, 403),
        ("sue", Role.SUPERVISOR, SEAT, {"queues": ["sales"]}, 404),
        ("sue", Role.SUPERVISOR, "/api/v1/agents/eve/seat", {"queues": ["billing"]}, 404),
        ("sue", Role.SUPERVISOR, SEAT, {"queues": []}, 422),
        ("sue", Role.SUPERVISOR, SEAT, {"queues": ["billing"], "skills": {"es": 11}}, 422),
        ("boss", Role.MANAGER, SEAT, {"queues": ["nowhere"]}, 404),
        ("boss", Role.MANAGER, SEAT, {"queues": ["sales"], "until": 1}, 409),
        ("boss", Role.MANAGER, SEAT, {"queues": ["sales"]}, 200),
    ],
)
def test_only_who_runs_the_floor_moves_seats_they_see_to_queues_they_see(
    tmp_path: Path, user: str, role: Role, path: str, body: dict[str, Any], status: int
) -> None:
    async def tell(world: World) -> None:
        person = await world.sign_in(user, role)
        end = world.clock.now() + HALF_AN_HOUR_MS
        answer = await person.post(path, {"until": end, **body})
        assert answer.status_code == status, answer.text

    story(tmp_path, tell)
