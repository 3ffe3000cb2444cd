"""What the chat channel remembers of a conversation, as plain records."""

from typing import Any

import msgspec

from router.model.content import Sealed
from router.model.ids import EntryId, Instant, InteractionId, SubjectId

STARTING = "starting"
SERVED = "served"
WAITING = "waiting"
TALKING = "talking"
ENDED = "ended"


class Conversation(msgspec.Struct, frozen=True):
    """One visitor's chat as it stands. ``state`` is starting, served (by a flow),
    waiting, talking or ended."""

    interaction_id: InteractionId
    site: str
    token_digest: str
    start_id: str
    subject: SubjectId
    language: str
    state: str
    last_seq: int
    last_at: Instant
    seen_number: int = 0
    got_seq: int = 0
    read_seq: int = 0
    rated: bool = False
    identified: bool = False
    mail_box: bytes | None = None
    agent_id: str | None = None


class Item(msgspec.Struct, frozen=True):
    """One thing a visitor is shown, the ``seq``-th of its conversation, 1 being the first.

    ``key`` makes adding it idempotent; ``number`` is the entry's number in the interaction;
    ``position`` is where in the log the effect behind it stands, and ``about`` whom or what it is
    about, for effects that have no id of their own.
    """

    seq: int
    key: str
    at: Instant
    kind: str
    entry_id: EntryId | None = None
    number: int = 0
    sealed: Sealed | None = None
    data: dict[str, Any] = {}
    mail_due: bool = False
    position: int = 0
    about: str = ""
