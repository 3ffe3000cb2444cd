"""Callers: from the INVITE to an interaction, through self-service, to a queue or the end."""

import logging
from collections.abc import Callable

from channels.voice.call_ends import CallEnd, NoSound
from channels.voice.conversation import Conversation
from channels.voice.conversations import Conversations
from channels.voice.house import MEDIUM, House
from channels.voice.media.answers import PlayDone, Pressed, RtpTimeout
from channels.voice.media.pool import NodeLost
from channels.voice.nodes import LegEvent
from channels.voice.recordings import Recorder
from channels.voice.relocating import Relocating
from channels.voice.self_service import FlowRun, Outside
from channels.voice.settings import Entry
from channels.voice.sip.calls import Call
from channels.voice.sip.grammar import shown
from channels.voice.sip.happenings import CallEvent, Confirmed, Ended, TransferAsked
from channels.voice.store import KeptCall
from channels.voice.waiting import Waiting
from ivr.happenings import Over
from ivr.own import FOLDER, own_words
from ivr.prompts import File, Text, Utterance
from ivr.session import Contact
from router.model.commands import Arrive, CustomerLeave, Enqueue, Scalar
from router.model.content import Content
from router.model.errors import CarillonError, Overloaded, Refused
from router.model.ids import InteractionId, QueueName
from router.seals import Address

log = logging.getLogger(__name__)
NOBODY_HERE = 404
FULL = 503
UNKNOWN_CALLERS = frozenset({"", "anonymous", "restricted", "unavailable", "unknown"})
RETRY_AFTER = {"retry-after": "5"}
ASYNC_LEAVE = frozenset({"left_message", "callback"})
"""Ends of a flow after which the interaction waits on without its caller."""


