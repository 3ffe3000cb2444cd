"""A small centre around the hub: a catalogue, a clock set by hand, a medium that notes it all."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from router import core
from router.hub import Hub, HubSettings
from router.model.agent import Capacity, Presence
from router.model.catalogue import Agent, Catalogue, Queue, RuleSet
from router.model.commands import (
    Accept,
    AddEntry,
    Arrive,
    ChangeCatalogue,
    NewEntry,
    SetPresence,
    SignIn,
)
from router.model.content import Author
from router.model.effects import Effect
from router.model.events import Event, Recorded
from router.model.ids import (
    AgentId,
    CatalogueVersion,
    EntryId,
    Instant,
    InteractionId,
    Medium,
    Position,
    QueueName,
    SubjectId,
)
from router.ports import EventLog, Receipt, Snapshot
from router.storage.memory import MemoryLog
from tests.support.clock import StillClock

MAIL = Medium("mail")
CHAT = Medium("chat")
HELP = QueueName("help")


def catalogue(agents: int = 3, slots: int = 2) -> Catalogue:
    """One queue that everybody serves."""
    names = [AgentId(f"agent-{number}") for number in range(agents)]
    return Catalogue(
        version=CatalogueVersion("v1"),
        queues={HELP: Queue(name=HELP)},
        rules=RuleSet(default_queue=HELP),
        agents={name: Agent(id=name, queues=(HELP,)) for name in names},
        capacity=Capacity(slots={MAIL: slots, CHAT: slots}),
        offer_ms={MAIL: 20_000, CHAT: 20_000},
    )


class NotingMedium:
    """Carries out every effect by noting it; fails or hangs when told to."""

    def __init__(self, medium: Medium = MAIL) -> None:
        self.medium = medium
        self.done: list[tuple[Position, Effect]] = []
        self.faults: list[Exception] = []
        self.stuck: asyncio.Event | None = None
        self.tries = 0

    async def perform(self, effect: Effect, position: Position) -> None:
        self.tries += 1
        if self.stuck is not None:
            await self.stuck.wait()
        if self.faults:
            raise self.faults.pop(0)
        self.done.append((position, effect))


class Wrapped:
    """An EventLog that passes everything on to another one, and fails when a test says so."""

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self.failure: Exception | None = None
        self.failure_after_writing: Exception | None = None
        self.stuck: asyncio.Event | None = None
        self.appends = 0

    async def open(self) -> None:
        await self.log.open()

    async def close(self) -> None:
        await self.log.close()

    async def take_lead(self) -> int:
        return await self.log.take_lead()

    async def append(self, events: Sequence[Event], epoch: int) -> Position:
        self.appends += bool(events)
        if self.stuck is not None:
            await self.stuck.wait()
        if self.failure is not None:
            raise self.failure
        position = await self.log.append(events, epoch)
        if self.failure_after_writing is not None:
            failure, self.failure_after_writing = self.failure_after_writing, None
            raise failure
        return position

    async def read(self, after: Position, limit: int = 1_000) -> Sequence[Recorded]:
        return await self.log.read(after, limit)

    async def last(self) -> Position:
        return await self.log.last()

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        await self.log.save_snapshot(snapshot)

    async def load_snapshot(self) -> Snapshot | None:
        return await self.log.load_snapshot()

    async def save_position(self, follower: str, position: Position) -> None:
        await self.log.save_position(follower, position)

    async def load_position(self, follower: str) -> Position:
        return await self.log.load_position(follower)


class Centre:
    """A running hub with what surrounds it."""

    def __init__(
        self, hub: Hub, log: EventLog, clock: StillClock, media: list[NotingMedium]
    ) -> None:
        self.hub = hub
        self.log = log
        self.clock = clock
        self.media = media
        self.mail = media[0]

    async def arrive(self, number: int, medium: Medium = MAIL) -> Receipt:
        return await self.hub.submit(arrival(number, medium))

    async def ready(self, number: int = 0) -> None:
        agent = AgentId(f"agent-{number}")
        await self.hub.submit(SignIn(agent))
        await self.hub.submit(SetPresence(agent, Presence.READY))

    async def accept(self, number: int, agent: int = 0) -> Receipt:
        view = self.hub.interaction(interaction_id(number))
        assert view is not None
        assert view.offer is not None
        return await self.hub.submit(Accept(view.offer.offer_id, AgentId(f"agent-{agent}")))

    async def reply(self, number: int, entry: int, agent: int = 0) -> Receipt:
        return await self.hub.submit(
            AddEntry(
                interaction_id(number),
                Author.AGENT,
                NewEntry(EntryId(f"{entry:032x}")),
                agent_id=AgentId(f"agent-{agent}"),
                force=True,
            )
        )

    async def events(self) -> list[Event]:
        found: list[Event] = []
        while batch := await self.log.read(Position(len(found))):
            found += [record.event for record in batch]
        return found


def interaction_id(number: int) -> InteractionId:
    return InteractionId(f"{number:032x}")


def arrival(number: int, medium: Medium = MAIL) -> Arrive:
    return Arrive(
        interaction_id=interaction_id(number),
        medium=medium,
        address="help@example.test",
        subject=SubjectId(f"{number:032x}"),
        source_key=f"key-{number}",
    )


@asynccontextmanager
async def centre(
    log: EventLog | None = None,
    settings: HubSettings = HubSettings(),  # noqa: B008 - immutable
    clock: StillClock | None = None,
    media: Sequence[Medium] = (MAIL,),
    agents: int = 3,
) -> AsyncIterator[Centre]:
    """A centre with its catalogue in force; an opened log stays open for the next one."""
    if log is None:
        log = MemoryLog()
        await log.open()
    noting = [NotingMedium(medium) for medium in media]
    made = Centre(
        Hub(log, clock := clock or StillClock(Instant(1_000_000)), settings=settings),
        log,
        clock,
        noting,
    )
    for medium in noting:
        made.hub.attach(medium)
    await made.hub.start()
    if not made.hub.catalogue().queues:
        await made.hub.submit(ChangeCatalogue(catalogue(agents)))
    try:
        yield made
    finally:
        await made.hub.stop(deadline_ms=2_000)


async def folded_digest(log: EventLog) -> str:
    """The digest of the state that the log's events alone amount to."""
    state = core.new_state()
    position = Position(0)
    while batch := await log.read(position):
        for record in batch:
            core.apply(state, record.event)
        position = batch[-1].position
    return core.state_digest(state)
