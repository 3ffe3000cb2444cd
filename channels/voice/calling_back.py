"""Callbacks: promised instead of waiting, the place in the queue kept, tried more than once.

The interaction stays where it is in its queue while its caller hangs up. When an agent takes it,
their sound is there first, and then the customer is called with the queue's caller id. Who does not
answer is tried again later, by whoever is free then.
"""

import logging

from channels.voice.call_ends import CallEnd
from channels.voice.calling_out import OutCall
from channels.voice.conversation import Conversation
from channels.voice.conversations import Conversations
from channels.voice.dialling import DialPolicy
from channels.voice.house import House
from channels.voice.media.answers import PlayDone
from channels.voice.members import Member
from channels.voice.nodes import LegEvent
from channels.voice.sip.happenings import CallEvent, Ended
from channels.voice.store import KeptCall
from router.model.commands import CustomerLeave, End, Park
from router.model.errors import CarillonError, Refused
from router.model.ids import MINUTE_MS, EntryId, Instant

log = logging.getLogger(__name__)
SCHEMA = "callback/1"
TRIES_MAX = 3
AGAIN_MS = 5 * MINUTE_MS


class CallingBack:
    """Keeps promises to call back."""

    def __init__(self, house: House, conversations: Conversations, policy: DialPolicy) -> None:
        self._house = house
        self._conversations = conversations
        self._policy = policy

    async def promise(self, conversation: Conversation, number: str) -> str:
        """Promise it: ``kept``, or why not: ``not_allowed``, ``too_many``, ``failed``."""
        house = self._house
        try:
            allowed = self._policy.promise(number, conversation.number, house.now)
        except Refused as error:
            return error.code if error.code == "too_many" else "not_allowed"
        try:
            sealed = await house.context.seals.seal(
                conversation.subject,
                EntryId(conversation.interaction_id),
                SCHEMA,
                allowed.number.encode(),
            )
            await house.store.promise(conversation.interaction_id, sealed)
        except CarillonError:
            log.exception("A callback could not be kept")
            self._policy.kept(allowed.number)
            return "failed"
        conversation.callback = allowed.number
        return "kept"

    async def take_up(self, kept: KeptCall) -> bool:
        """Keep a promise of before a restart; False when its interaction is over."""
        house = self._house
        if kept.callback is None or house.context.floor.interaction(kept.interaction_id) is None:
            return False
        plain = await house.context.seals.open(kept.callback, EntryId(kept.interaction_id))
        number = plain.decode()
        conversation = Conversation(
            house, kept.interaction_id, kept.subject, number=number, language=kept.language
        )
        conversation.callback, conversation.tries = number, kept.tries
        conversation.leaving = True
        self._policy.waits(number)
        self._conversations.add(conversation)
        return True

    def begin(self, conversation: Conversation, member: Member) -> None:
        """An agent has taken it: call, as soon as they have sound."""
        if conversation.customer is None:
            conversation.outgoing = True
            self._house.carry(self._call(conversation, member), "calling back")

    def over(self, conversation: Conversation) -> None:
        """A conversation has ended; what was promised is done with."""
        if conversation.callback:
            self._policy.kept(conversation.callback)
            conversation.callback = ""

    async def _call(self, conversation: Conversation, member: Member) -> None:
        house = self._house
        try:
            if member.agent_id is not None:
                await conversation.sound_of(member.agent_id)
            now = house.now
            allowed = self._policy.judge(conversation.callback, now, national_only=True)
            out = OutCall(
                house, self._policy, allowed, lambda event: self._told(conversation, event)
            )
            conversation.left = False
            conversation.customer = out.end
            await out.begin(
                beside=member.leg,
                caller_id=house.caller_id(conversation.queue),
                agent_id=member.agent_id,
            )
            outcome = await out.outcome
        except (Refused, TimeoutError) as problem:
            log.warning("A callback could not be made: %s", problem)
            outcome = "failed"
        if outcome == "connected":
            self.over(conversation)
            conversation.leaving = False
            conversation.changed()
        else:
            await self._again_later(conversation, member, outcome)

    async def _again_later(self, conversation: Conversation, member: Member, outcome: str) -> None:
        house = self._house
        customer, conversation.customer = conversation.customer, None
        if isinstance(customer, CallEnd):
            await customer.close()
        conversation.tries += 1
        member.reason = outcome
        conversation.changed()
        if member.agent_id is None or member.gone:
            return
        try:
            await house.store.tried(conversation.interaction_id, conversation.tries)
        except CarillonError as error:
            log.warning("A try to call back was not counted: %s", error.message)
        if conversation.tries >= TRIES_MAX:
            await house.say(End(conversation.interaction_id, member.agent_id))
        else:
            until = Instant(house.now + AGAIN_MS)
            await house.say(Park(conversation.interaction_id, member.agent_id, until))

    def _told(self, conversation: Conversation, event: CallEvent | LegEvent) -> None:
        match event:
            case Ended() if conversation.lead() is not None and not conversation.callback:
                conversation.left = True
                leave = CustomerLeave(conversation.interaction_id)
                self._house.carry(self._house.say(leave), "a customer who left")
            case PlayDone():
                conversation.played(event)
            case _:
                conversation.changed()
