"""How much fits into an agent: the one definition of "has room for this medium"."""

from enum import IntEnum

from router.model.agent import Capacity, Presence
from router.model.ids import Medium
from router.state.books import Books
from router.state.records import AgentRow, Interaction


class Status(IntEnum):
    """Whether an agent has room for a medium, or why not. In the order in which it is asked."""

    AVAILABLE = 0
    OFFLINE = 1
    NOT_READY = 2
    MEDIUM_OFF = 3
    BEING_OFFERED = 4
    NO_CAPACITY = 5
    NOT_INTERRUPTIBLE = 6


# Members of an enumeration are looked up slowly; these are asked for with every change of an agent.
_OFFLINE, _READY = Presence.OFFLINE, Presence.READY
_AVAILABLE, _OUT, _RESTING = Status.AVAILABLE, Status.OFFLINE, Status.NOT_READY


class Usage:
    """What an agent's work takes up: by medium, in all, and how many of it are rings."""

    __slots__ = ("load", "ringing", "used")

    def __init__(self, work: tuple[Medium, ...], ringing: int, capacity: Capacity) -> None:
        self.used: dict[Medium, int] = {}
        self.load = 0
        self.ringing = ringing
        for medium in work:
            self.used[medium] = self.used.get(medium, 0) + 1
            self.load += capacity.load.get(medium, 1)


def capacity_of(books: Books, row: AgentRow) -> Capacity:
    """The agent's own capacity, or the site's."""
    agent = books.catalogue.agents.get(row.id)
    own = agent.capacity if agent is not None else None
    return own if own is not None else books.catalogue.capacity


def takes_slot(interaction: Interaction, row: AgentRow) -> bool:
    """Whether the agent's part in this interaction takes up a slot: all but free wrap-up."""
    engagement = interaction.engagement(row.id)
    return engagement is not None and (not engagement.ended or engagement.wrap_up_blocks)


def work_of(books: Books, row: AgentRow) -> tuple[Medium, ...]:
    """The medium of each piece of work that takes up a slot, and then of each ring."""
    media: list[Medium] = []
    for interaction_id in row.interactions:
        interaction = books.interactions[interaction_id]
        if takes_slot(interaction, row):
            media.append(interaction.medium)
    for offer_id in row.offers:
        offered = books.of_offer(offer_id)
        assert offered is not None, "an offer's interaction is known"
        media.append(offered.medium)
    return tuple(media)


def usage_of(books: Books, row: AgentRow, capacity: Capacity) -> Usage:
    """What the agent's offers and engagements take up now."""
    return Usage(work_of(books, row), len(row.offers), capacity)


def presence_status(books: Books, row: AgentRow) -> Status:
    """Whether the agent takes new work at all, whatever the medium."""
    presence = row.presence
    if presence is _OFFLINE or row.id not in books.catalogue.agents:
        return _OUT
    if presence is not _READY or row.desk_lost or row.asked is not None:
        return _RESTING
    return _AVAILABLE


def medium_status(
    media: tuple[Medium, ...] | None, capacity: Capacity, usage: Usage, medium: Medium
) -> Status:
    """Whether an agent who takes work, of these media alone (None: all), has room for one more."""
    if media is not None and medium not in media:
        return Status.MEDIUM_OFF
    full = usage.used.get(medium, 0) >= capacity.slots.get(medium, 0)
    if full or usage.load + capacity.load.get(medium, 1) > capacity.total:
        return Status.BEING_OFFERED if usage.ringing else Status.NO_CAPACITY
    for busy in usage.used:
        joinable = capacity.interrupted_by.get(busy)
        if busy != medium and joinable is not None and medium not in joinable:
            return Status.BEING_OFFERED if usage.ringing else Status.NOT_INTERRUPTIBLE
    return Status.AVAILABLE
