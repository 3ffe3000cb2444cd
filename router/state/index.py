"""The index: pools, places and the status of every agent, made from the records.

It is brought up to date lazily. The fold only notes who changed: ``fresh`` interactions began to
wait and were not matched yet, ``dirty`` agents changed and were not looked at yet, ``changed``
agents may have a wish that takes effect now. Deciding empties all of them; so between two decisions
no waiting interaction has an idle agent who may take it.
"""

from bisect import bisect_left

import msgspec

from router.model.agent import Capacity, Presence
from router.model.ids import AgentId, InteractionId, Medium, QueueName
from router.state.books import Books
from router.state.capacity import Status, capacity_of, presence_status, work_of
from router.state.records import AgentRow, Interaction, Visit
from router.state.seats import served, skills_of
from router.state.standing import NOWHERE, Standing, Standings
from router.waiting.classes import Bits, NeedClass, Squad
from router.waiting.keys import slope_units, static_key
from router.waiting.lines import Line
from router.waiting.places import Places
from router.waiting.pool import Pool

OCCUPIED = 1 << 60
"""Added to the turn of agents who have other work: they come after those who have none."""

NAMED_MOST = 24
"""The first so many agents of an audience are looked at by name for an explanation."""


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
    ``ready`` counts those with room for any medium. ``named`` is what explanations have found out
    about the first of them; it is forgotten when one of these changes.
    """

    __slots__ = ("_first", "members", "named", "presences", "queues", "ready", "tally")

    def __init__(self, queues: frozenset[QueueName]) -> None:
        self.queues = queues
        self.members: list[AgentId] = []
        self._first: frozenset[AgentId] = frozenset()
        self.named: dict[tuple[Medium, int], dict[str, tuple[AgentId, ...]]] = {}
        self.presences: dict[Presence, int] = {}
        self.ready = 0
        self.tally: dict[Medium, list[int]] = {}

    def join(self, agent_id: AgentId, seat: "Seat", place: int) -> None:
        """One more agent serves one of the queues: at this place in the order of the catalogue."""
        self.members.insert(place, agent_id)
        self._remember_first(place)
        self.presences[seat.presence] = self.presences.get(seat.presence, 0) + 1
        self.move(agent_id, NOWHERE, seat.standing)

    def part(self, agent_id: AgentId, seat: "Seat") -> None:
        """An agent serves none of the queues any more."""
        place = self.members.index(agent_id)
        del self.members[place]
        self._remember_first(place)
        self.presences[seat.presence] -= 1
        self.move(agent_id, seat.standing, NOWHERE)

    def _remember_first(self, changed: int) -> None:
        if changed < NAMED_MOST:
            self._first = frozenset(self.members[:NAMED_MOST])
            self.named.clear()

    def move(self, agent_id: AgentId, before: Standing, after: Standing) -> None:
        """Count an agent where they are now."""
        self.ready += bool(after.open) - bool(before.open)
        for medium, left, taken in before.towards(after):
            counts = self.tally.get(medium)
            if counts is None:
                counts = self.tally[medium] = [0] * len(Status)
            if left is not None:
                counts[left] -= 1
            if taken is not None:
                counts[taken] += 1
        if self.named and agent_id in self._first:
            self.named.clear()


class Seat:
    """An agent as the index sees them.

    ``number`` is their place in the catalogue, ``resting`` the media in whose pool they are idle.
    """

    __slots__ = (
        "audiences",
        "number",
        "presence",
        "queues",
        "resting",
        "skills",
        "squads",
        "standing",
        "standings",
        "turn",
    )

    def __init__(self) -> None:
        self.number = 0
        self.skills = 0
        self.queues = 0
        self.turn = 0
        self.presence = Presence.OFFLINE
        self.standing = NOWHERE
        self.standings = Standings(Capacity(slots={}))
        self.resting: set[Medium] = set()
        self.squads: dict[Medium, Squad] = {}
        self.audiences: list[Audience] = []

    @property
    def status(self) -> dict[Medium, Status]:
        """Whether they have room, for the media they have a slot for."""
        return self.standing.status


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
        """The medium's pool, made when something of it is first waited for."""
        pool = self.pools.get(medium)
        if pool is None:
            pool = self.pools[medium] = Pool(self._bits)
            for agent_id, seat in self.seats.items():
                # The freed are asked first what waits for them, and rest then.
                if medium in seat.standing.open and agent_id not in self.freed:
                    pool.rest(agent_id, self.squad(seat, medium), seat.turn)
                    seat.resting.add(medium)
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
        queues: tuple[QueueName, ...] = (visit.queue,)
        if visit.widened:
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
        seat.audiences.append(audience)
        audience.join(agent_id, seat, len(audience.members))

    def touch(self, agent_id: AgentId) -> None:
        """The agent changed: look at them again before the next decision is over."""
        self.dirty[agent_id] = None
        self.changed[agent_id] = None

    def retake_roll(self, books: Books) -> None:
        """The catalogue changed: look at every agent's skills, queues and capacity again."""
        self._audiences.clear()
        standings: dict[bytes, Standings] = {}
        for agent_id in [gone for gone in self.seats if gone not in books.agents]:
            self._rouse(agent_id, self.seats[agent_id])
            self.freed.pop(agent_id, None)
            self.dirty.pop(agent_id, None)
            self.changed.pop(agent_id, None)
            del self.seats[agent_id]
        for row in books.agents.values():
            seat = self.seats.setdefault(row.id, Seat())
            seat.audiences = []
            capacity = capacity_of(books, row)
            kind = msgspec.msgpack.encode(capacity)
            seat.standings = standings.setdefault(kind, Standings(capacity))
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
            for audience in seat.audiences:
                audience.named.clear()
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
                numbers = [self.seats[each].number for each in audience.members]
                audience.join(agent_id, seat, bisect_left(numbers, seat.number))
                seat.audiences.append(audience)
            elif not belongs and audience in seat.audiences:
                audience.part(agent_id, seat)
                seat.audiences.remove(audience)

    def refresh(self, books: Books) -> None:
        """Look at the agents that changed; those with room who must be matched become freed."""
        for agent_id in self.dirty:
            row = books.agents[agent_id]
            seat = self.seats[agent_id]
            self._look_at(books, row, seat)
        self.dirty.clear()

    def _look_at(self, books: Books, row: AgentRow, seat: Seat) -> None:
        work = work_of(books, row) if row.offers or row.interactions else ()
        overall = presence_status(books, row)
        standing = seat.standings.of(overall, row.media, work, len(row.offers))
        presence = row.presence if row.id in books.catalogue.agents else Presence.OFFLINE
        if standing is not seat.standing or presence is not seat.presence:
            _recount(row.id, seat, presence, standing)
        turn = row.idle_number | OCCUPIED if standing.load else row.idle_number
        resting = seat.resting
        if turn != seat.turn:
            self._rouse(row.id, seat)
            seat.turn = turn
        elif resting:
            for medium in [each for each in resting if each not in standing.open]:
                resting.discard(medium)
                self.pools[medium].rouse(row.id)
        for medium in standing.open:
            if medium in self.pools and medium not in resting:
                self.freed[row.id] = seat
                return
        self.freed.pop(row.id, None)

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
        for medium in seat.standing.open:
            pool = self.pools.get(medium)
            if pool is not None and medium not in seat.resting:
                pool.rest(agent_id, self.squad(seat, medium), seat.turn)
                seat.resting.add(medium)
        self.freed.pop(agent_id, None)


def _recount(agent_id: AgentId, seat: Seat, presence: Presence, standing: Standing) -> None:
    """Let the audiences of a seat know its presence and standing from now on."""
    before, seat.standing = seat.standing, standing
    was_present, seat.presence = seat.presence, presence
    for audience in seat.audiences:
        if presence is not was_present:
            audience.presences[was_present] -= 1
            audience.presences[presence] = audience.presences.get(presence, 0) + 1
        audience.move(agent_id, before, standing)
