"""One decision in the making: the state, the moment, and the facts so far.

Every helper that refuses does so before the first fact: a command checks everything, then emits.
"""

from router.core.effects import effects_of
from router.model.agent import Presence
from router.model.effects import Effect
from router.model.errors import Refused
from router.model.events import Event
from router.model.ids import AgentId, Instant, InteractionId, Medium
from router.model.interaction import Phase
from router.state.books import OVER
from router.state.fold import apply
from router.state.live import State
from router.state.records import AgentRow, Engagement, Interaction


class Turn:
    """The state is the caller's; each emitted event is folded into it at once."""

    __slots__ = ("effects", "events", "media", "notes", "now", "state")

    def __init__(self, state: State, now: Instant) -> None:
        self.state = state
        self.now = now
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self.media: list[Medium] = []
        self.notes: list[str] = []

    def emit(self, event: Event) -> None:
        """State a fact: it is folded, and its effects follow from it."""
        apply(self.state, event)
        self.events.append(event)
        for effect in effects_of(self.state, event):
            self.effects.append(effect)
            # Now: later facts of the same decision may let a finished interaction be forgotten.
            self.media.append(self.state.interactions[effect.interaction_id].medium)

    # What commands look up, refusing with a stable code.

    def interaction(self, interaction_id: InteractionId) -> Interaction:
        """The interaction; refused with ``unknown_interaction``."""
        interaction = self.state.interactions.get(interaction_id)
        if interaction is None:
            raise Refused(f"no interaction {interaction_id} is known", code="unknown_interaction")
        return interaction

    def going_on(self, interaction_id: InteractionId) -> Interaction:
        """The interaction, while the customer's part lasts; refused with ``finished``."""
        interaction = self.interaction(interaction_id)
        if interaction.phase in OVER:
            raise Refused(f"interaction {interaction_id} is over", code="finished")
        return interaction

    def agent(self, agent_id: AgentId) -> AgentRow:
        """The agent, of the catalogue or still with work; refused with ``unknown_agent``."""
        row = self.state.agents.get(agent_id)
        if row is None:
            raise Refused(f"no agent {agent_id} is known", code="unknown_agent")
        return row

    def reachable(self, agent_id: AgentId) -> AgentRow:
        """An agent of the catalogue at an open desk; else ``unknown_agent``, ``agent_offline``."""
        row = self.agent(agent_id)
        if agent_id not in self.state.catalogue.agents:
            raise Refused(f"agent {agent_id} is no longer there", code="unknown_agent")
        if row.presence is Presence.OFFLINE or row.desk_lost:
            raise Refused(f"agent {agent_id} is not at a desk", code="agent_offline")
        return row

    def part(self, interaction: Interaction, agent_id: AgentId) -> Engagement:
        """The agent's part, not yet ended; refused with ``not_yours``."""
        engagement = interaction.engagement(agent_id)
        if engagement is None or engagement.ended:
            raise Refused(f"agent {agent_id} is not engaged in {interaction.id}", code="not_yours")
        return engagement

    def led(self, interaction_id: InteractionId, agent_id: AgentId) -> Interaction:
        """The interaction this agent leads; refused also with ``not_yours``."""
        interaction = self.going_on(interaction_id)
        lead = interaction.lead()
        if interaction.phase is not Phase.ENGAGED or lead is None or lead.agent_id != agent_id:
            raise Refused(f"agent {agent_id} does not lead {interaction_id}", code="not_yours")
        return interaction
