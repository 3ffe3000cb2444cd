"""Work laid aside until a moment, and taken up again."""

from router.core.parts import end_consult, end_part, end_wrap_up
from router.core.talking import has_slot
from router.core.turn import Turn
from router.model.commands import Park, Unpark
from router.model.errors import Refused
from router.model.events import Engaged, Parked
from router.model.ids import AgentId, InteractionId
from router.model.interaction import Phase, Role
from router.state.deadlines import PARKED_LIMIT_MS
from router.state.records import Interaction


def park(turn: Turn, command: Park) -> InteractionId:
    """Lay work aside; refused with ``invalid_time`` for the past or more than a year ahead."""
    interaction = turn.led(command.interaction_id, command.agent_id)
    if not turn.now < command.until <= turn.now + PARKED_LIMIT_MS:
        raise Refused("work is parked until a moment within a year", code="invalid_time")
    engagement = turn.part(interaction, command.agent_id)
    end_consult(turn, interaction)
    end_part(turn, interaction, engagement, "parked")
    turn.emit(Parked(turn.now, interaction.id, command.agent_id, command.until))
    return interaction.id


def unpark(turn: Turn, command: Unpark) -> InteractionId:
    """The agent who parked it takes it up, where a slot is free; else ``no_capacity``."""
    interaction = turn.going_on(command.interaction_id)
    if interaction.phase is not Phase.PARKED or interaction.parked_by != command.agent_id:
        raise Refused(f"agent {command.agent_id} has not parked this", code="not_yours")
    row = turn.reachable(command.agent_id)
    if not has_slot(turn, row, interaction):
        raise Refused("there is no room; finish or park something first", code="no_capacity")
    take_up(turn, interaction, command.agent_id, by="")
    return interaction.id


def take_up(turn: Turn, interaction: Interaction, agent_id: AgentId, *, by: str) -> None:
    """State that the agent and the interaction are together without a ring."""
    visit = interaction.visit
    assert visit is not None, "what is taken up was queued"
    waited_ms = turn.now - visit.queued if interaction.phase is Phase.WAITING else 0
    end_wrap_up(turn, interaction, agent_id, "done")
    turn.emit(
        Engaged(
            turn.now,
            interaction_id=interaction.id,
            agent_id=agent_id,
            role=Role.LEAD,
            queue=visit.queue,
            medium=interaction.medium,
            visit=visit.number,
            waited_ms=waited_ms,
            by=by,
        )
    )
