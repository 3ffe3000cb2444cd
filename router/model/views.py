"""Views: what the live floor shows of itself to desks, boards and channels. Read-only copies."""

import msgspec

from router.model.agent import Presence
from router.model.commands import Scalar
from router.model.explanation import ExpectedWait
from router.model.ids import (
    AgentId,
    CaseId,
    Instant,
    InteractionId,
    Medium,
    OfferId,
    Position,
    QueueName,
    SkillName,
    SubjectId,
)
from router.model.interaction import OfferKind, Phase, Role


class View(msgspec.Struct, frozen=True):
    """What all views share."""


class OfferView(View, frozen=True):
    """A ring going on."""

    offer_id: OfferId
    interaction_id: InteractionId
    agent_id: AgentId
    kind: OfferKind
    since: Instant
    expires: Instant


class EngagementView(View, frozen=True):
    """An agent's part in an interaction, and the queue they had it in: its outcomes are theirs.

    ``wrap_up_until`` is set while it is in wrap-up.
    """

    interaction_id: InteractionId
    agent_id: AgentId
    role: Role
    queue: QueueName
    since: Instant
    held_since: Instant | None = None
    held_ms: int = 0
    wrap_up_since: Instant | None = None
    wrap_up_until: Instant | None = None
    wrap_up_extensions: int = 0
    disposition: str = ""


class InteractionView(View, frozen=True):
    """An interaction as it stands. ``due`` is when its promise (target) runs out."""

    interaction_id: InteractionId
    medium: Medium
    address: str
    subject: SubjectId
    case_id: CaseId | None
    phase: Phase
    arrived: Instant
    queue: QueueName | None
    entered: Instant | None
    visit: int
    entries: int
    attributes: dict[str, Scalar]
    customer: dict[str, Scalar]
    engagements: tuple[EngagementView, ...]
    offer: OfferView | None
    parked_until: Instant | None = None
    parked_by: AgentId | None = None
    due: Instant | None = None


class LoanView(View, frozen=True):
    """A seat that was moved for a while: by whom, since when, until when, with which skills."""

    by: str
    since: Instant
    until: Instant
    skills: dict[SkillName, int]


class AgentView(View, frozen=True):
    """An agent as they stand. ``free`` is how many more of each medium fit right now.

    ``queues`` are those they serve now; with a ``loan`` these are not their own.
    """

    agent_id: AgentId
    presence: Presence
    reason: str
    set_by: str
    since: Instant
    desk_lost: bool
    asked: Presence | None
    asked_reason: str
    media: tuple[Medium, ...] | None
    offers: tuple[OfferId, ...]
    interactions: tuple[InteractionId, ...]
    used: dict[Medium, int]
    slots: dict[Medium, int]
    free: dict[Medium, int]
    queues: tuple[QueueName, ...]
    loan: LoanView | None = None


class SeatForecast(View, frozen=True):
    """What a moved seat would do to one queue: seats that are ready there, and what one more who
    comes would have to expect, as things are and as they would be.

    None where the wait is not known. ``lacks`` are needed skills that the agent would have to be
    lent to be offered anything of the queue.
    """

    queue: QueueName
    waiting: int
    seats: int
    seats_then: int
    expected: ExpectedWait | None
    expected_then: ExpectedWait | None
    lacks: dict[SkillName, int]


class QueueView(View, frozen=True):
    """A queue as it stands. Agents ``ready`` could take one more interaction of its media."""

    queue: QueueName
    waiting: int
    offered: int
    engaged: int
    longest_waiting_since: Instant | None
    agents_ready: int
    agents_signed_in: int
    open: bool
    expected_wait: ExpectedWait | None


class Conservation(View, frozen=True):
    """The conservation law: accepted = self_service + waiting + offered + in work + finished."""

    accepted: int
    self_service: int
    waiting: int
    offered: int
    in_work: int
    finished: int
    position: Position

    @property
    def balances(self) -> bool:
        """Whether everything accepted is in exactly one place."""
        parts = self.self_service + self.waiting + self.offered + self.in_work + self.finished
        return self.accepted == parts
