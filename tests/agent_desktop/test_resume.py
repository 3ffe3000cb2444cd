"""After a break a desk gets exactly what it missed, each once and in order."""

import asyncio
from pathlib import Path

from agent_desktop import projection as module
from agent_desktop.projection import TAIL_MAX, Projection
from router.model.ids import AgentId
from router.storage.memory import MemoryLog
from router.storage.sqlite import SqliteLog
from tests.agent_desktop.client import DeskClient
from tests.agent_desktop.world import World, story, world
from tests.support.proxy import chaos_proxy


def kinds(desk: DeskClient) -> list[str]:
    return [push["kind"] for push in desk.pushes]


def test_a_desk_that_was_away_gets_what_it_missed_once_and_in_order(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        mia.cut()
        await mia.closed()
        for number in range(5):
            await world.says(chat, f"word {number}")
        back = await mia.again()
        assert back.welcome["resumed"] is True
        assert back.snapshot is None
        assert back.caught_up["missed"] == 5
        assert [push["entry"]["text"] for push in back.pushes] == [
            f"word {number}" for number in range(5)
        ]
        await world.says(chat, "and more")
        assert (await back.push("entry"))["entry"]["number"] == 7

    story(tmp_path, tell)


def test_nothing_missed_is_resumed_with_nothing(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.ready("mia")
        await mia.push("presence")
        back = await mia.again()
        assert back.welcome["resumed"] is True
        assert back.caught_up["missed"] == 0
        assert back.pushes == []

    story(tmp_path, tell)


def test_a_place_the_server_does_not_know_gets_a_snapshot(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        for log, after in (("", 0), ("another log", mia.seq), (mia.log, mia.seq + 1_000)):
            other = await DeskClient.open(mia.person, log=log, after=after)
            assert other.welcome["resumed"] is False
            assert other.snapshot is not None
            assert [item["interaction_id"] for item in other.snapshot["items"]] == [chat]
            await other.leave()

    story(tmp_path, tell)


def test_a_snapshot_shows_a_ring_that_goes_on_whole(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.ready("mia")
        await world.arrive(text="Ring")
        first = (await mia.push("offered"))["offer"]
        other = await DeskClient.open(mia.person)
        assert other.snapshot is not None
        assert other.snapshot["offers"] == [first]

    story(tmp_path, tell)


def test_a_desk_resumes_over_a_restart_of_the_server(tmp_path: Path) -> None:
    async def run() -> None:
        log = SqliteLog(tmp_path / "log.db")
        async with world(tmp_path, log=log) as before:
            mia, chat = await before.given("mia")
            await before.says(chat, "one")
            await mia.push("entry")
            cookies, seq = mia.person.cookies, mia.seq
            mia.cut()
            await mia.closed()
            await before.says(chat, "two")
        async with world(tmp_path, log=log) as after:
            person = await after.sign_in("mia")
            person.cookies = cookies
            back = await DeskClient.open(person, desk=mia.desk, log=mia.log, after=seq)
            assert back.welcome["resumed"] is True
            assert [push["entry"]["text"] for push in back.pushes] == ["two"]

    asyncio.run(run())


def test_rings_rebuilt_from_a_cut_log_are_those_of_a_server_that_never_stopped(
    tmp_path: Path,
) -> None:
    """However short the tail that is read: what is resumed is right, or it is a snapshot."""

    async def tell(first: World) -> None:
        mia, chat = await first.given("mia")
        await first.says(chat, "one")
        tom = await first.ready("tom")
        await mia.do("consult", interaction_id=chat, agent="tom")
        offer = (await tom.push("offered"))["offer"]
        await tom.do("accept", offer_id=offer["offer_id"])
        await first.says(chat, "two")
        await mia.do("complete_consult", interaction_id=chat)
        await mia.do("wrap_up", interaction_id=chat, disposition="solved", done=True)
        until = first.clock.now() + 3_600_000
        await tom.do("park", interaction_id=chat, until=until)
        await first.says(chat, "three")
        head = first.hub.head()
        whole = Projection(first.hub, first.hub)
        running = asyncio.create_task(whole.run())
        await whole.started.wait()
        for tail in range(1, head):
            module.TAIL_MAX = tail
            try:
                short = Projection(first.hub, first.hub)
                task = asyncio.create_task(short.run())
                await short.started.wait()
            finally:
                module.TAIL_MAX = TAIL_MAX
            for agent_id in (AgentId("mia"), AgentId("tom")):
                known = whole.ring(agent_id)
                for after in [known.base, *(ref.seq for ref in known.refs)]:
                    resumed = short.ring(agent_id).after(after)
                    if resumed is not None:
                        expected = known.after(after)
                        assert expected is not None
                        assert [(ref.seq, ref.kind) for ref in resumed] == [
                            (ref.seq, ref.kind) for ref in expected
                        ]
            task.cancel()
        running.cancel()

    story(tmp_path, tell)


def test_a_frozen_line_is_cut_by_the_server_and_loses_nothing(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        person = await world.sign_in("mia")
        async with chaos_proxy(int(world.origin.rpartition(":")[2])) as proxy:
            mia = await DeskClient.open(person, port=proxy.port)
            await mia.do("presence", presence="ready")
            await world.arrive(text="Ring")
            offer = (await mia.push("offered"))["offer"]
            await mia.do("accept", offer_id=offer["offer_id"])
            await mia.push("item")
            chat = offer["interaction_id"]
            proxy.freeze()
            await world.says(chat, "while frozen")
            world.clock.pass_ms(20_500)
            await world.server.desk.desks.sweep()
            proxy.cut()
            await mia.closed()
            proxy.thaw()
            back = await mia.again(port=proxy.port)
            assert back.welcome["resumed"] is True
            assert [push["entry"]["text"] for push in back.pushes] == ["while frozen"]

    story(tmp_path, tell)


def test_a_slow_line_still_gets_everything(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        person = await world.sign_in("mia")
        async with chaos_proxy(int(world.origin.rpartition(":")[2])) as proxy:
            proxy.delay_s = 0.05
            mia = await DeskClient.open(person, port=proxy.port)
            await mia.do("presence", presence="ready")
            chat = await world.arrive()
            offer = (await mia.push("offered"))["offer"]
            await mia.do("accept", offer_id=offer["offer_id"])
            for number in range(10):
                await world.says(chat, str(number))
            words = [(await mia.push("entry"))["entry"]["text"] for _ in range(10)]
            assert words == [str(number) for number in range(10)]

    story(tmp_path, tell)


def test_memory_log_and_desk_agree_on_the_logs_identity(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.desk("mia")
        other = await DeskClient.open(mia.person)
        assert mia.log == other.log != ""

    story(tmp_path, tell, log=MemoryLog())
