"""Events: facts, in the past tense. The log is a sequence of these, and state is their fold.

A tag ends with the version of its shape (``Offered/1``). A changed shape gets a new tag and an
upcaster in ``router.storage.codec``; old logs stay readable for ever. Personal words are only ever
inside ``sealed``.
"""

import msgspec

from router.model.agent_facts import (
    DeskCameBack as DeskCameBack,
)
from router.model.agent_facts import (
    DeskWasLost as DeskWasLost,
)
from router.model.agent_facts import (
    PresenceAsked as PresenceAsked,
)
from router.model.agent_facts import (
    PresenceChanged as PresenceChanged,
)
from router.model.agent_facts import (
    SeatMoved as SeatMoved,
)
from router.model.agent_facts import (
    SeatReturned as SeatReturned,
)
from router.model.agent_facts import (
    SignedIn as SignedIn,
)
from router.model.agent_facts import (
    SignedOut as SignedOut,
)
from router.model.catalogue import Action, Catalogue, Source
from router.model.commands import Scalar
from router.model.content import Author, Mark, Sealed
from router.model.explanation import Explanation
from router.model.fact import Fact
from router.model.ids import (
    AgentId,
    CaseId,
    CatalogueVersion,
    EntryId,
    Instant,
    InteractionId,
    Medium,
    OfferId,
    Position,
    QueueName,
    SubjectId,
)
from router.model.interaction import OfferEnd, OfferKind, Outcome, Role
from router.model.skills import Requirement


class Arrived(Fact, frozen=True):
    """A customer reached us. ``self_service``: they are in a flow and in no queue yet."""

    interaction_id: InteractionId
    medium: Medium
    address: str
    subject: SubjectId
    attributes: dict[str, Scalar] = msgspec.field(default_factory=dict)
    customer: dict[str, Scalar] = msgspec.field(default_factory=dict)
    case_id: CaseId | None = None
    source_key: str = ""
    last_agent: AgentId | None = None
    self_service: bool = False


class EntryAdded(Fact, frozen=True):
    """Words joined an interaction as its ``number``-th entry (1 is the first).

    ``mentions`` are the colleagues a note asks to look at it.
    """

    interaction_id: InteractionId
    number: int
    entry_id: EntryId
    author: Author
    medium: Medium
    agent_id: AgentId | None = None
    note: bool = False
    sealed: Sealed | None = None
    files: int = 0
    size_bytes: int = 0
    source_key: str = ""
    mentions: tuple[AgentId, ...] = ()


class EntryMarked(Fact, frozen=True):
    """An entry was sent, delivered, seen, or failed for a reason."""

    interaction_id: InteractionId
    entry_id: EntryId
    mark: Mark
    reason: str = ""


class Queued(Fact, frozen=True):
    """The interaction entered a queue: its ``visit``-th visit to one.

    ``entered`` is where its age counts from (kept on a transfer that keeps age). ``reason`` is
    ``arrival``, ``transfer``, ``overflow``, ``requeue``, ``full`` or ``unparked``. The preferred
    agent is held until ``prefer_until``. Every value that ranks it is here, so that a later
    catalogue changes nothing of what was decided.
    """

    interaction_id: InteractionId
    queue: QueueName
    visit: int
    entered: Instant
    requirement: Requirement
    priority_class: str
    rank: int
    slope: float
    credit_ms: int
    plan: str
    reason: str
    rule: str
    version: CatalogueVersion
    source: Source = Source()
    preferred: AgentId | None = None
    prefer_until: Instant | None = None
    from_agent: AgentId | None = None


class AttributesSet(Fact, frozen=True):
    """Attributes of the interaction changed."""

    interaction_id: InteractionId
    attributes: dict[str, Scalar]
    by: str = ""


class SelfServiceStepped(Fact, frozen=True):
    """A step of self-service was left through ``exit``; empty: the customer left there.

    ``kind`` is what the node does (``menu``, ``look_up``), as its flow names it.
    """

    interaction_id: InteractionId
    flow: str
    node: str
    exit: str
    spent_ms: int
    kind: str = ""


class SubjectLinked(Fact, frozen=True):
    """The interaction belongs to another customer card from now on."""

    interaction_id: InteractionId
    subject: SubjectId
    by: str = ""


class PlanStepTaken(Fact, frozen=True):
    """A step of the plan was due and its condition held: ``times`` counts how often so far.

    For ``Relax``, ``Widen`` and ``Raise`` the resulting requirement and rank are here. Steps whose
    condition did not hold are not events; they are asked again when next due.
    """

    interaction_id: InteractionId
    step: int
    times: int
    action: Action
    requirement: Requirement | None = None
    queues: tuple[QueueName, ...] | None = None
    rank: int | None = None
    slope: float | None = None
    credit_ms: int | None = None
    position: int = 0
    expected_low_ms: int = -1
    expected_high_ms: int = -1


