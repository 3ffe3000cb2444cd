"""The mail channel's tables, on SQLite and on a real PostgreSQL."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from channels.mail.store import Conversation, Known, MailStore, Outgoing
from router.model.content import CONTENT_SCHEMA, Sealed
from router.model.ids import DAY_MS, HOUR_MS, CaseId, EntryId, Instant, InteractionId, SubjectId

NOW = Instant(1_800_000_000_000)
BOX = Sealed(SubjectId("s1"), CONTENT_SCHEMA, b"\x00box")
Story = Callable[[MailStore], Coroutine[Any, Any, None]]
Tell = Callable[[Story], None]


@pytest.fixture(params=["sqlite", "postgresql"])
def tell(request: pytest.FixtureRequest, tmp_path: Path) -> Tell:
    """Run a story on a store that was opened twice, as after a restart."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/mail.db"
    else:
        url = request.getfixturevalue("postgres_url")

    async def told(story: Story) -> None:
        for _ in range(2):
            store = MailStore(url)
            await store.open()
            await store.close()
        store = MailStore(url)
        await store.open()
        try:
            await story(store)
        finally:
            await store.close()

    return lambda story: asyncio.run(told(story))


def message(key: str = "k1", *, at: int = NOW) -> Outgoing:
    return Outgoing(key, InteractionId("i1"), BOX, "queued", 0, Instant(at), Instant(at))


def test_a_message_is_kept_once_by_its_key(tell: Tell) -> None:
    async def story(store: MailStore) -> None:
        assert await store.next_due() is None
        assert await store.add_outgoing(message())
        assert not await store.add_outgoing(message(at=NOW + 1))
        assert await store.due(NOW) == [message()]
        assert await store.next_due() == NOW

    tell(story)


def test_messages_are_due_in_their_order_and_not_before(tell: Tell) -> None:
    async def story(store: MailStore) -> None:
        for key, at in (("late", NOW + 5), ("second", NOW), ("first", NOW - 1)):
            await store.add_outgoing(message(key, at=at))
        assert [one.key for one in await store.due(NOW)] == ["first", "second"]
        assert [one.key for one in await store.due(NOW, limit=1)] == ["first"]
        await store.move_outgoing(
            "first", "queued", attempts=2, next_at=Instant(NOW + 9), reason="x"
        )
        await store.move_outgoing("second", "sent", attempts=1, next_at=NOW)
        assert await store.next_due() == NOW + 5
        (_, again) = await store.due(Instant(NOW + 9))
        assert (again.key, again.attempts, again.reason) == ("first", 2, "x")

    tell(story)


def test_only_what_is_over_and_old_is_forgotten(tell: Tell) -> None:
    async def story(store: MailStore) -> None:
        for key, at in (("waits", NOW - 9), ("sent", NOW - 9), ("failed", NOW - 9), ("new", NOW)):
            await store.add_outgoing(message(key, at=at))
            if key != "waits":
                state = "failed" if key == "failed" else "sent"
                await store.move_outgoing(key, state, attempts=1, next_at=NOW)
        await store.forget_done(NOW)
        assert not await store.add_outgoing(message("waits"))
        assert not await store.add_outgoing(message("new"))
        assert await store.add_outgoing(message("sent"))
        assert await store.add_outgoing(message("failed"))

    tell(story)


def known(entry: str = "e1", *, agent: str = "") -> Known:
    return Known(CaseId("c1"), InteractionId("i1"), EntryId(entry), agent)


def test_the_first_word_on_a_message_id_stands_and_the_newest_come_first(tell: Tell) -> None:
    async def story(store: MailStore) -> None:
        await store.remember("d1", known("e1"), NOW)
        await store.remember("d1", known("forged"), Instant(NOW + 1))
        await store.remember("d2", known("e2", agent="mia"), Instant(NOW + 2))
        assert await store.belongs(["d1", "d2", "d3"]) == [known("e2", agent="mia"), known("e1")]
        assert await store.belongs([]) == []
        assert await store.belongs([f"x{number}" for number in range(100)] + ["d1"]) == []

    tell(story)


def test_what_we_sent_is_told_from_what_others_wrote(tell: Tell) -> None:
    async def story(store: MailStore) -> None:
        await store.add_outgoing(message("ours"))
        await store.remember("d1", known("ours"), NOW)
        await store.remember("d2", known("theirs"), NOW)
        assert await store.sent("d1") == known("ours")
        assert await store.sent("d2") is None
        assert await store.sent("d3") is None

    tell(story)


