"""The contract of every EventLog, on memory, SQLite and a real PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from router.model.errors import InvalidInput, StaleWriter, StorageFailed
from router.model.events import Arrived, Event, WriterStarted
from router.model.ids import Instant, InteractionId, Medium, Position, SubjectId
from router.ports import EventLog, Snapshot
from router.storage.open import event_log

Make = Callable[[], EventLog]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes adapters of one and the same log: a second one is a second process's."""
    if request.param == "memory":
        log = event_log("memory:")
        yield lambda: log
    elif request.param == "sqlite":
        yield lambda: event_log(f"sqlite:///{tmp_path}/centre/log.db")
    else:
        url = request.getfixturevalue("postgres").create_database()
        yield lambda: event_log(url)


def arrived(number: int, **more: object) -> Event:
    return Arrived(
        at=Instant(number),
        interaction_id=InteractionId(f"{number:032x}"),
        medium=Medium("mail"),
        address="help@example.test",
        subject=SubjectId("a" * 32),
        attributes={"tier": "gold", "visits": number, "rate": 0.5, "known": True},
        **more,  # type: ignore[arg-type] # whatever a test gives
    )


def with_log(make: Make, use: Callable[[EventLog], Awaitable[None]]) -> None:
    async def run() -> None:
        log = make()
        await log.open()
        try:
            await use(log)
        finally:
            await log.close()

    asyncio.run(run())


def test_what_is_appended_is_read_back_in_order_with_positions_from_one(make: Make) -> None:
    async def use(log: EventLog) -> None:
        epoch = await log.take_lead()
        events = [arrived(number) for number in range(1, 6)]
        assert await log.append(events[:2], epoch) == 2
        assert await log.append(events[2:], epoch) == 5
        records = await log.read(Position(0))
        assert [record.position for record in records] == [1, 2, 3, 4, 5]
        assert [record.event for record in records] == events
        assert {record.epoch for record in records} == {epoch}
        assert await log.last() == 5

    with_log(make, use)


def test_an_empty_log_ends_at_zero_and_reads_as_nothing(make: Make) -> None:
    async def use(log: EventLog) -> None:
        assert await log.last() == 0
        assert list(await log.read(Position(0))) == []
        assert await log.load_snapshot() is None
        assert await log.load_position("projector") == 0

    with_log(make, use)


def test_reading_goes_on_behind_any_position_with_a_limit(make: Make) -> None:
    async def use(log: EventLog) -> None:
        epoch = await log.take_lead()
        await log.append([arrived(number) for number in range(1, 31)], epoch)
        seen: list[int] = []
        while batch := await log.read(Position(len(seen)), 7):
            assert len(batch) <= 7
            seen += [record.position for record in batch]
        assert seen == list(range(1, 31))
        assert list(await log.read(Position(30))) == []

    with_log(make, use)


def test_what_was_appended_is_there_after_closing_and_opening_again(make: Make) -> None:
    async def use(log: EventLog) -> None:
        epoch = await log.take_lead()
        await log.append([arrived(1)], epoch)
        await log.save_position("projector", Position(1))
        await log.save_snapshot(Snapshot(Position(1), 3, (b"state\x00",)))
        await log.close()
        again = make()
        await again.open()
        assert [record.event for record in await again.read(Position(0))] == [arrived(1)]
        assert await again.load_position("projector") == 1
        assert await again.load_snapshot() == Snapshot(Position(1), 3, (b"state\x00",))
        assert await again.take_lead() > epoch
        await again.close()
        await log.open()

    with_log(make, use)


def test_a_writer_of_an_older_epoch_is_refused_and_writes_nothing(make: Make) -> None:
    async def use(old: EventLog) -> None:
        new = make()
        if new is not old:
            await new.open()
        old_epoch = await old.take_lead()
        await old.append([arrived(1)], old_epoch)
        new_epoch = await new.take_lead()
        assert new_epoch > old_epoch
        with pytest.raises(StaleWriter):
            await old.append([arrived(2)], old_epoch)
        with pytest.raises(StaleWriter):
            await old.append([], old_epoch)
        assert await new.append([arrived(3)], new_epoch) == 2
        with pytest.raises(StaleWriter):
            await old.append([arrived(4)], old_epoch)
        assert [record.event.at for record in await new.read(Position(0))] == [1, 3]
        if new is not old:
            await new.close()

    with_log(make, use)


def test_epochs_grow_with_every_lead_taken(make: Make) -> None:
    async def use(log: EventLog) -> None:
        epochs = [await log.take_lead() for _ in range(5)]
        assert epochs == sorted(set(epochs))
        assert epochs[0] > 0

    with_log(make, use)


def test_an_empty_append_writes_nothing_and_tells_the_last_position(make: Make) -> None:
    async def use(log: EventLog) -> None:
        epoch = await log.take_lead()
        assert await log.append([], epoch) == 0
        await log.append([arrived(1)], epoch)
        assert await log.append([], epoch) == 1

    with_log(make, use)


def test_appends_made_at_the_same_time_keep_their_order_and_leave_no_gap(make: Make) -> None:
    async def use(log: EventLog) -> None:
        epoch = await log.take_lead()
        many = [[arrived(10 * number), arrived(10 * number + 1)] for number in range(1, 60)]
        positions = await asyncio.gather(*(log.append(events, epoch) for events in many))
        assert list(positions) == list(range(2, 2 * len(many) + 1, 2))
        records = await log.read(Position(0))
        assert [record.event for record in records] == [event for pair in many for event in pair]

    with_log(make, use)


def test_an_event_that_cannot_be_written_takes_its_whole_batch_with_it(make: Make) -> None:
    async def use(log: EventLog) -> None:
        epoch = await log.take_lead()
        hostile = msgspec.structs.replace(arrived(2), address="\ud800")
        with pytest.raises(InvalidInput, match="Arrived"):
            await log.append([arrived(1), hostile], epoch)
        assert await log.last() == 0
        assert await log.append([arrived(1)], epoch) == 1

    with_log(make, use)


def test_the_newest_snapshot_and_position_win(make: Make) -> None:
    async def use(log: EventLog) -> None:
        epoch = await log.take_lead()
        await log.append([arrived(number) for number in range(1, 4)], epoch)
        for position in (1, 3):
            await log.save_snapshot(Snapshot(Position(position), 1, (b"%d" % position,)))
            await log.save_position("projector", Position(position))
            await log.save_position("effects", Position(position - 1))
        assert await log.load_snapshot() == Snapshot(Position(3), 1, (b"3",))
        assert await log.load_position("projector") == 3
        assert await log.load_position("effects") == 2

    with_log(make, use)


def test_a_closed_log_refuses_instead_of_waiting(make: Make) -> None:
    async def use(log: EventLog) -> None:
        epoch = await log.take_lead()
        await log.close()
        with pytest.raises(StorageFailed):
            await log.append([WriterStarted(at=Instant(1), epoch=epoch)], epoch)
        with pytest.raises(StorageFailed):
            await log.read(Position(0))

    with_log(make, use)


def test_a_large_batch_is_one_append(make: Make) -> None:
    async def use(log: EventLog) -> None:
        epoch = await log.take_lead()
        events = [arrived(number) for number in range(1, 5_001)]
        assert await log.append(events, epoch) == 5_000
        assert (await log.read(Position(4_999)))[0].event == events[-1]

    with_log(make, use)
