"""Matching: which waiting interaction goes to which agent, now.

The rule is one sentence. While some waiting interaction has an agent with room who may take it, the
first such interaction (rank, then score, then entry) goes to the agent that its queue's strategy
puts first. The index makes the two common cases, one agent freed and one interaction arrived, a
pick without a scan; the general case (a new catalogue, a restart) obeys the same sentence.
"""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

import msgspec

from router.model.ids import AgentId, Instant, InteractionId, QueueName
from router.model.skills import NOTHING_REQUIRED
from router.state.index import Item, Seat
from router.state.live import State
from router.state.records import QueueRow
from router.strategies import DEFAULT, order
from router.waiting.keys import merit
from router.waiting.lines import Line

NAMED_CANDIDATES = 10
"""How many candidates a pair names; all are counted."""

NOBODY = AgentId("")
Candidacy = tuple[int, int, InteractionId, AgentId]
"""Who may be next: rank and merit (negative), the interaction, and the agent or NOBODY."""

_NO_MEMORY = QueueRow(name=QueueName(""))
"""Stands for a queue in which nothing was offered so far."""


class Pair(msgspec.Struct, frozen=True, gc=False):
    """An interaction, the agent it should be offered to, and the first candidates by strategy."""

    interaction_id: InteractionId
    agent_id: AgentId
    strategy: str
    candidates: tuple[AgentId, ...]
    candidate_count: int


def pairs(state: State, now: Instant) -> Iterator[Pair]:
    """Yield pair after pair until nobody is left who could be matched.

    The caller must fold the offer of each pair into the state before asking for the next one.
    """
    index = state.index
    while True:
        index.refresh(state)
        if len(index.freed) == 1 and not index.fresh:
            yield from _one_freed(state, now)
        elif len(index.fresh) == 1 and not index.freed:
            yield from _one_fresh(state)
        elif index.freed or index.fresh:
            yield from _many(state, now)
        if not (index.dirty or index.freed or index.fresh):
            return


def _one_freed(state: State, now: Instant) -> Iterator[Pair]:
    """Nobody else who is idle may take what waits, so the agent is the only candidate."""
    index = state.index
    ((agent_id, seat),) = index.freed.items()
    item = best_item(state, agent_id, seat, now)
    if item is None:
        index.rest(agent_id, seat)
    else:
        yield Pair(item.id, agent_id, strategy_of(state, item), (agent_id,), 1)


def _one_fresh(state: State) -> Iterator[Pair]:
    """All who wait had no agent, so the new one has the first choice."""
    index = state.index
    (interaction_id,) = index.fresh
    item = index.items[interaction_id]
    pair = choose(state, item)
    if pair is None:
        index.line_up(item)
    else:
        yield pair


def _many(state: State, now: Instant) -> Iterator[Pair]:
    """The sentence of the module, literally: always the first interaction that has an agent.

    A heap holds who may be next: agents with their best interaction, and fresh interactions. What
    it says of an agent can only have become worse meanwhile, so a stale entry is put back.
    """
    index = state.index
    queue: list[Candidacy] = []
    for fresh_id in list(index.fresh):
        item = index.items[fresh_id]
        index.line_up(item)
        queue.append((*_precedence(item, now), item.id, NOBODY))
    heapify(queue)
    for rested_id, seat in list(index.freed.items()):
        index.rest(rested_id, seat)
        _add(queue, state, rested_id, now)
    while queue:
        _rank, _merit, interaction_id, agent_id = heappop(queue)
        waiting = index.items.get(interaction_id)
        if agent_id != NOBODY:
            best = best_item(state, agent_id, index.seats[agent_id], now)
            if best is not waiting or best is None:
                _add(queue, state, agent_id, now)
                continue
        pair = None if waiting is None else choose(state, waiting)
        if pair is None:
            continue
        yield pair
        index.refresh(state)
        for freed_id, seat in list(index.freed.items()):
            index.rest(freed_id, seat)
            _add(queue, state, freed_id, now)
        if agent_id != NOBODY:
            _add(queue, state, agent_id, now)  # They may have room for more.


def _add(queue: list[Candidacy], state: State, agent_id: AgentId, now: Instant) -> None:
    item = best_item(state, agent_id, state.index.seats[agent_id], now)
    if item is not None:
        heappush(queue, (*_precedence(item, now), item.id, agent_id))


def _precedence(item: Item, now: Instant) -> tuple[int, int]:
    return -item.rank, -merit(item.key, item.slope, now)


def best_item(state: State, agent_id: AgentId, seat: Seat, now: Instant) -> Item | None:
    """The first waiting interaction, of any medium they have room for, that the agent may take."""
    index = state.index
    best: Line | None = None
    for medium in seat.standing.open:
        pool = index.pools.get(medium)
        if pool is None:
            continue
        line = pool.best_line(index.squad(seat, medium), agent_id, now)
        if line is not None and (best is None or _before(line, best, now)):
            best = line
    return None if best is None else index.items[best.items[best.head]]


def _before(one: Line, other: Line, now: Instant) -> bool:
    if one.group.rank != other.group.rank:
        return one.group.rank > other.group.rank
    return one.group.merit(one, now) > other.group.merit(other, now)


def strategy_of(state: State, item: Item) -> str:
    """The name of the strategy of the interaction's queue."""
    queue = state.catalogue.queues.get(item.queue)
    return DEFAULT if queue is None else queue.strategy


def choose(state: State, item: Item) -> Pair | None:
    """The agent that the queue's strategy puts first among those idle who may take it, or None."""
    pool = state.index.pool(item.medium)
    strategy = strategy_of(state, item)
    if not item.only and not item.need.idle:
        return None
    if not item.only and strategy == DEFAULT:
        first = pool.first_idle(item.need, item.excluded, NAMED_CANDIDATES)
        if len(item.need.idle) <= NAMED_CANDIDATES:
            # All squads were looked at, so the first of these is the first of all.
            agent_id = first[0] if first else None
        else:
            agent_id = pool.longest_idle(item.need, item.excluded)
        if agent_id is None:
            return None
        if first[:1] != [agent_id]:
            first = [agent_id, *first][:NAMED_CANDIDATES]
        count = pool.idle_matching(item.need)
        if item.excluded:
            count -= len(pool.named_idle(item.need, item.excluded, frozenset()))
        return Pair(item.id, agent_id, strategy, tuple(first), count)
    if item.only:
        agents = pool.named_idle(item.need, item.only, item.excluded)
    else:
        agents = pool.idle_for(item.need, item.excluded)
    visit = state.interactions[item.id].visit
    needs = NOTHING_REQUIRED if visit is None else visit.requirement
    queue = state.queues.get(item.queue, _NO_MEMORY)
    agents = order(strategy, state, queue, agents, needs)
    if not agents:
        return None
    return Pair(item.id, agents[0], strategy, tuple(agents[:NAMED_CANDIDATES]), len(agents))
