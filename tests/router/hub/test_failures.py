"""What the hub does when the log, a medium or the core fails."""

import asyncio

import pytest

from router import core
from router.hub import HubSettings
from router.hub.batch import CoreFailed
from router.model.commands import SetAttributes
from router.model.effects import Deliver
from router.model.errors import InvalidInput, NotFound, Refused, StaleWriter, StorageFailed
from router.model.events import EntryAdded, WriterStarted
from router.model.ids import Position
from router.storage.memory import MemoryLog
from tests.router.hub.centre import (
    CHAT,
    MAIL,
    Wrapped,
    centre,
    folded_digest,
    interaction_id,
)
from tests.support.waiting import soon


async def wrapped() -> Wrapped:
    log = Wrapped(MemoryLog())
    await log.open()
    return log


def test_a_log_that_fails_acknowledges_nothing_and_the_state_is_what_the_log_holds() -> None:
    async def run() -> None:
        log = await wrapped()
        async with centre(log) as floor:
            await floor.ready()
            await floor.arrive(1)
            log.failure = StorageFailed("disk full")
            results = await asyncio.gather(
                *(floor.arrive(number) for number in range(2, 6)), return_exceptions=True
            )
            assert all(isinstance(result, StorageFailed) for result in results)
            assert "disk full" in floor.hub.health()["log"]
            with pytest.raises(StorageFailed, match="disk full"):
                await floor.arrive(6)
            assert await log.last() == floor.hub.head()
            log.failure = None
            await soon(lambda: not floor.hub.health())
            receipt = await floor.arrive(2)
            assert receipt.position == await log.last()
            assert floor.hub.conservation().accepted == 2
            assert floor.hub.conservation().balances
            assert await folded_digest(log) == core.state_digest(floor.hub._state)

    asyncio.run(run())


def test_a_log_that_hangs_is_given_up_at_its_deadline() -> None:
    async def run() -> None:
        log = await wrapped()
        async with centre(log, HubSettings(append_ms=50)) as floor:
            log.stuck = asyncio.Event()
            with pytest.raises(StorageFailed):
                await floor.arrive(1)
            assert floor.hub.health()["log"]
            log.stuck.set()
            log.stuck = None
            await soon(lambda: not floor.hub.health())
            await floor.arrive(2)
            assert await folded_digest(log) == core.state_digest(floor.hub._state)

    asyncio.run(run())


def test_an_append_that_failed_only_in_appearance_is_acknowledged_and_acted_on_once() -> None:
    async def run() -> None:
        log = await wrapped()
        async with centre(log) as floor:
            await floor.ready()
            log.failure_after_writing = StorageFailed("the answer was lost")
            receipt = await floor.arrive(1)
            assert receipt.interaction_id == interaction_id(1)
            assert len([e for e in await floor.events() if not isinstance(e, WriterStarted)]) > 3
            await soon(lambda: len(floor.mail.done) >= 4)
            # The new epoch takes back the ring of the old one and rings anew; nothing is twice.
            effects = [effect for _, effect in floor.mail.done]
            assert [type(effect).__name__ for effect in effects] == [
                "Wait",
                "Ring",
                "StopRinging",
                "Ring",
            ]
            assert len(set(map(repr, effects))) == len(effects)
            assert floor.hub.conservation().accepted == 1
            assert floor.hub.health() == {}

    asyncio.run(run())


def test_a_writer_that_was_overtaken_stops_and_says_so() -> None:
    async def run() -> None:
        log = await wrapped()
        async with centre(log) as old:
            await old.arrive(1)
            async with centre(log, clock=old.clock) as new:
                with pytest.raises(StaleWriter):
                    await old.arrive(2)
                await old.hub.ended()
                assert "lead" in old.hub.health()
                with pytest.raises(StorageFailed) as caught:
                    await old.arrive(3)
                assert caught.value.code == "stale_writer"
                assert [batch async for batch in old.hub.follow(old.hub.head())] == []
                await new.arrive(2)
                assert new.hub.conservation().accepted == 2
                assert new.hub.health() == {}

    asyncio.run(run())


def test_two_hubs_that_fight_for_the_lead_never_both_write() -> None:
    async def run() -> None:
        log = await wrapped()
        accepted: set[str] = set()
        async with centre(log) as first:
            clock = first.clock
        for round_ in range(10):
            async with centre(log, clock=clock) as one, centre(log, clock=clock) as two:
                results = await asyncio.gather(
                    *(
                        floor.arrive(100 * round_ + 10 * which + number)
                        for which, floor in enumerate((one, two))
                        for number in range(5)
                    ),
                    return_exceptions=True,
                )
                accepted |= {
                    str(result.interaction_id)
                    for result in results
                    if not isinstance(result, BaseException)
                }
                assert all(isinstance(result, StaleWriter) for result in results[:5])
        async with centre(log, clock=clock) as last:
            assert last.hub.conservation().accepted == len(accepted) == 50
            assert await folded_digest(log) == core.state_digest(last.hub._state)

    asyncio.run(run())


