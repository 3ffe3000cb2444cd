"""Those who wait: what a plan tells them, and what they may choose instead of waiting."""

import logging
import re

from channels.voice.conversation import Conversation
from channels.voice.house import MEDIUM, House
from channels.voice.media.answers import Pressed
from channels.voice.messages import TakingMessage
from channels.voice.recordings import Recorder
from channels.voice.self_service import Promising
from ivr.asks import TakeMessage
from ivr.own import FOLDER, own_words
from ivr.prompts import File, Part, Spoken, Text, Utterance
from router.model.commands import Arrive, SetAttributes
from router.model.content import Content
from router.model.effects import Tell
from router.model.ids import InteractionId

log = logging.getLogger(__name__)
CALLBACK_KEY = "1"
MESSAGE_LIMIT_MS = 120_000
_FIELD = re.compile(r"\{(\w+)\}")


class Waiting:
    """Announcements, callbacks and messages of those who wait."""

    def __init__(self, house: House, recorder: Recorder, promise: Promising) -> None:
        self._house = house
        self._recorder = recorder
        self._promise = promise
        self._offered: set[InteractionId] = set()

    async def tell(self, conversation: Conversation, tell: Tell) -> None:
        """Say what the plan wants said. What is not known for certain is not said."""
        if tell.voicemail:
            conversation.message_wanted = tell.text or own_words("voicemail", conversation.language)
            return
        parts: list[Part] = []
        words = announcement(tell)
        if words:
            parts.append(Text(words))
        if tell.callback and conversation.number and not conversation.callback:
            self._offered.add(conversation.interaction_id)
            if not words:
                parts.append(_own("callback-offer", conversation.language))
        if parts:
            await conversation.tell(Utterance(conversation.language, tuple(parts)))

    def pressed(self, conversation: Conversation, event: Pressed) -> None:
        """A key of somebody who waits: it takes the callback that was offered."""
        if event.ended or event.digit != CALLBACK_KEY or conversation.lead() is not None:
            return
        if conversation.interaction_id in self._offered:
            self._offered.discard(conversation.interaction_id)
            self._house.carry(self._take_callback(conversation), "a callback")

    async def _take_callback(self, conversation: Conversation) -> None:
        language = conversation.language
        outcome = await self._promise(conversation, conversation.number)
        conversation.hush()
        if outcome != "kept":
            await conversation.tell(Utterance(language, (_own("callback-refused", language),)))
            return
        conversation.leaving = True
        await self._house.say(SetAttributes(conversation.interaction_id, {"callback": True}))
        parts: tuple[Part, ...] = (
            _own("callback-number", language),
            Spoken(conversation.callback, "digits"),
            _own("callback-promised", language),
        )
        await conversation.tell(Utterance(language, parts))
        await self.let_go(conversation)

    async def let_go(self, conversation: Conversation) -> None:
        """End the caller's line; the interaction goes on without them."""
        customer, conversation.customer = conversation.customer, None
        if customer is not None:
            await customer.close()
        conversation.changed()

    # -- messages

    async def take_message(self, conversation: Conversation) -> None:
        """Let somebody whose wait a plan has ended leave a message: a new interaction."""
        language = conversation.language
        asked = TakeMessage(
            Utterance(language, (Text(conversation.message_wanted),)), MESSAGE_LIMIT_MS, 0
        )
        conversation.occupy()
        taking = TakingMessage(self._house, conversation, self._recorder)
        conversation.enough = taking.enough
        try:
            taken = await taking.take(asked)
        finally:
            conversation.enough = None
            conversation.leave()
        if not taken.duration_ms:
            return
        interaction_id = InteractionId(self._house.context.ids.new())
        if not await self._recorder.fetch(taken.name, interaction_id):
            return
        words = {"kind": "voicemail", "caller": conversation.number}
        entry = await self._house.seal(conversation.subject, Content(fields=words))
        await self._house.say(
            Arrive(
                interaction_id=interaction_id,
                medium=MEDIUM,
                address=conversation.address,
                subject=conversation.subject,
                attributes={"voicemail": True},
                entry=entry,
                source_key=f"voicemail:{conversation.interaction_id}",
            )
        )
        await conversation.tell(Utterance(language, (_own("voicemail-kept", language),)))


def announcement(tell: Tell) -> str:
    """What a plan says; empty when it needs a number that is not known."""
    known: dict[str, str] = {}
    if tell.position > 0:
        known["position"] = str(tell.position)
    if tell.expected_low_ms >= 0 and tell.expected_high_ms >= 0:
        known["low_minutes"] = str(max(1, tell.expected_low_ms // 60_000))
        known["high_minutes"] = str(max(1, -(-tell.expected_high_ms // 60_000)))
    if any(field not in known for field in _FIELD.findall(tell.text)):
        return ""
    return _FIELD.sub(lambda match: known[match[1]], tell.text)


def _own(name: str, language: str) -> File:
    """One of the product's own prompts."""
    return File(FOLDER + name, own_words(name, language))
