"""What the core and the hub need from outside, and what they give to it, as Protocols.

One contract suite per port runs on every implementation (``tests/contracts``).
"""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Protocol, TypeVar

import msgspec

from router.model.catalogue import Catalogue
from router.model.commands import Arrive, Command
from router.model.effects import Effect
from router.model.events import Event, Recorded
from router.model.explanation import ExpectedWait, WhyWaiting
from router.model.ids import (
    AgentId,
    CaseId,
    Instant,
    InteractionId,
    Medium,
    Position,
    QueueName,
)
from router.model.interaction import Phase
from router.model.views import (
    AgentView,
    Conservation,
    InteractionView,
    QueueView,
    SeatForecast,
)

Seen = TypeVar("Seen")


class Clock(Protocol):
    """The one source of time."""

    def now(self) -> Instant:
        """The current moment; never runs backwards within a process."""
        ...


class Ids(Protocol):
    """The one source of fresh identifiers."""

    def new(self) -> str:
        """128 random bits as 32 hexadecimal digits."""
        ...


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """The answer to a command once its events are durable; no events when it changed nothing.

    ``interaction_id`` is the one the command ended up in: for an arrival that joined an open
    interaction of its case, or that was taken before, that one.
    """

    position: Position
    events: tuple[Event, ...]
    interaction_id: InteractionId | None = None


class Inbox(Protocol):
    """Where commands go."""

    async def submit(self, command: Command, *, deadline_ms: int = 10_000) -> Receipt:
        """Decide the command; returns once its events are durable.

        Raises Refused (with a code) when the state does not allow it, Overloaded when the mailbox
        is full or the deadline passes before the command was taken up, and StorageFailed when the
        log did not take the events (then nothing happened).
        """
        ...


class Feed(Protocol):
    """The log as followers read it: in order, nothing missed, nothing twice."""

    def follow(self, after: Position) -> AsyncIterator[Sequence[Recorded]]:
        """Yield what stands behind ``after`` in batches (1,000 events at most), then what comes.

        A slow follower is never waited for: it reads from the log what it missed. Ends when the
        hub stops.
        """
        ...

    def head(self) -> Position:
        """The position of the last durable event."""
        ...


class Floor(Protocol):
    """The live state, to be looked at only. Every answer is as of the last decided command."""

    def interaction(self, interaction_id: InteractionId) -> InteractionView | None:
        """The interaction, or None when it is unknown or long finished."""
        ...

    def open_in_case(self, case_id: CaseId) -> InteractionView | None:
        """The open interaction of a case, if there is one."""
        ...

    def queue_for(self, arrival: Arrive) -> QueueName:
        """Which queue the rules would choose for an arrival now; nothing happens."""
        ...

    def agent(self, agent_id: AgentId) -> AgentView | None:
        """The agent, or None when the catalogue has no such agent."""
        ...

    def agents(self) -> Sequence[AgentView]:
        """All agents of the catalogue."""
        ...

    def queues(self) -> Sequence[QueueView]:
        """All queues of the catalogue."""
        ...

    def waiting(self, queue: QueueName, limit: int = 100) -> Sequence[InteractionView]:
        """The first waiting interactions of a queue, in the order they will be offered."""
        ...

    def parked(self, agent_id: AgentId) -> Sequence[InteractionView]:
        """What an agent has laid aside."""
        ...

    def why_waiting(self, interaction_id: InteractionId) -> WhyWaiting | None:
        """Why an interaction waits; None when it does not."""
        ...

    def position_in_queue(self, interaction_id: InteractionId) -> int:
        """Its place in its queue, 1 is next; 0 when it does not wait."""
        ...

    def expected_wait(self, interaction_id: InteractionId) -> ExpectedWait | None:
        """An honest interval, or None when not known."""
        ...

    def is_open(self, calendar: str) -> bool:
        """Whether business is open by this calendar now (no calendar: always)."""
        ...

    def next_opening(self, calendar: str) -> Instant | None:
        """When business opens next by this calendar; None when it is open or none is known."""
        ...

    def in_phases(
        self, phases: Collection[Phase], queue: QueueName | None = None, limit: int = 100
    ) -> tuple[int, Sequence[InteractionView]]:
        """How many interactions are in these phases (of one queue or of all), and the oldest.

        Looks at each one that is known: for what somebody asks, not for what goes on all the time.
        """
        ...

    def open_of(self, medium: Medium) -> int:
        """How many interactions of a medium have not finished; looks at each one."""
        ...

    def seat_forecast(
        self, agent_id: AgentId, queues: Sequence[QueueName] | None
    ) -> Sequence[SeatForecast]:
        """What it would do if the agent served these queues (None: their own), by queue."""
        ...

    def conservation(self) -> Conservation:
        """The conservation law's terms."""
        ...

    def catalogue(self) -> Catalogue:
        """The catalogue in force."""
        ...


class Past(Protocol):
    """The floor of every moment since the log began."""

    async def span(self) -> tuple[Instant, Instant] | None:
        """The moments of the first and the last event; None for an empty log."""
        ...

    async def look(self, at: Instant, look: Callable[[Floor], Seen]) -> Seen:
        """What ``look`` sees on the floor as it stood at a moment; it must not keep the floor.

        Raises NotFound for a moment before the log begins, and Overloaded when the way there
        is long: asked again it comes further.
        """
        ...


class MediumPort(Protocol):
    """What a medium does for the hub: carry out effects on its own interactions."""

    @property
    def medium(self) -> Medium:
        """The medium whose interactions this one serves."""
        ...

    async def perform(self, effect: Effect, position: Position) -> None:
        """Carry out an effect, or take it durably to do so; returns soon (1 s at most).

        Called in the order of the log, at least once for each effect.
        """
        ...


class Snapshot(msgspec.Struct, frozen=True):
    """The state as of a position, with the version of its shape.

    ``pages`` joined are bytes of the core's own making. A log takes up one page at a time, so that
    a large snapshot stops nobody while it is copied.
    """

    position: Position
    version: int
    pages: tuple[bytes, ...]


class EventLog(Protocol):
    """The log: the only truth. One writer at a time, held by an epoch."""

    async def open(self) -> None:
        """Get ready; a torn last record of a crash is cut off, anything else wrong raises."""
        ...

    async def close(self) -> None:
        """Let go of everything; what was appended stays."""
        ...

    async def take_lead(self) -> int:
        """Become the writer: returns a new epoch, greater than all before."""
        ...

    async def append(self, events: Sequence[Event], epoch: int) -> Position:
        """Append all of the events or none; durable on return; the last one's position.

        Raises StaleWriter when a newer epoch exists, StorageFailed when it cannot be written.
        """
        ...

    async def read(self, after: Position, limit: int = 1_000) -> Sequence[Recorded]:
        """The events behind a position, in order, at most ``limit``."""
        ...

    async def last(self) -> Position:
        """The position of the last event, 0 when there is none."""
        ...

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot; older ones may go."""
        ...

    async def load_snapshot(self) -> Snapshot | None:
        """The newest snapshot, if any."""
        ...

    async def save_position(self, follower: str, position: Position) -> None:
        """Remember how far a follower has come."""
        ...

    async def load_position(self, follower: str) -> Position:
        """How far a follower had come; 0 when it is new."""
        ...
