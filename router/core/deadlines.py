"""What is done when time runs out: the other half of ``router.state.deadlines``."""

from router.core import parts, planning
from router.core.arrivals import run_rules
from router.core.presence import give_back, not_answering
from router.core.queueing import again, rehome
from router.core.seats import return_what_is_due
from router.core.turn import Turn
from router.model.commands import Tick
from router.model.events import Closed, PreferenceEnded
from router.model.interaction import OfferEnd, Outcome, Phase
from router.state.deadlines import (
    ENGAGED_LIMIT_MS,
    SELF_SERVICE_LIMIT_MS,
    WAITING_LIMIT_MS,
)
from router.state.moves import set_deadline
from router.state.records import Interaction, Offer

DONE_AT_ONCE = 10_000
"""Interactions dealt with by one tick at most; the next tick is then due at once."""


def tick(turn: Turn, command: Tick) -> None:
    """Do what is due: seats go back, then interactions, the earliest first."""
    return_what_is_due(turn)
    for _ in range(DONE_AT_ONCE):
        interaction_id = turn.state.timers.pop(turn.now)
        if interaction_id is None:
            return
        interaction = turn.state.interactions[interaction_id]
        _due(turn, interaction)
        if interaction_id in turn.state.interactions:
            set_deadline(turn.state, interaction)


def _due(turn: Turn, interaction: Interaction) -> None:
    """Everything about one interaction whose moment has come."""
    for offer in (interaction.consult, interaction.offer):
        if offer is not None and _is_over(turn, offer):
            _ring_over(turn, interaction, offer)
    for engagement in list(interaction.engagements):
        if engagement.wrap_up_until is not None and engagement.wrap_up_until <= turn.now:
            parts.end_wrap_up(turn, interaction, engagement.agent_id, "time")
        elif engagement.lost_until is not None and engagement.lost_until <= turn.now:
            give_back(turn, interaction, engagement, "desk_lost")
    _phase_due(turn, interaction)


def _phase_due(turn: Turn, interaction: Interaction) -> None:
    stayed_ms = turn.now - interaction.phase_since
    match interaction.phase:
        case Phase.WAITING:
            _waited(turn, interaction)
        case Phase.PARKED:
            if interaction.parked_until is not None and interaction.parked_until <= turn.now:
                again(turn, interaction, "unparked", prefer=interaction.parked_by)
        case Phase.SELF_SERVICE:
            if stayed_ms >= SELF_SERVICE_LIMIT_MS:
                run_rules(turn, interaction)
        case Phase.ENGAGED:
            lead = interaction.lead()
            if stayed_ms >= ENGAGED_LIMIT_MS and lead is not None:
                give_back(turn, interaction, lead, "requeued")
        case Phase.OFFERED | Phase.WRAP_UP | Phase.FINISHED:
            pass  # The ring or the wrap-up was looked at above.


def _is_over(turn: Turn, offer: Offer) -> bool:
    return offer.expires <= turn.now or offer.epoch != turn.state.epoch


def _ring_over(turn: Turn, interaction: Interaction, offer: Offer) -> None:
    """Nobody answered in time; or the ring is a former writer's, which is nobody's fault."""
    if offer.epoch != turn.state.epoch:
        parts.end_ring(turn, interaction, offer, OfferEnd.WITHDRAWN, "writer_changed")
    else:
        parts.end_ring(turn, interaction, offer, OfferEnd.NO_ANSWER)
        not_answering(turn, offer.agent_id)
    rehome(turn, interaction)


def _waited(turn: Turn, interaction: Interaction) -> None:
    now = turn.now
    visit = interaction.visit
    assert visit is not None, "who waits is on a visit"
    if visit.queued + WAITING_LIMIT_MS <= now:
        waited_ms = now - visit.queued
        turn.emit(
            Closed(now, interaction.id, Outcome.GAVE_UP, "waiting_limit", waited_ms=waited_ms)
        )
        return
    if visit.avoided_until is not None and visit.avoided_until <= now:
        again(turn, interaction, "requeue")  # A new visit: those who declined are asked again.
        return
    if visit.prefer_until is not None and visit.prefer_until <= now:
        turn.emit(PreferenceEnded(now, interaction.id))
    planning.take_due_steps(turn, interaction)
