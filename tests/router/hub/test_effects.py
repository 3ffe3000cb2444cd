"""Effects: what a medium does late, or not at once, is not lost and keeps its order."""

import asyncio

import pytest

from router.hub import Hub, HubSettings
from router.model.commands import ChangeCatalogue
from router.model.effects import Deliver
from router.model.errors import InvalidInput
from router.storage.memory import MemoryLog
from tests.router.hub.centre import (
    MAIL,
    NotingMedium,
    arrival,
    catalogue,
    centre,
    interaction_id,
)
from tests.support.clock import StillClock
from tests.support.waiting import PATIENCE_S, soon


def test_a_medium_that_hangs_is_given_its_time_and_asked_again() -> None:
    async def run() -> None:
        async with centre(settings=HubSettings(perform_ms=20)) as floor:
            floor.mail.stuck = asyncio.Event()
            await floor.arrive(1)
            await soon(lambda: floor.mail.tries >= 2)
            assert "effects.mail" in floor.hub.health()
            floor.mail.stuck.set()
            await soon(lambda: len(floor.mail.done) == 1)

    asyncio.run(run())


def test_a_medium_that_fails_after_it_waited_is_asked_again() -> None:
    async def run() -> None:
        async with centre() as floor:
            floor.mail.stuck = asyncio.Event()
            floor.mail.faults = [OSError("the line is down"), OSError("still")]
            await floor.arrive(1)
            await soon(lambda: floor.mail.tries == 1)
            assert floor.hub.health() == {}
            floor.mail.stuck.set()
            await soon(lambda: len(floor.mail.done) == 1)
            assert floor.mail.tries == 3
            assert floor.hub.health() == {}

    asyncio.run(run())


def test_what_was_not_carried_out_before_the_end_is_carried_out_after_the_start() -> None:
    async def run() -> None:
        log = MemoryLog()
        await log.open()
        settings = HubSettings(effects_saved_ms=1)
        async with centre(log, settings) as floor:
            await floor.ready()
            await floor.arrive(1)
            await floor.accept(1)
            await soon(lambda: len(floor.mail.done) == 3)
            floor.mail.stuck = asyncio.Event()
            await floor.reply(1, 5)
            await floor.reply(1, 6)
            await floor.hub.stop(deadline_ms=20)
            assert len(floor.mail.done) == 3
        async with centre(log, settings) as again:
            await soon(lambda: len(again.mail.done) >= 2)
            delivered = [effect for _, effect in again.mail.done if isinstance(effect, Deliver)]
            assert [int(effect.entry_id, 16) for effect in delivered] == [5, 6]

    asyncio.run(run())


def test_effects_wait_for_a_medium_that_is_expected_and_come_in_order_once_it_is_up() -> None:
    async def run() -> None:
        log = MemoryLog()
        await log.open()
        settings = HubSettings(effects=3)
        hub = Hub(log, StillClock(), settings=settings)
        hub.expect(MAIL)
        await hub.start()
        await hub.submit(ChangeCatalogue(catalogue()))
        for number in range(8):
            await hub.submit(arrival(number))
        assert hub.health() == {}
        medium = NotingMedium()
        hub.attach(medium)
        await soon(lambda: len(medium.done) == 8)
        ids = [effect.interaction_id for _, effect in medium.done]
        assert ids == [interaction_id(number) for number in range(8)]
        with pytest.raises(InvalidInput, match="served already"):
            hub.attach(medium)
        await hub.stop()

    asyncio.run(run())


def test_effects_of_a_medium_that_never_comes_up_are_left_to_the_next_start() -> None:
    async def run() -> None:
        log = MemoryLog()
        await log.open()
        hub = Hub(log, StillClock())
        hub.expect(MAIL)
        await hub.start()
        await hub.submit(ChangeCatalogue(catalogue()))
        await hub.submit(arrival(1))
        async with asyncio.timeout(PATIENCE_S):
            await hub.stop(deadline_ms=60_000)
        async with centre(log) as again:
            await soon(lambda: len(again.mail.done) == 1)

    asyncio.run(run())
