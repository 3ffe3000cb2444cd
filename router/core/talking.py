"""What the agent who leads does with a customer: hold, end, transfer, consult."""

from router.core.offering import offer
from router.core.parts import end_consult, end_lead, end_part, end_ring
from router.core.queueing import NAMED_HOLD_MS, put, queue_known
from router.core.turn import Turn
from router.model.agent import Presence
from router.model.commands import (
    CompleteConsult,
    Consult,
    End,
    EndConsult,
    Hold,
    Retrieve,
    Transfer,
)
from router.model.errors import Refused
from router.model.events import Held, LeadChanged, Retrieved
from router.model.explanation import Decision, Explanation
from router.model.ids import AgentId, InteractionId
from router.model.interaction import OfferEnd, OfferKind, Role
from router.rules import Route, queue_alone
from router.state.capacity import Status, capacity_of, medium_status, usage_of
from router.state.records import AgentRow, Interaction


def hold(turn: Turn, command: Hold) -> InteractionId:
    """Put the customer on hold; held twice changes nothing."""
    interaction = turn.led(command.interaction_id, command.agent_id)
    if turn.part(interaction, command.agent_id).held_since is None:
        turn.emit(Held(turn.now, interaction.id, command.agent_id))
    return interaction.id


def retrieve(turn: Turn, command: Retrieve) -> InteractionId:
    """Take the customer off hold; not held changes nothing."""
    interaction = turn.led(command.interaction_id, command.agent_id)
    since = turn.part(interaction, command.agent_id).held_since
    if since is not None:
        turn.emit(Retrieved(turn.now, interaction.id, command.agent_id, turn.now - since))
    return interaction.id


def end(turn: Turn, command: End) -> InteractionId:
    """End one's own part: the lead's ends the conversation, a colleague's only theirs."""
    interaction = turn.going_on(command.interaction_id)
    engagement = turn.part(interaction, command.agent_id)
    if engagement.role is Role.LEAD:
        end_lead(turn, interaction, "ended")
    else:
        end_part(turn, interaction, engagement, "consult_over")
    return interaction.id


def transfer(turn: Turn, command: Transfer) -> InteractionId:
    """Give the interaction to a queue or to a person; its former agent wraps up."""
    interaction = turn.led(command.interaction_id, command.agent_id)
    visit = interaction.visit
    assert visit is not None, "who is engaged was queued"
    if (command.queue is None) == (command.to_agent is None):
        raise Refused("a transfer names a queue or an agent, not both", code="invalid_target")
    if command.queue is not None:
        queue = queue_known(turn, command.queue)
        route = queue_alone(turn.state.catalogue, queue, "transfer")
    else:
        assert command.to_agent is not None, "one of both is named"
        route = _to_person(turn, interaction, command.agent_id, command.to_agent)
    end_lead(turn, interaction, "transferred")
    put(
        turn,
        interaction,
        route,
        "transfer",
        entered=visit.entered if command.keep_age else turn.now,
        from_agent=command.agent_id,
    )
    return interaction.id


def _to_person(turn: Turn, interaction: Interaction, agent_id: AgentId, to_agent: AgentId) -> Route:
    """The route to a named agent; past them it is their queue's that the customer was in."""
    if to_agent == agent_id:
        raise Refused("this is the agent who has it", code="invalid_target")
    turn.reachable(to_agent)
    visit = interaction.visit
    assert visit is not None, "who is engaged was queued"
    catalogue = turn.state.catalogue
    known = catalogue.queues.get(visit.queue)
    queue = known or catalogue.queues[catalogue.rules.default_queue]
    route = queue_alone(catalogue, queue, "transfer")
    route.prefer = to_agent
    route.prefer_ms = NAMED_HOLD_MS
    return route


def has_slot(turn: Turn, row: AgentRow, interaction: Interaction) -> bool:
    """Whether one more of this medium fits into the agent, ready or not."""
    capacity = capacity_of(turn.state, row)
    usage = usage_of(turn.state, row, capacity)
    status = medium_status(row.media, capacity, usage, interaction.medium)
    return status in (Status.AVAILABLE, Status.MEDIUM_OFF)


def consult(turn: Turn, command: Consult) -> InteractionId:
    """Ring a colleague who is ready and has room, while staying the lead."""
    interaction = turn.led(command.interaction_id, command.agent_id)
    if command.to_agent == command.agent_id:
        raise Refused("this is the agent who has it", code="invalid_target")
    if interaction.consult is not None or interaction.consulted() is not None:
        raise Refused("a colleague is being asked already", code="busy")
    row = turn.reachable(command.to_agent)
    if row.presence is not Presence.READY or row.asked is not None:
        raise Refused(f"agent {row.id} is not ready", code="agent_not_ready")
    if interaction.engagement(row.id) is not None or not has_slot(turn, row, interaction):
        raise Refused(f"agent {row.id} has no room for this", code="no_capacity")
    visit = interaction.visit
    assert visit is not None, "who is engaged was queued"
    why = Explanation(
        strategy="named",
        candidates=(row.id,),
        candidate_count=1,
        decision=Decision(rule="consult", version=turn.state.catalogue.version),
    )
    offer(turn, interaction, row.id, OfferKind.CONSULT, why, from_agent=command.agent_id)
    return interaction.id


def complete_consult(turn: Turn, command: CompleteConsult) -> InteractionId:
    """The colleague leads from now on, and the former lead wraps up."""
    interaction = turn.led(command.interaction_id, command.agent_id)
    consulted = interaction.consulted()
    if consulted is None:
        raise Refused("no colleague has joined", code="no_consult")
    hand_over(turn, interaction, command.agent_id, consulted.agent_id, "consult_completed")
    return interaction.id


def hand_over(
    turn: Turn, interaction: Interaction, agent_id: AgentId, to_agent: AgentId, how: str
) -> None:
    """Change the lead; the former one's engagement ends as theirs who led it."""
    former = interaction.engagement(agent_id)
    assert former is not None, "the former lead takes part"
    if former.held_since is not None:
        turn.emit(Retrieved(turn.now, interaction.id, agent_id, turn.now - former.held_since))
    turn.emit(LeadChanged(turn.now, interaction.id, agent_id, to_agent))
    end_part(turn, interaction, former, how, led=True)


def end_consulting(turn: Turn, command: EndConsult) -> InteractionId:
    """The colleague leaves, asked by the lead or by themselves; else ``not_yours``."""
    interaction = turn.going_on(command.interaction_id)
    consulted = interaction.consulted()
    ring = interaction.consult
    if consulted is None and ring is None:
        raise Refused("no colleague is being asked", code="no_consult")
    if consulted is not None and consulted.agent_id == command.agent_id:
        end_part(turn, interaction, consulted, "consult_over")
    elif ring is not None and ring.agent_id == command.agent_id:
        end_ring(turn, interaction, ring, OfferEnd.DECLINED)
    else:
        turn.led(command.interaction_id, command.agent_id)
        end_consult(turn, interaction)
    return interaction.id
