"""The hub takes commands, makes them durable, acts and tells; and it starts and stops well."""

import asyncio

import pytest

from router import core
from router.hub import HubSettings
from router.model.commands import Accept, SetAttributes, SignIn
from router.model.effects import Connect, Ring, Wait
from router.model.errors import InvalidInput, Overloaded, Refused, StorageFailed
from router.model.events import Arrived, Offered, WriterStarted
from router.model.ids import AgentId, Instant, OfferId, Position
from router.model.interaction import Phase
from router.storage.memory import MemoryLog
from tests.router.hub.centre import (
    CHAT,
    HELP,
    MAIL,
    Wrapped,
    arrival,
    centre,
    folded_digest,
    interaction_id,
)
from tests.support.clock import StillClock
from tests.support.waiting import LOOK_S, PATIENCE_S, soon


def test_an_arrival_is_in_the_log_when_it_is_acknowledged() -> None:
    async def run() -> None:
        async with centre() as floor:
            receipt = await floor.arrive(1)
            assert isinstance(receipt.events[0], Arrived)
            assert receipt.interaction_id == interaction_id(1)
            records = await floor.log.read(Position(receipt.position - len(receipt.events)))
            assert tuple(record.event for record in records) == receipt.events
            assert floor.hub.head() == receipt.position
            view = floor.hub.interaction(interaction_id(1))
            assert view is not None
            assert view.phase is Phase.WAITING
            assert floor.hub.position_in_queue(interaction_id(1)) == 1
            assert floor.hub.conservation().balances

    asyncio.run(run())


def test_nothing_is_acknowledged_or_acted_on_before_it_is_durable() -> None:
    async def run() -> None:
        log = Wrapped(MemoryLog())
        await log.open()
        async with centre(log) as floor:
            await floor.ready()
            log.stuck = asyncio.Event()
            sent = asyncio.create_task(floor.arrive(1))
            await soon(
                lambda: log.appends > 0 and floor.hub.interaction(interaction_id(1)) is not None
            )
            head = floor.hub.head()
            await asyncio.sleep(0.02)
            assert not sent.done()
            assert floor.mail.done == []
            assert floor.hub.head() == head
            log.stuck.set()
            log.stuck = None
            receipt = await sent
            assert any(isinstance(event, Offered) for event in receipt.events)
            await soon(lambda: any(isinstance(effect, Ring) for _, effect in floor.mail.done))

    asyncio.run(run())


def test_a_refused_command_changes_nothing_and_keeps_its_code() -> None:
    async def run() -> None:
        async with centre() as floor:
            head = floor.hub.head()
            with pytest.raises(Refused) as caught:
                await floor.hub.submit(Accept(OfferId("x.1"), AgentId("agent-0")))
            assert caught.value.code
            assert floor.hub.head() == head
            assert await floor.log.last() == head

    asyncio.run(run())


def test_the_same_arrival_twice_is_one_interaction_and_no_further_event() -> None:
    async def run() -> None:
        async with centre() as floor:
            first = await floor.arrive(1)
            second = await floor.arrive(1)
            assert second.events == ()
            assert second.interaction_id == first.interaction_id
            assert second.position == first.position

    asyncio.run(run())


def test_many_commands_share_an_append_and_keep_their_order() -> None:
    async def run() -> None:
        log = Wrapped(MemoryLog())
        await log.open()
        async with centre(log) as floor:
            before = log.appends
            receipts = await asyncio.gather(*(floor.arrive(number) for number in range(500)))
            assert log.appends - before < 20
            positions = [receipt.position for receipt in receipts]
            assert positions == sorted(positions)
            waiting = floor.hub.waiting(HELP, limit=1_000)
            assert [view.interaction_id for view in waiting] == [
                interaction_id(number) for number in range(500)
            ]

    asyncio.run(run())


