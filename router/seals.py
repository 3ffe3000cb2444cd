"""The ports that touch content: seals, files and customer cards (PRIV-1).

The core, the metrics and the replay are built without this module (PRIV-2, an import test), so a
destroyed key can change no state, no total and no replayed decision.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from router.model.content import FileRef, Sealed
from router.model.ids import EntryId, Instant, SubjectId


class Seals(Protocol):
    """Boxes that only the key of their subject opens: AES-256-GCM under the customer's key.

    The associated data is entry id, subject and schema, so a box cannot be moved elsewhere.
    """

    async def seal(
        self, subject: SubjectId, entry_id: EntryId, schema: str, plain: bytes
    ) -> Sealed:
        """Seal; makes the subject's key, durably, before its first box."""
        ...

    async def open(self, sealed: Sealed, entry_id: EntryId) -> bytes:
        """The plain bytes. Raises NotFound when the key was destroyed, InvalidInput when forged."""
        ...

    async def forget(self, subject: SubjectId) -> None:
        """Destroy the subject's key: every box of theirs stays shut for ever."""
        ...


class Files(Protocol):
    """Sealed files under random names (FILE-1, FILE-2)."""

    async def put(self, subject: SubjectId, data: bytes, name: str, media_type: str) -> FileRef:
        """Keep a file, durably. Raises InvalidInput over 25 MiB."""
        ...

    async def get(self, subject: SubjectId, file_id: str) -> bytes:
        """The file's bytes. Raises NotFound when absent or its subject's key is gone."""
        ...

    async def remove(self, file_id: str) -> None:
        """Delete a file; absent is fine."""
        ...


class Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to reach a customer: kind is ``mail``, ``phone``, ``chat`` or ``site:<name>``."""

    kind: str
    value: str
    verified: bool = False


class CustomerCard(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is known of a customer. ``revision`` grows with each change (for stale edits).

    ``merged_into`` names the card that stands for this one since a merge.
    """

    subject: SubjectId
    name: str = ""
    addresses: tuple[Address, ...] = ()
    tier: str = ""
    language: str = ""
    fields: dict[str, str] = {}
    notes: str = ""
    revision: int = 0
    merged_into: SubjectId | None = None


class CardChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a card's history: who changed what when (sealed at rest)."""

    at: Instant
    by: str
    what: str


class Customers(Protocol):
    """The customer cards, found by an HMAC blind index of number, mail or chat identity."""

    async def resolve(self, address: Address, name: str = "") -> SubjectId:
        """The customer with this address, following merges; a new card when there is none."""
        ...

    async def find(self, address: Address) -> SubjectId | None:
        """The customer with exactly this address, following merges."""
        ...

    async def card(self, subject: SubjectId) -> CustomerCard:
        """The card. Raises NotFound when absent or erased."""
        ...

    async def change(self, card: CustomerCard, by: str) -> CustomerCard:
        """Save; raises Refused (``stale``) when ``card.revision`` is not the stored one."""
        ...

    async def history(self, subject: SubjectId) -> Sequence[CardChange]:
        """What was changed, newest first, 200 at most."""
        ...

    async def merge(self, duplicate: SubjectId, into: SubjectId, by: str) -> CustomerCard:
        """Let ``into`` stand for both; undone by ``unmerge``. Refuses a merge with itself."""
        ...

    async def unmerge(self, duplicate: SubjectId, by: str) -> CustomerCard:
        """Let a merged card stand for itself again, with its addresses."""
        ...

    async def same_person(self, subject: SubjectId) -> Sequence[SubjectId]:
        """The subject and all cards merged into the one that stands for it."""
        ...

    async def erase(self, subject: SubjectId) -> None:
        """Delete card, blind index and key (PRIV-3)."""
        ...
