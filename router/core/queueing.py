"""Into a queue: business hours, limits, the preferred agent, and the values that rank."""

from router.business_hours import is_open
from router.core.turn import Turn
from router.model.agent import Presence
from router.model.catalogue import Queue
from router.model.errors import Refused
from router.model.events import Closed, Queued
from router.model.ids import SECOND_MS, AgentId, Instant, Medium, QueueName
from router.model.interaction import Outcome, Phase
from router.model.skills import satisfies
from router.rules import Route, queue_alone
from router.state.records import NAMED_REASONS, Interaction
from router.state.seats import served, skills_of

PATIENT_MEDIA = frozenset({Medium("mail"), Medium("fax")})
"""Media whose customers do not hold the line: closed hours or a full queue let them wait."""

NOT_READY_GRACE_MS = 60 * SECOND_MS
"""A preferred agent who has been not ready for longer than this is not waited for."""

NAMED_HOLD_MS = 60 * SECOND_MS
"""How long an interaction given to a person waits for them before their queue may have it."""


def queue_known(turn: Turn, name: QueueName) -> Queue:
    """The queue of the catalogue; refused with ``unknown_queue``."""
    queue = turn.state.catalogue.queues.get(name)
    if queue is None:
        raise Refused(f"there is no queue {name!r}", code="unknown_queue")
    return queue


def admit(turn: Turn, interaction: Interaction, route: Route) -> None:
    """Let an arrival into the queue its rules chose, or close it for hours or fullness."""
    catalogue = turn.state.catalogue
    patient = interaction.medium in PATIENT_MEDIA
    queue = catalogue.queues[route.queue]
    if queue.on_closed == "refuse" and not patient and not open_now(turn, queue.calendar):
        turn.emit(Closed(turn.now, interaction.id, Outcome.CLOSED_HOURS))
        return
    free = with_room(turn, queue)
    if free is None and not patient:
        turn.emit(Closed(turn.now, interaction.id, Outcome.QUEUE_FULL))
    elif free is None or free is queue:
        put(turn, interaction, route, "arrival")
    else:
        beyond = queue_alone(catalogue, free, route.rule)
        beyond.credit_ms += route.credit_ms - _class_credit(turn, route)
        put(turn, interaction, beyond, "full")


def _class_credit(turn: Turn, route: Route) -> int:
    kind = turn.state.catalogue.classes.get(route.priority_class)
    return 0 if kind is None else kind.credit_ms


def open_now(turn: Turn, calendar: str) -> bool:
    """Whether business is open by this calendar (none: always)."""
    known = turn.state.catalogue.calendars.get(calendar)
    if known is None:
        return True
    return calendar not in turn.state.closed_calendars and is_open(known, turn.now)


def with_room(turn: Turn, queue: Queue) -> Queue | None:
    """The queue, or where its ``on_full`` leads; None when all on the way are full."""
    seen: set[QueueName] = set()
    here: Queue | None = queue
    while here is not None and here.name not in seen:
        if here.limit <= 0 or turn.state.index.waiting(here.name) < here.limit:
            return here
        seen.add(here.name)
        here = None if here.on_full is None else turn.state.catalogue.queues.get(here.on_full)
    return None


def put(
    turn: Turn,
    interaction: Interaction,
    route: Route,
    reason: str,
    *,
    entered: Instant | None = None,
    from_agent: AgentId | None = None,
) -> None:
    """State the fact that the interaction entered a queue, with every value that ranks it."""
    preferred = route.prefer
    if preferred is not None and not worth_waiting(turn, interaction, route, preferred, reason):
        preferred = None
    turn.emit(
        Queued(
            turn.now,
            interaction_id=interaction.id,
            queue=route.queue,
            visit=1 if interaction.visit is None else interaction.visit.number + 1,
            entered=turn.now if entered is None else entered,
            requirement=route.requirement,
            priority_class=route.priority_class,
            rank=route.rank,
            slope=route.slope,
            credit_ms=route.credit_ms,
            plan=route.plan,
            reason=reason,
            rule=route.rule,
            version=turn.state.catalogue.version,
            source=route.source,
            preferred=preferred,
            prefer_until=None if preferred is None else Instant(turn.now + route.prefer_ms),
            from_agent=from_agent,
        )
    )


def worth_waiting(
    turn: Turn, interaction: Interaction, route: Route, agent_id: AgentId, reason: str
) -> bool:
    """Whether holding the interaction for this agent can help.

    Not when they are away (offline, unreachable, or not ready for longer than a minute), and not
    when they may not have it anyway: for a transfer to a person only their presence counts.
    """
    row = turn.state.agents.get(agent_id)
    agent = turn.state.catalogue.agents.get(agent_id)
    if row is None or agent is None or row.presence is Presence.OFFLINE or row.desk_lost:
        return False
    if reason == "transfer":
        return True
    if row.presence is Presence.NOT_READY and turn.now - row.since > NOT_READY_GRACE_MS:
        return False
    if reason in NAMED_REASONS:
        return True
    serves = route.queue in served(turn.state, agent_id)
    return serves and satisfies(route.requirement, agent_id, skills_of(turn.state, agent_id))


def rehome(turn: Turn, interaction: Interaction) -> None:
    """Move an interaction that came back to a queue the catalogue no longer has."""
    visit = interaction.visit
    waiting = interaction.phase is Phase.WAITING and visit is not None
    if waiting and visit is not None and visit.queue not in turn.state.catalogue.queues:
        again(turn, interaction, "requeue")


def again(turn: Turn, interaction: Interaction, reason: str, prefer: AgentId | None = None) -> None:
    """Back into its queue on the same terms and with its age; a queue that is gone: the default.

    ``prefer`` holds it for an agent for a while, as a named agent where ``reason`` says so.
    """
    visit = interaction.visit
    assert visit is not None, "who comes back was queued before"
    catalogue = turn.state.catalogue
    if visit.queue in catalogue.queues:
        route = Route(
            queue=visit.queue,
            requirement=visit.requirement,
            priority_class=visit.priority_class,
            rank=visit.rank,
            slope=visit.slope,
            credit_ms=visit.credit_ms,
            plan=visit.plan,
            rule=visit.rule,
            source=visit.source,
        )
    else:
        queue = catalogue.queues[catalogue.rules.default_queue]
        route = queue_alone(catalogue, queue, reason)
    route.prefer = prefer
    route.prefer_ms = NAMED_HOLD_MS
    put(turn, interaction, route, reason, entered=visit.entered)