def test_a_full_mailbox_refuses_visibly_and_says_its_bound() -> None:
    async def run() -> None:
        async with centre(settings=HubSettings(mailbox=10)) as floor:
            results = await asyncio.gather(
                *(floor.arrive(number) for number in range(15)), return_exceptions=True
            )
            refused = [result for result in results if isinstance(result, Overloaded)]
            assert len(refused) == 5
            assert "10" in refused[0].message
            assert floor.hub.conservation().accepted == 10

    asyncio.run(run())


def test_a_command_that_is_not_taken_up_in_time_is_given_back() -> None:
    async def run() -> None:
        log = Wrapped(MemoryLog())
        await log.open()
        async with centre(log) as floor:
            log.stuck = asyncio.Event()
            first = asyncio.create_task(floor.arrive(1))
            await soon(lambda: floor.hub.interaction(interaction_id(1)) is not None)
            patient = asyncio.create_task(floor.arrive(3))
            with pytest.raises(Overloaded, match="deadline"):
                await floor.hub.submit(arrival(2), deadline_ms=30)
            log.stuck.set()
            log.stuck = None
            await first
            await patient
            assert floor.hub.interaction(interaction_id(2)) is None

    asyncio.run(run())


def test_a_sender_who_has_gone_before_their_turn_is_left_out() -> None:
    async def run() -> None:
        log = Wrapped(MemoryLog())
        await log.open()
        async with centre(log) as floor:
            log.stuck = asyncio.Event()
            first = asyncio.create_task(floor.arrive(1))
            await soon(lambda: floor.hub.interaction(interaction_id(1)) is not None)
            second = asyncio.create_task(floor.arrive(2))
            await asyncio.sleep(0)
            second.cancel()
            log.stuck.set()
            log.stuck = None
            await first
            await floor.arrive(3)
            assert floor.hub.interaction(interaction_id(2)) is None

    asyncio.run(run())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**80, "\udc80"])
def test_a_value_the_log_cannot_keep_is_refused_before_it_touches_anything(value: object) -> None:
    async def run() -> None:
        async with centre() as floor:
            await floor.arrive(1)
            with pytest.raises(InvalidInput):
                await floor.hub.submit(SetAttributes(interaction_id(1), {"x": value}))  # type: ignore[dict-item] # hostile
            await floor.arrive(2)
            assert await folded_digest(floor.log) == core.state_digest(floor.hub._state)

    asyncio.run(run())


def test_effects_reach_their_medium_in_the_order_of_the_log() -> None:
    async def run() -> None:
        async with centre(media=(MAIL, CHAT)) as floor:
            await floor.ready()
            await floor.arrive(1)
            await floor.arrive(2, CHAT)
            await floor.accept(1)
            await floor.reply(1, 7)
            await soon(lambda: len(floor.mail.done) == 4)
            assert [type(effect).__name__ for _, effect in floor.mail.done] == [
                "Wait",
                "Ring",
                "Connect",
                "Deliver",
            ]
            positions = [position for position, _ in floor.mail.done]
            assert positions == sorted(positions)
            assert {type(effect) for _, effect in floor.media[1].done} == {Wait, Ring}
            assert all(
                effect.interaction_id == interaction_id(2) for _, effect in floor.media[1].done
            )

    asyncio.run(run())


def test_what_is_due_happens_by_the_timer_alone() -> None:
    async def run() -> None:
        clock = StillClock()
        async with centre(clock=clock) as floor:
            await floor.ready()
            receipt = await floor.arrive(1)
            (offered,) = [event for event in receipt.events if isinstance(event, Offered)]
            clock.at = Instant(offered.expires - 20)
            # The clock is looked at when the timer is set, so any command sets it anew.
            await floor.hub.submit(SignIn(AgentId("agent-2")))
            clock.at = Instant(offered.expires)
            await soon(
                lambda: (
                    (view := floor.hub.interaction(interaction_id(1))) is not None
                    and view.offer is None
                )
            )

    asyncio.run(run())


