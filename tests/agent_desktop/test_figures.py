"""Each number of the board opens into as many rows as it says, now and then, as far as one sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent_desktop.permissions import Role
from router.model.ids import InteractionId
from tests.agent_desktop.client import Person
from tests.agent_desktop.world import SALES, World, story

LAW = ("accepted", "self_service", "waiting", "offered", "in_work", "finished")
OF_A_QUEUE = ("waiting", "offered", "engaged", "ready", "signed_in")
PATH = "/api/v1/board/rows"


async def rows(person: Person, figure: str, **more: Any) -> dict[str, Any]:
    answer = await person.get(PATH, params={"figure": figure, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def a_floor(world: World) -> InteractionId:
    """One is talked to, one rings, three wait, one has gone; the one that is talked to."""
    _, chat = await world.given("mia")
    desk, gone = await world.given("tom", sender="gone@x.example")
    await desk.do("end", interaction_id=gone)
    await desk.do("wrap_up", interaction_id=gone, disposition="solved", done=True)
    await desk.do("presence", presence="not_ready", reason="meal")
    await world.arrive(sender="ring@x.example")
    for number in range(3):
        await world.arrive(sender=f"w{number}@x.example", queue=SALES)
    return chat


async def opened(person: Person, board: dict[str, Any], **more: Any) -> None:
    """Every number of this board opens into as many rows as it says."""
    for queue in board["queues"]:
        for figure in OF_A_QUEUE:
            found = await rows(person, figure, queue=queue["queue"], **more)
            told = (queue["queue"], figure, queue[figure])
            assert (queue["queue"], figure, found["total"]) == told
            assert len(found["rows"]) == found["total"]
    for figure in LAW if board["conservation"] else ():
        found = await rows(person, figure, **more)
        assert (figure, found["total"]) == (figure, board["conservation"][figure])
        assert len(found["rows"]) == found["total"]


def test_29_each_number_opens_as_many_rows_as_it_says(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await a_floor(world)
        boss = await world.sign_in("boss", Role.MANAGER)
        board = (await boss.get("/api/v1/board")).json()
        assert board["conservation"]["accepted"] == 6
        await opened(boss, board)
        (oldest,) = (await rows(boss, "longest", queue="sales"))["rows"]
        assert oldest["since"] == board["queues"][1]["longest_since"]
        first = await rows(boss, "waiting", queue="sales", limit=2)
        assert (len(first["rows"]), first["total"], first["next"]) == (2, 3, 2)
        second = await rows(boss, "waiting", queue="sales", limit=2, skip=2)
        assert (len(second["rows"]), second["next"]) == (1, None)
        everybody = [*first["rows"], *second["rows"]]
        assert len({each["interaction_id"] for each in everybody}) == 3

    story(tmp_path, tell)


def test_31_the_board_of_a_moment_is_the_board_that_was(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        chat = await a_floor(world)
        boss = await world.sign_in("boss", Role.MANAGER)
        world.clock.pass_ms(10)
        live = (await boss.get("/api/v1/board")).json()
        world.clock.pass_ms(10)
        await world.arrive(sender="later@x.example", queue=SALES)
        await world.open_desks[0].do("end", interaction_id=chat)
        now = (await boss.get("/api/v1/board")).json()
        assert now["conservation"] != live["conservation"]
        then = (await boss.get("/api/v1/board", params={"at": live["at"]})).json()
        assert then == live
        await opened(boss, then, at=live["at"])
        span = (await boss.get("/api/v1/board/span")).json()
        assert span["first"] <= live["at"] <= span["last"]
        early = await boss.get("/api/v1/board", params={"at": span["first"] - 1})
        assert (early.status_code, early.json()["detail"]) == (404, "the log begins later")

    story(tmp_path, tell)


def test_an_agent_counts_what_a_number_says_and_learns_nothing_of_others(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await a_floor(world)
        tom = world.open_desks[1].person
        board = (await tom.get("/api/v1/board")).json()
        await opened(tom, board)
        (engaged,) = (await rows(tom, "engaged", queue="billing"))["rows"]
        assert engaged["interaction_id"] is None, "it is Mia's"
        assert engaged["agents"] == ["Mia"], "who is a colleague"

    story(tmp_path, tell)


@pytest.mark.parametrize(
    ("user", "role", "asked", "status"),
    [
        ("sue", Role.SUPERVISOR, {"figure": "waiting", "queue": "billing"}, 200),
        ("sue", Role.SUPERVISOR, {"figure": "waiting", "queue": "sales"}, 404),
        ("sue", Role.SUPERVISOR, {"figure": "accepted"}, 403),
        ("root", Role.ADMINISTRATOR, {"figure": "waiting", "queue": "billing"}, 403),
        ("boss", Role.MANAGER, {"figure": "waiting", "queue": "nowhere"}, 404),
        ("boss", Role.MANAGER, {"figure": "nonsense"}, 422),
        ("boss", Role.MANAGER, {"figure": "ready"}, 404),
        ("boss", Role.MANAGER, {"figure": "accepted", "skip": 1_001}, 422),
    ],
)
def test_a_number_out_of_sight_stays_shut(
    tmp_path: Path, user: str, role: Role, asked: dict[str, Any], status: int
) -> None:
    async def tell(world: World) -> None:
        person = await world.sign_in(user, role)
        assert (await person.get(PATH, params=asked)).status_code == status

    story(tmp_path, tell)
