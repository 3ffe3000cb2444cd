"""The log as each agent's own sequence of pushes: what is kept to resume, and who listens.

It follows the feed. For every agent the last 4,096 pushes are known by their facts; they are
rendered when they are sent. So a desk that was away gets exactly what it missed, or, when that is
no longer known, a snapshot.
"""

import asyncio
import hashlib
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from agent_desktop.concerns import PARKED, WRAP_UP, Involvement, before
from router.model.events import CatalogueChanged, EntryAdded, Event, Offered, OfferEnded, Recorded
from router.model.ids import AgentId, InteractionId, OfferId, Position
from router.ports import Feed, Floor

RING_MAX = 4_096
BYTES_MAX = 64 * 1_024 * 1_024
FACT_BYTES = 600
TAIL_MAX = 20_000
ORDER_SLACK = 10_000


class PushRef(msgspec.Struct, frozen=True, gc=False):
    """A push by its fact, to be rendered when it is sent."""

    seq: Position
    previous: Position
    kind: str
    event: Event


class Listener(Protocol):
    """A desk that is connected."""

    def push(self, ref: PushRef) -> None:
        """Take a push; must not wait."""
        ...


class Ring:
    """The last pushes of one agent. ``base`` is the place behind which all of them are known."""

    def __init__(self, base: Position) -> None:
        self.base = base
        self.refs: deque[PushRef] = deque()

    @property
    def last(self) -> Position:
        """The place of the last push."""
        return self.refs[-1].seq if self.refs else self.base

    def after(self, seq: int) -> list[PushRef] | None:
        """The pushes behind a place that was one of this sequence; None when it is not known."""
        if seq == self.last:
            return []
        if seq == self.base:
            return list(self.refs)
        found: list[PushRef] = []
        for ref in reversed(self.refs):
            if ref.seq == seq:
                return found[::-1]
            found.append(ref)
        return None


