"""Folds of what agents do with interactions: rings, engagements, wrap-up."""

from router.model.events import (
    DispositionSet,
    Engaged,
    EngagementEnded,
    Held,
    LeadChanged,
    Offered,
    OfferEnded,
    Parked,
    Retrieved,
    WrapUpEnded,
    WrapUpExtended,
)
from router.model.ids import AgentId, Instant, OfferId
from router.model.interaction import OfferEnd, OfferKind, Phase, Role
from router.state.deadlines import ASK_AGAIN_MS, LATE_DISPOSITION_MS
from router.state.expectation import learn_answer, of_medium
from router.state.live import State
from router.state.moves import known, known_agent, move, new_turn, set_deadline, touch
from router.state.records import Engagement, Interaction, Late, Offer, QueueRow

STRIDE = 5_040_000
"""How far the wheel of smooth weights turns for an offer to an agent of weight 1."""


def offered(state: State, event: Offered) -> None:
    """A ring begins. A queue's offer takes the interaction out of its line, not its place."""
    interaction = known(state, event.interaction_id)
    row = known_agent(state, event.agent_id)
    interaction.offers += 1
    assert event.offer_id == offer_id(interaction), "offers are numbered without gaps"
    offer = Offer(
        offer_id=event.offer_id,
        agent_id=event.agent_id,
        kind=event.kind,
        queue=event.queue,
        since=event.at,
        expires=event.expires,
        epoch=event.epoch,
        from_agent=event.from_agent,
    )
    if event.kind is OfferKind.CONSULT:
        assert interaction.consult is None, "one colleague is asked at a time"
        interaction.consult = offer
    else:
        assert interaction.offer is None, "an interaction is offered once at a time"
        move(state, interaction, Phase.OFFERED, event.at)
        interaction.offer = offer
        _take_turn(state, state.queue(event.queue), row.id)
    row.offers.append(event.offer_id)
    touch(state, row.id)
    set_deadline(state, interaction)


def offer_id(interaction: Interaction) -> OfferId:
    """The id of the interaction's latest offer."""
    return OfferId(f"{interaction.id}.{interaction.offers}")


def _take_turn(state: State, queue: QueueRow, agent_id: AgentId) -> None:
    """Remember whose turn it was, for round robin and smooth weights."""
    state.counters.turn += 1
    queue.turns[agent_id] = state.counters.turn
    agent = state.catalogue.agents.get(agent_id)
    weight = max(agent.weight, 1) if agent is not None else 1
    queue.wheel = max(queue.passes.get(agent_id, 0), queue.wheel)
    queue.passes[agent_id] = queue.wheel + STRIDE // weight


def offer_ended(state: State, event: OfferEnded) -> None:
    """A ring is over. Unless it was accepted the interaction stands at its old place again."""
    interaction = known(state, event.interaction_id)
    row = known_agent(state, event.agent_id)
    row.offers.remove(event.offer_id)
    if event.end is OfferEnd.DECLINED:
        new_turn(state, row)
    touch(state, row.id)
    if interaction.consult is not None and interaction.consult.offer_id == event.offer_id:
        interaction.consult = None
        set_deadline(state, interaction)
        return
    assert interaction.offer is not None, "the offer was made"
    assert interaction.offer.offer_id == event.offer_id, "the offer was this one"
    interaction.offer = None
    if event.end is OfferEnd.ACCEPTED:
        return  # The engagement follows at once.
    visit = interaction.visit
    assert visit is not None, "who was offered is on a visit"
    if event.end in (OfferEnd.DECLINED, OfferEnd.NO_ANSWER) and visit.preferred == row.id:
        visit.prefer_until = None
    if event.end is OfferEnd.DECLINED:
        visit.declined = (*visit.declined, row.id)
        visit.avoided_until = Instant(event.at + ASK_AGAIN_MS)
    move(state, interaction, Phase.WAITING, event.at)
    state.index.enter(interaction)
    set_deadline(state, interaction)


