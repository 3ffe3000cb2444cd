"""Customers and agents outside the process: they outlive it, and act on what it tells them."""

import random
from collections.abc import Collection, Iterator
from typing import TypeVar

from router.model.agent import Capacity, Presence, WrapUpMode, WrapUpRule
from router.model.catalogue import Agent, Catalogue, Queue, RuleSet
from router.model.commands import (
    Accept,
    AddEntry,
    Arrive,
    ChangeCatalogue,
    Command,
    CustomerLeave,
    Decline,
    End,
    NewEntry,
    Requeue,
    SetPresence,
    SignIn,
    Transfer,
)
from router.model.content import Author
from router.model.events import (
    Closed,
    Engaged,
    EngagementEnded,
    Event,
    Offered,
    OfferEnded,
    PresenceChanged,
    Queued,
    Recorded,
)
from router.model.ids import (
    AgentId,
    CatalogueVersion,
    EntryId,
    InteractionId,
    Medium,
    OfferId,
    QueueName,
    SubjectId,
)

Name = TypeVar("Name", bound=str)

MAIL = Medium("mail")
HELP, SALES = QueueName("help"), QueueName("sales")
AGENTS = tuple(AgentId(f"agent-{number:02}") for number in range(12))
SLOTS = 2
WAITING_WANTED = 25

CATALOGUE = Catalogue(
    version=CatalogueVersion("chaos"),
    queues={name: Queue(name=name) for name in (HELP, SALES)},
    rules=RuleSet(default_queue=HELP),
    agents={name: Agent(id=name, queues=(HELP, SALES)) for name in AGENTS},
    capacity=Capacity(slots={MAIL: SLOTS}),
    offer_ms={MAIL: 40},
    wrap_up={MAIL: WrapUpRule(mode=WrapUpMode.NONE)},
)


class World:
    """Knows what it was pushed and what was acknowledged; decides what to ask next.

    ``arrived`` are the arrivals that were acknowledged, ``written`` the replies; ``proofs`` says
    up to which position the log must reach because something there was acknowledged.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a replayable load, no secret
        self._waiting: set[InteractionId] = set()
        self._offers: dict[OfferId, Offered] = {}
        self._engaged: dict[InteractionId, AgentId] = {}
        self._idle: set[AgentId] = set()
        self._asked: dict[int, Command] = {}
        self._next = 0
        self._signed_in = False
        self.seen = 0
        self.proven = 0
        self.acknowledged = 0
        self.refused: dict[str, int] = {}
        self.arrived: set[InteractionId] = set()
        self.written: set[EntryId] = set()

    def push(self, records: list[Recorded]) -> None:
        """Take what happened. Raises AssertionError when something is missing or comes twice."""
        for record in records:
            assert record.position == self.seen + 1, f"pushed {record.position} after {self.seen}"
            self.seen = record.position
            self._notice(record.event)

    def answered(self, number: int, position: int, events: int) -> None:
        """Take an acknowledgement: from now on this must never be lost."""
        command = self._asked.pop(number)
        self.acknowledged += 1
        if events:
            self.proven = max(self.proven, position)
        if isinstance(command, Arrive):
            self.arrived.add(command.interaction_id)
        elif isinstance(command, AddEntry):
            self.written.add(command.entry.entry_id)

    def refusal(self, number: int, code: str) -> None:
        """Take a refusal: the world has moved on meanwhile."""
        self._asked.pop(number)
        self.refused[code] = self.refused.get(code, 0) + 1

    def cut_off(self) -> None:
        """The victim is dead: what was asked and not answered may have happened or not."""
        self._asked.clear()

    @property
    def open_asks(self) -> int:
        """How many answers are awaited."""
        return len(self._asked)

    def asks(self, most: int) -> Iterator[tuple[int, Command]]:
        """The next commands with their numbers."""
        for _ in range(most):
            command = self._wish()
            self._next += 1
            self._asked[self._next] = command
            yield self._next, command

    def openings(self) -> Iterator[tuple[int, Command]]:
        """What a new centre needs once: its catalogue, and agents at their desks."""
        if self._signed_in:
            return
        self._signed_in = True
        commands: list[Command] = [
            ChangeCatalogue(CATALOGUE),
            *(SignIn(agent) for agent in AGENTS),
            *(SetPresence(agent, Presence.READY) for agent in AGENTS),
        ]
        for command in commands:
            self._next += 1
            self._asked[self._next] = command
            yield self._next, command

    def _wish(self) -> Command:
        choice = self._random.random()
        if self._idle and choice < 0.3:
            return SetPresence(self._any(self._idle), Presence.READY)
        if self._offers and choice < 0.75:
            return self._to_offer(self._offers.pop(self._any(self._offers)))
        if self._engaged and choice < 0.9:
            return self._at_work(self._any(self._engaged))
        if self._waiting and len(self._waiting) > WAITING_WANTED:
            one = self._any(self._waiting)
            self._waiting.discard(one)
            if choice < 0.95:
                return CustomerLeave(one)
            return Requeue(one, by="supervisor", queue=self._random.choice((HELP, SALES)))
        name = self._name()
        return Arrive(
            interaction_id=InteractionId(name),
            medium=MAIL,
            address="help@example.test",
            subject=SubjectId(name),
            source_key=name,
            entry=NewEntry(EntryId(self._name())),
        )

    def _to_offer(self, offer: Offered) -> Command:
        choice = self._random.random()
        if choice < 0.1:
            return Decline(offer.offer_id, offer.agent_id)
        if choice < 0.15:
            return CustomerLeave(offer.interaction_id)
        return Accept(offer.offer_id, offer.agent_id)

    def _at_work(self, one: InteractionId) -> Command:
        agent = self._engaged[one]
        choice = self._random.random()
        if choice < 0.5:
            entry = NewEntry(EntryId(self._name()))
            return AddEntry(one, Author.AGENT, entry, agent_id=agent, force=True)
        del self._engaged[one]
        if choice < 0.6:
            return Transfer(one, agent, queue=SALES)
        return End(one, agent)

    def _notice(self, event: Event) -> None:
        match event:
            case Queued():
                self._waiting.add(event.interaction_id)
            case Offered():
                # One in twelve is left to ring until its time is over.
                if self._random.random() > 1 / 12:
                    self._offers[event.offer_id] = event
                self._waiting.discard(event.interaction_id)
            case OfferEnded():
                self._offers.pop(event.offer_id, None)
            case Engaged():
                self._engaged[event.interaction_id] = event.agent_id
                self._waiting.discard(event.interaction_id)
            case EngagementEnded():
                self._engaged.pop(event.interaction_id, None)
            case Closed():
                self._waiting.discard(event.interaction_id)
            case PresenceChanged(presence=Presence.READY):
                self._idle.discard(event.agent_id)
            case PresenceChanged():
                self._idle.add(event.agent_id)
            case _:
                pass

    def _any(self, those: Collection[Name]) -> Name:
        return self._random.choice(sorted(those))

    def _name(self) -> str:
        return f"{self._random.getrandbits(128):032x}"
