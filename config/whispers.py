"""News of the moment between desks and media: who types, what was read. Lost when nobody hears."""

from typing import Any

from agent_desktop.server import DeskServer
from config.wiring import Centre
from router.model.ids import AgentId, InteractionId


class Whispers:
    """Carries the desk's whispers to the medium of an interaction, and a medium's to the desk."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre

    def listen(self, desk: DeskServer) -> None:
        """Let media tell this desk that a customer types."""
        self._centre.media.listen(desk.customer_typing)

    def typing(self, interaction_id: InteractionId, agent_id: AgentId, *, typing: bool) -> None:
        """An agent began or stopped to type."""
        channel = self._channel(interaction_id)
        if channel is not None and hasattr(channel, "typing"):
            agent = self._centre.hub.catalogue().agents.get(agent_id)
            channel.typing(interaction_id, agent.name if agent else "", typing)

    def read(self, interaction_id: InteractionId, number: int) -> None:
        """An agent has read up to this entry."""
        channel = self._channel(interaction_id)
        if channel is not None and hasattr(channel, "read"):
            channel.read(interaction_id, number)

    def _channel(self, interaction_id: InteractionId) -> Any:
        view = self._centre.hub.interaction(interaction_id)
        return self._centre.media.of(view.medium) if view is not None else None
