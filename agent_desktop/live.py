"""News of the moment: who is typing, and numbers that change. Never kept, never replayed."""

from typing import Protocol

from router.model.ids import AgentId, InteractionId


class Whispers(Protocol):
    """What goes to a customer without a place in the log. Must not wait; may be lost."""

    def typing(self, interaction_id: InteractionId, agent_id: AgentId, *, typing: bool) -> None:
        """An agent began or stopped to type."""
        ...

    def read(self, interaction_id: InteractionId, number: int) -> None:
        """An agent has read up to this entry."""
        ...


class Silence:
    """Whispers where no medium takes them."""

    def typing(self, interaction_id: InteractionId, agent_id: AgentId, *, typing: bool) -> None:
        """Nobody hears it."""

    def read(self, interaction_id: InteractionId, number: int) -> None:
        """Nobody hears it."""
