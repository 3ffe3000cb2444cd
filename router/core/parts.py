"""Ends of rings and of engagements, shared by all commands that bring them about."""

from router.core.turn import Turn
from router.model.agent import WrapUpMode, WrapUpRule
from router.model.events import (
    Closed,
    EngagementEnded,
    OfferEnded,
    WrapUpEnded,
)
from router.model.ids import AgentId, Instant, Medium, QueueName
from router.model.interaction import OfferEnd, Outcome, Phase, Role
from router.state.records import Engagement, Interaction, Offer

DEFAULT_WRAP_UP = WrapUpRule()

WRAPPED_UP = frozenset({"ended", "customer_left", "transferred", "consult_completed"})
"""Ends of a lead's engagement that leave something to write down."""


def wrap_up_rule(turn: Turn, queue: QueueName, medium: Medium) -> WrapUpRule:
    """The queue's rule for the medium, else the site's, else the default."""
    catalogue = turn.state.catalogue
    known = catalogue.queues.get(queue)
    rule = None if known is None else known.wrap_up.get(medium)
    return rule or catalogue.wrap_up.get(medium) or DEFAULT_WRAP_UP


def end_ring(
    turn: Turn, interaction: Interaction, offer: Offer, end: OfferEnd, why: str = ""
) -> None:
    """State that a ring is over."""
    turn.emit(
        OfferEnded(
            turn.now,
            offer_id=offer.offer_id,
            interaction_id=interaction.id,
            agent_id=offer.agent_id,
            end=end,
            rang_ms=turn.now - offer.since,
            reason=why,
        )
    )


def stop_ring(turn: Turn, interaction: Interaction, end: OfferEnd, why: str = "") -> None:
    """End the ring for the interaction, if there is one."""
    if interaction.offer is not None:
        end_ring(turn, interaction, interaction.offer, end, why)


def end_part(
    turn: Turn,
    interaction: Interaction,
    engagement: Engagement,
    how: str,
    *,
    led: bool = False,
) -> None:
    """State that an agent's engagement is over, with its times and the wrap-up that follows.

    ``led``: it counts as the lead's though a colleague has just taken over.
    """
    now = turn.now
    role = Role.LEAD if led else engagement.role
    held_ms = engagement.held_ms
    if engagement.held_since is not None:
        held_ms += now - engagement.held_since
    until: Instant | None = None
    blocks = False
    if role is Role.LEAD and how in WRAPPED_UP:
        rule = wrap_up_rule(turn, engagement.queue, interaction.medium)
        if rule.mode is not WrapUpMode.NONE:
            until = Instant(now + max(rule.limit_ms, 1))
            blocks = rule.mode is WrapUpMode.MANDATORY
    turn.emit(
        EngagementEnded(
            now,
            interaction_id=interaction.id,
            agent_id=engagement.agent_id,
            role=role,
            queue=engagement.queue,
            medium=interaction.medium,
            how=how,
            talked_ms=now - engagement.since - held_ms,
            held_ms=held_ms,
            wrap_up_until=until,
            wrap_up_blocks=blocks,
        )
    )


def end_consult(turn: Turn, interaction: Interaction) -> None:
    """The colleague leaves, or the ring at them stops; nothing where there is none."""
    if interaction.consult is not None:
        end_ring(turn, interaction, interaction.consult, OfferEnd.WITHDRAWN, "consult_over")
    consulted = interaction.consulted()
    if consulted is not None:
        end_part(turn, interaction, consulted, "consult_over")


def end_lead(turn: Turn, interaction: Interaction, how: str) -> None:
    """The conversation ends: the colleague leaves first, then the lead; closes what can close."""
    end_consult(turn, interaction)
    lead = interaction.lead()
    assert lead is not None, "who is engaged has a lead"
    end_part(turn, interaction, lead, how)
    close_if_done(turn, interaction)


def close_if_done(turn: Turn, interaction: Interaction) -> None:
    """Finish an interaction that nobody has anything left to do for."""
    if interaction.phase is Phase.WRAP_UP and not interaction.engagements:
        turn.emit(Closed(turn.now, interaction.id, Outcome.HANDLED))


def end_wrap_up(turn: Turn, interaction: Interaction, agent_id: AgentId, how: str) -> None:
    """State that an agent's wrap-up is over, if one is going on; closes what can close."""
    engagement = interaction.engagement(agent_id)
    if engagement is None or engagement.wrap_up_since is None:
        return
    turn.emit(
        WrapUpEnded(
            turn.now,
            interaction.id,
            agent_id,
            how,
            wrap_up_ms=turn.now - engagement.wrap_up_since,
        )
    )
    close_if_done(turn, interaction)
