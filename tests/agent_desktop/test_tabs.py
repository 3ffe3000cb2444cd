"""Tabs of one agent, desks that stay away, and what reaches every desk."""

import json
from pathlib import Path

import pytest

from agent_desktop.permissions import Role
from router.model.commands import ChangeCatalogue, Command, DeskLost
from router.model.ids import AgentId
from router.ports import Receipt
from tests.agent_desktop.client import DeskClient, Refused
from tests.agent_desktop.world import World, a_catalogue, story


def test_a_second_tab_reads_and_can_take_over(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.ready("mia")
        second = await DeskClient.open(mia.person)
        assert second.welcome["owner"] is False
        await world.arrive()
        offer = (await second.push("offered"))["offer"]
        with pytest.raises(Refused) as caught:
            await second.do("accept", offer_id=offer["offer_id"])
        assert caught.value.code == "not_owner"
        await second.do("take")
        assert (await mia.hear("owner"))["owner"] is False
        assert (await second.hear("owner"))["owner"] is True
        await second.do("accept", offer_id=offer["offer_id"])
        with pytest.raises(Refused) as caught:
            await mia.do("presence", presence="not_ready")
        assert caught.value.code == "not_owner"

    story(tmp_path, tell)


def test_ownership_passes_on_when_its_tab_is_gone_and_returns_to_it_when_it_comes_back(
    tmp_path: Path,
) -> None:
    async def tell(world: World) -> None:
        mia = await world.ready("mia")
        second = await DeskClient.open(mia.person)
        back = await mia.again()
        assert back.welcome["owner"] is True
        await back.leave()
        world.clock.pass_ms(4_000)
        assert (await second.hear("owner"))["owner"] is True

    story(tmp_path, tell)


def test_the_same_tab_on_a_new_line_replaces_its_old_one(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.ready("mia")
        new = await DeskClient.open(mia.person, desk=mia.desk)
        assert await mia.closed() == 4409
        assert new.welcome["owner"] is True
        await new.do("presence", presence="not_ready", reason="break")

    story(tmp_path, tell)


def test_a_desk_that_stays_away_past_the_grace_time_is_lost_and_comes_back(
    tmp_path: Path,
) -> None:
    async def tell(world: World) -> None:
        mia, _ = await world.given("mia")
        mia.cut()
        await mia.closed()
        await world.gone("mia")
        world.clock.pass_ms(29_000)
        await world.server.desk.desks.sweep()
        view = world.hub.agent(AgentId("mia"))
        assert view is not None
        assert not view.desk_lost
        world.clock.pass_ms(1_500)
        await world.server.desk.desks.sweep()
        view = world.hub.agent(AgentId("mia"))
        assert view is not None
        assert view.desk_lost
        back = await mia.again()
        assert back.welcome["resumed"] is True
        view = world.hub.agent(AgentId("mia"))
        assert view is not None
        assert not view.desk_lost

    story(tmp_path, tell)


def test_a_desk_that_comes_back_while_the_router_is_told_of_its_loss_is_not_lost(
    tmp_path: Path,
) -> None:
    async def tell(world: World) -> None:
        mia, _ = await world.given("mia")
        mia.cut()
        await mia.closed()
        await world.gone("mia")
        world.clock.pass_ms(31_000)
        back: list[DeskClient] = []

        class Late:
            """The desk is back before the router hears that it is lost."""

            async def submit(self, command: Command, *, deadline_ms: int = 10_000) -> Receipt:
                if isinstance(command, DeskLost):
                    back.append(await mia.again())
                return await world.hub.submit(command, deadline_ms=deadline_ms)

        world.server.desk.desks._inbox = Late()
        await world.server.desk.desks.sweep()
        view = world.hub.agent(AgentId("mia"))
        assert view is not None
        assert len(back) == 1
        assert not view.desk_lost, "who has a desk is not lost"
        assert view.presence == "ready"

    story(tmp_path, tell)


def test_a_supervisor_without_an_agent_of_their_own_has_no_desk(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        boss = await world.sign_in("zoe", Role.SUPERVISOR)
        socket = await boss.socket("/ws/desk")
        await socket.send(json.dumps({"type": "hello", "protocol": 1, "desk": "d1"}))
        await socket.wait_closed()
        assert socket.close_code == 4403

    story(tmp_path, tell)


def test_a_new_configuration_reaches_every_desk(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.desk("mia")
        await world.submit(ChangeCatalogue(a_catalogue("v2", plans={})))
        push = await mia.push("catalogue")
        assert {queue["queue"] for queue in push["queues"]} == {"billing", "sales"}
        assert {each["agent_id"] for each in push["colleagues"]} == {"tom", "sue"}
        assert [reason["name"] for reason in push["reasons"]] == ["break", "meal"]

    story(tmp_path, tell)


def test_numbers_come_by_push_and_only_what_changed(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.desk("mia")
        await world.arrive()
        while True:
            news = await mia.live("queues")
            waiting = {queue["queue"]: queue["waiting"] for queue in news["queues"]}
            if waiting.get("billing"):
                break
        await world.ready("tom")
        while True:
            news = await mia.live("colleagues")
            shown = {each["agent_id"]: each["shown"] for each in news["colleagues"]}
            assert "eve" not in shown
            if shown.get("tom") in ("ready", "offered"):
                break

    story(tmp_path, tell)
