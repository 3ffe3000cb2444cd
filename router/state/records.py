"""The records that state is made of: mutable, but only ``router.state.fold`` writes them.

They refer to each other by id alone, so a record can be saved and compared as it stands.
"""

import msgspec

from router.model.agent import Presence
from router.model.catalogue import Source
from router.model.commands import Scalar
from router.model.content import Mark
from router.model.explanation import Decision
from router.model.ids import (
    AgentId,
    CaseId,
    CatalogueVersion,
    EntryId,
    Instant,
    InteractionId,
    Medium,
    OfferId,
    QueueName,
    SkillName,
    SubjectId,
)
from router.model.interaction import OfferKind, Outcome, Phase, Role
from router.model.skills import Requirement

NAMED_REASONS = frozenset({"transfer", "unparked"})
"""Reasons to be in a queue for which a preferred agent is a person's choice, not a rule's."""


class Row(msgspec.Struct, array_like=True, gc=False):
    """What all records share: saved as arrays, in the order of their fields.

    They cannot be part of a cycle, so the collector need not look at them.
    """


class Offer(Row):
    """A ring going on."""

    offer_id: OfferId
    agent_id: AgentId
    kind: OfferKind
    queue: QueueName
    since: Instant
    expires: Instant
    epoch: int
    from_agent: AgentId | None = None


class Engagement(Row):
    """An agent's part in an interaction, from the first word to the end of wrap-up.

    ``lost_until``: the agent's desk is unreachable, and past this moment the customer is given to
    somebody else. After the end ``wrap_up_until`` is set until wrap-up is over.
    """

    agent_id: AgentId
    role: Role
    queue: QueueName
    visit: int
    since: Instant
    held_since: Instant | None = None
    held_ms: int = 0
    lost_until: Instant | None = None
    ended: bool = False
    wrap_up_since: Instant | None = None
    wrap_up_until: Instant | None = None
    wrap_up_blocks: bool = False
    extensions: int = 0
    disposition: str = ""


class Late(Row):
    """A wrap-up that is over: until when its agent may still give an outcome of the queue."""

    until: Instant
    queue: QueueName


class Visit(Row):
    """The current visit to a queue, with every value that ranks it.

    ``place`` is the order of entry, kept together with ``entered`` where age is kept.
    ``avoided_until``: when the agents of ``declined`` may be asked again. ``step_times`` counts
    how often each plan step was taken, ``step_last`` when last. ``expected_ms`` is what was
    predicted at entry, with its interval (-1: not known).
    """

    queue: QueueName
    number: int
    entered: Instant
    queued: Instant
    place: int
    requirement: Requirement
    priority_class: str
    rank: int
    slope: float
    credit_ms: int
    plan: str
    reason: str
    rule: str
    version: CatalogueVersion
    source: Source
    preferred: AgentId | None
    prefer_until: Instant | None
    from_agent: AgentId | None
    widened: tuple[QueueName, ...] = ()
    declined: tuple[AgentId, ...] = ()
    avoided_until: Instant | None = None
    step_times: dict[int, int] = {}
    step_last: dict[int, Instant] = {}
    expected_ms: int = -1
    expected_low_ms: int = -1
    expected_high_ms: int = -1

    @property
    def decision(self) -> Decision:
        """The rule that decided this visit."""
        return Decision(rule=self.rule, source=self.source, version=self.version)

    @property
    def named(self) -> bool:
        """Whether a person was chosen by name: then neither skills nor queues are asked."""
        return self.reason in NAMED_REASONS and self.preferred is not None


class Interaction(Row):
    """An interaction. ``visit`` is the last visit to a queue, also when it is over.

    ``written`` is the number of the last entry by writer (``customer``, ``system`` or an agent).
    ``ended`` is when the customer's part was over, ``released`` whether an agent ended it, so that
    wrap-up follows. ``late`` are agents whose wrap-up is over and who may still correct it.
    """

    id: InteractionId
    medium: Medium
    address: str
    subject: SubjectId
    arrived: Instant
    phase: Phase
    phase_since: Instant
    attributes: dict[str, Scalar]
    customer: dict[str, Scalar]
    case_id: CaseId | None = None
    last_agent: AgentId | None = None
    entries: dict[EntryId, int] = {}
    written: dict[str, int] = {}
    marks: dict[EntryId, Mark] = {}
    visit: Visit | None = None
    offers: int = 0
    offer: Offer | None = None
    consult: Offer | None = None
    engagements: list[Engagement] = []
    parked_until: Instant | None = None
    parked_by: AgentId | None = None
    ended: Instant | None = None
    released: bool = False
    closed: Instant | None = None
    outcome: Outcome | None = None
    late: dict[AgentId, Late] = {}

    def engagement(self, agent: AgentId) -> Engagement | None:
        """This agent's part that is not yet over, wrap-up included."""
        for engagement in self.engagements:
            if engagement.agent_id == agent:
                return engagement
        return None

    def lead(self) -> Engagement | None:
        """The engagement that leads, while the customer is engaged."""
        for engagement in self.engagements:
            if engagement.role is Role.LEAD and not engagement.ended:
                return engagement
        return None

    def consulted(self) -> Engagement | None:
        """The colleague asked in, if there is one."""
        for engagement in self.engagements:
            if engagement.role is Role.CONSULTED and not engagement.ended:
                return engagement
        return None


class Loan(Row):
    """A seat that was moved: the queues served instead of the agent's own, and skills on top."""

    queues: tuple[QueueName, ...]
    skills: dict[SkillName, int]
    since: Instant
    until: Instant
    by: str


class AgentRow(Row):
    """An agent. ``idle_number`` orders agents by how long they have been without new work.

    ``before_lost`` is the presence to restore when a lost desk comes back.
    """

    id: AgentId
    presence: Presence = Presence.OFFLINE
    reason: str = ""
    set_by: str = ""
    since: Instant = Instant(0)
    media: tuple[Medium, ...] | None = None
    asked: Presence | None = None
    asked_reason: str = ""
    asked_by: str = ""
    asked_media: tuple[Medium, ...] | None = None
    desk_lost: bool = False
    before_lost: tuple[Presence, str, str] | None = None
    offers: list[OfferId] = []
    interactions: list[InteractionId] = []
    idle_number: int = 0
    loan: Loan | None = None


class Expectation(Row):
    """What the waits of one medium in one queue have taught: times in milliseconds.

    ``heads``: how long the latest answered ones stood first in line. ``ratios``: actual wait over
    predicted wait, in thousandths. ``hits``: whether announced intervals held (1 or 0).
    """

    heads: list[int] = []
    ratios: list[int] = []
    hits: list[int] = []
    last_answer: Instant = Instant(0)


class QueueRow(Row):
    """A queue's memory: turns for strategies, and expectations by medium.

    ``turns`` is the number of each agent's last offer here (round robin), ``passes`` the position
    of each agent on the wheel of smooth weights, ``wheel`` that of the last one chosen.
    """

    name: QueueName
    turns: dict[AgentId, int] = {}
    passes: dict[AgentId, int] = {}
    wheel: int = 0
    expectations: dict[Medium, Expectation] = {}


class Counters(Row):
    """Numbers that only grow (``place``, ``idle``, ``turn``), and the terms of conservation."""

    place: int = 0
    idle: int = 0
    turn: int = 0
    accepted: int = 0
    self_service: int = 0
    waiting: int = 0
    offered: int = 0
    in_work: int = 0
    finished: int = 0