def test_a_restarted_hub_stands_where_the_last_one_stood() -> None:
    async def run() -> None:
        log = MemoryLog()
        await log.open()
        clock = StillClock()
        async with centre(log, clock=clock) as floor:
            await floor.ready()
            for number in range(20):
                await floor.arrive(number)
            await floor.accept(0)
            seen = floor.hub.conservation()
        async with centre(log, clock=clock) as floor:
            again = floor.hub.conservation()
            assert again.accepted == seen.accepted == 20
            assert again.in_work == seen.in_work
            assert again.balances
            started = [event for event in await floor.events() if isinstance(event, WriterStarted)]
            assert [event.epoch for event in started] == [1, 2]
            assert floor.hub.epoch == 2

    asyncio.run(run())


def test_time_never_runs_backwards_in_the_log_though_the_clock_was_set_back() -> None:
    async def run() -> None:
        log = MemoryLog()
        await log.open()
        async with centre(log) as floor:
            floor.clock.pass_ms(3_600_000)
            await floor.arrive(1)
        async with centre(log, clock=StillClock()) as floor:
            await floor.arrive(2)
            moments = [event.at for event in await floor.events()]
            assert moments == sorted(moments)

    asyncio.run(run())


def test_a_snapshot_at_stopping_saves_folding_and_changes_nothing() -> None:
    async def run() -> None:
        log = MemoryLog()
        await log.open()
        async with centre(log) as floor:
            await floor.ready()
            for number in range(30):
                await floor.arrive(number)
        snapshot = await log.load_snapshot()
        assert snapshot is not None
        assert snapshot.position == await log.last()
        async with centre(log) as floor:
            assert floor.hub.conservation().accepted == 30
            assert await folded_digest(log) == core.state_digest(floor.hub._state)

    asyncio.run(run())


@pytest.mark.parametrize("damage", ["version", "bytes", "ahead"])
def test_a_snapshot_that_cannot_be_used_costs_time_and_nothing_else(damage: str) -> None:
    async def run() -> None:
        log = MemoryLog()
        await log.open()
        async with centre(log) as floor:
            await floor.arrive(1)
        kept = await log.load_snapshot()
        assert kept is not None
        bad = {
            "version": type(kept)(kept.position, kept.version + 1, kept.pages),
            "bytes": type(kept)(kept.position, kept.version, (b"".join(kept.pages)[:-3],)),
            "ahead": type(kept)(Position(kept.position + 50), kept.version, kept.pages),
        }
        await log.save_snapshot(bad[damage])
        async with centre(log) as floor:
            assert floor.hub.conservation().accepted == 1
            assert await folded_digest(log) == core.state_digest(floor.hub._state)

    asyncio.run(run())


def test_snapshots_are_taken_as_the_log_grows() -> None:
    async def run() -> None:
        settings = HubSettings(snapshot_events=50, effects_saved_ms=1)
        async with centre(settings=settings) as floor:
            for number in range(100):
                await floor.arrive(number)
            await soon(lambda: len(floor.mail.done) == 100)
            async with asyncio.timeout(PATIENCE_S):
                while (snapshot := await floor.log.load_snapshot()) is None:  # noqa: ASYNC110 - it has no event
                    await asyncio.sleep(LOOK_S)
            assert snapshot.position >= 50

    asyncio.run(run())


def test_stopping_decides_what_waits_and_then_refuses() -> None:
    async def run() -> None:
        async with centre() as floor:
            sent = [asyncio.create_task(floor.arrive(number)) for number in range(50)]
            await asyncio.sleep(0)
            await floor.hub.stop()
            receipts = await asyncio.gather(*sent)
            assert len(receipts) == 50
            with pytest.raises(StorageFailed) as caught:
                await floor.arrive(99)
            assert caught.value.code == "stopped"
            await floor.hub.ended()
            assert floor.hub.health()

    asyncio.run(run())


def test_connect_follows_an_accepted_offer() -> None:
    async def run() -> None:
        async with centre() as floor:
            await floor.ready()
            await floor.arrive(1)
            await floor.accept(1)
            await soon(lambda: any(isinstance(effect, Connect) for _, effect in floor.mail.done))

    asyncio.run(run())