class Arriving:
    """Takes calls of callers; what happens on a caller's line comes together here."""

    def __init__(
        self,
        house: House,
        conversations: Conversations,
        recorder: Recorder,
        outside: Outside,
        waiting: Waiting,
        relocating: Relocating,
        ended: Callable[[Conversation], None],
    ) -> None:
        self._house = house
        self._conversations = conversations
        self._recorder = recorder
        self._outside = outside
        self._waiting = waiting
        self._relocating = relocating
        self._ended = ended
        self._runs: dict[InteractionId, FlowRun] = {}

    def take(self, call: Call) -> None:
        """A call that was let in and is for callers: it is rejected, or begun to be answered."""
        house = self._house
        entry = house.settings.entry_of(call.dialled)
        if entry is None:
            call.reject(NOBODY_HERE)
            return
        number = _number_of(call)
        if house.retired or house.stopping or self._too_many(number):
            call.reject(FULL, headers=RETRY_AFTER)
            return
        trunk = house.settings.trunks.get(call.peer.name) if call.peer.kind == "trunk" else None
        end = CallEnd(
            house.nodes,
            house.settings.codecs,
            trunk.sound_from if trunk is not None else (),
            lambda event: self._early(call, event),
        )
        call.listener = end.listen
        house.carry(self._arrive(call, end, entry, number), "a call that arrives")

    def _too_many(self, number: str) -> bool:
        """Whether one caller has as much self-service as they may (IVR-5)."""
        if not number:
            return False
        same = sum(
            1
            for interaction_id in self._runs
            if (going := self._conversations.get(interaction_id)) is not None
            and going.number == number
        )
        return same >= self._house.settings.sessions_per_caller

    def _early(self, call: Call, event: CallEvent | LegEvent) -> None:
        """Before there is a conversation only the end of the call matters; ``_arrive`` sees it."""
        log.debug("%s before a call has arrived", type(event).__name__)

    async def _arrive(self, call: Call, end: CallEnd, entry: Entry, number: str) -> None:
        try:
            await end.prepare(call)
        except NoSound as problem:
            log.warning("A call has no sound: %s", problem.reason, extra={"call_id": call.call_id})
            call.reject(problem.status)
            return
        try:
            conversation = await self._begun(call, end, entry, number)
        except (Overloaded, Refused) as error:
            log.warning("A call was not taken: %s", error.code, extra={"call_id": call.call_id})
            call.reject(FULL, headers=RETRY_AFTER)
            await end.close()
            return
        except CarillonError:
            log.exception("A call was not taken", extra={"call_id": call.call_id})
            call.reject(FULL, headers=RETRY_AFTER)
            await end.close()
            return
        try:
            end.answer()
        except Refused:
            # They hung up before we had answered, maybe before there was an interaction to leave.
            conversation.left = True
            await self._house.say(CustomerLeave(conversation.interaction_id))
            return
        await self._greet(conversation, entry, call)

    async def _begun(self, call: Call, end: CallEnd, entry: Entry, number: str) -> Conversation:
        """The interaction and its conversation. Raises what stores and the Inbox raise."""
        house, context = self._house, self._house.context
        interaction_id = InteractionId(context.ids.new())
        address = _address_of(number, interaction_id)
        name = shown(call.caller.name)[:200]
        subject = await context.customers.resolve(address, name)
        conversation = Conversation(
            house,
            interaction_id,
            subject,
            number=number,
            language=entry.language,
            address=call.dialled[:64],
        )
        conversation.customer = end
        end.tell_to(lambda event: self._heard(conversation, event))
        words = {"kind": "call", "caller": number, "name": name, "called": call.dialled[:64]}
        made = await house.seal(subject, Content(fields=words))
        # Known before it arrives: the hub may order something before it answers.
        self._conversations.add(conversation)
        attributes: dict[str, Scalar] = {"called": call.dialled[:64], "line": call.peer.name}
        try:
            now = house.now
            await house.store.begin_call(KeptCall(interaction_id, subject, entry.language, now))
            await context.inbox.submit(
                Arrive(
                    interaction_id=interaction_id,
                    medium=MEDIUM,
                    address=call.dialled[:64],
                    subject=subject,
                    attributes=attributes,
                    entry=made,
                    self_service=True,
                )
            )
        except CarillonError:
            self._conversations.drop(conversation)
            await house.store.end_call(interaction_id)
            raise
        log.info(
            "A call arrived",
            extra={"interaction": interaction_id, "call_id": call.call_id, "line": call.peer.name},
        )
        return conversation

    async def _greet(self, conversation: Conversation, entry: Entry, call: Call) -> None:
        """Say that the call may be recorded, where it may, and begin the flow."""
        recording = self._house.settings.recording
        if recording.mode != "off" or "announce" in recording.queues.values():
            language = conversation.language
            words = recording.words.get(language, "")
            own = File(f"{FOLDER}recorded", own_words("recorded", language))
            part = Text(words) if words else own
            await conversation.tell(Utterance(language, (part,)))
            conversation.announced = True
        if conversation.customer is None or call.ended:
            return
        flows = self._house.flows.world().flows
        if not entry.flow or entry.flow not in flows:
            await self._enqueue(conversation, entry.queue, {})
            return
        run = FlowRun(
            self._house,
            conversation,
            self._recorder,
            self._outside,
            lambda over: self._served(conversation, over),
        )
        self._runs[conversation.interaction_id] = run
        run.start(
            entry.flow,
            Contact(
                medium=MEDIUM,
                caller=conversation.number,
                called=call.dialled[:64],
                language=entry.language,
            ),
        )

    # -- the end of self-service

    async def _served(self, conversation: Conversation, over: Over) -> None:
        self._runs.pop(conversation.interaction_id, None)
        finish = over.finish
        attributes = dict(finish.attributes)
        conversation.changed()
        if finish.how == "left_message":
            attributes["voicemail"] = True
        if finish.how == "callback":
            attributes["callback"] = True
        if finish.how in ASYNC_LEAVE:
            conversation.leaving = True
        gone = conversation.customer is None or conversation.left
        if gone and finish.how not in ASYNC_LEAVE:
            await self._house.say(CustomerLeave(conversation.interaction_id))
        elif finish.how == "transferred":
            await self._house.say(CustomerLeave(conversation.interaction_id, "transferred"))
        elif finish.how == "hung_up":
            await self._house.say(CustomerLeave(conversation.interaction_id, "served"))
        else:
            await self._enqueue(conversation, finish.queue, attributes)
        if finish.how in ASYNC_LEAVE:
            await self._waiting.let_go(conversation)

    async def _enqueue(
        self, conversation: Conversation, queue: str, attributes: dict[str, Scalar]
    ) -> None:
        named = QueueName(queue) if queue else None
        await self._house.say(Enqueue(conversation.interaction_id, attributes, named))

    # -- what happens on the line

    def _heard(self, conversation: Conversation, event: CallEvent | LegEvent) -> None:
        run = self._runs.get(conversation.interaction_id)
        match event:
            case Ended():
                self._left(conversation, "")
            case RtpTimeout() if conversation.customer is not None:
                # Nothing was heard for a minute (SIP-10), and no BYE came: they are gone.
                conversation.customer.hang_up()
            case Pressed() if run is not None:
                run.pressed(event)
            case Pressed() if conversation.enough is not None:
                if not event.ended:
                    conversation.enough()
            case Pressed():
                self._waiting.pressed(conversation, event)
            case PlayDone():
                if not conversation.played(event) and run is not None:
                    run.played(event)
            case NodeLost():
                self._relocating.lost(conversation)
                if run is not None:
                    run.moved()
            case TransferAsked() if conversation.customer is not None:
                if conversation.customer.call is not None:
                    conversation.customer.call.refuse_transfer()
            case Confirmed():
                conversation.changed()
            case _:
                conversation.changed()

    def _left(self, conversation: Conversation, reason: str) -> None:
        """The caller's line is gone, by whoever's doing."""
        if conversation.left:
            return
        conversation.left = True
        conversation.hush()
        run = self._runs.get(conversation.interaction_id)
        if conversation.enough is not None:
            conversation.enough()
        if run is not None:
            run.gone()
        elif conversation.handed_over and conversation.leaving:
            self._ended(conversation)
        elif not conversation.leaving:
            why = "restart" if self._house.stopping else reason
            leave = CustomerLeave(conversation.interaction_id, why)
            self._house.carry(self._house.say(leave), "a caller who left")
        conversation.changed()


def _address_of(number: str, interaction_id: InteractionId) -> Address:
    """How a customer is found: by their number; by their name at a PBX; else they are somebody new.

    A number is a claim: cards are found by it, nothing is opened by it (SIP-6).
    """
    if number.removeprefix("+").isdigit():
        return Address(kind="phone", value=number)
    return Address(kind="site:sip", value=number or f"unknown {interaction_id}")


def _number_of(call: Call) -> str:
    """The number a caller claims, as customers are found by; empty when they show none."""
    user = shown(call.caller.user).strip()[:64]
    return "" if user.lower() in UNKNOWN_CALLERS else user
