"""Records on shelves: written down one by one as they stood at one moment, while they change.

To write down a large state takes some tenths of a second, and nobody may wait that long. So the
shelves hold on to the records of a moment and are written down piece by piece; whoever is about to
change a record first says so, and it is written down as it still stands.
"""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from router.model.ids import AgentId, InteractionId, QueueName
from router.state.records import AgentRow, Interaction, QueueRow, Row

Key = TypeVar("Key", bound=str)

PAGE_BYTES = 1 << 18
"""Pages are of about this size: a page is copied in well under a millisecond."""

_ENCODER = msgspec.msgpack.Encoder()


class Pages:
    """MessagePack of one value after the other, in pages."""

    __slots__ = ("_full", "_open")

    def __init__(self) -> None:
        self._full: list[bytes] = []
        self._open = bytearray()

    def add(self, value: Any) -> None:
        """Write a value behind all others."""
        _ENCODER.encode_into(value, self._open, -1)
        if len(self._open) >= PAGE_BYTES:
            self._turn()

    def done(self) -> list[bytes]:
        """All pages; nothing is added to them any more."""
        self._turn()
        return self._full

    def _turn(self) -> None:
        self._full.append(bytes(self._open))
        self._open.clear()


class Shelf(Generic[Key]):
    """The records of one kind, ``count`` of them, written down once each."""

    __slots__ = ("_left", "count", "pages")

    def __init__(self, records: Mapping[Key, Row]) -> None:
        self._left = dict(records)
        self.count = len(self._left)
        self.pages = Pages()

    def before_change(self, key: Key) -> None:
        """The record of this key is about to change."""
        row = self._left.pop(key, None)
        if row is not None:
            self.pages.add(row)

    def write(self, most: int) -> int:
        """Write down so many at most, all of them in their order; how many it were."""
        left = self._left
        if most >= len(left):
            written = len(left)
            for row in left.values():
                self.pages.add(row)
            left.clear()
            return written
        for _ in range(most):
            self.pages.add(left.popitem()[1])
        return most


class Shelves:
    """All records that may be many or large."""

    __slots__ = ("agents", "interactions", "queues")

    def __init__(
        self,
        interactions: Mapping[InteractionId, Interaction],
        agents: Mapping[AgentId, AgentRow],
        queues: Mapping[QueueName, QueueRow],
    ) -> None:
        self.interactions = Shelf(interactions)
        self.agents = Shelf(agents)
        self.queues = Shelf(queues)

    def write(self, most: int) -> int:
        """Write down so many records at most; how many it were."""
        written = self.interactions.write(most)
        written += self.agents.write(most - written)
        return written + self.queues.write(most - written)
