"""Commands: what somebody wishes, in the imperative. The core answers each with events or refuses.

A closed union: a command the core forgets is a type error.
"""

import msgspec

from router.model.agent import Presence
from router.model.catalogue import Catalogue
from router.model.content import Author, Mark, Sealed
from router.model.ids import (
    AgentId,
    CaseId,
    EntryId,
    Instant,
    InteractionId,
    Medium,
    OfferId,
    QueueName,
    SkillName,
    SubjectId,
)

Scalar = str | int | float | bool
"""A value an attribute may have: what a rule's condition can compare."""


class Wish(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """What all commands share."""


class NewEntry(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """A message or note to be added: its id, its sealed words and the sizes that stay in clear."""

    entry_id: EntryId
    sealed: Sealed | None = None
    files: int = 0
    size_bytes: int = 0


class Arrive(Wish, frozen=True, tag=True):
    """A customer reaches us. Idempotent: the same interaction or ``source_key`` is taken once.

    ``address`` is what they reached (a mailbox, a chat site, a number). When an interaction of the
    same case is still open the words join it instead of making a new one. ``self_service`` keeps
    the interaction out of the queue until ``Enqueue``.
    """

    interaction_id: InteractionId
    medium: Medium
    address: str
    subject: SubjectId
    attributes: dict[str, Scalar] = {}
    customer: dict[str, Scalar] = {}
    case_id: CaseId | None = None
    entry: NewEntry | None = None
    source_key: str = ""
    last_agent: AgentId | None = None
    self_service: bool = False


class Enqueue(Wish, frozen=True, tag=True):
    """Self-service is done: put the interaction into the queue its rules choose, or into ``queue``.

    A queue that the configuration no longer has is passed over for the one of the rules.
    """

    interaction_id: InteractionId
    attributes: dict[str, Scalar] = {}
    queue: QueueName | None = None


class NoteStep(Wish, frozen=True, tag=True):
    """The customer has left a step of self-service through ``exit``; see ``SelfServiceStepped``."""

    interaction_id: InteractionId
    flow: str
    node: str
    exit: str
    spent_ms: int
    kind: str = ""


class CustomerLeave(Wish, frozen=True, tag=True):
    """The customer is gone: an abandon while waiting, an end while engaged."""

    interaction_id: InteractionId
    reason: str = ""


class SetAttributes(Wish, frozen=True, tag=True):
    """Change attributes; ``by`` is empty for the system. Rules are not run again."""

    interaction_id: InteractionId
    attributes: dict[str, Scalar]
    by: str = ""


class LinkSubject(Wish, frozen=True, tag=True):
    """The interaction turns out to belong to another customer card."""

    interaction_id: InteractionId
    subject: SubjectId
    by: str = ""


class AddEntry(Wish, frozen=True, tag=True):
    """Words of a customer, an agent or the system join an interaction.

    For an agent's words ``seen`` is the number of the last entry the writer had seen: newer words
    of others refuse it with code ``stale`` unless ``force``. ``note`` is for colleagues only.
    A note may have ``mentions``: colleagues it asks to look, who are told.
    """

    interaction_id: InteractionId
    author: Author
    entry: NewEntry
    agent_id: AgentId | None = None
    seen: int = 0
    note: bool = False
    force: bool = False
    source_key: str = ""
    mentions: tuple[AgentId, ...] = ()


class MarkEntry(Wish, frozen=True, tag=True):
    """What became of an entry that was sent (or that the other side has seen it)."""

    interaction_id: InteractionId
    entry_id: EntryId
    mark: Mark
    reason: str = ""


class SignIn(Wish, frozen=True, tag=True):
    """An agent opens a desk; they start not ready."""

    agent_id: AgentId


class SignOut(Wish, frozen=True, tag=True):
    """An agent closes the desk for good. Refused while engaged unless ``force``."""

    agent_id: AgentId
    force: bool = False
    by: str = ""


class SetPresence(Wish, frozen=True, tag=True):
    """Ready or not ready with a reason; while busy it takes effect when the work ends."""

    agent_id: AgentId
    presence: Presence
    reason: str = ""
    by: str = ""
    media: tuple[Medium, ...] | None = None


class DeskLost(Wish, frozen=True, tag=True):
    """All desks of the agent have been unreachable past the grace time."""

    agent_id: AgentId


class DeskBack(Wish, frozen=True, tag=True):
    """A desk of the agent is reachable again."""

    agent_id: AgentId


class Accept(Wish, frozen=True, tag=True):
    """The agent takes the offer. Refused with ``offer_gone`` when it ended meanwhile."""

    offer_id: OfferId
    agent_id: AgentId


class Decline(Wish, frozen=True, tag=True):
    """The agent does not take the offer; it goes back to its place and not to them again."""

    offer_id: OfferId
    agent_id: AgentId
    reason: str = ""


class Hold(Wish, frozen=True, tag=True):
    """The customer is put on hold by the agent who leads the engagement."""

    interaction_id: InteractionId
    agent_id: AgentId


class Retrieve(Wish, frozen=True, tag=True):
    """The customer is taken off hold."""

    interaction_id: InteractionId
    agent_id: AgentId


class End(Wish, frozen=True, tag=True):
    """The agent ends their engagement; as the lead this ends the interaction into wrap-up."""

    interaction_id: InteractionId
    agent_id: AgentId


class Transfer(Wish, frozen=True, tag=True):
    """Give the interaction to a queue or an agent (one of both), keeping its age or not."""

    interaction_id: InteractionId
    agent_id: AgentId
    queue: QueueName | None = None
    to_agent: AgentId | None = None
    keep_age: bool = True


class Consult(Wish, frozen=True, tag=True):
    """Ask a colleague in while staying the lead."""

    interaction_id: InteractionId
    agent_id: AgentId
    to_agent: AgentId


class CompleteConsult(Wish, frozen=True, tag=True):
    """The consulted colleague becomes the lead and the former lead leaves."""

    interaction_id: InteractionId
    agent_id: AgentId


class EndConsult(Wish, frozen=True, tag=True):
    """The consulted colleague leaves, or the ring at them stops."""

    interaction_id: InteractionId
    agent_id: AgentId


class Park(Wish, frozen=True, tag=True):
    """The agent lays work aside until a moment; their slot is free meanwhile."""

    interaction_id: InteractionId
    agent_id: AgentId
    until: Instant


class Unpark(Wish, frozen=True, tag=True):
    """The agent takes parked work up again."""

    interaction_id: InteractionId
    agent_id: AgentId


class WrapUp(Wish, frozen=True, tag=True):
    """Wrap-up is done (``done``) or its disposition is saved for now."""

    interaction_id: InteractionId
    agent_id: AgentId
    disposition: str = ""
    done: bool = True


class ExtendWrapUp(Wish, frozen=True, tag=True):
    """More time for wrap-up, as often as the queue allows."""

    interaction_id: InteractionId
    agent_id: AgentId


class Assign(Wish, frozen=True, tag=True):
    """A supervisor gives a waiting or parked interaction to an agent, past skills and capacity.

    With ``queue`` an interaction still in self-service passes through that queue to the agent at
    once: so an outgoing call is its agent's from its first moment.
    """

    interaction_id: InteractionId
    agent_id: AgentId
    by: str
    queue: QueueName | None = None


class Requeue(Wish, frozen=True, tag=True):
    """A supervisor moves an interaction (waiting, offered, engaged or parked) into a queue."""

    interaction_id: InteractionId
    by: str
    queue: QueueName
    keep_age: bool = True


class Discard(Wish, frozen=True, tag=True):
    """A supervisor ends an interaction without an answer (spam, a duplicate)."""

    interaction_id: InteractionId
    by: str
    reason: str


class MoveSeat(Wish, frozen=True, tag=True):
    """A supervisor lets an agent serve these queues instead of their own, until a moment.

    ``skills`` are lent on top of their own meanwhile, at these levels. Moved again, the later move
    holds. What the agent has in hand stays with them.
    """

    agent_id: AgentId
    queues: tuple[QueueName, ...]
    until: Instant
    by: str
    skills: dict[SkillName, int] = {}


class ReturnSeat(Wish, frozen=True, tag=True):
    """The agent serves their own queues again; nothing happens when they do so already."""

    agent_id: AgentId
    by: str


class ChangeCatalogue(Wish, frozen=True, tag=True):
    """A new version of the configuration takes effect for what is decided from now on."""

    catalogue: Catalogue
    by: str = ""


class CloseCalendar(Wish, frozen=True, tag=True):
    """Emergency closing of a calendar, or its end."""

    calendar: str
    closed: bool
    by: str = ""


class Tick(Wish, frozen=True, tag=True):
    """Time has passed: do what is due."""


Command = (
    Arrive
    | Enqueue
    | NoteStep
    | CustomerLeave
    | SetAttributes
    | LinkSubject
    | AddEntry
    | MarkEntry
    | SignIn
    | SignOut
    | SetPresence
    | DeskLost
    | DeskBack
    | Accept
    | Decline
    | Hold
    | Retrieve
    | End
    | Transfer
    | Consult
    | CompleteConsult
    | EndConsult
    | Park
    | Unpark
    | WrapUp
    | ExtendWrapUp
    | Assign
    | Requeue
    | Discard
    | MoveSeat
    | ReturnSeat
    | ChangeCatalogue
    | CloseCalendar
    | Tick
)
