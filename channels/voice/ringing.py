"""Agents' telephones: which device of theirs rings, and what their answer or silence means."""

import asyncio
import logging
from collections.abc import Callable

from channels.voice.call_ends import CallEnd, NoSound
from channels.voice.conversation import Conversation
from channels.voice.conversations import Conversations
from channels.voice.house import House
from channels.voice.media.answers import BrowserState, Pressed, QualityTold, RtpTimeout
from channels.voice.media.client import MediaLost, MediaRefused
from channels.voice.media.pool import NodeLost
from channels.voice.members import Member
from channels.voice.nodes import LegEvent
from channels.voice.page_ends import PageEnd
from channels.voice.settings import Phone
from channels.voice.sip.attempts import Caller
from channels.voice.sip.calls import Call
from channels.voice.sip.happenings import Answered, CallEvent, Changed, Ended, TransferAsked
from channels.voice.sip.sdp import Description
from router.model.agent import DEVICE_FAULT, Presence
from router.model.commands import (
    Accept,
    Decline,
    End,
    Hold,
    Requeue,
    Retrieve,
    SetPresence,
)
from router.model.errors import Refused
from router.model.ids import AgentId, OfferId
from router.telephones import (
    SOUND_LOST_MS,
    CallId,
    CallKind,
    CallState,
    Device,
    Quality,
    Telephone,
)

log = logging.getLogger(__name__)
SOUND_EXPECTED_S = 20.0
"""So long the sound of who has taken a call may be missing: a receiver is lifted by then."""
BY = "voice"
"""Who did it, for what the medium itself orders."""

Asked = Callable[[Conversation, Member, TransferAsked], None]


