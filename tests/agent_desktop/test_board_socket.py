"""The board's socket: what it shows to whom, and attack 27 on it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from agent_desktop.permissions import Role
from tests.agent_desktop.client import DeskClient
from tests.agent_desktop.test_frames import code_of, stuck
from tests.agent_desktop.world import World, story

ROLES = {"mia": Role.AGENT, "sue": Role.SUPERVISOR, "boss": Role.MANAGER}


async def board_of(world: World, user: str) -> ClientConnection:
    person = await world.sign_in(user, ROLES[user])
    return await person.socket("/ws/board")


async def heard(board: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(10):
        frame: dict[str, Any] = json.loads(await board.recv())
    return frame


async def until(board: ClientConnection, wanted: Any) -> dict[str, Any]:
    while not wanted(frame := await heard(board)):
        pass
    return frame


@pytest.mark.parametrize(
    ("user", "queues", "agents", "law"),
    [
        ("mia", ["billing"], [], False),
        ("sue", ["billing"], ["mia", "sue", "tom"], False),
        ("boss", ["billing", "sales"], ["bob", "eve", "mia", "sue", "tom"], True),
    ],
)
def test_a_board_shows_what_is_in_ones_scope_and_changes_with_it(
    tmp_path: Path, user: str, queues: list[str], agents: list[str], law: bool
) -> None:
    async def tell(world: World) -> None:
        board = await board_of(world, user)
        first = await heard(board)
        assert [each["queue"] for each in first["queues"]] == queues
        assert sorted(each["agent_id"] for each in first["agents"]) == agents
        assert (first["conservation"] is not None) == law
        await world.arrive()
        later = await until(board, lambda frame: frame["queues"][0]["waiting"] == 1)
        assert later["at"] >= first["at"]
        await board.close()

    story(tmp_path, tell)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", 4400),
        (json.dumps({"type": "do", "id": "1", "do": "take"}), 4400),
        (json.dumps({"type": "hello", "protocol": 1, "desk": "d"}), 4400),
        (b"bytes", 4400),
        (json.dumps({"type": "ping", "id": "x" * 65_536}), 4413),
        ("x" * 200_000, 1009),
    ],
)
def test_attack_27_a_board_closes_on_a_frame_that_is_no_good_and_others_go_on(
    tmp_path: Path, frame: str | bytes, code: int
) -> None:
    async def tell(world: World) -> None:
        other, board = await board_of(world, "boss"), await board_of(world, "sue")
        await heard(other)
        await board.send(frame)
        assert await code_of(board) == code
        await other.send(json.dumps({"type": "ping", "id": "p"}))
        assert (await until(other, lambda each: each["type"] == "pong"))["id"] == "p"
        assert len(world.server.sockets) == 1
        await other.close()

    story(tmp_path, tell)


def test_attack_27_a_board_that_says_nothing_is_closed(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        board = await board_of(world, "boss")
        await heard(board)
        world.clock.pass_ms(20_001)
        await world.arrive()
        assert await code_of(board) == 4408

    story(tmp_path, tell)


def test_attack_27_a_message_in_very_many_parts_is_not_put_together(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        board = await board_of(world, "boss")
        with contextlib.suppress(ConnectionClosed):
            await board.send("x" for _ in range(2_000))
        assert await code_of(board) == 4413

    story(tmp_path, tell)


def test_attack_27_five_hundred_idle_desks_and_one_that_never_reads_take_little(
    tmp_path: Path,
) -> None:
    """The others are served, and what all of them take stays under 64 MiB."""

    async def tell(world: World) -> None:
        mia = await world.desk("mia")
        idle = []
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        for number in range(50):
            person = await world.sign_in(f"idle{number}", Role.MANAGER)
            for _ in range(10):
                idle.append(await person.socket("/ws/board"))
        slow = await stuck(world, mia)
        for _ in range(40):
            await world.arrive()
        tom = await DeskClient.open(await world.sign_in("tom"))
        assert await tom.ping() > 0
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # Both ends of every line live in this process.
        assert after - before < 2 * 64 * 2**20
        assert len(world.server.sockets) >= 500
        slow.close()
        await asyncio.gather(*(each.close() for each in idle))

    story(tmp_path, tell, patience_s=120, still=True)
