"""Folds of agents' presence, the catalogue, and the writer."""

from router.model.agent import CONNECTION_LOST, SIGNED_IN, Presence
from router.model.events import (
    CalendarClosed,
    CatalogueChanged,
    DeskCameBack,
    DeskWasLost,
    PresenceAsked,
    PresenceChanged,
    SeatMoved,
    SeatReturned,
    SignedIn,
    SignedOut,
    WriterStarted,
)
from router.model.ids import AgentId, Instant
from router.state.deadlines import desk_grace_ms
from router.state.live import State
from router.state.moves import known, known_agent, new_turn, set_deadline, touch
from router.state.records import AgentRow, Loan


def signed_in(state: State, event: SignedIn) -> None:
    """A desk is open; the agent begins not ready."""
    row = known_agent(state, event.agent_id)
    _set(row, Presence.NOT_READY, SIGNED_IN, "", event.at)
    row.media = None
    row.desk_lost = False
    row.before_lost = None
    touch(state, row.id)


def signed_out(state: State, event: SignedOut) -> None:
    """The desk is closed. An agent the catalogue no longer has is forgotten."""
    row = known_agent(state, event.agent_id)
    _set(row, Presence.OFFLINE, "", event.by, event.at)
    row.media = None
    row.desk_lost = False
    row.before_lost = None
    touch(state, row.id)


def _set(row: AgentRow, presence: Presence, reason: str, by: str, at: Instant) -> None:
    row.presence = presence
    row.reason = reason
    row.set_by = by
    row.since = at
    _no_wish(row)


def _no_wish(row: AgentRow) -> None:
    row.asked = None
    row.asked_reason = ""
    row.asked_by = ""
    row.asked_media = None


def presence_changed(state: State, event: PresenceChanged) -> None:
    """The agent is ready or not; who becomes ready begins to be idle now."""
    row = known_agent(state, event.agent_id)
    became_ready = event.presence is Presence.READY and row.presence is not Presence.READY
    _set(row, event.presence, event.reason, event.by, event.at)
    row.media = event.media
    if row.desk_lost and event.reason != CONNECTION_LOST:
        row.before_lost = None  # Somebody decided meanwhile: nothing is restored.
    if became_ready:
        new_turn(state, row)
    touch(state, row.id)


def presence_asked(state: State, event: PresenceAsked) -> None:
    """A wish for the end of the work; OFFLINE withdraws it."""
    row = known_agent(state, event.agent_id)
    if event.presence is Presence.OFFLINE:
        _no_wish(row)
    else:
        row.asked = event.presence
        row.asked_reason = event.reason
        row.asked_by = event.by
        row.asked_media = event.media
    touch(state, row.id)


def desk_was_lost(state: State, event: DeskWasLost) -> None:
    """What the agent has in hand stays theirs for the grace of its medium."""
    row = known_agent(state, event.agent_id)
    row.desk_lost = True
    row.before_lost = (row.presence, row.reason, row.set_by)
    for interaction_id in row.interactions:
        interaction = known(state, interaction_id)
        engagement = interaction.engagement(row.id)
        if engagement is not None and not engagement.ended:
            engagement.lost_until = Instant(event.at + desk_grace_ms(interaction.medium))
            set_deadline(state, interaction)
    touch(state, row.id)


def desk_came_back(state: State, event: DeskCameBack) -> None:
    """What is still in hand stays."""
    row = known_agent(state, event.agent_id)
    row.desk_lost = False
    row.before_lost = None
    for interaction_id in row.interactions:
        interaction = known(state, interaction_id)
        engagement = interaction.engagement(row.id)
        if engagement is not None:
            engagement.lost_until = None
            set_deadline(state, interaction)
    touch(state, row.id)


def seat_moved(state: State, event: SeatMoved) -> None:
    """The agent serves other queues from now on; what waits there may be theirs at once."""
    row = known_agent(state, event.agent_id)
    row.loan = Loan(event.queues, event.skills, event.at, event.until, event.by)
    state.returns.set(row.id, event.until)
    state.index.reseat(state, row.id)


def seat_returned(state: State, event: SeatReturned) -> None:
    """The agent serves their own queues again."""
    row = known_agent(state, event.agent_id)
    row.loan = None
    state.returns.set(row.id, None)
    state.index.reseat(state, row.id)


def catalogue_changed(state: State, event: CatalogueChanged) -> None:
    """Another version decides from now on. Who has work keeps it, even when they are gone."""
    catalogue = event.catalogue
    state.catalogue = catalogue
    for agent_id in catalogue.agents:
        known_agent(state, agent_id)
    for row in list(state.agents.values()):
        if row.id not in catalogue.agents and row.presence is Presence.OFFLINE and not _busy(row):
            del state.agents[row.id]
    state.closed_calendars &= catalogue.calendars.keys()
    for name in list(state.queues):
        if name not in catalogue.queues:
            del state.queues[name]
        else:
            queue = state.queue(name)
            queue.turns = _of_known(queue.turns, state)
            queue.passes = _of_known(queue.passes, state)
    state.index.retake_roll(state)
    for interaction_id in state.index.items:
        set_deadline(state, state.interactions[interaction_id])


def _busy(row: AgentRow) -> bool:
    return bool(row.offers or row.interactions)


def _of_known(numbers: dict[AgentId, int], state: State) -> dict[AgentId, int]:
    return {agent: number for agent, number in numbers.items() if agent in state.agents}


def calendar_closed(state: State, event: CalendarClosed) -> None:
    """An emergency closing, or its end."""
    if event.closed:
        state.closed_calendars.add(event.calendar)
    else:
        state.closed_calendars.discard(event.calendar)


def writer_started(state: State, event: WriterStarted) -> None:
    """Rings of another writer's epoch are void: they are due now."""
    state.epoch = event.epoch
    for row in state.agents.values():
        for offer_id in row.offers:
            interaction = state.of_offer(offer_id)
            assert interaction is not None, "an offer's interaction is known"
            set_deadline(state, interaction)
