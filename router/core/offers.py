"""Agents answer rings: they accept or decline."""

from router.core.parts import end_ring, end_wrap_up
from router.core.queueing import rehome
from router.core.turn import Turn
from router.model.commands import Accept, Decline
from router.model.errors import Refused
from router.model.events import Engaged
from router.model.ids import AgentId, InteractionId, OfferId
from router.model.interaction import OfferEnd, OfferKind, Role
from router.state.records import Interaction, Offer


def ringing(turn: Turn, offer_id: OfferId, agent_id: AgentId) -> tuple[Interaction, Offer]:
    """The offer if it still rings; refused with ``offer_gone``, or ``not_yours``.

    An offer of a writer before this one is void, though nobody may have said so yet.
    """
    interaction = turn.state.of_offer(offer_id)
    if interaction is not None:
        for offer in (interaction.offer, interaction.consult):
            if offer is None or offer.offer_id != offer_id:
                continue
            if offer.epoch != turn.state.epoch:
                break
            if offer.agent_id != agent_id:
                raise Refused(f"offer {offer_id} is another agent's", code="not_yours")
            return interaction, offer
    raise Refused(f"offer {offer_id} is over", code="offer_gone")


def accept(turn: Turn, command: Accept) -> InteractionId:
    """The agent takes the interaction."""
    interaction, offer = ringing(turn, command.offer_id, command.agent_id)
    visit = interaction.visit
    assert visit is not None, "what is offered is on a visit"
    queued = visit.queued if offer.kind is not OfferKind.CONSULT else turn.now
    # Their own wrap-up of an earlier part gives way: an agent takes part once.
    end_wrap_up(turn, interaction, command.agent_id, "done")
    end_ring(turn, interaction, offer, OfferEnd.ACCEPTED)
    turn.emit(
        Engaged(
            turn.now,
            interaction_id=interaction.id,
            agent_id=command.agent_id,
            role=Role.CONSULTED if offer.kind is OfferKind.CONSULT else Role.LEAD,
            queue=offer.queue,
            medium=interaction.medium,
            visit=visit.number,
            waited_ms=turn.now - queued,
            offer_id=offer.offer_id,
        )
    )
    return interaction.id


def decline(turn: Turn, command: Decline) -> InteractionId:
    """The interaction goes back to its place, and not to this agent again in this visit."""
    interaction, offer = ringing(turn, command.offer_id, command.agent_id)
    end_ring(turn, interaction, offer, OfferEnd.DECLINED, command.reason)
    rehome(turn, interaction)
    return interaction.id