def test_a_conversation_keeps_the_customers_last_words(tell: Tell) -> None:
    async def story(store: MailStore) -> None:
        first = Conversation(
            InteractionId("i1"), CaseId("c1"), "help@c.example", EntryId("e1"), BOX
        )
        last = msgspec.structs.replace(first, mailbox="sales@c.example", entry_id=EntryId("e2"))
        assert await store.conversation(InteractionId("i1")) is None
        await store.keep_conversation(first)
        await store.keep_conversation(last)
        assert await store.conversation(InteractionId("i1")) == last

    tell(story)


def test_what_was_polled_is_known_by_mailbox_and_validity(tell: Tell) -> None:
    async def story(store: MailStore) -> None:
        assert await store.validity("help") == ""
        for unique in ("1", "2", "2"):
            await store.add_polled("help", "v1", unique)
        await store.add_polled("sales", "v9", "1")
        assert await store.validity("help") == "v1"
        assert await store.polled("help", "v1") == {"1", "2"}
        await store.keep_polled("help", "v1", {"2", "3"})
        assert await store.polled("help", "v1") == {"2"}
        await store.add_polled("help", "v2", "7")
        await store.keep_polled("help", "v2", {"7"})
        assert await store.polled("help", "v1") == set()
        assert await store.validity("help") == "v2"
        assert await store.polled("sales", "v9") == {"1"}

    tell(story)


def test_mail_5_a_sender_is_acknowledged_once_a_day_and_a_mailbox_has_its_share(
    tell: Tell,
) -> None:
    async def story(store: MailStore) -> None:
        async def may(sender: str, at: int, mailbox: str = "help", an_hour: int = 2) -> bool:
            return await store.may_acknowledge(sender, mailbox, Instant(at), an_hour)

        assert await may("ann", NOW)
        assert not await may("ann", NOW)
        assert not await may("ann", NOW + DAY_MS - 1)
        assert await may("bob", NOW + 1)
        assert not await may("eve", NOW + 2)
        assert await may("eve", NOW + 2, "sales")
        assert await may("dan", NOW + HOUR_MS + 2)
        assert await may("ann", NOW + DAY_MS)
        assert not await may("zoe", NOW + DAY_MS, "none", an_hour=0)

    tell(story)


def test_mail_5_forged_senders_at_the_same_moment_get_no_more_than_the_share(tell: Tell) -> None:
    async def story(store: MailStore) -> None:
        taken = [await store.may_acknowledge(f"s{n % 50}", "help", NOW, 30) for n in range(200)]
        assert sum(taken) == 30

    tell(story)


def test_mail_5_nobody_slips_between_the_counting_and_the_taking(tell: Tell) -> None:
    """Many senders at the same moment, as two processes would ask: the share holds."""

    async def story(store: MailStore) -> None:
        asked = [store.may_acknowledge(f"s{n}", "help", NOW, 5) for n in range(40)]
        assert sum(await asyncio.gather(*asked)) == 5

    tell(story)


def test_a_copy_of_a_mail_is_known_for_a_week(tell: Tell) -> None:
    async def story(store: MailStore) -> None:
        one, other = InteractionId("i1"), InteractionId("i2")
        assert await store.copies("d1") == {}
        await store.add_copy("d1", "general", one, NOW)
        await store.add_copy("d1", "general", other, NOW)
        await store.add_copy("d1", "billing", other, NOW)
        assert await store.copies("d1") == {"general": one, "billing": other}
        await store.add_copy("d2", "general", one, Instant(NOW + 8 * DAY_MS))
        assert await store.copies("d1") == {}

    tell(story)


def test_threads_are_forgotten_when_their_last_message_is_old_and_nobody_works_at_them(
    tell: Tell,
) -> None:
    async def story(store: MailStore) -> None:
        last = {"over": 100, "answered": 900, "open": 100}
        for name, at in last.items():
            here = InteractionId(name)
            await store.keep_conversation(
                Conversation(here, CaseId("c"), "help@x", EntryId(f"{name} e"), BOX)
            )
            for number, moment in enumerate((50, at)):
                known = Known(CaseId("c"), here, EntryId(f"{name} {number}"))
                await store.remember(f"{name} {number}", known, Instant(moment))
        assert await store.forget_threads(Instant(500), lambda found: found == "open") == 1
        assert await store.forget_threads(Instant(500), lambda found: found == "open") == 0
        assert await store.conversation(InteractionId("over")) is None
        assert await store.belongs(["over 0", "over 1"]) == []
        for name in ("answered", "open"):
            assert await store.conversation(InteractionId(name)) is not None
            assert len(await store.belongs([f"{name} 0", f"{name} 1"])) == 2

    tell(story)
