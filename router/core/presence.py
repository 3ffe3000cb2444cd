"""Agents come, are ready or not, lose their desks, and go."""

from router.core.parts import end_consult, end_part, end_ring, end_wrap_up
from router.core.queueing import again, rehome
from router.core.talking import hand_over
from router.core.turn import Turn
from router.model.agent import (
    CONNECTION_LOST,
    NO_ANSWER,
    SET_BY_OTHER,
    SIGNED_IN,
    SYSTEM_REASONS,
    Presence,
)
from router.model.commands import DeskBack, DeskLost, SetPresence, SignIn, SignOut
from router.model.errors import Refused
from router.model.events import (
    DeskCameBack,
    DeskWasLost,
    PreferenceEnded,
    PresenceAsked,
    PresenceChanged,
    SignedIn,
    SignedOut,
)
from router.model.ids import AgentId
from router.model.interaction import OfferEnd, Role
from router.state.capacity import takes_slot
from router.state.records import AgentRow, Engagement, Interaction


def sign_in(turn: Turn, command: SignIn) -> None:
    """Open a desk, not ready; a second one changes nothing."""
    row = turn.agent(command.agent_id)
    if row.id not in turn.state.catalogue.agents:
        raise Refused(f"agent {row.id} is no longer there", code="unknown_agent")
    if row.presence is Presence.OFFLINE:
        turn.emit(SignedIn(turn.now, row.id))
        turn.emit(PresenceChanged(turn.now, row.id, Presence.NOT_READY, SIGNED_IN))


def parts_of(turn: Turn, row: AgentRow) -> list[tuple[Interaction, Engagement]]:
    """The agent's engagements, wrap-up included, oldest first."""
    found = []
    for interaction_id in row.interactions:
        interaction = turn.state.interactions[interaction_id]
        engagement = interaction.engagement(row.id)
        assert engagement is not None, "an agent's interaction knows them"
        found.append((interaction, engagement))
    return found


def sign_out(turn: Turn, command: SignOut) -> None:
    """Close the desk; refused with ``busy`` while engaged, unless forced: then work is requeued."""
    row = turn.agent(command.agent_id)
    if row.presence is Presence.OFFLINE:
        return
    going_on = [part for part in parts_of(turn, row) if not part[1].ended]
    if going_on and not command.force:
        raise Refused(f"agent {row.id} is engaged", code="busy")
    stop_offers(turn, row, OfferEnd.WITHDRAWN, "signed_out")
    for interaction, engagement in going_on:
        give_back(turn, interaction, engagement, "requeued")
    for interaction, _ in parts_of(turn, row):
        end_wrap_up(turn, interaction, row.id, "signed_out")
    turn.emit(SignedOut(turn.now, row.id, command.by))
    stop_preferring(turn, row.id)


def stop_offers(turn: Turn, row: AgentRow, end: OfferEnd, why: str = "") -> None:
    """End all rings at an agent."""
    for offer_id in list(row.offers):
        interaction = turn.state.of_offer(offer_id)
        assert interaction is not None, "an offer's interaction is known"
        for offer in (interaction.offer, interaction.consult):
            if offer is not None and offer.offer_id == offer_id:
                end_ring(turn, interaction, offer, end, why)
                rehome(turn, interaction)


def give_back(turn: Turn, interaction: Interaction, engagement: Engagement, how: str) -> None:
    """Take the interaction from an agent: a colleague who is in leads on, else its queue has it."""
    if engagement.role is Role.CONSULTED:
        end_part(turn, interaction, engagement, "consult_over")
        return
    consulted = interaction.consulted()
    if consulted is not None:
        hand_over(turn, interaction, engagement.agent_id, consulted.agent_id, how)
        return
    end_consult(turn, interaction)
    end_part(turn, interaction, engagement, how)
    again(turn, interaction, "requeue")


def stop_preferring(turn: Turn, agent_id: AgentId) -> None:
    """Let everybody have what was held for an agent who is gone."""
    state = turn.state
    held = [
        item.id
        for item in state.index.items.values()
        if agent_id in item.only and item.only == {agent_id}
    ]
    for interaction_id in held:
        visit = state.interactions[interaction_id].visit
        if visit is not None and visit.preferred == agent_id and visit.prefer_until is not None:
            turn.emit(PreferenceEnded(turn.now, interaction_id))


