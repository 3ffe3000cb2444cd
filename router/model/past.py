"""The past as it is told: what the history gives to whoever shows it. Read-only records."""

import msgspec

from router.model.commands import Scalar
from router.model.content import Mark
from router.model.events import EntryAdded
from router.model.explanation import Explanation
from router.model.ids import (
    AgentId,
    CaseId,
    Instant,
    InteractionId,
    Medium,
    Position,
    QueueName,
    SubjectId,
)


class PastInteraction(msgspec.Struct, frozen=True):
    """One interaction so far, or as it ended (``closed`` and ``outcome``, empty while it is open).

    ``queues`` and ``agents`` are all it has had to do with, each once, the last one last;
    ``customer`` is what its caller claimed to be.
    """

    interaction_id: InteractionId
    medium: Medium
    address: str
    subject: SubjectId
    case_id: CaseId | None
    arrived: Instant
    entered: Instant | None
    closed: Instant | None
    outcome: str
    disposition: str
    queues: tuple[QueueName, ...]
    agents: tuple[AgentId, ...]
    attributes: dict[str, Scalar]
    customer: dict[str, Scalar]
    entries: int
    last_entry_at: Instant | None


class Contact(msgspec.Struct, frozen=True):
    """An interaction in so few words as a ring has time for."""

    interaction_id: InteractionId
    medium: Medium
    arrived: Instant


class Written(msgspec.Struct, frozen=True):
    """An entry as the log has it, and what became of it."""

    entry: EntryAdded
    mark: Mark | None = None
    mark_reason: str = ""


class Segment(msgspec.Struct, frozen=True):
    """A piece of an interaction's life; ``until`` and ``outcome`` are None while it lasts.

    ``kind`` is ``waiting``, ``ringing``, ``talking``, ``held``, ``wrap_up`` or ``parked``.
    """

    kind: str
    since: Instant
    until: Instant | None
    queue: QueueName | None
    agent_id: AgentId | None
    outcome: str | None
    detail: str


class Decided(msgspec.Struct, frozen=True):
    """A routing decision with its reasons: ``kind`` is ``queued``, ``step`` or ``offered``."""

    position: Position
    at: Instant
    kind: str
    queue: QueueName | None
    agent_id: AgentId | None
    why: Explanation | None
    detail: str


class Life(msgspec.Struct, frozen=True):
    """All pieces of an interaction's life in the order they began, and all decisions about it."""

    segments: tuple[Segment, ...]
    decisions: tuple[Decided, ...]


class PresenceLine(msgspec.Struct, frozen=True):
    """One change of an agent's presence; ``set_by`` is empty for the agent."""

    at: Instant
    presence: str
    reason: str
    set_by: str


class AgentDay(msgspec.Struct, frozen=True):
    """An agent's own figures of a day; durations in milliseconds.

    ``engagements`` (with ``by_medium``) are those begun as the lead; talk, hold and wrap-up are of
    what ended in the day; ``missed`` are rings that ran out (RONA).
    """

    engagements: int
    talk_ms: int
    hold_ms: int
    wrap_up_ms: int
    by_medium: dict[str, int]
    missed: int
    ready_ms: int
    not_ready_ms: int
    log: tuple[PresenceLine, ...]
