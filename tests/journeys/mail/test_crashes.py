"""A fault between the log and the mail channel's own tables: no mail arrives that has no answer."""

from pathlib import Path
from typing import Any

import pytest

from router.model.errors import StorageFailed
from router.model.events import Arrived
from router.model.ids import InteractionId
from tests.journeys.mail.test_answer import configured
from tests.support import loop
from tests.support.centre import running_centre, until

MAIL = (
    b"From: Ana Ruiz <ana@example.test>\r\nTo: help@carillon.test\r\n"
    b"Subject: my order\r\nMessage-ID: <one@example.test>\r\n\r\nWhere is it?\r\n"
)


def test_a_mail_that_is_in_the_queue_can_always_be_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with running_centre(configured(tmp_path)) as centre:
            channel: Any = centre.channels["mail"]  # type: ignore[index]  # a Medium is a string
            store, arrivals = channel._store, channel._arrivals
            mailboxes = list(arrivals.settings.mailboxes.values())
            keep = store.keep_conversation

            async def fails(conversation: Any) -> None:
                raise StorageFailed("the disk is full")

            monkeypatch.setattr(store, "keep_conversation", fails)
            with pytest.raises(StorageFailed):
                await arrivals.take(MAIL, mailboxes, None)
            assert centre.hub.conservation().accepted == 0, "what was not taken does not wait"
            monkeypatch.setattr(store, "keep_conversation", keep)
            (taken,) = await arrivals.take(MAIL, mailboxes, None)
            assert await store.conversation(taken.interaction_id) is not None
            assert await arrivals.take(MAIL, mailboxes, None) == []
            assert centre.hub.conservation().accepted == 1

    loop.run(story())


def test_a_mail_that_came_again_after_a_crash_leaves_nothing_of_the_second_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with running_centre(configured(tmp_path)) as centre:
            channel: Any = centre.channels["mail"]  # type: ignore[index]  # a Medium is a string
            store, arrivals = channel._store, channel._arrivals
            mailboxes = list(arrivals.settings.mailboxes.values())
            remember = store.remember
            tried: list[InteractionId] = []
            keep = store.keep_conversation

            async def dies(*known: Any) -> None:
                raise StorageFailed("the process was killed here")

            async def notes(conversation: Any) -> None:
                tried.append(conversation.interaction_id)
                await keep(conversation)

            monkeypatch.setattr(store, "remember", dies)
            monkeypatch.setattr(store, "keep_conversation", notes)
            with pytest.raises(StorageFailed):
                await arrivals.take(MAIL, mailboxes, None)
            monkeypatch.setattr(store, "remember", remember)
            (taken,) = await arrivals.take(MAIL, mailboxes, None)
            arrived = await until(centre, lambda r: isinstance(r.event, Arrived))
            assert isinstance(arrived.event, Arrived)
            assert taken.interaction_id == arrived.event.interaction_id
            assert centre.hub.conservation().accepted == 1
            kept = [each for each in set(tried) if await store.conversation(each) is not None]
            assert kept == [taken.interaction_id]

    loop.run(story())
