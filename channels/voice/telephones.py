"""What agents do with their telephones beside the commands of the Inbox: the desk's port."""

import logging
from collections.abc import Awaitable, Callable

from typing_extensions import override

from channels.voice.call_ends import CallEnd
from channels.voice.calling_out import OutCall
from channels.voice.conversation import Conversation
from channels.voice.conversations import Conversations
from channels.voice.dialling import DialPolicy
from channels.voice.house import MEDIUM, House
from channels.voice.media.answers import Pressed
from channels.voice.media.client import MediaLost, MediaRefused
from channels.voice.members import Member
from channels.voice.nodes import LegEvent
from channels.voice.ringing import Ringing
from channels.voice.sip.happenings import CallEvent, Ended
from router.model.catalogue import Catalogue
from router.model.commands import Arrive, Assign, CustomerLeave, End
from router.model.content import Content
from router.model.errors import CarillonError, Refused
from router.model.ids import AgentId, InteractionId, QueueName
from router.seals import Address
from router.telephones import (
    CallId,
    CallKind,
    CallState,
    Device,
    Telephone,
    Telephones,
    Watching,
)

log = logging.getLogger(__name__)
DIGITS = frozenset("0123456789ABCD*#")
DIGITS_MAX = 64


class VoiceTelephones(Telephones):
    """The telephones of all agents. ``ended`` lets go of a conversation nobody is in any more."""

    def __init__(
        self,
        house: House,
        conversations: Conversations,
        ringing: Ringing,
        policy: DialPolicy,
        ended: Callable[[Conversation], None],
    ) -> None:
        self._house = house
        self._conversations = conversations
        self._ringing = ringing
        self.policy = policy
        self._ended = ended

    # -- pages and devices

    @override
    def plug_in(self, agent_id: AgentId, telephone: Telephone) -> None:
        self._ringing.plug_in(agent_id, telephone)

    @override
    def unplug(self, agent_id: AgentId, telephone: Telephone) -> None:
        self._ringing.unplug(agent_id, telephone)

    @override
    def calls(self, agent_id: AgentId) -> tuple[CallState, ...]:
        return tuple(
            conversation.state_of(member)
            for conversation, member in self._conversations.of_agent(agent_id)
        )

    @override
    def devices(self, agent_id: AgentId) -> tuple[Device, ...]:
        return self._ringing.devices(agent_id)

    @override
    async def choose(self, agent_id: AgentId, device: Device) -> None:
        if device is Device.PHONE and self._ringing.phone(agent_id) is None:
            raise Refused("no SIP telephone is configured for this agent", code="no_phone")
        await self._house.store.choose(agent_id, device)
        self._ringing.chosen[agent_id] = device

    @override
    async def reconnect(self, agent_id: AgentId, call_id: CallId, telephone: Telephone) -> None:
        conversation, member = self._part(agent_id, call_id)
        if not member.joined:
            raise Refused("this call has not been answered", code="not_answered")
        await self._sound(self._ringing.sound_again(conversation, member, telephone))
        member.device = Device.BROWSER
        conversation.changed()

    # -- a call in hand

    @override
    async def mute(self, agent_id: AgentId, call_id: CallId, *, on: bool) -> None:
        conversation, member = self._part(agent_id, call_id)
        member.muted = on
        conversation.changed()

    @override
    async def press(self, agent_id: AgentId, call_id: CallId, digits: str) -> None:
        conversation, member = self._part(agent_id, call_id)
        if not digits or len(digits) > DIGITS_MAX or set(digits) - DIGITS:
            raise Refused("press 1 to 64 of 0-9 A-D * #", code="bad_digits")
        outside = conversation.outside()
        consulted = outside is not None and outside.up and not conversation.together
        end = outside.end if outside is not None and consulted else conversation.customer
        if not member.joined or end is None or not end.up:
            raise Refused("nobody is there to hear it", code="not_up")
        await self._sound(end.press(digits))

    @override
    async def pause_recording(self, agent_id: AgentId, call_id: CallId, *, on: bool) -> None:
        conversation, _ = self._part(agent_id, call_id)
        if conversation.recording is None:
            raise Refused("this call is not recorded", code="not_recorded")
        await self._sound(conversation.recording.pause(on=on))
        conversation.changed()

    @override
    async def gather(
        self, agent_id: AgentId, interaction_id: InteractionId, *, together: bool
    ) -> None:
        conversation, _ = self._led(agent_id, interaction_id)
        conversation.together = together
        conversation.changed()

    # -- numbers outside

    @override
    async def dial(self, agent_id: AgentId, number: str, queue: QueueName) -> InteractionId:
        return await self.dial_with(agent_id, number, queue, None)

    async def dial_with(
        self, agent_id: AgentId, number: str, queue: QueueName, end: CallEnd | None
    ) -> InteractionId:
        """As ``dial``; ``end`` is the telephone of theirs that dialled, else one rings."""
        house, context = self._house, self._house.context
        allowed = self.policy.judge(number, house.now)
        if queue not in served_queues(context.floor.catalogue(), agent_id):
            raise Refused("this agent does not serve this queue", code="not_yours")
        if house.retired or house.stopping:
            raise Refused("calls are no longer made", code="no_voice")
        if not house.settings.trunks:
            raise Refused("no trunk is configured", code="no_route")
        interaction_id = InteractionId(context.ids.new())
        subject = await context.customers.resolve(Address(kind="phone", value=allowed.number))
        conversation = Conversation(
            house, interaction_id, subject, number=allowed.number, outgoing=True
        )
        words = {"kind": "call", "called": allowed.number}
        entry = await house.seal(subject, Content(fields=words))
        self._conversations.add(conversation)
        if end is not None:
            self._ringing.at_phone(conversation, agent_id, end)
        try:
            await context.inbox.submit(
                Arrive(
                    interaction_id=interaction_id,
                    medium=MEDIUM,
                    address=house.caller_id(queue),
                    subject=subject,
                    attributes={"direction": "outgoing"},
                    entry=entry,
                    self_service=True,
                )
            )
            await context.inbox.submit(Assign(interaction_id, agent_id, agent_id, queue))
        except CarillonError:
            await house.say(CustomerLeave(interaction_id, "not_dialled"))
            self._conversations.drop(conversation)
            raise
        out = OutCall(house, self.policy, allowed, lambda event: self._called(conversation, event))
        house.carry(self._dialled(conversation, out, agent_id), "an outgoing call")
        log.info("An outgoing call", extra={"interaction": interaction_id, "agent": agent_id})
        return interaction_id

    async def _dialled(self, conversation: Conversation, out: OutCall, agent_id: AgentId) -> None:
        """Call once the agent has sound; what becomes of it is told to their telephone."""
        house = self._house
        try:
            member = await conversation.sound_of(agent_id)
            conversation.customer = out.end
            await out.begin(
                beside=member.leg,
                caller_id=house.caller_id(conversation.queue),
                agent_id=agent_id,
            )
            outcome = await out.outcome
        except (Refused, TimeoutError) as problem:
            outcome = getattr(problem, "code", "no_sound")
        conversation.changed()
        if outcome == "connected" or conversation.over:
            return
        found = conversation.member(agent_id)
        if found is not None:
            found.reason = outcome
        await house.say(CustomerLeave(conversation.interaction_id, outcome))

    def _called(self, conversation: Conversation, event: CallEvent | LegEvent) -> None:
        up = conversation.customer is not None and conversation.customer.up
        if isinstance(event, Ended) and up and not conversation.left:
            # Whoever does not answer is told of by the outcome of the call.
            conversation.left = True
            leave = CustomerLeave(conversation.interaction_id)
            self._house.carry(self._house.say(leave), "the far side hung up")
        conversation.changed()

    @override
    async def consult_number(
        self, agent_id: AgentId, interaction_id: InteractionId, number: str
    ) -> None:
        conversation, lead = self._led(agent_id, interaction_id)
        await self._call_outside(conversation, number, agent_id, lead.leg)

    @override
    async def transfer_to_number(
        self, agent_id: AgentId, interaction_id: InteractionId, number: str
    ) -> None:
        conversation, lead = self._led(agent_id, interaction_id)
        outside = conversation.outside()
        if outside is not None and outside.joined:
            await self._hand_over(conversation, agent_id)
            return
        out = await self._call_outside(conversation, number, agent_id, lead.leg)
        self._house.carry(self._when_answered(conversation, agent_id, out), "a blind transfer")

    async def _when_answered(
        self, conversation: Conversation, agent_id: AgentId, out: OutCall
    ) -> None:
        outcome = await out.outcome
        lead = conversation.member(agent_id)
        if outcome == "connected":
            try:
                await self._hand_over(conversation, agent_id)
            except Refused as error:
                log.info("A transfer came too late: %s", error.code)
        elif lead is not None:
            lead.reason = outcome
            conversation.changed()

    async def _hand_over(self, conversation: Conversation, agent_id: AgentId) -> None:
        """The customer and the number outside go on alone; nobody records them any more."""
        if conversation.customer is None or conversation.left:
            raise Refused("the customer has left", code="customer_left")
        conversation.handed_over = True
        recording, conversation.recording = conversation.recording, None
        if recording is not None:
            await recording.end()
        try:
            await self._house.context.inbox.submit(End(conversation.interaction_id, agent_id))
        except CarillonError:
            conversation.handed_over = False
            raise

    @override
    async def leave_number(self, agent_id: AgentId, interaction_id: InteractionId) -> None:
        conversation, _ = self._led(agent_id, interaction_id)
        outside = conversation.outside()
        if outside is None:
            raise Refused("no number is being consulted", code="no_consult")
        conversation.remove(outside, "hung_up")

    async def reach(self, conversation: Conversation, number: str, ring_ms: int) -> str:
        """Join a caller in self-service and a number: an outcome of ``ivr.asks.Reached``."""
        try:
            out = await self._call_outside(
                conversation, number, None, conversation.anchor, ring_ms=ring_ms
            )
        except Refused as error:
            log.info("Self-service may not call a number: %s", error.code)
            return "failed"
        outcome = await out.outcome
        if outcome == "connected":
            conversation.handed_over = True
        return outcome

    async def _call_outside(
        self,
        conversation: Conversation,
        number: str,
        agent_id: AgentId | None,
        beside: str,
        *,
        ring_ms: int = 0,
    ) -> OutCall:
        """Call a number for a call in hand. Raises Refused."""
        house = self._house
        if conversation.outside() is not None:
            raise Refused("a number is being called already", code="busy")
        allowed = self.policy.judge(number, house.now)
        member = Member(CallId(house.nodes.name()), house.now, CallKind.CONSULT, number=number)
        out = OutCall(
            house,
            self.policy,
            allowed,
            lambda event: self._outside_told(conversation, member, event),
        )
        member.end = out.end
        # Heard from the first ring on: whoever waits for it wants to know how far it is.
        member.joined = True
        conversation.members.append(member)
        try:
            await out.begin(
                beside=beside,
                caller_id=house.caller_id(conversation.queue),
                agent_id=agent_id,
                ring_ms=ring_ms,
            )
        except Refused:
            conversation.remove(member, "failed")
            raise
        conversation.changed()
        return out

    def _outside_told(
        self, conversation: Conversation, member: Member, event: CallEvent | LegEvent
    ) -> None:
        if isinstance(event, Ended):
            conversation.remove(member, "hung_up")
            if conversation.handed_over:
                self._ended(conversation)
        elif not isinstance(event, Pressed):
            conversation.changed()

    # -- supervisors

    @override
    async def watch(
        self, supervisor: AgentId, interaction_id: InteractionId, watching: Watching
    ) -> None:
        conversation = self._going(interaction_id)
        if conversation.lead() is None:
            raise Refused("no agent is in this call", code="no_agent")
        if conversation.member(supervisor) is not None:
            raise Refused("this is one's own call", code="invalid_target")
        member = conversation.watcher(supervisor)
        if member is None:
            if not self.devices(supervisor):
                raise Refused("no telephone of yours is plugged in", code="no_page")
            member = self._ringing.ring(conversation, supervisor, CallKind.WATCH)
            member.joined = True
        member.watching = watching
        log.info(
            "A supervisor takes part in a call",
            extra={"agent": supervisor, "interaction": interaction_id, "how": watching.value},
        )
        conversation.changed()

    @override
    async def stop_watching(self, supervisor: AgentId, interaction_id: InteractionId) -> None:
        conversation = self._conversations.get(interaction_id)
        member = conversation.watcher(supervisor) if conversation is not None else None
        if conversation is not None and member is not None:
            conversation.remove(member, "hung_up")

    # -- inside

    def _going(self, interaction_id: InteractionId) -> Conversation:
        conversation = self._conversations.get(interaction_id)
        if conversation is None or conversation.over:
            raise Refused("this call is over", code="call_over")
        return conversation

    def _part(self, agent_id: AgentId, call_id: CallId) -> tuple[Conversation, Member]:
        for conversation, member in self._conversations.of_agent(agent_id):
            if member.call_id == call_id:
                return conversation, member
        raise Refused("this call is over", code="call_over")

    def _led(self, agent_id: AgentId, interaction_id: InteractionId) -> tuple[Conversation, Member]:
        conversation = self._going(interaction_id)
        member = conversation.member(agent_id)
        if member is None or not member.lead or not member.joined:
            raise Refused("only who leads the call may do this", code="not_yours")
        return conversation, member

    async def _sound(self, doing: Awaitable[None]) -> None:
        """Have something done to the sound. Raises Refused (``no_sound``) where that fails."""
        try:
            await doing
        except (MediaLost, MediaRefused) as problem:
            raise Refused(f"the sound: {problem}", code="no_sound") from problem


def served_queues(catalogue: Catalogue, agent_id: AgentId) -> tuple[QueueName, ...]:
    """The queues an agent serves, their own first, then their teams'."""
    agent = catalogue.agents.get(agent_id)
    if agent is None:
        return ()
    teams = [team for name in agent.teams if (team := catalogue.teams.get(name)) is not None]
    found = (*agent.queues, *(queue for team in teams for queue in team.queues))
    return tuple(dict.fromkeys(queue for queue in found if queue in catalogue.queues))
