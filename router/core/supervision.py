"""What supervisors do with any interaction: give it, move it, end it."""

from router.core.parking import take_up
from router.core.parts import end_consult, end_part, stop_ring
from router.core.queueing import put, queue_known
from router.core.turn import Turn
from router.model.commands import Assign, Discard, Requeue
from router.model.errors import Refused
from router.model.events import Closed
from router.model.ids import InteractionId
from router.model.interaction import OfferEnd, Outcome, Phase
from router.rules import queue_alone
from router.state.records import Interaction


def assign(turn: Turn, command: Assign) -> InteractionId:
    """Give a waiting, offered or parked interaction to an agent, past skills and capacity."""
    interaction = turn.going_on(command.interaction_id)
    turn.reachable(command.agent_id)
    if interaction.phase is Phase.SELF_SERVICE and command.queue is not None:
        queue = queue_known(turn, command.queue)
        put(turn, interaction, queue_alone(turn.state.catalogue, queue, "assigned"), "arrival")
    if interaction.phase not in (Phase.WAITING, Phase.OFFERED, Phase.PARKED):
        raise Refused(f"interaction {interaction.id} is in somebody's hands", code="busy")
    stop_ring(turn, interaction, OfferEnd.WITHDRAWN, "assigned")
    take_up(turn, interaction, command.agent_id, by=command.by)
    return interaction.id


def requeue(turn: Turn, command: Requeue) -> InteractionId:
    """Move an interaction into a queue, from wherever it is."""
    interaction = turn.going_on(command.interaction_id)
    queue = queue_known(turn, command.queue)
    visit = interaction.visit
    entered = visit.entered if command.keep_age and visit is not None else turn.now
    release(turn, interaction, "requeued")
    route = queue_alone(turn.state.catalogue, queue, f"requeue by {command.by}")
    put(turn, interaction, route, "requeue", entered=entered)
    return interaction.id


def discard(turn: Turn, command: Discard) -> InteractionId:
    """End an interaction without an answer."""
    interaction = turn.going_on(command.interaction_id)
    release(turn, interaction, "discarded")
    turn.emit(Closed(turn.now, interaction.id, Outcome.DISCARDED, command.reason, command.by))
    return interaction.id


def release(turn: Turn, interaction: Interaction, how: str) -> None:
    """Take the interaction out of everybody's hands: rings stop, engagements end."""
    stop_ring(turn, interaction, OfferEnd.WITHDRAWN, how)
    end_consult(turn, interaction)
    lead = interaction.lead()
    if lead is not None:
        end_part(turn, interaction, lead, how)
