"""Offers: one ring at one agent, with its explanation."""

from router.core.explaining import explanation
from router.core.turn import Turn
from router.matching import pairs
from router.model.events import Offered
from router.model.explanation import Explanation
from router.model.ids import SECOND_MS, AgentId, Instant, Medium, OfferId, QueueName
from router.model.interaction import OfferKind
from router.state.records import Interaction

OFFER_MS: dict[Medium, int] = {
    Medium("voice"): 20 * SECOND_MS,
    Medium("chat"): 30 * SECOND_MS,
    Medium("mail"): 60 * SECOND_MS,
    Medium("fax"): 60 * SECOND_MS,
}
"""How long an offer rings where neither queue nor site says."""

OFFER_DEFAULT_MS = 30 * SECOND_MS


def offer_ms(turn: Turn, queue: QueueName, medium: Medium) -> int:
    """How long an offer rings: the queue's word, the site's, or the default."""
    catalogue = turn.state.catalogue
    known = catalogue.queues.get(queue)
    own = None if known is None else known.offer_ms.get(medium)
    default = OFFER_MS.get(medium, OFFER_DEFAULT_MS)
    return max(own or catalogue.offer_ms.get(medium) or default, 1)


def offer(
    turn: Turn,
    interaction: Interaction,
    agent_id: AgentId,
    kind: OfferKind,
    why: Explanation,
    *,
    from_agent: AgentId | None = None,
) -> None:
    """State that a ring begins."""
    visit = interaction.visit
    assert visit is not None, "what is offered is on a visit"
    turn.emit(
        Offered(
            turn.now,
            offer_id=OfferId(f"{interaction.id}.{interaction.offers + 1}"),
            interaction_id=interaction.id,
            agent_id=agent_id,
            kind=kind,
            queue=visit.queue,
            medium=interaction.medium,
            expires=Instant(turn.now + offer_ms(turn, visit.queue, interaction.medium)),
            why=why,
            from_agent=visit.from_agent if from_agent is None else from_agent,
            epoch=turn.state.epoch,
        )
    )


def offer_what_matches(turn: Turn) -> None:
    """Let matching run until no waiting interaction has an agent with room who may take it."""
    state = turn.state
    state.index.refresh(state)
    if not (state.index.freed or state.index.fresh):
        return
    for pair in pairs(state, turn.now):
        interaction = state.interactions[pair.interaction_id]
        why = explanation(state, interaction, pair, turn.now)
        offer(turn, interaction, pair.agent_id, OfferKind.QUEUE, why)
