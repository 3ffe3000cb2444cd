"""Folds of what happens to an interaction outside of an agent's hands."""

from collections import deque

from router.model.content import Author
from router.model.events import (
    Arrived,
    AttributesSet,
    Closed,
    CustomerLeft,
    EntryAdded,
    EntryMarked,
    PlanStepTaken,
    PreferenceEnded,
    Queued,
    SelfServiceStepped,
    SubjectLinked,
)
from router.model.ids import AgentId, Instant, InteractionId
from router.model.interaction import Outcome, Phase
from router.state.books import RECENT_KEYS
from router.state.deadlines import ASK_AGAIN_MS
from router.state.expectation import learn_abandon, predict
from router.state.live import State
from router.state.moves import known, move, set_deadline
from router.state.records import Interaction, Visit


def arrived(state: State, event: Arrived) -> None:
    """A new interaction exists; until it is queued it is with nobody."""
    assert event.interaction_id not in state.interactions, "an interaction arrives once"
    interaction = Interaction(
        id=event.interaction_id,
        medium=event.medium,
        address=event.address,
        subject=event.subject,
        arrived=event.at,
        phase=Phase.SELF_SERVICE,
        phase_since=event.at,
        attributes=dict(event.attributes),
        customer=dict(event.customer),
        case_id=event.case_id,
        last_agent=event.last_agent,
    )
    state.interactions[interaction.id] = interaction
    state.counters.accepted += 1
    state.counters.self_service += 1
    if event.case_id is not None:
        state.cases[event.case_id] = interaction.id
    remember_key(state, event.source_key, interaction.id)
    if event.self_service:
        set_deadline(state, interaction)  # Else the next event queues or closes it.


def remember_key(state: State, key: str, interaction_id: InteractionId) -> None:
    """Remember where words with this key of their source went; the oldest are forgotten."""
    if not key or key in state.keys:
        return
    state.keys[key] = interaction_id
    state.key_order.append(key)
    if len(state.key_order) > RECENT_KEYS:
        del state.keys[state.key_order.popleft()]


def writer(author: Author, agent_id: AgentId | None) -> str:
    """Who wrote an entry, as ``Interaction.written`` names them."""
    return f"agent:{agent_id}" if author is Author.AGENT else author.value


def entry_added(state: State, event: EntryAdded) -> None:
    """The entry has the next number."""
    interaction = known(state, event.interaction_id)
    assert event.number == len(interaction.entries) + 1, "entries are numbered without gaps"
    interaction.entries[event.entry_id] = event.number
    interaction.written[writer(event.author, event.agent_id)] = event.number
    remember_key(state, event.source_key, interaction.id)


def entry_marked(state: State, event: EntryMarked) -> None:
    """The latest mark of an entry."""
    known(state, event.interaction_id).marks[event.entry_id] = event.mark


def queued(state: State, event: Queued) -> None:
    """A visit to a queue begins; the place is kept where the age is kept."""
    interaction = known(state, event.interaction_id)
    before = interaction.visit
    if before is not None and before.entered == event.entered:
        place = before.place
    else:
        state.counters.place += 1
        place = state.counters.place
    assert event.visit == (0 if before is None else before.number) + 1, "visits are counted"
    move(state, interaction, Phase.WAITING, event.at)  # Leaves the lines of the visit before.
    visit = interaction.visit = _visit(event, place)
    state.timers.asked.pop(interaction.id, None)
    state.index.enter(interaction)
    waiting = state.index.waiting_of(visit.queue, interaction.medium)
    known_waits = state.queue(visit.queue).expectations.get(interaction.medium)
    predict(known_waits, visit, waiting)
    set_deadline(state, interaction)


