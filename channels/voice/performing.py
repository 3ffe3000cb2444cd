"""What the hub orders, carried out on the sound of calls.

Calls live as long as the process does: an effect about a call that nobody has any more (of before a
restart, or of one that has ended) is done already.
"""

import logging

from channels.voice.calling_back import CallingBack
from channels.voice.conversation import Conversation
from channels.voice.conversations import Conversations
from channels.voice.house import House
from channels.voice.recordings import CallRecording, Recorder
from channels.voice.ringing import Ringing
from channels.voice.waiting import Waiting
from router.model.commands import MarkEntry, Scalar, SetAttributes
from router.model.content import Mark
from router.model.effects import (
    Connect,
    Deliver,
    Disconnect,
    Effect,
    HoldCustomer,
    Release,
    RetrieveCustomer,
    Ring,
    StopRinging,
    Tell,
    Wait,
)
from router.model.errors import CarillonError
from router.model.ids import AgentId
from router.model.interaction import Outcome
from router.telephones import CallKind

log = logging.getLogger(__name__)


class Performing:
    """Carries out effects; what comes again is recognised by the state it has led to."""

    def __init__(
        self,
        house: House,
        conversations: Conversations,
        ringing: Ringing,
        waiting: Waiting,
        recorder: Recorder,
        calling_back: CallingBack,
    ) -> None:
        self._house = house
        self._conversations = conversations
        self._ringing = ringing
        self._waiting = waiting
        self._recorder = recorder
        self._calling_back = calling_back

    def perform(self, effect: Effect) -> None:
        """Carry out an effect, or begin to."""
        if isinstance(effect, Deliver):
            self._not_delivered(effect)
            return
        conversation = self._conversations.get(effect.interaction_id)
        if conversation is None or conversation.over:
            return
        match effect:
            case Wait():
                self._wait(conversation, effect.queue)
            case Tell():
                telling = self._waiting.tell(conversation, effect)
                self._house.carry(telling, "an announcement")
            case Ring():
                self._ring(conversation, effect)
            case StopRinging():
                self._stop_ringing(conversation, effect)
            case Connect():
                self._connect(conversation, effect)
            case Disconnect():
                self._disconnect(conversation, effect.agent_id)
            case HoldCustomer() | RetrieveCustomer():
                conversation.held = isinstance(effect, HoldCustomer)
                conversation.changed()
            case Release():
                self._house.carry(self._release(conversation, effect), "the end of a call")

    def _not_delivered(self, effect: Deliver) -> None:
        """Written words have no way to a telephone: whoever wrote them is told so."""
        if effect.agent_id is not None:
            mark = MarkEntry(effect.interaction_id, effect.entry_id, Mark.FAILED, "no_way")
            self._house.carry(self._house.say(mark), "words without a way")

    def _wait(self, conversation: Conversation, queue: str) -> None:
        conversation.queue = queue
        conversation.held = conversation.together = False
        recorded = self._house.settings.recording.of(queue) != "off" and conversation.announced
        if recorded and conversation.recording is None:
            conversation.recording = CallRecording(
                self._recorder, conversation.interaction_id, conversation.subject
            )
        conversation.changed()

    def _ring(self, conversation: Conversation, ring: Ring) -> None:
        member = conversation.member(ring.agent_id)
        if member is not None and (member.offer_id == ring.offer_id or member.joined):
            return
        if member is not None:
            conversation.remove(member, "withdrawn")
        kind = CallKind.INCOMING if conversation.lead() is None else CallKind.CONSULT
        self._ringing.ring(conversation, ring.agent_id, kind, ring.offer_id)

    def _stop_ringing(self, conversation: Conversation, effect: StopRinging) -> None:
        member = conversation.member(effect.agent_id)
        if member is not None and member.offer_id == effect.offer_id and not member.joined:
            reason = "customer_left" if conversation.left else "withdrawn"
            conversation.remove(member, reason)

    def _connect(self, conversation: Conversation, effect: Connect) -> None:
        member = conversation.member(effect.agent_id)
        if member is None:
            kind = CallKind.OUTGOING if conversation.outgoing else CallKind.INCOMING
            member = self._ringing.ring(conversation, effect.agent_id, kind)
        for other in conversation.members:
            if effect.lead and other.kind is not CallKind.WATCH:
                other.lead = other is member
        member.joined = True
        member.lead = effect.lead
        conversation.changed()
        if not member.up:
            expecting = self._ringing.expect_sound(conversation, member)
            self._house.carry(expecting, "waiting for sound")
        if conversation.callback and effect.lead:
            self._calling_back.begin(conversation, member)

    def _disconnect(self, conversation: Conversation, agent_id: AgentId) -> None:
        member = conversation.member(agent_id)
        if member is not None and member.joined:
            left = "customer_left" if conversation.left else "hung_up"
            conversation.remove(member, member.reason or left)

    async def _release(self, conversation: Conversation, effect: Release) -> None:
        if effect.outcome is Outcome.VOICEMAIL and conversation.message_wanted:
            await self._waiting.take_message(conversation)
        await conversation.quiet()
        outside = conversation.outside()
        going_on = outside is not None and outside.up and not conversation.left
        if conversation.handed_over and going_on:
            # They talk without us; whoever of them ends it, ends it.
            conversation.leaving = True
            conversation.changed()
            return
        await self.end(conversation)

    async def end(self, conversation: Conversation) -> None:
        """Let go of a conversation: its legs, its rows, its recording."""
        reason = "customer_left" if conversation.left else "hung_up"
        await conversation.finish(reason)
        self._conversations.drop(conversation)
        self._calling_back.over(conversation)
        try:
            await self._house.store.end_call(conversation.interaction_id)
        except CarillonError as error:
            # The row says that a call was in hand: the next start finds that it is over.
            log.warning("A call's row could not be removed: %s", error.message)
        if conversation.score is not None:
            figures: dict[str, Scalar] = {"sound_score": round(conversation.score, 2)}
            await self._house.say(SetAttributes(conversation.interaction_id, figures))
