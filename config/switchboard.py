"""Every agent's telephone, whether or not the voice channel runs just now.

Pages are remembered here, so that a voice channel which is added or comes again finds them.
"""

from typing_extensions import override

from channels.api import Channel
from config.media import Media
from router.model.errors import Refused
from router.model.ids import AgentId, InteractionId, Medium, QueueName
from router.telephones import CallId, CallState, Device, Telephone, Telephones, Watching

VOICE = Medium("voice")


class Switchboard(Telephones):
    """Hands everything to the voice channel; without one, acts are refused with ``no_voice``."""

    def __init__(self, media: Media) -> None:
        self._media = media
        self._plugged: dict[AgentId, dict[str, Telephone]] = {}
        media.on_up = self._up

    @override
    def running(self) -> bool:
        return self._found() is not None

    @override
    def plug_in(self, agent_id: AgentId, telephone: Telephone) -> None:
        pages = self._plugged.setdefault(agent_id, {})
        pages.pop(telephone.tab, None)  # The one plugged in last stands last.
        pages[telephone.tab] = telephone
        found = self._found()
        if found is not None:
            found.plug_in(agent_id, telephone)

    @override
    def unplug(self, agent_id: AgentId, telephone: Telephone) -> None:
        pages = self._plugged.get(agent_id, {})
        if pages.get(telephone.tab) is telephone:
            del pages[telephone.tab]
            if not pages:
                del self._plugged[agent_id]
        found = self._found()
        if found is not None:
            found.unplug(agent_id, telephone)

    @override
    def calls(self, agent_id: AgentId) -> tuple[CallState, ...]:
        found = self._found()
        return found.calls(agent_id) if found is not None else ()

    @override
    def devices(self, agent_id: AgentId) -> tuple[Device, ...]:
        found = self._found()
        return found.devices(agent_id) if found is not None else ()

    @override
    async def choose(self, agent_id: AgentId, device: Device) -> None:
        await self._voice().choose(agent_id, device)

    @override
    async def reconnect(self, agent_id: AgentId, call_id: CallId, telephone: Telephone) -> None:
        await self._voice().reconnect(agent_id, call_id, telephone)

    @override
    async def mute(self, agent_id: AgentId, call_id: CallId, *, on: bool) -> None:
        await self._voice().mute(agent_id, call_id, on=on)

    @override
    async def press(self, agent_id: AgentId, call_id: CallId, digits: str) -> None:
        await self._voice().press(agent_id, call_id, digits)

    @override
    async def pause_recording(self, agent_id: AgentId, call_id: CallId, *, on: bool) -> None:
        await self._voice().pause_recording(agent_id, call_id, on=on)

    @override
    async def dial(self, agent_id: AgentId, number: str, queue: QueueName) -> InteractionId:
        return await self._voice().dial(agent_id, number, queue)

    @override
    async def consult_number(
        self, agent_id: AgentId, interaction_id: InteractionId, number: str
    ) -> None:
        await self._voice().consult_number(agent_id, interaction_id, number)

    @override
    async def transfer_to_number(
        self, agent_id: AgentId, interaction_id: InteractionId, number: str
    ) -> None:
        await self._voice().transfer_to_number(agent_id, interaction_id, number)

    @override
    async def leave_number(self, agent_id: AgentId, interaction_id: InteractionId) -> None:
        await self._voice().leave_number(agent_id, interaction_id)

    @override
    async def gather(
        self, agent_id: AgentId, interaction_id: InteractionId, *, together: bool
    ) -> None:
        await self._voice().gather(agent_id, interaction_id, together=together)

    @override
    async def watch(
        self, supervisor: AgentId, interaction_id: InteractionId, watching: Watching
    ) -> None:
        await self._voice().watch(supervisor, interaction_id, watching)

    @override
    async def stop_watching(self, supervisor: AgentId, interaction_id: InteractionId) -> None:
        await self._voice().stop_watching(supervisor, interaction_id)

    def _up(self, channel: Channel) -> None:
        found = _telephones_of(channel)
        if found is not None:
            for agent_id, pages in self._plugged.items():
                for telephone in pages.values():
                    found.plug_in(agent_id, telephone)

    def _found(self) -> Telephones | None:
        return _telephones_of(self._media.of(VOICE))

    def _voice(self) -> Telephones:
        found = self._found()
        if found is None:
            raise Refused("this centre has no telephones now", code="no_voice")
        return found


def _telephones_of(channel: Channel | None) -> Telephones | None:
    """What a channel offers to desks; another one's than voice offers nothing."""
    found: Telephones | None = getattr(channel, "telephones", None)
    return found