def _visit(event: Queued, place: int) -> Visit:
    # Who transferred it does not want it back at once.
    given_by = event.from_agent if event.reason == "transfer" else None
    declined = () if given_by is None else (given_by,)
    return Visit(
        queue=event.queue,
        number=event.visit,
        entered=event.entered,
        queued=event.at,
        place=place,
        requirement=event.requirement,
        priority_class=event.priority_class,
        rank=event.rank,
        slope=event.slope,
        credit_ms=event.credit_ms,
        plan=event.plan,
        reason=event.reason,
        rule=event.rule,
        version=event.version,
        source=event.source,
        preferred=event.preferred,
        prefer_until=event.prefer_until,
        from_agent=event.from_agent,
        declined=declined,
        avoided_until=Instant(event.at + ASK_AGAIN_MS) if declined else None,
    )


def attributes_set(state: State, event: AttributesSet) -> None:
    """Attributes are changed one by one; the others stay."""
    known(state, event.interaction_id).attributes.update(event.attributes)


def self_service_stepped(state: State, event: SelfServiceStepped) -> None:
    """A fact for reports: where a customer is in self-service decides nothing here."""
    assert known(state, event.interaction_id).phase is Phase.SELF_SERVICE, "steps are taken there"


def subject_linked(state: State, event: SubjectLinked) -> None:
    """The interaction belongs to another card."""
    known(state, event.interaction_id).subject = event.subject


def plan_step_taken(state: State, event: PlanStepTaken) -> None:
    """A step was taken; what it changed about the ranking takes effect at the old place."""
    interaction = known(state, event.interaction_id)
    visit = interaction.visit
    assert visit is not None, "plans run during a visit"
    assert interaction.phase is Phase.WAITING, "plans run while waiting"
    visit.step_times[event.step] = event.times
    visit.step_last[event.step] = event.at
    changed = (event.requirement, event.queues, event.rank, event.slope, event.credit_ms)
    if any(value is not None for value in changed):
        state.index.leave(interaction)
        visit.requirement = event.requirement or visit.requirement
        visit.widened = visit.widened if event.queues is None else event.queues
        visit.rank = visit.rank if event.rank is None else event.rank
        visit.slope = visit.slope if event.slope is None else event.slope
        visit.credit_ms = visit.credit_ms if event.credit_ms is None else event.credit_ms
        state.index.enter(interaction)
    set_deadline(state, interaction)


def preference_ended(state: State, event: PreferenceEnded) -> None:
    """Everybody whom the requirement allows may be offered the interaction from now on."""
    interaction = known(state, event.interaction_id)
    visit = interaction.visit
    assert visit is not None, "a preference belongs to a visit"
    assert interaction.phase is Phase.WAITING, "preferences end while waiting"
    state.index.leave(interaction)
    visit.prefer_until = None
    state.index.enter(interaction)
    set_deadline(state, interaction)


def customer_left(state: State, event: CustomerLeft) -> None:
    """An abandon teaches what the wait was, where the customer was waiting."""
    interaction = known(state, event.interaction_id)
    visit = interaction.visit
    if visit is not None and interaction.phase in (Phase.WAITING, Phase.OFFERED):
        known_waits = state.queue(visit.queue).expectations.get(interaction.medium)
        if known_waits is not None:
            learn_abandon(known_waits, visit, event.at)


def closed(state: State, event: Closed) -> None:
    """The interaction is finished and kept for a while; the oldest finished ones are forgotten."""
    interaction = known(state, event.interaction_id)
    assert interaction.offer is None, "no ring outlives its interaction"
    assert interaction.lead() is None, "no conversation outlives its interaction"
    move(state, interaction, Phase.FINISHED, event.at)
    interaction.closed = event.at
    interaction.outcome = Outcome(event.outcome)
    set_deadline(state, interaction)
    state.finished.append(interaction.id)
    _forget(state.finished, state)


def _forget(finished: deque[InteractionId], state: State) -> None:
    for _ in range(len(finished)):
        if len(finished) <= max(state.catalogue.limits.finished_kept, 1):
            return
        oldest = state.interactions[finished[0]]
        finished.popleft()
        if oldest.engagements:
            finished.append(oldest.id)  # Somebody still wraps it up.
        else:
            state.timers.forget(oldest.id)
            del state.interactions[oldest.id]
