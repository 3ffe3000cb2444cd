"""Looking at the live state: read-only copies for desks, boards and channels."""

from collections.abc import Collection, Sequence
from heapq import nsmallest
from itertools import islice

from router import business_hours
from router.core.explaining import why_waiting
from router.core.waits import expected_wait, in_order, next_wait, position_in_queue
from router.model.agent import Presence
from router.model.commands import Arrive
from router.model.ids import (
    AgentId,
    CaseId,
    Instant,
    InteractionId,
    Medium,
    Position,
    QueueName,
)
from router.model.interaction import Phase
from router.model.views import (
    AgentView,
    Conservation,
    EngagementView,
    InteractionView,
    LoanView,
    OfferView,
    QueueView,
)
from router.rules import Contact, route
from router.state.capacity import Status, capacity_of, usage_of
from router.state.live import State
from router.state.records import AgentRow, Engagement, Interaction, Offer
from router.state.seats import served

__all__ = [
    "agent_view",
    "agents_view",
    "conservation",
    "expected_wait",
    "in_phases",
    "interaction_view",
    "is_open",
    "next_opening",
    "open_in_case",
    "open_of",
    "parked_views",
    "position_in_queue",
    "queue_for",
    "queue_views",
    "waiting_views",
    "why_waiting",
]

NO_POSITION = Position(0)


def interaction_view(
    state: State, interaction_id: InteractionId, now: Instant
) -> InteractionView | None:
    """The interaction, or None when it is unknown or long finished."""
    interaction = state.interactions.get(interaction_id)
    return None if interaction is None else _view(state, interaction)


def _view(state: State, interaction: Interaction) -> InteractionView:
    visit = interaction.visit
    queue = None if visit is None else state.catalogue.queues.get(visit.queue)
    target = 0 if queue is None else queue.target_ms.get(interaction.medium, 0)
    parts = tuple(_engagement(interaction, part) for part in interaction.engagements)
    offer = interaction.offer or interaction.consult
    return InteractionView(
        interaction_id=interaction.id,
        medium=interaction.medium,
        address=interaction.address,
        subject=interaction.subject,
        case_id=interaction.case_id,
        phase=interaction.phase,
        arrived=interaction.arrived,
        queue=None if visit is None else visit.queue,
        entered=None if visit is None else visit.entered,
        visit=0 if visit is None else visit.number,
        entries=len(interaction.entries),
        attributes=dict(interaction.attributes),
        customer=dict(interaction.customer),
        engagements=parts,
        offer=None if offer is None else _offer(interaction, offer),
        parked_until=interaction.parked_until,
        parked_by=interaction.parked_by,
        due=Instant(visit.entered + target) if visit is not None and target > 0 else None,
    )


def _engagement(interaction: Interaction, part: Engagement) -> EngagementView:
    return EngagementView(
        interaction_id=interaction.id,
        agent_id=part.agent_id,
        role=part.role,
        queue=part.queue,
        since=part.since,
        held_since=part.held_since,
        held_ms=part.held_ms,
        wrap_up_since=part.wrap_up_since,
        wrap_up_until=part.wrap_up_until,
        wrap_up_extensions=part.extensions,
        disposition=part.disposition,
    )


def _offer(interaction: Interaction, offer: Offer) -> OfferView:
    return OfferView(
        offer_id=offer.offer_id,
        interaction_id=interaction.id,
        agent_id=offer.agent_id,
        kind=offer.kind,
        since=offer.since,
        expires=offer.expires,
    )


def queue_for(state: State, arrival: Arrive, now: Instant) -> QueueName:
    """Which queue the rules would choose for an arrival now."""
    contact = Contact(
        medium=arrival.medium,
        address=arrival.address,
        attributes=arrival.attributes,
        customer=arrival.customer,
        last_agent=arrival.last_agent,
    )
    return route(state.catalogue, contact, now).queue


def open_in_case(state: State, case_id: CaseId, now: Instant) -> InteractionView | None:
    """The interaction of a case that is going on, if there is one."""
    interaction_id = state.cases.get(case_id)
    return None if interaction_id is None else _view(state, state.interactions[interaction_id])


def agent_view(state: State, agent_id: AgentId, now: Instant) -> AgentView | None:
    """The agent, or None when the catalogue has no such agent."""
    row = state.agents.get(agent_id)
    if row is None or agent_id not in state.catalogue.agents:
        return None
    return _agent(state, row)


def agents_view(state: State, now: Instant) -> Sequence[AgentView]:
    """All agents of the catalogue, in its order."""
    return [_agent(state, state.agents[agent_id]) for agent_id in state.catalogue.agents]


