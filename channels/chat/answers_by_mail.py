"""Answers to visitors who left a message and went: they go by mail, once."""

import asyncio

import msgspec

from channels.api import OutgoingMail
from channels.chat import wording
from channels.chat.conversations import mail_place
from channels.chat.parts import Parts
from channels.chat.records import Item
from channels.chat.rooms import Room
from channels.chat.settings import in_language
from router.model.content import Sealed
from router.model.errors import CarillonError

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
        """Send every answer that is due. Raises CarillonError when one could not be handed on."""
        for interaction_id, item in await self._parts.store.mails_due():
            room = await self._parts.rooms.room(interaction_id)
            if room is not None:
                await self._send(room, item)
            await self._parts.store.mail_done(interaction_id, item.seq)

    async def _send(self, room: Room, item: Item) -> None:
        box = room.conversation.mail_box
        if box is None:
            return
        sealed = msgspec.msgpack.decode(box, type=Sealed)
        mail = (await self._parts.context.seals.open(sealed, mail_place(room))).decode()
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
