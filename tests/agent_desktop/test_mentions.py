"""Who is named in a note is told, once, and may look; nobody else learns of it."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.agent_desktop.client import DeskClient, Refused
from tests.agent_desktop.world import World, story


async def names(desk: DeskClient, chat: str, *agents: str) -> str:
    entry_id = secrets.token_hex(16)
    await desk.do(
        "note",
        interaction_id=chat,
        entry_id=entry_id,
        text="@Tom do you know her?",
        mentions=list(agents),
    )
    return entry_id


def test_a_colleague_who_is_named_is_told_and_may_read_it(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        tom = await world.desk("tom")
        page = f"/api/v1/interactions/{chat}"
        assert (await tom.person.get(page)).status_code == 404
        entry_id = await names(mia, chat, "tom")
        push = await tom.push("mention")
        assert push["mention"]["by"] == "Mia"
        assert push["mention"]["text"] == "@Tom do you know her?"
        assert (push["mention"]["interaction_id"], push["entry"]["entry_id"]) == (chat, entry_id)
        assert (await tom.person.get(page)).status_code == 200
        eve = await world.desk("eve")
        assert (await eve.person.get(page)).status_code == 404
        assert eve.snapshot is not None
        assert eve.snapshot["mentions"] == []

    story(tmp_path, tell)


def test_it_survives_a_break_and_a_reload_and_comes_once(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        tom = await world.desk("tom")
        person, log, seq = tom.person, tom.log, tom.seq
        await tom.socket.close()
        entry_id = await names(mia, chat, "tom")
        back = await DeskClient.open(person, log=log, after=seq)
        told = [each for each in back.pushes if each["kind"] == "mention"]
        assert [each["mention"]["entry_id"] for each in told] == [entry_id]
        anew = await DeskClient.open(person)
        assert anew.snapshot is not None
        assert [each["entry_id"] for each in anew.snapshot["mentions"]] == [entry_id]

    story(tmp_path, tell)


def test_a_stranger_cannot_be_named(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        with pytest.raises(Refused) as refused:
            await names(mia, chat, "nobody")
        assert refused.value.code == "unknown_agent"

    story(tmp_path, tell)