def engaged(state: State, event: Engaged) -> None:
    """An agent and the interaction are together; the first answer of a visit teaches its wait."""
    interaction = known(state, event.interaction_id)
    row = known_agent(state, event.agent_id)
    assert interaction.engagement(row.id) is None, "an agent takes part once"
    visit = interaction.visit
    if event.role is Role.LEAD:
        assert interaction.lead() is None, "one agent leads"
        if visit is not None and interaction.phase is Phase.OFFERED:
            expectations = state.queue(visit.queue).expectations
            learn_answer(of_medium(expectations, interaction.medium), visit, event.at)
        move(state, interaction, Phase.ENGAGED, event.at)
        interaction.last_agent = row.id
    engagement = Engagement(
        agent_id=row.id, role=event.role, queue=event.queue, visit=event.visit, since=event.at
    )
    interaction.engagements.append(engagement)
    row.interactions.append(interaction.id)
    new_turn(state, row)
    set_deadline(state, interaction)


def _part(state: State, event: Held | Retrieved | WrapUpExtended | EngagementEnded) -> Engagement:
    engagement = known(state, event.interaction_id).engagement(event.agent_id)
    assert engagement is not None, "the agent takes part"
    return engagement


def held(state: State, event: Held) -> None:
    """The customer is on hold."""
    _part(state, event).held_since = event.at


def retrieved(state: State, event: Retrieved) -> None:
    """The customer is back from hold."""
    engagement = _part(state, event)
    engagement.held_ms += event.held_ms
    engagement.held_since = None


def lead_changed(state: State, event: LeadChanged) -> None:
    """The two agents change their parts."""
    interaction = known(state, event.interaction_id)
    former = interaction.engagement(event.from_agent)
    now = interaction.engagement(event.to_agent)
    assert former is not None, "the former lead takes part"
    assert now is not None, "the new lead takes part"
    former.role, now.role = Role.CONSULTED, Role.LEAD
    interaction.last_agent = now.agent_id


def engagement_ended(state: State, event: EngagementEnded) -> None:
    """An agent's part is over; where the customer goes on, the next event says."""
    interaction = known(state, event.interaction_id)
    row = known_agent(state, event.agent_id)
    engagement = _part(state, event)
    engagement.ended = True
    engagement.held_since = None
    engagement.held_ms = event.held_ms
    engagement.lost_until = None
    if event.wrap_up_until is None:
        drop(interaction, engagement, state)
    else:
        engagement.wrap_up_since = event.at
        engagement.wrap_up_until = event.wrap_up_until
        engagement.wrap_up_blocks = event.wrap_up_blocks
    if event.how in ("ended", "customer_left") and event.role is Role.LEAD:
        move(state, interaction, Phase.WRAP_UP, event.at)
        interaction.released = True
    new_turn(state, row)
    set_deadline(state, interaction)


def drop(interaction: Interaction, engagement: Engagement, state: State) -> None:
    """The agent has nothing more to do with the interaction."""
    interaction.engagements.remove(engagement)
    row = known_agent(state, engagement.agent_id)
    row.interactions.remove(interaction.id)


def parked(state: State, event: Parked) -> None:
    """Work is laid aside by its agent."""
    interaction = known(state, event.interaction_id)
    move(state, interaction, Phase.PARKED, event.at)
    interaction.parked_until = event.until
    interaction.parked_by = event.agent_id
    state.parked.setdefault(event.agent_id, {})[interaction.id] = None
    set_deadline(state, interaction)


def disposition_set(state: State, event: DispositionSet) -> None:
    """The outcome of an engagement that is not yet wrapped up; a late one is in the log alone."""
    engagement = known(state, event.interaction_id).engagement(event.agent_id)
    if engagement is not None:
        engagement.disposition = event.disposition


def wrap_up_extended(state: State, event: WrapUpExtended) -> None:
    """Wrap-up lasts longer."""
    engagement = _part(state, event)
    engagement.wrap_up_until = event.until
    engagement.extensions = event.extensions
    set_deadline(state, known(state, event.interaction_id))


def wrap_up_ended(state: State, event: WrapUpEnded) -> None:
    """Wrap-up is over; its agent may still correct the outcome for a while."""
    interaction = known(state, event.interaction_id)
    row = known_agent(state, event.agent_id)
    engagement = interaction.engagement(event.agent_id)
    assert engagement is not None, "the agent takes part"
    assert engagement.ended, "wrap-up follows the end"
    drop(interaction, engagement, state)
    interaction.late[row.id] = Late(Instant(event.at + LATE_DISPOSITION_MS), engagement.queue)
    if engagement.wrap_up_blocks:
        new_turn(state, row)
    touch(state, row.id)
    set_deadline(state, interaction)