def set_presence(turn: Turn, command: SetPresence) -> None:
    """Ready at once; not ready at once when free, else when the work ends.

    Refused with ``not_signed_in``, ``unknown_reason``, ``desk_lost`` or ``invalid_presence``.
    """
    row = turn.agent(command.agent_id)
    if command.presence is Presence.OFFLINE:
        raise Refused("to go offline, sign out", code="invalid_presence")
    if row.presence is Presence.OFFLINE:
        raise Refused(f"agent {row.id} is not signed in", code="not_signed_in")
    if row.desk_lost and command.presence is Presence.READY:
        raise Refused(f"agent {row.id} cannot be reached", code="desk_lost")
    reason = command.reason or (SET_BY_OTHER if command.by else "")
    if command.presence is Presence.READY:
        reason = ""
    elif reason and reason not in (*turn.state.catalogue.reasons, *SYSTEM_REASONS):
        raise Refused(f"there is no reason {reason!r}", code="unknown_reason")
    wanted = (command.presence, reason, command.media)
    if (
        command.presence is Presence.NOT_READY
        and row.presence is Presence.READY
        and busy(turn, row)
    ):
        if (row.asked, row.asked_reason, row.asked_media) != wanted:
            turn.emit(
                PresenceAsked(turn.now, row.id, command.presence, reason, command.by, command.media)
            )
    elif (row.presence, row.reason, row.media) != wanted:
        turn.emit(
            PresenceChanged(turn.now, row.id, command.presence, reason, command.by, command.media)
        )
    elif row.asked is not None:
        turn.emit(PresenceAsked(turn.now, row.id, Presence.OFFLINE, by=command.by))


def busy(turn: Turn, row: AgentRow) -> bool:
    """Whether the agent has a ring or work that takes up a slot."""
    interactions = turn.state.interactions
    return bool(row.offers) or any(takes_slot(interactions[of], row) for of in row.interactions)


def fulfil_wishes(turn: Turn) -> None:
    """What agents asked for takes effect now that their work is over; the removed sign out."""
    state = turn.state
    changed = sorted(state.index.changed)
    state.index.changed.clear()
    for agent_id in changed:
        row = state.agents.get(agent_id)
        if row is None or (row.asked is None and agent_id in state.catalogue.agents):
            continue
        if row.presence is Presence.OFFLINE or busy(turn, row):
            continue
        if row.asked is not None:
            turn.emit(
                PresenceChanged(
                    turn.now,
                    row.id,
                    row.asked,
                    row.asked_reason,
                    row.asked_by,
                    row.asked_media,
                )
            )
        if agent_id not in state.catalogue.agents and not row.interactions:
            turn.emit(SignedOut(turn.now, row.id, "system"))


def not_answering(turn: Turn, agent_id: AgentId) -> None:
    """The agent did not answer a ring: not ready, at once, until they say otherwise."""
    row = turn.state.agents[agent_id]
    if row.presence is Presence.READY:
        turn.emit(PresenceChanged(turn.now, row.id, Presence.NOT_READY, NO_ANSWER, media=row.media))


def desk_lost(turn: Turn, command: DeskLost) -> None:
    """Rings stop; conversations and mails stay with the agent for a grace (``state.deadlines``)."""
    row = turn.agent(command.agent_id)
    if row.presence is Presence.OFFLINE or row.desk_lost:
        return
    turn.emit(DeskWasLost(turn.now, row.id))
    stop_offers(turn, row, OfferEnd.DESK_LOST)
    turn.emit(
        PresenceChanged(turn.now, row.id, Presence.NOT_READY, CONNECTION_LOST, media=row.media)
    )


def desk_back(turn: Turn, command: DeskBack) -> None:
    """The agent is what they were before the desk was lost, unless somebody decided otherwise."""
    row = turn.agent(command.agent_id)
    if not row.desk_lost:
        return
    before = row.before_lost
    turn.emit(DeskCameBack(turn.now, row.id))
    if before is not None:
        presence, reason, by = before
        turn.emit(PresenceChanged(turn.now, row.id, presence, reason, by, row.media))
