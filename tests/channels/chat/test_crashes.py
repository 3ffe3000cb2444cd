"""What a crash, a fault or a broken line leaves of a chat: nothing lost, nothing for ever."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from channels.chat.protocol import STOPPED
from channels.chat.records import STARTING, Conversation
from channels.chat.tokens import digest, new_token
from router.model.errors import NotFound, StorageFailed
from router.model.ids import InteractionId
from router.seals import Address
from router.storage.system import RandomIds
from tests.channels.chat.centre import (
    ORIGIN,
    SITE,
    ChatCentre,
    chat_centre,
    settings,
    tell,
)
from tests.channels.chat.client import Client, once
from tests.support.clock import StillClock
from tests.support.waiting import PATIENCE_S, soon

DAY_MS = 86_400_000


def test_a_chat_that_a_crash_kept_from_the_centre_is_let_go_when_nobody_comes_back(
    tmp_path: Path,
) -> None:
    async def story(centre: ChatCentre) -> None:
        token, begun = new_token(), once()
        subject = await centre.customers.resolve(Address("chat", "somebody"))
        # What stands in the tables when the process dies before the router was told.
        stranded = Conversation(
            interaction_id=InteractionId(RandomIds().new()),
            site=SITE,
            token_digest=digest(token),
            start_id=begun,
            subject=subject,
            language="en",
            state=STARTING,
            last_seq=0,
            last_at=centre.clock.now(),
        )
        await centre.channel._parts.store.add_conversation(stranded)
        await centre.channel._parts.rooms.room(stranded.interaction_id)
        centre.clock.pass_ms(DAY_MS)
        await centre.channel.look()
        assert dict(centre.channel.health()) == {}
        assert list(centre.channel._parts.rooms) == []
        async with centre.visitor(token=token) as back:
            assert (await back.wish("start", id=begun, text="I am back"))["type"] == "done"
        assert [content.text for content in await centre.contents()] == ["I am back"]

    tell(tmp_path, story)


def test_a_window_that_breaks_while_its_chat_begins_keeps_nobody_there(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        rooms = centre.channel._parts.rooms
        async with centre.visitor() as visitor:
            await visitor.send("start", id=once(), text="hello")
            await soon(lambda: bool(list(rooms)))
            centre.channel._pages.cut_all(STOPPED, "the line breaks")
            await visitor.closed()
        await centre.channel._parts.all_carried()
        assert len(await centre.arrived()) == 1
        (room,) = rooms
        assert room.listeners == set()
        assert room.away_since is not None, "who has no window is away, and leaves in the end"

    tell(tmp_path, story)


def test_an_answer_that_can_never_be_mailed_does_not_hold_up_those_of_others(
    tmp_path: Path,
) -> None:
    async def story(centre: ChatCentre) -> None:
        chats = []
        for mail in ("erased@example.test", "li@example.test"):
            async with centre.visitor() as visitor:
                await visitor.start("hello")
                await visitor.wish("keep", mail=mail, text="Please mail me")
            chats.append((await centre.arrived())[-1])
        await soon(lambda: all(not room.listeners for room in centre.channel._parts.rooms))
        centre.mail_fault = StorageFailed("the mail's store is full")
        await centre.ready()
        for _ in chats:
            await centre.reply(await centre.accept(), "Here is your answer")
        store = centre.channel._parts.store
        async with asyncio.timeout(PATIENCE_S):
            while len(await store.mails_due()) < 2:  # noqa: ASYNC110 - effects come in their time
                await asyncio.sleep(0.002)
        await centre.keys.forget(chats[0].subject)
        centre.mail_fault = None
        await centre.channel._mails.send_due()
        assert [mail.to for mail in centre.mails] == ["li@example.test"]
        assert await store.mails_due() == []

    tell(tmp_path, story)


def test_an_answer_waits_for_the_mail_longer_than_its_chat_is_kept_and_then_is_forgotten(
    tmp_path: Path,
) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start("hello")
            await visitor.wish("keep", mail="li@example.test", text="Please mail me")
        await soon(lambda: all(not room.listeners for room in centre.channel._parts.rooms))
        centre.mail_fault = StorageFailed("the mail's store is full")
        await centre.ready()
        chat = await centre.accept()
        await centre.reply(chat, "Here is your answer")
        await centre.end(chat)
        await soon(lambda: not list(centre.channel._parts.rooms))
        centre.clock.pass_ms(2 * DAY_MS)
        await centre.channel.look()
        centre.mail_fault = None
        await centre.channel._mails.send_due()
        assert [mail.to for mail in centre.mails] == ["li@example.test"]
        assert list(centre.channel._parts.rooms) == [], "who is answered and gone is forgotten"
        centre.clock.pass_ms(DAY_MS)
        await centre.channel.look()
        assert await centre.channel._parts.store.by_id(chat) is None

    tell(tmp_path, story)


def test_a_code_asked_for_again_after_a_restart_is_another_mail(tmp_path: Path) -> None:
    async def story() -> None:
        clock, keys, token = StillClock(), [], ""
        for _ in range(2):
            async with chat_centre(tmp_path, clock=clock) as centre:
                more: dict[str, Any] = {"token": token} if token else {}
                async with centre.visitor(**more) as visitor:
                    if not token:
                        await visitor.start("hello")
                        token = visitor.token
                    assert (await _ask(visitor))["type"] == "done"
                keys += [mail.key for mail in centre.mails]
        assert len(set(keys)) == 2, "the mail channel sends a key once, over restarts as well"

    asyncio.run(story())


def test_a_transcript_leaves_out_the_words_of_who_was_erased(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start("my secret")
            await _ask(visitor)
            found = re.search(r"\b\d{6}\b", centre.mails[0].text)
            assert found is not None
            await centre.keys.forget((await centre.arrived())[0].subject)
            wish = {"mail": "li@example.test", "code": found.group()}
            assert (await visitor.wish("transcript", **wish))["sent"] == "transcript"
        assert "my secret" not in centre.mails[1].text

    tell(tmp_path, story)


async def _ask(visitor: Client) -> dict[str, Any]:
    return await visitor.wish("transcript", mail="li@example.test")


def test_file_1_a_file_that_was_said_is_never_swept_away_as_unsent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(centre: ChatCentre) -> None:
        store = centre.channel._parts.store
        use = store.use_files

        async def fails(file_ids: Any) -> None:
            raise StorageFailed("the disk is full")

        async with centre.visitor() as visitor:
            await visitor.start("hello")
            file_id = await _upload(centre, visitor)
            monkeypatch.setattr(store, "use_files", fails)
            wish = {"id": once(), "text": "look", "files": [file_id]}
            assert (await visitor.wish("say", **wish))["code"] == "storage_failed"
            assert len(await centre.contents()) == 1, "what was refused was not said"
            monkeypatch.setattr(store, "use_files", use)
            assert (await visitor.wish("say", **wish))["type"] == "done"
            await visitor.wish("leave")
        centre.clock.pass_ms(2 * DAY_MS)
        await centre.channel.look()
        (arrived,) = await centre.arrived()
        assert await store.by_id(arrived.interaction_id) is None
        assert await centre.files.get(arrived.subject, file_id) == b"a file of mine"

    tell(tmp_path, story, settings())


def test_file_1_a_file_that_was_never_said_is_swept_away(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start("hello")
            file_id = await _upload(centre, visitor)
            await visitor.wish("leave")
        centre.clock.pass_ms(2 * DAY_MS)
        await centre.channel.look()
        (arrived,) = await centre.arrived()
        with pytest.raises(NotFound):
            await centre.files.get(arrived.subject, file_id)

    tell(tmp_path, story)


async def _upload(centre: ChatCentre, visitor: Client) -> str:
    async with httpx.AsyncClient(base_url=centre.base) as http:
        answer = await http.post(
            f"/chat/{SITE}/files",
            params={"name": "mine.txt"},
            content=b"a file of mine",
            headers={"Origin": ORIGIN, "Authorization": f"Bearer {visitor.token}"},
        )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["file_id"])
