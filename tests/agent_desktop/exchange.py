"""A small telephone exchange: the port of telephones without sound, for one call at a time.

It keeps the port's promises about who rings, who is shown what and what is refused, so that the
desk's side of it can be told apart from sockets, trunks and media nodes.
"""

from __future__ import annotations

import asyncio

import msgspec
from typing_extensions import override

from router.model.errors import Refused
from router.model.ids import AgentId, InteractionId, QueueName
from router.ports import Clock
from router.telephones import (
    CallId,
    CallKind,
    CallPhase,
    CallState,
    Device,
    Party,
    PartyKind,
    Recording,
    Telephone,
    Telephones,
    Watching,
)

OFFER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"


class SmallExchange(Telephones):
    """Calls are made by ``ring``; acts change their states and are shown to who is plugged in."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.runs = False
        self.pages: dict[AgentId, dict[str, Telephone]] = {}
        self.states: dict[CallId, CallState] = {}
        self.chosen: dict[AgentId, Device] = {}
        self.with_phone: set[AgentId] = set()
        self.pressed: list[str] = []
        self.numbers: list[tuple[str, str]] = []
        self._calls = 0

    # --- what callers do ----------------------------------------------------------------------

    async def ring(
        self, agent_id: AgentId, interaction_id: InteractionId, **more: object
    ) -> tuple[CallId, str]:
        """A call for an agent: their telephone's answer to our offer. Raises Refused."""
        self._calls += 1
        call_id = CallId(f"call-{self._calls}")
        state = CallState(
            call_id=call_id,
            interaction_id=interaction_id,
            agent_id=agent_id,
            kind=CallKind.INCOMING,
            phase=CallPhase.RINGING,
            since=self.clock.now(),
            number="+34600111222",
        )
        self.states[call_id] = msgspec.structs.replace(state, **more)
        self.tell(call_id)
        return call_id, await self.described(self._page(agent_id), call_id)

    async def described(self, page: Telephone, call_id: CallId) -> str:
        """Have a page make the sound of a call. Raises Refused."""
        answer = await page.describe(self.states[call_id], await self.offer(call_id))
        await self.answered(call_id, answer)
        return answer

    async def offer(self, call_id: CallId) -> str:
        """Our end of a call's sound."""
        return OFFER

    async def answered(self, call_id: CallId, answer: str) -> None:
        """The page's end of it."""

    def tell(self, call_id: CallId, **changes: object) -> None:
        """A call stands otherwise now: show it to every page of its agent."""
        state = self.states[call_id] = msgspec.structs.replace(self.states[call_id], **changes)
        if state.phase is CallPhase.ENDED:
            del self.states[call_id]
        for page in self.pages.get(state.agent_id, {}).values():
            page.show(state)

    def _page(self, agent_id: AgentId) -> Telephone:
        pages = list(self.pages.get(agent_id, {}).values())
        if not pages:
            raise Refused("no page rings", code="no_page")
        return pages[-1]

    def _own(self, agent_id: AgentId, call_id: CallId) -> CallState:
        state = self.states.get(call_id)
        if state is None or state.agent_id != agent_id:
            raise Refused("there is no such call", code="no_call")
        return state

    def _of(self, agent_id: AgentId, interaction_id: InteractionId) -> CallState:
        for state in self.states.values():
            if (state.agent_id, state.interaction_id) == (agent_id, interaction_id):
                return state
        raise Refused("there is no such call", code="no_call")

    # --- the port -----------------------------------------------------------------------------

    @override
    def running(self) -> bool:
        return self.runs

    @override
    def plug_in(self, agent_id: AgentId, telephone: Telephone) -> None:
        pages = self.pages.setdefault(agent_id, {})
        pages.pop(telephone.tab, None)
        pages[telephone.tab] = telephone

    @override
    def unplug(self, agent_id: AgentId, telephone: Telephone) -> None:
        if self.pages.get(agent_id, {}).get(telephone.tab) is telephone:
            del self.pages[agent_id][telephone.tab]

    @override
    def calls(self, agent_id: AgentId) -> tuple[CallState, ...]:
        return tuple(state for state in self.states.values() if state.agent_id == agent_id)

    @override
    def devices(self, agent_id: AgentId) -> tuple[Device, ...]:
        found = [Device.BROWSER] if self.pages.get(agent_id) else []
        if agent_id in self.with_phone:
            first = self.chosen.get(agent_id) is Device.PHONE
            found.insert(0 if first else len(found), Device.PHONE)
        return tuple(found)

    @override
    async def choose(self, agent_id: AgentId, device: Device) -> None:
        if device is Device.PHONE and agent_id not in self.with_phone:
            raise Refused("you have no telephone but the page", code="no_phone")
        self.chosen[agent_id] = device

    @override
    async def reconnect(self, agent_id: AgentId, call_id: CallId, telephone: Telephone) -> None:
        self._own(agent_id, call_id)
        await self.described(telephone, call_id)
        self.tell(call_id, phase=CallPhase.TALKING)

    @override
    async def mute(self, agent_id: AgentId, call_id: CallId, *, on: bool) -> None:
        self._own(agent_id, call_id)
        self.tell(call_id, muted=on)

    @override
    async def press(self, agent_id: AgentId, call_id: CallId, digits: str) -> None:
        self._own(agent_id, call_id)
        self.pressed.append(digits)

    @override
    async def pause_recording(self, agent_id: AgentId, call_id: CallId, *, on: bool) -> None:
        if self._own(agent_id, call_id).recording is Recording.OFF:
            raise Refused("this call is not recorded", code="not_recorded")
        self.tell(call_id, recording=Recording.PAUSED if on else Recording.ON)

    @override
    async def dial(self, agent_id: AgentId, number: str, queue: QueueName) -> InteractionId:
        if number.startswith("+900"):
            raise Refused("numbers like this one are not dialled", code="not_allowed")
        self.numbers.append(("dial", f"{number} for {queue}"))
        place = InteractionId(f"out-{len(self.numbers)}")
        asyncio.get_running_loop().create_task(
            self.ring(agent_id, place, kind=CallKind.OUTGOING, number=number)
        ).add_done_callback(lambda task: task.exception())
        return place

    @override
    async def consult_number(
        self, agent_id: AgentId, interaction_id: InteractionId, number: str
    ) -> None:
        state = self._of(agent_id, interaction_id)
        party = Party(PartyKind.OUTSIDE, "ringing", number)
        self.tell(state.call_id, parties=(*state.parties, party))

    @override
    async def transfer_to_number(
        self, agent_id: AgentId, interaction_id: InteractionId, number: str
    ) -> None:
        state = self._of(agent_id, interaction_id)
        self.numbers.append(("transfer", number))
        self.tell(state.call_id, phase=CallPhase.ENDED, reason="hung_up")

    @override
    async def leave_number(self, agent_id: AgentId, interaction_id: InteractionId) -> None:
        state = self._of(agent_id, interaction_id)
        kept = tuple(each for each in state.parties if each.kind is not PartyKind.OUTSIDE)
        self.tell(state.call_id, parties=kept)

    @override
    async def gather(
        self, agent_id: AgentId, interaction_id: InteractionId, *, together: bool
    ) -> None:
        self.tell(self._of(agent_id, interaction_id).call_id, together=together)

    @override
    async def watch(
        self, supervisor: AgentId, interaction_id: InteractionId, watching: Watching
    ) -> None:
        for state in self.states.values():
            if (state.agent_id, state.interaction_id) == (supervisor, interaction_id):
                self.tell(state.call_id, watching=watching)
                return
        call_id, _ = await self.ring(
            supervisor, interaction_id, kind=CallKind.WATCH, watching=watching
        )
        self.tell(call_id, phase=CallPhase.TALKING)

    @override
    async def stop_watching(self, supervisor: AgentId, interaction_id: InteractionId) -> None:
        for state in list(self.states.values()):
            if (state.agent_id, state.interaction_id) == (supervisor, interaction_id):
                self.tell(state.call_id, phase=CallPhase.ENDED)
