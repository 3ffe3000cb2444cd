"""What agents do at telephones of their own: codes they dial, numbers, and calls they send on."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from channels.voice.call_ends import CallEnd, NoSound
from channels.voice.conversation import Conversation
from channels.voice.house import House
from channels.voice.media.answers import PlayDone
from channels.voice.media.client import MediaLost, MediaRefused
from channels.voice.members import Member
from channels.voice.messages import tone_file
from channels.voice.nodes import LegEvent
from channels.voice.sip.calls import Call
from channels.voice.sip.happenings import CallEvent, TransferAsked
from channels.voice.sip.uri import user_of
from channels.voice.telephones import VoiceTelephones, served_queues
from router.model.agent import Presence
from router.model.commands import (
    Command,
    DeskBack,
    SetPresence,
    SignIn,
    SignOut,
    Transfer,
    WrapUp,
)
from router.model.errors import CarillonError, Refused
from router.model.ids import AgentId, InteractionId

log = logging.getLogger(__name__)
TONES_S = 3.0
DONE, REFUSED = 1, 3
"""So many short tones say that a code was taken, or not."""
BY = "phone"


class OwnPhones:
    """Agents' telephones that call us."""

    def __init__(self, house: House, telephones: VoiceTelephones) -> None:
        self._house = house
        self._telephones = telephones

    def agent_of(self, call: Call) -> AgentId | None:
        """Whose telephone calls; None for callers, and for numbers that callers reach, too."""
        if call.peer.kind != "phone" or call.dialled in self._house.settings.entries:
            return None
        phone = self._house.settings.phones.get(call.peer.name)
        return AgentId(phone.agent) if phone is not None and phone.agent else None

    def take(self, call: Call, agent_id: AgentId) -> None:
        """An agent's telephone has dialled something."""
        played = asyncio.Event()

        def told(event: CallEvent | LegEvent) -> None:
            if isinstance(event, PlayDone):
                played.set()

        end = CallEnd(self._house.nodes, self._house.settings.codecs, (), told)
        call.listener = end.listen
        commands = self._commands(call.dialled, agent_id)
        if commands is None:
            self._house.carry(self._dial(call, end, agent_id), "an agent dials")
        else:
            self._house.carry(self._code(call, end, commands, played), "an agent's code")

    # -- codes

    def _commands(self, dialled: str, agent_id: AgentId) -> Sequence[Command] | None:
        """What a code means; None when it is none."""
        codes = self._house.settings.codes
        if dialled == codes.ready:
            # Whoever is at their telephone is reachable, whatever became of their desk.
            return (
                SignIn(agent_id),
                DeskBack(agent_id),
                SetPresence(agent_id, Presence.READY),
            )
        if dialled == codes.not_ready:
            reason = next(iter(self._house.context.floor.catalogue().reasons), "")
            return (SetPresence(agent_id, Presence.NOT_READY, reason=reason),)
        if dialled == codes.sign_out:
            return (SignOut(agent_id, by=BY),)
        if dialled == codes.wrapped_up:
            view = self._house.context.floor.agent(agent_id)
            mine = view.interactions if view is not None else ()
            return tuple(WrapUp(each, agent_id) for each in mine if self._wraps_up(each, agent_id))
        return None

    def _wraps_up(self, interaction_id: InteractionId, agent_id: AgentId) -> bool:
        view = self._house.context.floor.interaction(interaction_id)
        return view is not None and any(
            part.agent_id == agent_id and part.wrap_up_since is not None
            for part in view.engagements
        )

    async def _code(
        self, call: Call, end: CallEnd, commands: Sequence[Command], played: asyncio.Event
    ) -> None:
        try:
            await end.prepare(call)
            end.answer()
        except (NoSound, Refused) as problem:
            call.reject(getattr(problem, "status", 480))
            return
        taken = bool(commands)
        for command in commands:
            try:
                await self._house.context.inbox.submit(command)
            except CarillonError as error:
                log.info("A code was not taken: %s", error.code)
                taken = False
                break
        tones: list[Path] = [tone_file(self._house)] * (DONE if taken else REFUSED)
        try:
            await self._house.nodes.play(end.leg, self._house.nodes.name(), tones)
            async with asyncio.timeout(TONES_S):
                await played.wait()
        except (MediaLost, MediaRefused, TimeoutError) as problem:
            log.debug("the tones of a code were not heard to their end: %s", problem)
        await end.close()

    # -- numbers

    async def _dial(self, call: Call, end: CallEnd, agent_id: AgentId) -> None:
        queues = served_queues(self._house.context.floor.catalogue(), agent_id)
        try:
            if not queues:
                raise Refused("this agent serves no queue", code="not_yours")
            allowed = self._telephones.policy.judge(call.dialled, self._house.now)
            await end.prepare(call)
            end.answer()
            await self._telephones.dial_with(agent_id, allowed.number, queues[0], end)
        except NoSound as problem:
            call.reject(problem.status)
        except CarillonError as error:
            log.info("An agent may not dial this: %s", error.code, extra={"agent": agent_id})
            call.reject(403)
            await end.close()

    # -- calls sent on

    def asked(self, conversation: Conversation, member: Member, event: TransferAsked) -> None:
        """An agent's telephone sends its call elsewhere (REFER), without having asked there."""
        self._house.carry(self._send_on(conversation, member, event), "a call sent on")

    async def _send_on(
        self, conversation: Conversation, member: Member, event: TransferAsked
    ) -> None:
        call = member.end.call if isinstance(member.end, CallEnd) else None
        if call is None or member.agent_id is None:
            return
        target = user_of(event.target.uri)
        if event.replaces is not None or not member.joined or not target:
            call.refuse_transfer()
            return
        colleague = self._house.settings.phones.get(target)
        one = conversation.interaction_id
        try:
            if colleague is not None and colleague.agent:
                command = Transfer(one, member.agent_id, to_agent=AgentId(colleague.agent))
                call.take_transfer()
                await self._house.context.inbox.submit(command)
            else:
                self._telephones.policy.judge(target, self._house.now)
                call.take_transfer()
                await self._telephones.transfer_to_number(member.agent_id, one, target)
            call.report_transfer(200)
        except Refused as error:
            log.info("A call could not be sent on: %s", error.code)
            call.refuse_transfer()
            call.report_transfer(603)
