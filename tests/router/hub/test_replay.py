"""The floor of the past is the floor that was: whatever moment is asked for, in whatever order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

import pytest

from router.core import State, apply, conservation, new_state, queue_views
from router.hub.replay import Replay
from router.model.commands import End, MoveSeat, WrapUp
from router.model.errors import NotFound
from router.model.events import Event
from router.model.ids import AgentId, Instant, InteractionId, Position, QueueName
from router.model.views import QueueView
from router.ports import Floor as FloorPort
from router.storage.memory import MemoryLog
from tests.support.floor import Floor, a_queue, an_agent

MIA = AgentId("mia")


def a_day() -> Floor:
    """Forty customers, some answered, some still waiting, a seat moved in between."""
    floor = Floor(an_agent("mia"), an_agent("tom", "second"), a_queue("main"), a_queue("second"))
    floor.ready("mia", "tom")
    for number in range(40):
        floor.now += 1_000
        name = f"i{number:02}"
        floor.arrive(name)
        if number == 20:
            floor.do(MoveSeat(MIA, (QueueName("second"),), Instant(floor.now + 600_000), "sue"))
        if floor.state.agents[MIA].offers:
            floor.now += 500
            floor.accept(f"{name}.1", "mia")
            floor.now += 2_000
            floor.do(End(InteractionId(name), MIA))
            floor.do(WrapUp(InteractionId(name), MIA))
    return floor


def seen_by_folding(events: Sequence[Event], at: int) -> tuple[object, ...]:
    state: State = new_state()
    for event in events:
        if event.at <= at:
            apply(state, event)
    law = conservation(state, Instant(at))
    return (*_figures(queue_views(state, Instant(at))), law.accepted, law.waiting, law.finished)


def _figures(queues: Sequence[QueueView]) -> list[object]:
    return [
        (q.queue, q.waiting, q.engaged, q.agents_ready, q.longest_waiting_since) for q in queues
    ]


def seen(floor: FloorPort) -> tuple[object, ...]:
    law = floor.conservation()
    return (*_figures(floor.queues()), law.accepted, law.waiting, law.finished)


async def kept(events: Sequence[Event]) -> tuple[MemoryLog, Position]:
    log = MemoryLog()
    await log.open()
    return log, await log.append(events, await log.take_lead())


@pytest.mark.parametrize("picture_every", [7, 1_000])
def test_any_moment_in_any_order_is_what_a_fold_up_to_it_gives(picture_every: int) -> None:
    floor = a_day()

    async def tell() -> None:
        log, last = await kept(floor.log)
        replay = Replay(log, lambda: last, picture_every)
        span = (floor.log[0].at, floor.log[-1].at)
        assert await replay.span() == span
        dice = Random(31)  # noqa: S311 - a test's dice
        for _ in range(40):
            at = dice.randint(*span)
            assert await replay.look(Instant(at), seen) == seen_by_folding(floor.log, at)
        await replay.stop()

    asyncio.run(tell())


def test_many_who_ask_at_once_each_get_their_own_moment() -> None:
    floor = a_day()

    async def tell() -> None:
        log, last = await kept(floor.log)
        replay = Replay(log, lambda: last, 7)
        moments = [floor.log[number].at for number in range(0, len(floor.log), 9)]
        moments = moments[::2] + moments[1::2][::-1]
        found = await asyncio.gather(*(replay.look(at, seen) for at in moments))
        assert found == [seen_by_folding(floor.log, at) for at in moments]
        await replay.stop()

    asyncio.run(tell())


def test_before_the_log_there_is_nothing_to_see() -> None:
    floor = a_day()

    async def tell() -> None:
        log, last = await kept(floor.log)
        replay = Replay(log, lambda: last)
        with pytest.raises(NotFound, match="begins later"):
            await replay.look(Instant(floor.log[0].at - 1), seen)
        empty = MemoryLog()
        await empty.open()
        nothing = Replay(empty, lambda: Position(0))
        assert await nothing.span() is None
        await replay.stop()

    asyncio.run(tell())


def test_who_gives_up_leaves_the_way_to_who_asks_next() -> None:
    floor = a_day()

    async def tell() -> None:
        log, last = await kept(floor.log)
        replay = Replay(log, lambda: last)
        end = floor.log[-1].at
        asked = asyncio.create_task(replay.look(end, seen))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        middle = floor.log[len(floor.log) // 2].at
        assert await replay.look(middle, seen) == seen_by_folding(floor.log, middle)
        assert await replay.look(end, seen) == seen_by_folding(floor.log, end)
        await replay.stop()

    asyncio.run(tell())
