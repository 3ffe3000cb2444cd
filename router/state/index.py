"""The index: pools, places and the status of every agent, made from the records.

It is brought up to date lazily. The fold only notes who changed: ``fresh`` interactions began to
wait and were not matched yet, ``dirty`` agents changed and were not looked at yet, ``changed``
agents may have a wish that takes effect now. Deciding empties all of them; so between two decisions
no waiting interaction has an idle agent who may take it.
"""

from bisect import insort

from router.model.agent import Presence
from router.model.ids import AgentId, InteractionId, Medium, QueueName
from router.state.books import Books
from router.state.capacity import (
    Status,
    Usage,
    capacity_of,
    medium_status,
    presence_status,
    usage_of,
)
from router.state.records import AgentRow, Interaction, Visit
from router.state.seats import served, skills_of
from router.waiting.classes import Bits, NeedClass, Squad
from router.waiting.keys import slope_units, static_key
from router.waiting.lines import Line
from router.waiting.places import Places
from router.waiting.pool import Pool

OCCUPIED = 1 << 60
"""Added to the turn of agents who have other work: they come after those who have none."""


class Item:
    """A waiting interaction as the index sees it; ``line`` is None until it is lined up."""

    __slots__ = (
        "excluded",
        "id",
        "key",
        "line",
        "medium",
        "need",
        "only",
        "queue",
        "rank",
        "slope",
    )

    def __init__(self, interaction: Interaction, visit: Visit, need: NeedClass) -> None:
        self.id = interaction.id
        self.medium = interaction.medium
        self.queue = visit.queue
        self.rank = visit.rank
        self.slope = slope_units(visit.slope)
        self.key = static_key(self.slope, visit.credit_ms, visit.entered, visit.place)
        self.need = need
        self.line: Line | None = None
        waits_for = visit.preferred if visit.prefer_until is not None else None
        wanted = visit.requirement
        self.only = frozenset(wanted.agents if waits_for is None else (waits_for,))
        self.excluded = frozenset(visit.declined)
        if wanted.excluded and not (visit.named and waits_for is not None):
            self.excluded |= frozenset(wanted.excluded)


class Audience:
    """The agents of the catalogue who serve one of these queues, counted by status.

    ``tally[medium][status]`` counts those with a slot for the medium; the others have no capacity.
    ``ready`` counts those with room for any medium.
    """

    __slots__ = ("members", "presences", "queues", "ready", "tally")

    def __init__(self, queues: frozenset[QueueName]) -> None:
        self.queues = queues
        self.members: list[AgentId] = []
        self.presences: dict[Presence, int] = {}
        self.ready = 0
        self.tally: dict[Medium, list[int]] = {}

    def count(self, medium: Medium, status: Status, by: int) -> None:
        """Count an agent in or out."""
        counts = self.tally.get(medium)
        if counts is None:
            counts = self.tally[medium] = [0] * len(Status)
        counts[status] += by


class Seat:
    """An agent as the index sees them.

    ``number`` is their place in the catalogue. ``status`` has the media they have a slot for,
    ``resting`` those in whose pool they are idle. ``free`` is the status of one who takes work of
    every medium and has none.
    """

    __slots__ = (
        "audiences",
        "free",
        "number",
        "presence",
        "queues",
        "resting",
        "skills",
        "squads",
        "status",
        "turn",
    )

    def __init__(self) -> None:
        self.number = 0
        self.skills = 0
        self.queues = 0
        self.turn = 0
        self.presence = Presence.OFFLINE
        self.status: dict[Medium, Status] = {}
        self.free: dict[Medium, Status] = {}
        self.resting: set[Medium] = set()
        self.squads: dict[Medium, Squad] = {}
        self.audiences: list[Audience] = []

    def has_room(self) -> bool:
        """Whether the agent could take one more of any medium."""
        return Status.AVAILABLE in self.status.values()