def test_a_core_that_breaks_fails_one_command_and_leaves_a_sound_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decide = core.decide

    def breaking(state: core.State, command: object, now: object) -> object:
        decision = decide(state, command, now)  # type: ignore[arg-type] # passed on as it came
        if isinstance(command, SetAttributes):
            # It breaks when the state is half changed already: the worst moment.
            raise RuntimeError("a mistake of ours")
        return decision

    monkeypatch.setattr(core, "decide", breaking)

    async def run() -> None:
        log = await wrapped()
        async with centre(log) as floor:
            await floor.arrive(1)
            results = await asyncio.gather(
                floor.arrive(2),
                floor.hub.submit(SetAttributes(interaction_id(1), {"tier": "gold"})),
                floor.arrive(3),
                return_exceptions=True,
            )
            assert [type(result).__name__ for result in results] == [
                "Receipt",
                CoreFailed.__name__,
                "Receipt",
            ]
            view = floor.hub.interaction(interaction_id(1))
            assert view is not None
            assert view.attributes == {}
            assert floor.hub.conservation().accepted == 3
            assert await folded_digest(log) == core.state_digest(floor.hub._state)
            assert floor.hub.health() == {}

    asyncio.run(run())


def test_a_medium_that_fails_is_asked_again_in_order_and_holds_up_nobody_else() -> None:
    async def run() -> None:
        async with centre(media=(MAIL, CHAT)) as floor:
            await floor.ready()
            floor.mail.faults = [OSError("no route"), StorageFailed("its store is full")]
            await floor.arrive(1)
            await floor.arrive(2, CHAT)
            await soon(lambda: len(floor.media[1].done) == 2)
            assert "effects.mail" in floor.hub.health()
            await soon(lambda: len(floor.mail.done) == 2)
            assert [type(effect).__name__ for _, effect in floor.mail.done] == ["Wait", "Ring"]
            assert floor.mail.tries == 4
            assert floor.hub.health() == {}

    asyncio.run(run())


@pytest.mark.parametrize(
    ("faults", "tries"),
    [
        ([Refused("no")], 1),
        ([NotFound("x")], 1),
        ([InvalidInput("x")], 1),
        ([KeyError("bug")] * 5, 5),
    ],
)
def test_an_effect_that_can_never_be_carried_out_does_not_block_its_medium(
    faults: list[Exception], tries: int
) -> None:
    async def run() -> None:
        async with centre() as floor:
            floor.mail.faults = list(faults)
            await floor.arrive(1)
            await floor.arrive(2)
            await soon(lambda: len(floor.mail.done) == 1)
            assert floor.mail.tries == tries + 1
            assert floor.mail.done[0][1].interaction_id == interaction_id(2)

    asyncio.run(run())


def test_more_effects_than_fit_into_memory_are_read_from_the_log_and_none_is_lost() -> None:
    async def run() -> None:
        settings = HubSettings(effects=8, effects_saved_ms=1, snapshot_events=40)
        async with centre(settings=settings) as floor:
            await floor.ready()
            await floor.arrive(1)
            await floor.accept(1)
            await soon(lambda: len(floor.mail.done) == 3)
            floor.mail.stuck = asyncio.Event()
            for entry in range(300):
                await floor.reply(1, entry)
            stuck, floor.mail.stuck = floor.mail.stuck, None
            stuck.set()
            for entry in range(300, 350):
                await floor.reply(1, entry)

            def delivered() -> list[int]:
                return [
                    int(effect.entry_id, 16)
                    for _, effect in floor.mail.done
                    if isinstance(effect, Deliver)
                ]

            await soon(lambda: len(set(delivered())) == 350)
            # At least once each, and in order but for what is read a second time.
            first_seen = list(dict.fromkeys(delivered()))
            assert first_seen == list(range(350))

    asyncio.run(run())


def test_a_snapshot_never_overtakes_effects_that_are_not_carried_out() -> None:
    async def run() -> None:
        log = MemoryLog()
        await log.open()
        settings = HubSettings(snapshot_events=10, effects_saved_ms=1)
        async with centre(log, settings) as floor:
            await floor.arrive(1)
            await soon(lambda: len(floor.mail.done) == 1)
            floor.mail.stuck = asyncio.Event()
            for number in range(2, 40):
                await floor.arrive(number)
            await asyncio.sleep(0.05)
            snapshot = await log.load_snapshot()
            undone = next(
                position
                for position, event in enumerate(await floor.events(), 1)
                if type(event).__name__ == "Queued" and event.interaction_id == interaction_id(2)  # type: ignore[union-attr] # a Queued
            )
            assert snapshot is None or snapshot.position < undone
            floor.mail.stuck.set()
            floor.mail.stuck = None
            await soon(lambda: len(floor.mail.done) == 39)
        kept = await log.load_snapshot()
        assert kept is not None
        assert kept.position == await log.last()

    asyncio.run(run())


def test_an_effect_nobody_serves_is_no_reason_to_stop() -> None:
    async def run() -> None:
        async with centre() as floor:
            await floor.arrive(1, CHAT)
            await floor.arrive(2, MAIL)
            await soon(lambda: len(floor.mail.done) == 1)
            with pytest.raises(InvalidInput, match="mail"):
                floor.hub.attach(floor.mail)

    asyncio.run(run())


def test_replies_that_were_acknowledged_before_a_crash_are_in_the_log_for_the_next_hub() -> None:
    async def run() -> None:
        log = MemoryLog()
        await log.open()
        async with centre(log) as floor:
            await floor.ready()
            await floor.arrive(1)
            await floor.accept(1)
            floor.mail.stuck = asyncio.Event()
            receipt = await floor.reply(1, 9)
            # No stop: the process is gone. The next one takes the lead from the same log.
            async with centre(log, clock=floor.clock) as again:
                entries = [event for event in await again.events() if isinstance(event, EntryAdded)]
                assert len(entries) == 1
                await soon(
                    lambda: any(isinstance(effect, Deliver) for _, effect in again.mail.done)
                )
                assert receipt.position <= Position(again.hub.head())

    asyncio.run(run())
