"""What holds after every step, whatever was wished."""

from __future__ import annotations

from router.core import State, conservation, next_deadline
from router.model.events import (
    AttributesSet,
    Closed,
    DispositionSet,
    EntryAdded,
    EntryMarked,
    Event,
    SubjectLinked,
    WrapUpEnded,
    WrapUpExtended,
)
from router.model.ids import Instant
from router.model.interaction import Phase, Role
from router.state.capacity import Status
from router.state.index import NAMED_MOST
from router.state.moves import count
from router.state.records import Counters, Interaction

AFTERWARDS = (
    AttributesSet,
    DispositionSet,
    EntryMarked,
    SubjectLinked,
    WrapUpEnded,
    WrapUpExtended,
)
"""What may still be said of a closed interaction: what its agent writes down, a rating, marks."""


def check(state: State) -> None:
    """All invariants of one state."""
    for interaction in state.interactions.values():
        in_one_place(state, interaction)
        has_deadline(state, interaction)
    agents_know_their_work(state)
    counters = recount(state)
    totals = state.counters
    assert (counters.waiting, counters.offered) == (totals.waiting, totals.offered)
    assert (counters.in_work, counters.self_service) == (totals.in_work, totals.self_service)
    assert conservation(state, state.now).balances
    assert set(state.index.items) == {
        one.id for one in state.interactions.values() if one.phase is Phase.WAITING
    }
    assert not state.index.fresh
    assert not state.index.freed
    in_lines(state)
    audiences_are_as_their_agents_are(state)
    queues = state.catalogue.queues
    assert all(item.queue in queues for item in state.index.items.values())


def recount(state: State) -> Counters:
    counters = Counters()
    for interaction in state.interactions.values():
        count(counters, interaction.phase, 1)
    return counters


def in_one_place(state: State, interaction: Interaction) -> None:
    phase = interaction.phase
    assert (interaction.offer is not None) == (phase is Phase.OFFERED)
    leads = [part for part in interaction.engagements if part.role is Role.LEAD and not part.ended]
    assert len(leads) == (1 if phase is Phase.ENGAGED else 0)
    assert (interaction.parked_until is not None) == (phase is Phase.PARKED)
    assert (interaction.parked_by is not None) == (phase is Phase.PARKED)
    if interaction.consult is not None or interaction.consulted() is not None:
        assert phase is Phase.ENGAGED
    agents = [part.agent_id for part in interaction.engagements]
    assert len(agents) == len(set(agents))
    for part in interaction.engagements:
        assert part.ended == (part.wrap_up_until is not None)
    if phase is Phase.WRAP_UP:
        assert interaction.engagements, "wrap-up without anybody to do it"


def has_deadline(state: State, interaction: Interaction) -> None:
    if interaction.phase is Phase.FINISHED and not interaction.engagements:
        return
    due = state.timers.due(interaction.id)
    first = next_deadline(state)
    assert due is not None, f"{interaction.phase} without a deadline"
    assert first is not None
    assert first <= due


def agents_know_their_work(state: State) -> None:
    offers: dict[str, set[str]] = {}
    parts: dict[str, set[str]] = {}
    for interaction in state.interactions.values():
        for offer in (interaction.offer, interaction.consult):
            if offer is not None:
                offers.setdefault(offer.agent_id, set()).add(offer.offer_id)
        for part in interaction.engagements:
            parts.setdefault(part.agent_id, set()).add(interaction.id)
    for row in state.agents.values():
        assert len(row.offers) == len(set(row.offers))
        assert set(row.offers) == offers.pop(row.id, set())
        assert set(row.interactions) == parts.pop(row.id, set())
        assert len(row.interactions) == len(set(row.interactions))
    assert not offers
    assert not parts


def in_lines(state: State) -> None:
    """The index holds each waiting interaction once, at the key its record says."""
    lined: dict[str, int] = {}
    for pool in state.index.pools.values():
        for line, key, interaction_id in pool.waiting():
            assert interaction_id not in lined
            assert state.index.items[interaction_id].line is line
            lined[interaction_id] = key
    assert set(lined) == set(state.index.items)
    total = sum(places.count for places in state.index.places.values())
    assert total == len(lined)
    assert len(state.index.by_place) == len(lined)


def audiences_are_as_their_agents_are(state: State) -> None:
    """What is counted and named step by step is what counting and asking anew would give."""
    seats = state.index.seats
    for audience in {each for seat in seats.values() for each in seat.audiences}:
        members = [seats[agent] for agent in audience.members]
        counted = {
            medium: [[seat.status.get(medium) for seat in members].count(of) for of in Status]
            for medium in {medium for seat in members for medium in seat.status}
        }
        assert {of: tally for of, tally in audience.tally.items() if any(tally)} == counted
        assert audience.ready == sum(bool(seat.standing.open) for seat in members)
        for (medium, number), names in audience.named.items():
            reasons = {agent: code for code, agents in names.items() for agent in agents}
            for agent in audience.members[:NAMED_MOST]:
                status = seats[agent].status.get(medium, Status.NO_CAPACITY)
                able = number in state.index.squad(seats[agent], medium).need_numbers
                wanted = None if able else "skills"
                if status is not Status.AVAILABLE:
                    wanted = status.name.lower()
                assert reasons.get(agent) == wanted


class AfterClosed:
    """Watches the log: once an interaction is closed it stays so."""

    def __init__(self) -> None:
        self.closed: set[str] = set()

    def see(self, event: Event) -> None:
        interaction_id = getattr(event, "interaction_id", None)
        if interaction_id in self.closed:
            assert isinstance(event, AFTERWARDS) or (isinstance(event, EntryAdded) and event.note)
        if isinstance(event, Closed):
            self.closed.add(event.interaction_id)


def nothing_is_overdue(state: State, now: Instant) -> None:
    """After a tick nothing is due: every deadline led somewhere."""
    due = next_deadline(state)
    assert due is None or due > now