class Index:
    """Everything that is looked up when deciding; see the module."""

    __slots__ = (
        "_audiences",
        "_bits",
        "by_place",
        "changed",
        "dirty",
        "freed",
        "fresh",
        "items",
        "places",
        "pools",
        "seats",
    )

    def __init__(self) -> None:
        self._bits = Bits()
        self._audiences: dict[frozenset[QueueName], Audience] = {}
        self.pools: dict[Medium, Pool] = {}
        self.places: dict[QueueName, Places] = {}
        self.items: dict[InteractionId, Item] = {}
        self.by_place: dict[int, InteractionId] = {}
        self.fresh: dict[InteractionId, None] = {}
        self.dirty: dict[AgentId, None] = {}
        self.changed: dict[AgentId, None] = {}
        self.freed: dict[AgentId, Seat] = {}
        self.seats: dict[AgentId, Seat] = {}

    def pool(self, medium: Medium) -> Pool:
        """The medium's pool."""
        pool = self.pools.get(medium)
        if pool is None:
            pool = self.pools[medium] = Pool(self._bits)
        return pool

    # Waiting interactions.

    def enter(self, interaction: Interaction) -> Item:
        """An interaction waits from now on, or waits under other terms."""
        visit = interaction.visit
        assert visit is not None, "who waits is on a visit"
        assert interaction.id not in self.items, "nobody waits twice"
        item = Item(interaction, visit, self._need(interaction.medium, visit))
        self.items[item.id] = item
        self.by_place[visit.place] = item.id
        self.fresh[item.id] = None
        places = self.places.get(item.queue)
        if places is None:
            places = self.places[item.queue] = Places()
        places.add(item.rank, item.slope, item.key, item.medium)
        return item

    def _need(self, medium: Medium, visit: Visit) -> NeedClass:
        if visit.named and visit.prefer_until is not None:
            return self.pool(medium).need((), None)
        queues = tuple(sorted({visit.queue, *visit.widened}))
        return self.pool(medium).need(queues, visit.requirement)

    def leave(self, interaction: Interaction) -> None:
        """An interaction waits no more."""
        item = self.items.pop(interaction.id)
        visit = interaction.visit
        assert visit is not None, "who waited was on a visit"
        del self.by_place[visit.place]
        self.places[item.queue].remove(item.rank, item.slope, item.key, item.medium)
        if item.line is None:
            del self.fresh[item.id]
        else:
            item.line.remove(item.key)
            self.pool(item.medium).drop_if_empty(item.line)

    def line_up(self, item: Item) -> None:
        """Let an interaction that nobody can take wait in its line."""
        pool = self.pool(item.medium)
        item.line = pool.line(item.need, item.rank, item.slope, item.only, item.excluded)
        item.line.add(item.key, item.id)
        del self.fresh[item.id]

    def waiting(self, queue: QueueName) -> int:
        """How many wait in a queue."""
        places = self.places.get(queue)
        return 0 if places is None else places.count

    def waiting_of(self, queue: QueueName, medium: Medium) -> int:
        """How many of one medium wait in a queue."""
        places = self.places.get(queue)
        return 0 if places is None else places.by_medium.get(medium, 0)

    # Agents.

    def audience(self, queues: frozenset[QueueName]) -> Audience:
        """The agents who serve one of these queues; counted once, then kept up to date."""
        audience = self._audiences.get(queues)
        if audience is None:
            audience = self._audiences[queues] = Audience(queues)
            if len(queues) > 1:
                singles = [self.audience(frozenset({queue})) for queue in queues]
                found = {agent for single in singles for agent in single.members}
                for agent_id in sorted(found, key=lambda agent: self.seats[agent].number):
                    self._join(audience, agent_id)
        return audience

    def _join(self, audience: Audience, agent_id: AgentId) -> None:
        seat = self.seats[agent_id]
        audience.members.append(agent_id)
        seat.audiences.append(audience)
        _count(audience, seat, 1)

    def touch(self, agent_id: AgentId) -> None:
        """The agent changed: look at them again before the next decision is over."""
        self.dirty[agent_id] = None
        self.changed[agent_id] = None

    def retake_roll(self, books: Books) -> None:
        """The catalogue changed: look at every agent's skills, queues and capacity again."""
        self._audiences.clear()
        for agent_id in [gone for gone in self.seats if gone not in books.agents]:
            self._rouse(agent_id, self.seats[agent_id])
            self.freed.pop(agent_id, None)
            self.dirty.pop(agent_id, None)
            self.changed.pop(agent_id, None)
            del self.seats[agent_id]
        for row in books.agents.values():
            seat = self.seats.setdefault(row.id, Seat())
            seat.audiences = []
            seat.free = _free(books, row)
            self._fit(books, row.id, seat)
        for number, agent_id in enumerate(books.catalogue.agents):
            self.seats[agent_id].number = number
            for queue in served(books, agent_id):
                self._join(self.audience(frozenset({queue})), agent_id)

    def _fit(self, books: Books, agent_id: AgentId, seat: Seat) -> None:
        """Let a seat have the agent's skills and queues of now."""
        bits = (
            self._bits.of_skills(skills_of(books, agent_id)),
            self._bits.of_queues(served(books, agent_id)),
        )
        if bits != (seat.skills, seat.queues):
            self._rouse(agent_id, seat)
            seat.skills, seat.queues = bits
            seat.squads = {}
        self.touch(agent_id)

    def reseat(self, books: Books, agent_id: AgentId) -> None:
        """One seat was moved or returned: the same as taking the roll, for this agent alone."""
        seat = self.seats[agent_id]
        self._fit(books, agent_id, seat)
        queues = served(books, agent_id)
        for queue in queues:
            self.audience(frozenset({queue}))
        for audience in self._audiences.values():
            belongs = not audience.queues.isdisjoint(queues)
            if belongs and audience not in seat.audiences:
                insort(audience.members, agent_id, key=lambda each: self.seats[each].number)
                seat.audiences.append(audience)
                _count(audience, seat, 1)
            elif not belongs and audience in seat.audiences:
                audience.members.remove(agent_id)
                seat.audiences.remove(audience)
                _count(audience, seat, -1)

    def refresh(self, books: Books) -> None:
        """Look at the agents that changed; those with room who must be matched become freed."""
        for agent_id in self.dirty:
            row = books.agents[agent_id]
            seat = self.seats[agent_id]
            self._look_at(books, row, seat)
        self.dirty.clear()

    def _look_at(self, books: Books, row: AgentRow, seat: Seat) -> None:
        overall = presence_status(books, row)
        load = 0
        if row.offers or row.interactions:
            capacity = capacity_of(books, row)
            usage = usage_of(books, row, capacity)
            load = usage.load
            status = {
                medium: overall or medium_status(row, capacity, usage, medium)
                for medium in seat.free
            }
        elif overall or row.media is not None:
            status = {
                medium: overall or (free if medium in (row.media or ()) else Status.MEDIUM_OFF)
                for medium, free in seat.free.items()
            }
        else:
            status = seat.free
        presence = row.presence if row.id in books.catalogue.agents else Presence.OFFLINE
        if presence is not seat.presence or status != seat.status:
            _recount(seat, presence, status)
        turn = row.idle_number | (OCCUPIED if load else 0)
        if turn != seat.turn:
            self._rouse(row.id, seat)
            seat.turn = turn
        elif seat.resting:
            for medium in [m for m in seat.resting if status.get(m) is not Status.AVAILABLE]:
                seat.resting.discard(medium)
                self.pools[medium].rouse(row.id)
        self.freed.pop(row.id, None)
        for medium, found in status.items():
            if found is Status.AVAILABLE and medium not in seat.resting:
                self.freed[row.id] = seat
                break

    def squad(self, seat: Seat, medium: Medium) -> Squad:
        """The squad an agent belongs to in a medium's pool."""
        squad = seat.squads.get(medium)
        if squad is None:
            squad = seat.squads[medium] = self.pool(medium).squad(seat.skills, seat.queues)
        return squad

    def _rouse(self, agent_id: AgentId, seat: Seat) -> None:
        for medium in seat.resting:
            self.pools[medium].rouse(agent_id)
        seat.resting.clear()

    def rest(self, agent_id: AgentId, seat: Seat) -> None:
        """Let a freed agent for whom nothing waits be idle in the pools they have room for."""
        for medium, status in seat.status.items():
            if status == Status.AVAILABLE and medium not in seat.resting:
                self.pool(medium).rest(agent_id, self.squad(seat, medium), seat.turn)
                seat.resting.add(medium)
        self.freed.pop(agent_id, None)


