"""What followers of the log see, and when."""

import asyncio

from router.hub import HubSettings
from router.model.events import Recorded
from router.model.ids import Position
from router.storage.memory import MemoryLog
from tests.router.hub.centre import Wrapped, centre
from tests.support.waiting import soon


def test_followers_read_all_in_order_whether_they_come_early_late_or_in_the_middle() -> None:
    async def run() -> None:
        settings = HubSettings(tail=20)
        async with centre(settings=settings) as floor:

            async def follow(after: int) -> list[Recorded]:
                return [
                    record async for batch in floor.hub.follow(Position(after)) for record in batch
                ]

            early = asyncio.create_task(follow(0))
            for number in range(100):
                await floor.arrive(number)
            late = asyncio.create_task(follow(0))
            middle = asyncio.create_task(follow(37))
            newest = asyncio.create_task(follow(floor.hub.head()))
            for number in range(100, 150):
                await floor.arrive(number)
            head = floor.hub.head()
            await floor.hub.stop()
            for task, first in ((early, 1), (late, 1), (middle, 38)):
                records = await task
                assert [record.position for record in records] == list(range(first, head + 1))
            assert [record.position for record in await newest][-1] == head
            assert await early == await late

    asyncio.run(run())


def test_a_follower_never_sees_what_is_not_durable_yet() -> None:
    async def run() -> None:
        log = Wrapped(MemoryLog())
        await log.open()
        async with centre(log) as floor:
            seen: list[int] = []

            async def follow() -> None:
                async for batch in floor.hub.follow(Position(0)):
                    seen.extend(record.position for record in batch)

            following = asyncio.create_task(follow())
            await soon(lambda: bool(seen) and seen[-1] == floor.hub.head())
            log.stuck = asyncio.Event()
            sent = asyncio.create_task(floor.arrive(1))
            await asyncio.sleep(0.02)
            before = seen[-1]
            assert before == floor.hub.head()
            log.stuck.set()
            log.stuck = None
            receipt = await sent
            await soon(lambda: seen[-1] == receipt.position)
            assert seen == list(range(1, receipt.position + 1))
            await floor.hub.stop()
            await following

    asyncio.run(run())
