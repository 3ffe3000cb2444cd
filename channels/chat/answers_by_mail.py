"""Answers to visitors who left a message and went: they go by mail, once."""

import asyncio
import logging

import msgspec

from channels.api import OutgoingMail
from channels.chat import wording
from channels.chat.conversations import mail_place
from channels.chat.parts import Parts
from channels.chat.records import Item
from channels.chat.rooms import Room
from channels.chat.settings import in_language
from router.model.content import Sealed
from router.model.errors import CarillonError, InvalidInput, NotFound
from router.model.ids import InteractionId

log = logging.getLogger(__name__)
TRY_AGAIN_S = 30.0


class AnswersByMail:
    """Carries out what ``mail_due`` says; the mail's key makes a repetition harmless."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._due = asyncio.Event()
        self.failure = ""

    def due(self) -> None:
        """Something is due."""
        self._due.set()

    async def carry(self) -> None:
        """Send what is due for as long as the channel runs; failures are tried again."""
        while True:
            self._due.clear()
            try:
                await self.send_due()
                self.failure = ""
            except CarillonError as error:
                self.failure = f"an answer could not be mailed: {error.message}"
                await asyncio.sleep(TRY_AGAIN_S)
                continue
            await self._due.wait()

    async def send_due(self) -> None:
        """Send every answer that is due; one that fails holds up no other.

        Raises the CarillonError of the first that could not be handed on.
        """
        failed: CarillonError | None = None
        for interaction_id, item in await self._parts.store.mails_due():
            try:
                await self._send_one(interaction_id, item)
            except CarillonError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    async def _send_one(self, interaction_id: InteractionId, item: Item) -> None:
        room = await self._parts.rooms.room(interaction_id)
        if room is not None:
            try:
                await self._send(room, item)
            finally:
                self._parts.rooms.drop_if_over(room)
        await self._parts.store.mail_done(interaction_id, item.seq)

    async def _send(self, room: Room, item: Item) -> None:
        box = room.conversation.mail_box
        if box is None:
            return
        sealed = msgspec.msgpack.decode(box, type=Sealed)
        try:
            mail = (await self._parts.context.seals.open(sealed, mail_place(room))).decode()
        except (NotFound, InvalidInput) as error:
            # Whom it was for has been erased: nobody is to be written to any more.
            log.warning(
                "an answer to a visitor has no address any more: %s",
                error.code,
                extra={"interaction": room.interaction_id},
            )
            return
        shown = await self._parts.rooms.shown(room, item)
        language = room.conversation.language
        title = in_language(self._parts.site_of(room).title, language)
        subject, text = wording.mail(
            "answer",
            language,
            title=title or wording.name("us", language),
            agent=str(shown.get("name") or wording.name("we", language)),
            text=str(shown.get("text", "")),
        )
        await self._parts.context.send_mail(
            OutgoingMail(key=f"chat-answer:{item.entry_id}", to=mail, subject=subject, text=text)
        )
