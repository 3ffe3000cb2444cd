"""Numbers that change: told to whom they concern, once, and never before what matters."""

from __future__ import annotations

from pathlib import Path

import msgspec

from router.model.commands import ChangeCatalogue, Tick
from router.model.ids import AgentId
from tests.agent_desktop.client import DeskClient
from tests.agent_desktop.world import SALES, World, a_catalogue, an_agent, story


async def told(world: World, *desks: DeskClient) -> None:
    """Let the desks have what there is to tell now."""
    position = world.hub.head()
    while world.server.commands._projection.position < position:
        await world.submit(Tick())
    await world.server.desk.news.tell_desks()
    for desk in desks:
        await desk.ping()


def rows(desk: DeskClient, kind: str) -> list[str]:
    """Which rows a desk was told, in order."""
    key = {"queues": "queue", "colleagues": "agent_id"}[kind]
    frames = [each for each in desk.heard if each["type"] == "live" and each["kind"] == kind]
    return [row[key] for frame in frames for row in frame[kind]]


def test_numbers_go_to_those_of_the_queue_or_team_and_nobody_hears_of_themselves(
    tmp_path: Path,
) -> None:
    async def tell(world: World) -> None:
        mia, tom, eve = [await world.desk(name) for name in ("mia", "tom", "eve")]
        await told(world, mia, tom, eve)
        for desk in (mia, tom, eve):
            desk.heard.clear()
            desk._read = 0
        await world.arrive()
        await tom.do("presence", presence="not_ready", reason="meal")
        await told(world, mia, tom, eve)
        assert set(rows(mia, "queues")) == {"billing"}
        assert "tom" in rows(mia, "colleagues")
        assert not {"mia", "eve", "bob"} & set(rows(mia, "colleagues"))
        assert "tom" not in rows(tom, "colleagues")
        assert "billing" not in rows(eve, "queues")
        assert not {"mia", "tom"} & set(rows(eve, "colleagues"))

    story(tmp_path, tell)


def test_the_numbers_of_other_queues_come_when_they_are_asked_for(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.desk("mia")
        await world.arrive(queue=SALES)
        await told(world, mia)
        assert "sales" not in rows(mia, "queues")
        await mia.send(type="do", id="q", do="queues", args={})
        while (frame := await mia.live("queues")) and len(frame["queues"]) != 2:
            pass
        waiting = {row["queue"]: row["waiting"] for row in frame["queues"]}
        assert waiting == {"billing": 0, "sales": 1}

    story(tmp_path, tell)


def test_a_desk_that_was_away_gets_the_numbers_it_has_missed(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.desk("mia")
        await told(world, mia)
        await mia.leave()
        await world.arrive()
        await told(world)
        back = await DeskClient.open(mia.person, desk=mia.desk, log=mia.log, after=mia.seq)
        assert back.snapshot is None
        await told(world, back)
        frames = [each for each in back.heard if each.get("kind") == "queues"]
        assert frames[-1]["queues"][0]["waiting"] == 1

    story(tmp_path, tell)


def test_a_desk_that_is_behind_is_left_out_and_told_everything_later(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.desk("mia")
        await told(world, mia)
        (tab,) = world.server.desk.desks.tabs(AgentId("mia"))
        tab.line.pause_writing()  # type: ignore[attr-defined]  # a desk's socket has a line
        await world.arrive()
        await told(world)
        assert rows(mia, "queues").count("billing") <= 1
        before = len(rows(mia, "queues"))
        tab.line.resume_writing()  # type: ignore[attr-defined]  # as above
        await told(world, mia)
        frames = [each for each in mia.heard if each.get("kind") == "queues"]
        assert len(rows(mia, "queues")) > before
        assert frames[-1]["queues"][0]["waiting"] == 1

    story(tmp_path, tell)


def test_a_changed_catalogue_changes_who_is_told_what(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.desk("mia")
        await told(world, mia)
        changed = a_catalogue("v2")
        moved = an_agent("mia", "sales", "sales")
        agents = {**changed.agents, moved.id: moved}
        await world.submit(ChangeCatalogue(msgspec.structs.replace(changed, agents=agents)))
        await mia.push("catalogue")
        await world.arrive(queue=SALES)
        await told(world, mia)
        assert "sales" in rows(mia, "queues")

    story(tmp_path, tell)