class Projection:
    """Rings and listeners of all agents. ``watch`` is called with each fact that was taken."""

    def __init__(self, feed: Feed, floor: Floor) -> None:
        self._feed = feed
        self._floor = floor
        self._rings: dict[AgentId, Ring] = {}
        self._order: deque[tuple[AgentId, int]] = deque()
        self._bytes = 0
        self._alive = 0
        self._base = Position(0)
        self._listeners: dict[AgentId, list[Listener]] = defaultdict(list)
        self._offers: dict[AgentId, dict[OfferId, Offered]] = {}
        self.involvement = Involvement()
        self.position = Position(0)
        self.log_id = ""
        self.started = asyncio.Event()
        self.watch: Callable[[Recorded], None] = lambda recorded: None

    async def run(self) -> None:
        """Build up from the end of the log, then follow it until the feed ends."""
        self.log_id = await self._identify()
        head = self._feed.head()
        start = Position(max(0, head - TAIL_MAX))
        feed = self._feed.follow(start)
        tail = await _read_up_to(feed, head) if head > start else []
        self._begin(start, tail)
        self.started.set()
        async for batch in feed:
            for recorded in batch:
                self._take(recorded)

    def ring(self, agent_id: AgentId) -> Ring:
        """An agent's ring; a new one when nothing has concerned them yet."""
        found = self._rings.get(agent_id)
        if found is None:
            found = self._rings[agent_id] = Ring(self._base)
        return found

    def listen(self, agent_id: AgentId, listener: Listener) -> None:
        """Let a listener have every push of an agent from now on."""
        self._listeners[agent_id].append(listener)

    def leave(self, agent_id: AgentId, listener: Listener) -> None:
        """Push to this listener no more."""
        mine = self._listeners.get(agent_id, [])
        if listener in mine:
            mine.remove(listener)
        if not mine:
            self._listeners.pop(agent_id, None)

    def mentioned(self, agent_id: AgentId, interaction_id: InteractionId) -> bool:
        """Whether a note of this interaction asks the agent to look, as far as it is known."""
        ring = self._rings.get(agent_id)
        return ring is not None and any(
            ref.kind == "mention" and getattr(ref.event, "interaction_id", "") == interaction_id
            for ref in ring.refs
        )

    def offers(self, agent_id: AgentId) -> list[Offered]:
        """The rings going on at an agent, as far as they began in what was read."""
        return list(self._offers.get(agent_id, {}).values())

    async def _identify(self) -> str:
        """An id of this very log: a digest of its first fact."""
        async for batch in self._feed.follow(Position(0)):
            return hashlib.sha256(msgspec.msgpack.encode(batch[0])).hexdigest()[:32]
        return ""

    def _begin(self, start: Position, tail: Sequence[Recorded]) -> None:
        self._base = start
        known = before(tail)
        here = [part for part in self._on_the_floor() if part[:2] not in known.mentioned]
        for interaction_id, agent_id, part in (*known.parts, *here):
            self.involvement.put(interaction_id, agent_id, part)
        for recorded in tail:
            self._take(recorded)
        for agent_id, ring in self._rings.items():
            until = ring.last if agent_id in known.doubtful else known.clear_from
            while ring.refs and ring.refs[0].seq <= until:
                self._drop_oldest(ring)
            ring.base = max(ring.base, known.clear_from)
        self._base = max(self._base, known.clear_from)

    def _on_the_floor(self) -> Iterable[tuple[InteractionId, AgentId, str]]:
        for agent in self._floor.agents():
            for interaction_id in agent.interactions:
                view = self._floor.interaction(interaction_id)
                for part in view.engagements if view else ():
                    if part.agent_id == agent.agent_id:
                        role = WRAP_UP if part.wrap_up_since is not None else part.role.value
                        yield interaction_id, agent.agent_id, role
            for view in self._floor.parked(agent.agent_id):
                yield view.interaction_id, agent.agent_id, PARKED

    def _take(self, recorded: Recorded) -> None:
        event = recorded.event
        if isinstance(event, CatalogueChanged):
            agents = {*self._rings, *event.catalogue.agents}
            concerns = [(agent_id, "catalogue") for agent_id in sorted(agents)]
        else:
            concerns = self.involvement.take(event)
        if isinstance(event, Offered):
            self._offers.setdefault(event.agent_id, {})[event.offer_id] = event
        elif isinstance(event, OfferEnded):
            self._offers.get(event.agent_id, {}).pop(event.offer_id, None)
        self.position = recorded.position
        for agent_id, kind in concerns:
            self._push(agent_id, kind, recorded)
        self.watch(recorded)

    def _push(self, agent_id: AgentId, kind: str, recorded: Recorded) -> None:
        ring = self.ring(agent_id)
        ref = PushRef(recorded.position, ring.last, kind, recorded.event)
        ring.refs.append(ref)
        self._bytes += _weight(recorded.event)
        self._alive += 1
        self._order.append((agent_id, ref.seq))
        if len(self._order) > 2 * self._alive + ORDER_SLACK:
            self._order = deque(
                (whose, seq) for whose, seq in self._order if seq > self._rings[whose].base
            )
        if len(ring.refs) > RING_MAX:
            self._drop_oldest(ring)
        while self._bytes > BYTES_MAX:
            self._drop_anybodys()
        for listener in tuple(self._listeners.get(agent_id, ())):
            listener.push(ref)

    def _drop_oldest(self, ring: Ring) -> None:
        dropped = ring.refs.popleft()
        ring.base = dropped.seq
        self._bytes -= _weight(dropped.event)
        self._alive -= 1

    def _drop_anybodys(self) -> None:
        """Over the bound of all rings together the oldest push goes, whoever's it is."""
        agent_id, seq = self._order.popleft()
        ring = self._rings[agent_id]
        if ring.refs and ring.refs[0].seq <= seq:
            self._drop_oldest(ring)


async def _read_up_to(feed: AsyncIterator[Sequence[Recorded]], head: Position) -> list[Recorded]:
    tail: list[Recorded] = []
    async for batch in feed:
        tail.extend(batch)
        if batch[-1].position >= head:
            break
    return tail


def _weight(event: Event) -> int:
    """About how many bytes a fact takes in memory."""
    box = len(event.sealed.box) if isinstance(event, EntryAdded) and event.sealed else 0
    return FACT_BYTES + box
