"""The chat's own tables: numbered once, idempotent, purged a day after the last word."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from channels.chat import records
from channels.chat.records import Conversation, Item
from channels.chat.store import ChatStore
from router.model.content import FileRef, Sealed
from router.model.errors import InvalidInput, StorageFailed
from router.model.ids import EntryId, Instant, InteractionId, SubjectId
from tests.support.programs_postgres import postgres_server

ONE = InteractionId("1" * 32)
SEALED = Sealed(subject=SubjectId("s" * 32), schema="content/1", box=b"box")


BLANK = Conversation(
    interaction_id=ONE,
    site="shop",
    token_digest="d" * 64,
    start_id="a" * 16,
    subject=SubjectId("s" * 32),
    language="en",
    state=records.STARTING,
    last_seq=0,
    last_at=Instant(1_000),
)


def conversation(**changes: Any) -> Conversation:
    return replace(BLANK, **changes)


def item(key: str, **changes: Any) -> Item:
    return replace(Item(seq=0, key=key, at=Instant(1), kind="said"), **changes)


Story = Callable[[ChatStore], Awaitable[None]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('chat') / 'centre.sqlite'}"
    else:
        with postgres_server() as server:
            yield server.create_database()


def tell(url: str, story: Story) -> None:
    """Run a story on an empty store."""

    async def told() -> None:
        store = ChatStore(url)
        await store.open()
        try:
            for each in await store.open_ones():
                await store.drop(each.interaction_id)
            await store.purge(Instant(1 << 60))
            await store.take_identity("-", Instant(0), Instant(1 << 60))
            await story(store)
        finally:
            await store.close()

    asyncio.run(told())


def test_a_conversation_is_found_by_its_token_and_its_interaction(url: str) -> None:
    async def story(store: ChatStore) -> None:
        kept = await store.add_conversation(conversation())
        assert await store.by_token("d" * 64) == kept == await store.by_id(ONE)
        assert await store.by_token("e" * 64) is None
        again = await store.add_conversation(conversation(interaction_id=InteractionId("2" * 32)))
        assert again == kept

    tell(url, story)


def test_items_are_numbered_without_gaps_and_each_key_once(url: str) -> None:
    async def story(store: ChatStore) -> None:
        await store.add_conversation(conversation())
        entry = EntryId("e" * 32)
        first, new = await store.add_item(ONE, item("c:1", sealed=SEALED, entry_id=entry, number=1))
        assert (first.seq, new) == (1, True)
        again, new = await store.add_item(ONE, item("c:1"))
        assert (again, new) == (first, False)
        second, _ = await store.add_item(ONE, item("c:2", data={"id": "x"}), state=records.WAITING)
        assert second.seq == 2
        assert list(await store.items(ONE)) == [first, second]
        assert list(await store.items(ONE, after=1)) == [second]
        assert await store.item(ONE, "c:2") == second
        found = await store.by_id(ONE)
        assert found is not None
        assert (found.last_seq, found.state) == (2, records.WAITING)

    tell(url, story)


def test_items_added_at_the_same_time_are_numbered_one_after_the_other(url: str) -> None:
    async def story(store: ChatStore) -> None:
        await store.add_conversation(conversation())
        await asyncio.gather(*(store.add_item(ONE, item(f"k{number}")) for number in range(20)))
        assert [each.seq for each in await store.items(ONE)] == list(range(1, 21))

    tell(url, story)


def test_what_ended_a_day_ago_is_dropped_and_unsent_files_are_named(url: str) -> None:
    async def story(store: ChatStore) -> None:
        await store.add_conversation(conversation())
        await store.add_item(ONE, item("c:1"))
        for name in ("sent", "unsent"):
            file = FileRef(file_id=name, name="a.txt", media_type="text/plain", size_bytes=5)
            await store.add_file(ONE, file, SEALED, Instant(1))
        await store.use_files(["sent"])
        assert [size for _, size in (await store.files(ONE)).values()] == [5, 5]
        assert list(await store.purge(Instant(5_000))) == []
        await store.change(ONE, state=records.ENDED)
        assert list(await store.purge(Instant(1_000))) == []
        assert list(await store.purge(Instant(1_001))) == ["unsent"]
        assert await store.by_id(ONE) is None
        assert list(await store.items(ONE)) == []
        assert await store.files(ONE) == {}

    tell(url, story)


def test_an_identity_is_taken_once_until_it_has_expired(url: str) -> None:
    async def story(store: ChatStore) -> None:
        assert await store.take_identity("j", Instant(500), Instant(1))
        assert not await store.take_identity("j", Instant(500), Instant(2))
        assert await store.take_identity("j", Instant(900), Instant(501))

    tell(url, story)


def test_answers_due_by_mail_are_remembered_until_they_are_done(url: str) -> None:
    async def story(store: ChatStore) -> None:
        await store.add_conversation(conversation())
        due, _ = await store.add_item(ONE, item("e:1", mail_due=True))
        await store.add_item(ONE, item("e:2"))
        assert list(await store.mails_due()) == [(ONE, due)]
        await store.mail_done(ONE, due.seq)
        assert list(await store.mails_due()) == []

    tell(url, story)


def test_everything_is_there_after_the_store_was_closed_and_opened_again(tmp_path: Path) -> None:
    async def story() -> None:
        url = f"sqlite:///{tmp_path / 'new' / 'centre.sqlite'}"
        store = ChatStore(url)
        await store.open()
        await store.add_conversation(conversation())
        await store.add_item(ONE, item("c:1"))
        await store.close()
        again = ChatStore(url)
        await again.open()
        assert [each.interaction_id for each in await again.open_ones()] == [ONE]
        assert [each.key for each in await again.items(ONE)] == ["c:1"]
        await again.close()

    asyncio.run(story())


def test_a_base_that_cannot_be_used_is_said_in_our_own_words(tmp_path: Path) -> None:
    async def story() -> None:
        (tmp_path / "file").write_bytes(b"no database, but long enough to be looked at" * 50)
        store = ChatStore(f"sqlite:///{tmp_path / 'file'}")
        with pytest.raises(StorageFailed):
            await store.open()
        await store.close()

    asyncio.run(story())
    with pytest.raises(InvalidInput):
        ChatStore("mysql://host/base")
    with pytest.raises(InvalidInput):
        ChatStore("what is this")