class Ringing:
    """Rings agents, takes their answers, and knows their pages and telephones."""

    def __init__(self, house: House, conversations: Conversations) -> None:
        self._house = house
        house.show = self.show
        self._conversations = conversations
        self._pages: dict[AgentId, dict[str, Telephone]] = {}
        self.chosen: dict[AgentId, Device] = {}
        self.on_transfer: Asked | None = None
        """Told when an agent's telephone wants a call elsewhere (REFER)."""
        self.on_node_lost: Callable[[Conversation], None] = lambda conversation: None
        """Told when a node took an agent's sound with it."""

    # -- devices

    def plug_in(self, agent_id: AgentId, telephone: Telephone) -> None:
        """A page rings from now on."""
        pages = self._pages.setdefault(agent_id, {})
        pages.pop(telephone.tab, None)
        pages[telephone.tab] = telephone
        for _, member in self._conversations.of_agent(agent_id):
            if isinstance(member.end, PageEnd) and member.end.telephone.tab == telephone.tab:
                member.end.telephone = telephone
            if member.shown is not None:
                telephone.show(member.shown)

    def unplug(self, agent_id: AgentId, telephone: Telephone) -> None:
        """A page rings no more."""
        pages = self._pages.get(agent_id, {})
        if pages.get(telephone.tab) is telephone:
            del pages[telephone.tab]
            if not pages:
                del self._pages[agent_id]

    def pages(self, agent_id: AgentId) -> list[Telephone]:
        """The pages of an agent, the one that rings first."""
        return list(reversed(self._pages.get(agent_id, {}).values()))

    def show(self, state: CallState) -> None:
        """Tell every page of an agent how a call stands."""
        for page in self.pages(state.agent_id):
            page.show(state)

    def phone(self, agent_id: AgentId) -> tuple[str, Phone] | None:
        """The SIP telephone of an agent, with its account, or None."""
        for account, phone in self._house.settings.phones.items():
            if phone.agent == agent_id:
                return account, phone
        return None

    def devices(self, agent_id: AgentId) -> tuple[Device, ...]:
        """What can ring now, the one that does first."""
        found = [Device.BROWSER] if self.pages(agent_id) else []
        own = self.phone(agent_id)
        if own is not None and (own[1].contact or self._house.endpoint.devices(own[0])):
            usual = Device.PHONE if own[1].first else Device.BROWSER
            at = 0 if self.chosen.get(agent_id, usual) is Device.PHONE else len(found)
            found.insert(at, Device.PHONE)
        return tuple(found)

    # -- ringing

    def ring(
        self,
        conversation: Conversation,
        agent_id: AgentId,
        kind: CallKind,
        offer_id: OfferId | None = None,
    ) -> Member:
        """Let an agent's device ring, or (without an offer) have their sound at once."""
        call_id = CallId(self._house.nodes.name())
        member = Member(call_id, self._house.now, kind, agent_id=agent_id)
        member.offer_id = offer_id
        member.device = next(iter(self.devices(agent_id)), Device.BROWSER)
        conversation.members.append(member)
        conversation.changed()
        self._house.carry(self._sound(conversation, member), "ringing an agent")
        return member

    def at_phone(self, conversation: Conversation, agent_id: AgentId, end: CallEnd) -> None:
        """An agent's own telephone has called: it is their sound in this conversation."""
        call_id = CallId(self._house.nodes.name())
        member = Member(call_id, self._house.now, CallKind.OUTGOING, agent_id=agent_id)
        member.device, member.end, member.answered = Device.PHONE, end, True
        end.tell_to(lambda event: self.phone_told(conversation, member, event))
        conversation.members.append(member)

    async def sound_again(
        self, conversation: Conversation, member: Member, page: Telephone | None = None
    ) -> None:
        """Have an agent's sound anew: on another node, or on another page.

        Raises Refused, MediaLost or MediaRefused.
        """
        assert member.agent_id is not None, "only agents have pages"  # noqa: S101 -- by its callers
        pages = [page] if page is not None else self.pages(member.agent_id)
        if not pages:
            raise Refused("no page of this agent is open", code="no_page")
        former, member.end = member.end, None
        if former is not None:
            await former.close()
        await self._open_page(conversation, member, pages[0])

    async def _sound(self, conversation: Conversation, member: Member) -> None:
        assert member.agent_id is not None, "only agents are rung"  # noqa: S101 -- by its callers
        for device in self.devices(member.agent_id):
            member.device = device
            try:
                if device is Device.PHONE:
                    await self._open_phone(conversation, member)
                else:
                    await self._open_page(conversation, member, self.pages(member.agent_id)[0])
            except (Refused, NoSound, MediaLost, MediaRefused, IndexError) as problem:
                log.warning(
                    "A device of an agent did not ring: %s",
                    problem,
                    extra={"agent": member.agent_id, "device": device.value},
                )
                continue
            if member.gone and member.end is not None:
                await member.end.close()
            return
        if not member.gone:
            await self._no_device(conversation, member)

    async def _no_device(self, conversation: Conversation, member: Member) -> None:
        """Nothing of theirs rings: the caller goes on to somebody else, and they are told why."""
        agent_id, offer_id = member.agent_id, member.offer_id
        if agent_id is None:
            return
        log.warning("An agent has no telephone that rings", extra={"agent": agent_id})
        if member.joined or offer_id is None:
            self.sound_lost(conversation, member)
            return
        await self._house.say(SetPresence(agent_id, Presence.NOT_READY, reason=DEVICE_FAULT, by=BY))
        await self._house.say(Decline(offer_id, agent_id, reason="no_telephone"))

    async def _open_page(self, conversation: Conversation, member: Member, page: Telephone) -> None:
        end = PageEnd(
            self._house.nodes, page, lambda event: self._page_told(conversation, member, event)
        )
        member.end = end
        try:
            await end.open(conversation.state_of(member), beside=conversation.anchor)
        except BaseException:
            if member.end is end:
                member.end = None
            raise

    async def _open_phone(self, conversation: Conversation, member: Member) -> None:
        assert member.agent_id is not None, "only agents have phones"  # noqa: S101 -- by its callers
        own = self.phone(member.agent_id)
        if own is None:
            raise Refused("this agent has no telephone", code="no_phone")
        account, phone = own
        end = CallEnd(
            self._house.nodes,
            self._house.settings.codecs,
            (),
            lambda event: self.phone_told(conversation, member, event),
        )
        member.end = end
        endpoint = self._house.endpoint
        caller = Caller(number=conversation.number, name="")

        def call(description: Description) -> Call:
            if phone.contact:
                return endpoint.call_address(
                    phone.contact, description, listener=end.listen, caller=caller
                )
            return endpoint.call_phone(account, description, listener=end.listen, caller=caller)

        try:
            await end.make(call, beside=conversation.anchor)
        except BaseException:
            member.end = None
            raise

    # -- what pages tell

    def _page_told(
        self, conversation: Conversation, member: Member, event: CallEvent | LegEvent
    ) -> None:
        match event:
            case BrowserState(state="connected"):
                member.lost_since = None
            case BrowserState():
                log.warning("A page's sound failed: %s", event.message)
                self.sound_lost(conversation, member)
            case QualityTold(quality=quality):
                member.quality = Quality(
                    round(quality.score, 2), round(quality.loss, 4), round(quality.jitter_ms, 1)
                )
            case NodeLost():
                self.on_node_lost(conversation)
            case _:
                pass
        conversation.changed()

    def sound_lost(self, conversation: Conversation, member: Member) -> None:
        """An agent's sound is gone; it may come back for a while, then the caller goes on."""
        if member.gone or member.lost_since is not None:
            return
        member.lost_since = self._house.now
        conversation.changed()
        self._house.carry(self._give_up_sound(conversation, member), "waiting for sound")

    async def expect_sound(self, conversation: Conversation, member: Member) -> None:
        """Somebody has taken a call: their sound comes within a while, or it counts as lost."""
        await asyncio.sleep(SOUND_EXPECTED_S)
        if not member.up and not conversation.over:
            self.sound_lost(conversation, member)

    async def _give_up_sound(self, conversation: Conversation, member: Member) -> None:
        lost = member.lost_since
        await asyncio.sleep(SOUND_LOST_MS / 1_000)
        if member.gone or member.lost_since != lost or member.agent_id is None:
            return
        member.reason = "sound_lost"
        if member.kind is CallKind.WATCH:
            conversation.remove(member, member.reason)
            return
        view = self._house.context.floor.interaction(conversation.interaction_id)
        if member.lead and view is not None and view.queue is not None and not conversation.left:
            # The customer still holds the line: somebody with sound shall have them.
            await self._house.say(Requeue(conversation.interaction_id, BY, view.queue))
        else:
            await self._house.say(End(conversation.interaction_id, member.agent_id))

    # -- what telephones tell

    def phone_told(
        self, conversation: Conversation, member: Member, event: CallEvent | LegEvent
    ) -> None:
        """What happens at an agent's own telephone."""
        carry, say = self._house.carry, self._house.say
        agent_id = member.agent_id
        match event:
            case Answered() if agent_id is not None:
                member.answered = True
                if member.offer_id is not None and not member.joined:
                    carry(self._accept(conversation, member), "an agent answers")
            case Ended() if agent_id is not None:
                carry(self._hung_up(conversation, member, event), "an agent hangs up")
            case Changed() if agent_id is not None and isinstance(member.end, CallEnd):
                held = member.end.held_by_them
                if member.lead and held != conversation.held:
                    wish = Hold if held else Retrieve
                    carry(say(wish(conversation.interaction_id, agent_id)), "hold by telephone")
            case Pressed(ended=False, secret=False) if member.joined:
                carry(self._pass_on(conversation, event.digit), "a key passed on")
            case QualityTold(quality=quality):
                member.quality = Quality(round(quality.score, 2), round(quality.loss, 4))
            case RtpTimeout():
                # Nothing was heard from it for a minute: it is gone, though it never said so.
                self.sound_lost(conversation, member)
            case TransferAsked() if self.on_transfer is not None:
                self.on_transfer(conversation, member, event)
            case NodeLost():
                self.on_node_lost(conversation)
            case _:
                pass
        conversation.changed()

    async def _accept(self, conversation: Conversation, member: Member) -> None:
        """They lifted the receiver: that is their answer."""
        if member.offer_id is None or member.agent_id is None:
            return
        receipt = await self._house.say(Accept(member.offer_id, member.agent_id))
        if receipt is None and not member.joined and member.end is not None:
            member.end.hang_up()

    async def _hung_up(self, conversation: Conversation, member: Member, event: Ended) -> None:
        if member.gone or member.agent_id is None:
            return
        if member.end is not None:
            await member.end.close()
        if member.kind is CallKind.WATCH:
            conversation.remove(member, "hung_up")
        elif member.joined:
            await self._house.say(End(conversation.interaction_id, member.agent_id))
        elif member.offer_id is not None:
            reason = "busy" if event.status == 486 else "declined"
            if event.status in (404, 408, 480, 503):
                reason = "no_telephone"
            await self._house.say(Decline(member.offer_id, member.agent_id, reason=reason))

    async def _pass_on(self, conversation: Conversation, digit: str) -> None:
        customer = conversation.customer
        if customer is None or not customer.up or conversation.held:
            return
        try:
            await customer.press(digit)
        except (MediaLost, MediaRefused) as problem:
            log.info("A key could not be passed on: %s", problem)
