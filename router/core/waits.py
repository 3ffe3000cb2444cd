"""Places, expected waits, and who is there: what plans, announcements and boards ask."""

from collections.abc import Iterator

from router.model.explanation import ExpectedWait
from router.model.ids import Instant, InteractionId, QueueName
from router.state.capacity import Status
from router.state.expectation import interval
from router.state.index import Audience
from router.state.live import State
from router.state.records import Interaction
from router.waiting.keys import place_of


def position_in_queue(state: State, interaction_id: InteractionId, now: Instant) -> int:
    """Its place in its queue, 1 is next; 0 when it does not wait."""
    item = state.index.items.get(interaction_id)
    if item is None:
        return 0
    return state.index.places[item.queue].position(item.rank, item.slope, item.key, now)


def expected_wait(state: State, interaction_id: InteractionId, now: Instant) -> ExpectedWait | None:
    """How long it will still wait: an honest interval, or None when that is not known."""
    item = state.index.items.get(interaction_id)
    queue = None if item is None else state.queues.get(item.queue)
    known = None if queue is None or item is None else queue.expectations.get(item.medium)
    if item is None or known is None:
        return None
    same_medium = state.index.waiting_of(item.queue, item.medium)
    return interval(known, min(position_in_queue(state, interaction_id, now), same_medium))


def next_wait(state: State, name: QueueName) -> ExpectedWait | None:
    """What one more of the queue's best known medium would have to expect."""
    queue = state.queues.get(name)
    if queue is None or not queue.expectations:
        return None
    known = queue.expectations
    medium = max(known, key=lambda of: (len(known[of].ratios), of))
    return interval(known[medium], state.index.waiting_of(name, medium) + 1)


def audience_of(state: State, interaction: Interaction) -> Audience:
    """The agents of the interaction's queue and of those it was widened to."""
    visit = interaction.visit
    queues: set[QueueName] = set() if visit is None else {visit.queue, *visit.widened}
    return state.index.audience(frozenset(queues & state.catalogue.queues.keys()))


def available_agents(state: State, interaction: Interaction) -> int:
    """How many agents of its queues have room for its medium, whatever their skills."""
    state.index.refresh(state)
    tally = audience_of(state, interaction).tally.get(interaction.medium)
    return 0 if tally is None else tally[Status.AVAILABLE]


def in_order(state: State, queue: QueueName, now: Instant) -> Iterator[InteractionId]:
    """Who waits in a queue, the first to be offered first."""
    places = state.index.places.get(queue)
    if places is not None:
        for key in places.in_order(now):
            yield state.index.by_place[place_of(key)]
