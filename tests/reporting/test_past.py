"""What the desk is told of the past: as of now, words from the log, never half of anything."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import pytest
from typing_extensions import override

from reporting.keeping import KeptHistory
from reporting.past import PastQueries
from reporting.projector import Projector
from router.model.content import Author, Mark
from router.model.errors import StorageFailed
from router.model.events import EntryAdded, EntryMarked, Event, Recorded
from router.model.ids import EntryId, Instant, InteractionId, Position, SubjectId
from tests.reporting import events

CHAT = InteractionId("talk")


class ReadableLog(events.Log):
    """A log that can also be read where the history says words stand."""

    reads = 0

    async def read(self, after: Position, limit: int = 1_000) -> Sequence[Recorded]:
        """The events behind a position, in order."""
        self.reads += 1
        return self.records[after : after + limit]


def said(number: int, author: Author, **more: Any) -> Event:
    """An entry of the chat."""
    return EntryAdded(
        at=events.at(100 + number),
        interaction_id=CHAT,
        number=number,
        entry_id=EntryId(f"talk/{number}"),
        author=author,
        medium=events.CHAT,
        **more,
    )


def a_talk() -> list[Event]:
    """A chat that begins with a colleague's note; the third of its seven entries has a file."""
    arrived, _, queued = events.arrives("talk", 10)
    filler = [event for name in ("a", "b", "c") for event in events.arrives(name, 50)] * 3
    words = [
        said(1, Author.AGENT, note=True),
        said(2, Author.SYSTEM),
        said(3, Author.CUSTOMER, files=1),
        *filler,
        *(said(number, Author.CUSTOMER) for number in (4, 5, 6, 7)),
    ]
    failed = EntryMarked(
        at=events.at(120),
        interaction_id=CHAT,
        entry_id=EntryId("talk/5"),
        mark=Mark.FAILED,
        reason="no such address",
    )
    return [*events.signed_in(), arrived, queued, *words, failed]


def told(url: str, tell: Callable[[PastQueries, ReadableLog], Awaitable[None]]) -> None:
    """Ask the past of the talk."""

    async def run() -> None:
        log: Any = ReadableLog(a_talk())
        history = KeptHistory(url, log, log)
        await history.start()
        try:
            assert await history.projector.reached(log.head())
            await tell(history.past, log)
        finally:
            await history.stop()

    asyncio.run(run())


def test_entries_come_in_order_with_what_became_of_them(url: str) -> None:
    async def tell(past: PastQueries, log: ReadableLog) -> None:
        last = await past.entries(CHAT, limit=3)
        assert [(each.entry.number, each.mark) for each in last] == [
            (5, Mark.FAILED),
            (6, None),
            (7, None),
        ]
        assert last[0].mark_reason == "no such address"
        before = await past.entries(CHAT, before=5, limit=3)
        assert [each.entry.number for each in before] == [2, 3, 4]
        assert [each.entry.number for each in await past.entries(CHAT, after=5)] == [6, 7]
        with_files = await past.entries(CHAT, with_files=True)
        assert [each.entry.number for each in with_files] == [3]
        log.reads = 0
        assert len(await past.entries(CHAT)) == 7
        assert log.reads == 2, "neighbours in the log are read in one go"

    told(url, tell)


def test_one_entry_is_found_in_its_own_interaction_only(url: str) -> None:
    async def tell(past: PastQueries, log: ReadableLog) -> None:
        found = await past.entry(CHAT, EntryId("talk/3"))
        assert found is not None
        assert found.entry.files == 1
        assert await past.entry(InteractionId("a"), EntryId("talk/3")) is None
        assert await past.entry(CHAT, EntryId("talk/9")) is None

    told(url, tell)


def test_first_words_are_the_customers_else_the_first_that_is_no_note(url: str) -> None:
    async def tell(past: PastQueries, log: ReadableLog) -> None:
        first = await past.first_words(CHAT)
        assert first is not None
        assert first.number == 3
        assert await past.first_words(InteractionId("nobody")) is None

    told(url, tell)


def test_the_last_contact_is_the_newest_before_a_moment(url: str) -> None:
    async def tell(past: PastQueries, log: ReadableLog) -> None:
        people = [SubjectId("subject of talk"), SubjectId("subject of a")]
        found = await past.last_contact(people, events.at(51))
        assert found is not None
        assert (found.interaction_id, found.arrived) == ("a", events.at(50))
        found = await past.last_contact(people, events.at(50))
        assert found is not None
        assert found.interaction_id == "talk"
        assert await past.last_contact(people, events.at(10)) is None

    told(url, tell)


def test_nobody_is_told_less_than_what_is_in_the_log(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A history that is behind says so in time; a ring takes what there is."""
    monkeypatch.setattr("reporting.past.CATCH_UP_MS", 20)

    class Ahead(ReadableLog):
        """Has taken one event more than it gives."""

        @override
        def head(self) -> Position:
            return Position(len(self.records) + 1)

    async def run() -> None:
        log: Any = Ahead(a_talk())
        history = KeptHistory(url, log, log)
        await history.start()
        try:
            assert await history.projector.reached(Position(len(log.records)))
            for asked in (
                history.past.interaction(CHAT),
                history.past.life(CHAT),
                history.past.entries(CHAT),
                history.past.contacts([SubjectId("subject of talk")], events.at(99), 1),
                history.past.day(events.MIA, events.at(0), events.at(9)),
            ):
                with pytest.raises(StorageFailed):
                    await asked
            assert await history.past.first_words(CHAT) is not None
            people = [SubjectId("subject of talk")]
            assert await history.past.last_contact(people, events.at(99)) is not None
        finally:
            await history.stop()

    asyncio.run(run())


def test_a_log_that_does_not_have_what_the_history_says_is_an_error(url: str) -> None:
    async def tell(past: PastQueries, log: ReadableLog) -> None:
        for place, recorded in enumerate(log.records):
            if isinstance(recorded.event, EntryAdded):
                other = events.signed_in()[1]
                log.records[place] = msgspec.structs.replace(recorded, event=other)
        with pytest.raises(StorageFailed):
            await past.entries(CHAT)
        with pytest.raises(StorageFailed):
            await past.first_words(CHAT)

    told(url, tell)


def test_who_waits_in_vain_is_told_and_forgotten(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reporting.projector.WAITERS_MAX", 2)

    async def run() -> list[bool]:
        log: Any = ReadableLog(a_talk())
        history = KeptHistory(url, log, log)
        await history.start()
        projector: Projector = history.projector
        try:
            ahead = Position(len(log.records) + 1)
            told_at_once = await asyncio.gather(
                *(projector.reached(ahead, deadline_ms=50) for _ in range(3))
            )
            again = await projector.reached(ahead, deadline_ms=1)
            return [*told_at_once, again, await projector.reached(Position(1), 5_000)]
        finally:
            await history.stop()

    assert asyncio.run(run()) == [False, False, False, False, True]


def test_a_day_in_the_future_is_empty(url: str) -> None:
    async def tell(past: PastQueries, log: ReadableLog) -> None:
        day = await past.day(events.MIA, Instant(events.at(9_000)), Instant(events.at(9_001)))
        assert (day.engagements, day.talk_ms, day.missed, day.log) == (0, 0, 0, ())

    told(url, tell)