class PreferenceEnded(Fact, frozen=True):
    """The preferred agent is no longer waited for."""

    interaction_id: InteractionId


class Offered(Fact, frozen=True):
    """One ring at one agent, until ``expires``."""

    offer_id: OfferId
    interaction_id: InteractionId
    agent_id: AgentId
    kind: OfferKind
    queue: QueueName
    medium: Medium
    expires: Instant
    why: Explanation
    from_agent: AgentId | None = None
    epoch: int = 0


class OfferEnded(Fact, frozen=True):
    """The ring is over; ``rang_ms`` is how long it rang."""

    offer_id: OfferId
    interaction_id: InteractionId
    agent_id: AgentId
    end: OfferEnd
    rang_ms: int
    reason: str = ""


class Engaged(Fact, frozen=True):
    """An agent and an interaction are together. ``waited_ms`` is the wait of this queue visit."""

    interaction_id: InteractionId
    agent_id: AgentId
    role: Role
    queue: QueueName
    medium: Medium
    visit: int
    waited_ms: int
    offer_id: OfferId | None = None
    by: str = ""


class Held(Fact, frozen=True):
    """The customer was put on hold."""

    interaction_id: InteractionId
    agent_id: AgentId


class Retrieved(Fact, frozen=True):
    """The customer was taken off hold after ``held_ms``."""

    interaction_id: InteractionId
    agent_id: AgentId
    held_ms: int


class LeadChanged(Fact, frozen=True):
    """A consulted colleague became the lead."""

    interaction_id: InteractionId
    from_agent: AgentId
    to_agent: AgentId


class EngagementEnded(Fact, frozen=True):
    """An engagement is over: ``talked_ms`` without hold, ``held_ms`` on hold.

    ``how``: ``ended`` (by the agent), ``customer_left``, ``transferred``, ``consult_over``,
    ``consult_completed``, ``parked``, ``requeued``, ``desk_lost``, ``discarded``. With
    ``wrap_up_until`` the agent is in wrap-up until then at the latest; ``wrap_up_blocks`` says
    whether it takes up their capacity.
    """

    interaction_id: InteractionId
    agent_id: AgentId
    role: Role
    queue: QueueName
    medium: Medium
    how: str
    talked_ms: int
    held_ms: int
    wrap_up_until: Instant | None = None
    wrap_up_blocks: bool = False


class Parked(Fact, frozen=True):
    """Work was laid aside by its agent until a moment."""

    interaction_id: InteractionId
    agent_id: AgentId
    until: Instant


class DispositionSet(Fact, frozen=True):
    """The outcome an agent chose."""

    interaction_id: InteractionId
    agent_id: AgentId
    disposition: str


class WrapUpExtended(Fact, frozen=True):
    """Wrap-up got more time."""

    interaction_id: InteractionId
    agent_id: AgentId
    until: Instant
    extensions: int


class WrapUpEnded(Fact, frozen=True):
    """Wrap-up is over: ``how`` is ``done``, ``time`` or ``signed_out``."""

    interaction_id: InteractionId
    agent_id: AgentId
    how: str
    wrap_up_ms: int


class CustomerLeft(Fact, frozen=True):
    """The customer is gone. While waiting this is the abandon, after ``waited_ms``."""

    interaction_id: InteractionId
    waited_ms: int
    reason: str = ""


class Closed(Fact, frozen=True):
    """The interaction is finished. ``waited_ms`` is of the last queue visit when it ended there."""

    interaction_id: InteractionId
    outcome: Outcome
    reason: str = ""
    by: str = ""
    waited_ms: int | None = None


class CatalogueChanged(Fact, frozen=True):
    """A version of the configuration took effect."""

    catalogue: Catalogue
    by: str = ""


class CalendarClosed(Fact, frozen=True):
    """A calendar was closed in an emergency, or opened again."""

    calendar: str
    closed: bool
    by: str = ""


class WriterStarted(Fact, frozen=True):
    """A hub took the lead with this epoch; offers of older epochs are void."""

    epoch: int


Event = (
    Arrived
    | EntryAdded
    | EntryMarked
    | Queued
    | AttributesSet
    | SelfServiceStepped
    | SubjectLinked
    | PlanStepTaken
    | PreferenceEnded
    | Offered
    | OfferEnded
    | Engaged
    | Held
    | Retrieved
    | LeadChanged
    | EngagementEnded
    | Parked
    | DispositionSet
    | WrapUpExtended
    | WrapUpEnded
    | CustomerLeft
    | Closed
    | SignedIn
    | SignedOut
    | PresenceChanged
    | PresenceAsked
    | DeskWasLost
    | DeskCameBack
    | SeatMoved
    | SeatReturned
    | CatalogueChanged
    | CalendarClosed
    | WriterStarted
)


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event with its place in the log and the epoch of the writer that put it there."""

    position: Position
    epoch: int
    event: Event