def _agent(state: State, row: AgentRow) -> AgentView:
    capacity = capacity_of(state, row)
    usage = usage_of(state, row, capacity)
    slots = {medium: count for medium, count in capacity.slots.items() if count > 0}
    room = max(capacity.total - usage.load, 0)
    state.index.refresh(state)
    status = state.index.seats[row.id].status
    free = {
        medium: min(count - usage.used.get(medium, 0), room // max(capacity.load.get(medium, 1), 1))
        if status.get(medium) == Status.AVAILABLE
        else 0
        for medium, count in slots.items()
    }
    loan = row.loan
    return AgentView(
        agent_id=row.id,
        presence=row.presence,
        reason=row.reason,
        set_by=row.set_by,
        since=row.since,
        desk_lost=row.desk_lost,
        asked=row.asked,
        asked_reason=row.asked_reason,
        media=row.media,
        offers=tuple(row.offers),
        interactions=tuple(row.interactions),
        used=dict(usage.used),
        slots=slots,
        free=free,
        queues=served(state, row.id),
        loan=None if loan is None else LoanView(loan.by, loan.since, loan.until, loan.skills),
    )


def queue_views(state: State, now: Instant) -> Sequence[QueueView]:
    """All queues of the catalogue."""
    state.index.refresh(state)
    offered: dict[QueueName, int] = {}
    engaged: dict[QueueName, int] = {}
    for interaction in _with_agents(state):
        visit = interaction.visit
        if visit is not None and interaction.phase is Phase.OFFERED:
            offered[visit.queue] = offered.get(visit.queue, 0) + 1
        elif visit is not None and interaction.phase is Phase.ENGAGED:
            engaged[visit.queue] = engaged.get(visit.queue, 0) + 1
    return [
        _queue(state, name, offered.get(name, 0), engaged.get(name, 0), now)
        for name in state.catalogue.queues
    ]


def _with_agents(state: State) -> list[Interaction]:
    """Every interaction that an agent is rung for or engaged in, once."""
    found: dict[InteractionId, Interaction] = {}
    for row in state.agents.values():
        for interaction_id in row.interactions:
            found[interaction_id] = state.interactions[interaction_id]
        for offer_id in row.offers:
            interaction = state.of_offer(offer_id)
            if interaction is not None:
                found[interaction.id] = interaction
    return list(found.values())


def _queue(state: State, name: QueueName, offered: int, engaged: int, now: Instant) -> QueueView:
    audience = state.index.audience(frozenset({name}))
    return QueueView(
        queue=name,
        waiting=state.index.waiting(name),
        offered=offered,
        engaged=engaged,
        longest_waiting_since=_oldest(state, name),
        agents_ready=audience.ready,
        agents_signed_in=len(audience.members) - audience.presences.get(Presence.OFFLINE, 0),
        open=is_open(state, state.catalogue.queues[name].calendar, now),
        expected_wait=next_wait(state, name),
    )


def _oldest(state: State, name: QueueName) -> Instant | None:
    places = state.index.places.get(name)
    place = None if places is None else places.oldest()
    if place is None:
        return None
    visit = state.interactions[state.index.by_place[place]].visit
    return None if visit is None else visit.entered


def waiting_views(
    state: State, queue: QueueName, now: Instant, limit: int = 100
) -> Sequence[InteractionView]:
    """The first waiting interactions of a queue, in the order they will be offered."""
    first = islice(in_order(state, queue, now), max(limit, 0))
    return [_view(state, state.interactions[interaction_id]) for interaction_id in first]


def parked_views(state: State, agent_id: AgentId, now: Instant) -> Sequence[InteractionView]:
    """What an agent has laid aside, what returns first at the front."""
    parked = [of for of in state.parked.get(agent_id, ()) if of in state.interactions]
    views = [_view(state, state.interactions[interaction_id]) for interaction_id in parked]
    return sorted(views, key=lambda view: (view.parked_until or 0, view.interaction_id))


def is_open(state: State, calendar: str, now: Instant) -> bool:
    """Whether business is open by this calendar now (no calendar: always)."""
    known = state.catalogue.calendars.get(calendar)
    if known is None:
        return True
    return calendar not in state.closed_calendars and business_hours.is_open(known, now)


def next_opening(state: State, calendar: str, now: Instant) -> Instant | None:
    """When business opens next by this calendar; None when it is open or none is known."""
    known = state.catalogue.calendars.get(calendar)
    if known is None or calendar in state.closed_calendars:
        return None
    return business_hours.next_opening(known, now)


def in_phases(
    state: State, phases: Collection[Phase], queue: QueueName | None, limit: int
) -> tuple[int, Sequence[InteractionView]]:
    """How many interactions are in these phases (of one queue, or of all), and the oldest ones.

    Looks at each one that is known.
    """
    found = [
        each
        for each in state.interactions.values()
        if each.phase in phases
        and (queue is None or (each.visit is not None and each.visit.queue == queue))
    ]
    first = nsmallest(max(limit, 0), found, key=_age)
    return len(found), [_view(state, each) for each in first]


def _age(interaction: Interaction) -> tuple[Instant, InteractionId]:
    visit = interaction.visit
    return interaction.arrived if visit is None else visit.entered, interaction.id


def open_of(state: State, medium: Medium) -> int:
    """How many interactions of a medium have not finished; looks at each one that is known."""
    return sum(
        each.medium == medium and each.phase is not Phase.FINISHED
        for each in state.interactions.values()
    )


def conservation(state: State, now: Instant, position: Position = NO_POSITION) -> Conservation:
    """The conservation law's terms; ``position`` is the log's, which the caller knows."""
    counters = state.counters
    return Conservation(
        accepted=counters.accepted,
        self_service=counters.self_service,
        waiting=counters.waiting,
        offered=counters.offered,
        in_work=counters.in_work,
        finished=counters.finished,
        position=position,
    )