def _free(books: Books, row: AgentRow) -> dict[Medium, Status]:
    capacity = capacity_of(books, row)
    nobody, nothing = AgentRow(id=row.id), Usage()
    return {
        medium: medium_status(nobody, capacity, nothing, medium)
        for medium, slots in capacity.slots.items()
        if slots > 0
    }


def _recount(seat: Seat, presence: Presence, status: dict[Medium, Status]) -> None:
    """Let the audiences of a seat know its presence and status from now on."""
    before, seat.status = seat.status, status
    was_ready = Status.AVAILABLE in before.values()
    ready = seat.has_room() - was_ready
    was_present, seat.presence = seat.presence, presence
    for audience in seat.audiences:
        if presence is not was_present:
            audience.presences[was_present] -= 1
            audience.presences[presence] = audience.presences.get(presence, 0) + 1
        audience.ready += ready
        for medium, found in before.items():
            if status.get(medium) is not found:
                audience.count(medium, found, -1)
        for medium, found in status.items():
            if before.get(medium) is not found:
                audience.count(medium, found, 1)


def _count(audience: Audience, seat: Seat, by: int) -> None:
    audience.presences[seat.presence] = audience.presences.get(seat.presence, 0) + by
    if seat.has_room():
        audience.ready += by
    for medium, status in seat.status.items():
        audience.count(medium, status, by)
