"""The shapes of the desk's protocol (docs/protocol/desk.md), as they go over the line.

Pure data. Times are milliseconds since 1970 in UTC, durations milliseconds.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from router.model.commands import Scalar
from router.model.content import FileRef, MailHeaders
from router.model.explanation import Explanation
from router.model.past import Decided, Segment

Titles = dict[str, str]


class Shape(msgspec.Struct, frozen=True):
    """What all shapes share: every field is always there."""


class MoveShape(Shape, frozen=True):
    """A seat that serves other queues for a while: by whom, since when, until when."""

    by: str
    since: int
    until: int
    skills: dict[str, int]


class AgentShape(Shape, frozen=True):
    """An agent's own state. ``shown`` is what a person reads; ``queues`` are served now."""

    agent_id: str
    name: str
    presence: str
    reason: str
    set_by: str
    since: int
    shown: str
    asked: str | None
    asked_reason: str
    desk_lost: bool
    limit_ms: int | None
    used: dict[str, int]
    slots: dict[str, int]
    media: tuple[str, ...] | None
    queues: tuple[str, ...]
    move: MoveShape | None


class WhoShape(Shape, frozen=True):
    """The customer, as an item or an offer names them."""

    subject: str
    name: str
    tier: str
    address: str
    verified: bool


class LastContact(Shape, frozen=True):
    """The customer's contact before this one, in one line."""

    at: int
    medium: str
    summary: str


class OfferShape(Shape, frozen=True):
    """A ring with everything needed to paint it."""

    offer_id: str
    interaction_id: str
    medium: str
    kind: str
    queue: str
    queue_title: Titles
    customer: WhoShape
    summary: str
    arrived: int
    due: int | None
    since: int
    expires: int
    waited_ms: int
    from_agent: str | None
    last_contact: LastContact | None
    why: Explanation | None


class WrapUpShape(Shape, frozen=True):
    """Wrap-up going on. ``required``: a disposition must be chosen."""

    since: int
    until: int | None
    extensions_left: int
    blocks: bool
    required: bool


class DispositionShape(Shape, frozen=True):
    """An outcome that can be chosen."""

    name: str
    title: Titles


class OtherShape(Shape, frozen=True):
    """A colleague in the same interaction: ``lead``, ``consulted`` or ``ringing``."""

    agent_id: str
    name: str
    role: str


class ItemShape(Shape, frozen=True):
    """A piece of an agent's work as it stands; ``can`` names the commands that make sense."""

    interaction_id: str
    medium: str
    phase: str
    role: str
    queue: str
    queue_title: Titles
    customer: WhoShape
    summary: str
    arrived: int
    due: int | None
    target_ms: int | None
    since: int
    waited_ms: int
    held_since: int | None
    held_ms: int
    parked_until: int | None
    wrap_up: WrapUpShape | None
    disposition: str | None
    dispositions: tuple[DispositionShape, ...]
    others: tuple[OtherShape, ...]
    entries: int
    unread: int
    last_entry_at: int | None
    attributes: dict[str, Scalar]
    case_id: str | None
    may_belong_to: tuple[str, ...]
    address: str
    can: tuple[str, ...]


class FileShape(Shape, frozen=True):
    """A file of an entry and where it is fetched."""

    file_id: Annotated[str, Meta(max_length=64, pattern="^[!-~]+$")]
    name: str
    media_type: str
    size_bytes: int
    url: str


class EntryShape(Shape, frozen=True):
    """One message, note or notice. ``html`` is a URL for a sandboxed frame, or empty."""

    entry_id: str
    number: int
    at: int
    author: str
    agent_id: str | None
    agent_name: str
    note: bool
    text: str
    quoted: str
    html: str
    mail: MailHeaders | None
    files: tuple[FileShape, ...]
    mark: str | None
    mark_reason: str
    notices: tuple[str, ...]


class MentionShape(Shape, frozen=True):
    """A colleague's note that asks an agent to look: whose, about what, and how it begins."""

    seq: int
    at: int
    interaction_id: str
    entry_id: str
    by: str
    text: str


class QueueShape(Shape, frozen=True):
    """A queue in numbers."""

    queue: str
    title: Titles
    waiting: int
    offered: int
    engaged: int
    longest_since: int | None
    ready: int
    signed_in: int
    open: bool
    expected: tuple[int, int] | None


class ColleagueShape(Shape, frozen=True):
    """Somebody work can be given to, and how they stand: why, where they are not ready.

    ``queues`` are those they serve now; with a ``move`` these are not their own.
    """

    agent_id: str
    name: str
    shown: str
    reason: str
    since: int
    queues: tuple[str, ...]
    move: MoveShape | None


class ReasonShape(Shape, frozen=True):
    """A reason for not being ready."""

    name: str
    title: Titles
    limit_ms: int | None


class SegmentShape(msgspec.Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """A stretch of an interaction's life: ``from`` to ``to`` (null while it lasts)."""

    kind: str
    since: int
    until: int | None
    queue: str | None
    agent_id: str | None
    outcome: str | None
    detail: str


class DecisionShape(Shape, frozen=True):
    """A routing decision with its reasons: ``kind`` is ``queued``, ``step`` or ``offered``."""

    at: int
    kind: str
    queue: str | None
    agent_id: str | None
    why: Explanation | None
    detail: str


def segment_shape(segment: Segment) -> SegmentShape:
    """A piece of a life as the protocol has it."""
    return SegmentShape(
        segment.kind,
        segment.since,
        segment.until,
        segment.queue,
        segment.agent_id,
        segment.outcome,
        segment.detail,
    )


def decision_shape(decided: Decided) -> DecisionShape:
    """A decision as the protocol has it."""
    return DecisionShape(
        decided.at,
        decided.kind,
        decided.queue,
        decided.agent_id,
        decided.why,
        decided.detail,
    )


class DraftShape(Shape, frozen=True):
    """Words not sent yet; ``kind`` is ``reply`` or ``note``."""

    kind: str
    text: str
    revision: int


class CardShape(Shape, frozen=True):
    """A customer's card; ``merged`` are the cards it stands for."""

    subject: str
    name: str
    addresses: tuple["AddressShape", ...]
    tier: str
    language: str
    fields: dict[str, str]
    notes: str
    revision: int
    merged: tuple[str, ...]


class AddressShape(Shape, frozen=True):
    """One way to reach a customer."""

    kind: str
    value: str
    verified: bool


class ContactShape(Shape, frozen=True):
    """One contact in a customer's timeline over all media."""

    interaction_id: str
    medium: str
    at: int
    ended: int | None
    queue: str
    agents: tuple[str, ...]
    summary: str
    outcome: str
    disposition: str | None


def file_shape(interaction_id: str, file: FileRef) -> FileShape:
    """A file with the URL it is fetched from."""
    return FileShape(
        file_id=file.file_id,
        name=file.name,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        url=f"/api/v1/interactions/{interaction_id}/files/{file.file_id}",
    )
