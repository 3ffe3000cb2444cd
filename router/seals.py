"""The ports that touch content: seals, files, recordings and customer cards (PRIV-1).

The core, the metrics and the replay are built without this module (PRIV-2, an import test), so a
destroyed key can change no state, no total and no replayed decision.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from router.model.content import FileRef, Sealed
from router.model.ids import EntryId, Instant, InteractionId, SubjectId
from router.model.recording import Listening, Recording


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

    async def begin(self, subject: SubjectId, most_bytes: int) -> "FileWriter":
        """Begin a file whose length is not known yet, for what is too large to be in memory.

        Raises NotFound for a forgotten subject, StorageFailed.
        """
        ...

    async def reader(self, subject: SubjectId, file_id: str) -> "FileReader":
        """A file to be read in parts. Raises as ``get`` does."""
        ...


class FileWriter(Protocol):
    """A file being written. Nothing of it can be read before it is kept."""

    @property
    def file_id(self) -> str:
        """The random name it will have."""
        ...

    async def write(self, data: bytes) -> None:
        """Add bytes. Raises InvalidInput over ``most_bytes``, StorageFailed."""
        ...

    async def keep(self) -> None:
        """The file is whole: durable on return, under its name. Raises StorageFailed."""
        ...

    async def discard(self) -> None:
        """Forget what was written and not kept. Raises StorageFailed."""
        ...


class FileReader(Protocol):
    """A kept file, opened in parts of the reader's choice."""

    @property
    def size_bytes(self) -> int:
        """How long it is."""
        ...

    async def read(self, offset: int, size_bytes: int) -> bytes:
        """These bytes, fewer at the end.

        Raises NotFound when it was removed meanwhile, InvalidInput when it was changed on the disk.
        """
        ...


class Recordings(Protocol):
    """The recordings of a centre: sealed under their customer's key, played, held and deleted.

    Whoever records chooses the ``recording_id`` (``Ids``) and stores it when it has ended, piece by
    piece. Storing may be tried again from the start after a failure: what was not kept is gone.
    """

    async def store(self, recording: Recording) -> "RecordingWriter":
        """Begin to store one. ``size_bytes``, ``torn`` and ``kept`` are set at its end.

        Raises Refused (``exists``) when it is kept already, InvalidInput for a rate or channels
        that are no recording's, NotFound for a forgotten customer, StorageFailed.
        """
        ...

    async def of(self, interaction_id: InteractionId) -> Sequence[Recording]:
        """The kept recordings of an interaction in the order they began, deleted ones too."""
        ...

    async def recording(self, recording_id: str) -> Recording:
        """A kept recording. Raises NotFound."""
        ...

    async def sound(self, recording: Recording) -> FileReader:
        """Its samples. Raises NotFound when they were deleted or their key is gone."""
        ...

    async def heard(self, listening: Listening) -> None:
        """Note that somebody listens; durable on return."""
        ...

    async def listenings(self, recording_id: str) -> Sequence[Listening]:
        """Who listened, the newest first, 100 at most."""
        ...

    async def hold(self, recording_id: str, by: str, reason: str) -> Recording:
        """Keep it past its time; an empty reason ends the hold. Raises NotFound."""
        ...

    async def expire(self, before: Instant, now: Instant) -> int:
        """Delete the sound of those that began before a moment and are not held; how many.

        What began to be stored and was not kept within a day goes too.
        """
        ...

    async def forget(self, subjects: Sequence[SubjectId], now: Instant) -> int:
        """Delete all sound of these customers (PRIV-3); how many."""
        ...


class RecordingWriter(Protocol):
    """A recording being stored."""

    async def write(self, samples: bytes) -> None:
        """Add whole or broken samples. Raises InvalidInput over the bound, StorageFailed."""
        ...

    async def keep(self, *, torn: bool = False) -> Recording:
        """It is whole, or torn: its end is missing. Durable on return. Raises StorageFailed."""
        ...

    async def discard(self) -> None:
        """Do not keep it."""
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
