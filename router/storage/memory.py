"""A log in memory: for tests, the simulation, and centres that need to remember nothing."""

from collections.abc import Sequence

from router.model.errors import StaleWriter, StorageFailed
from router.model.events import Event, Recorded
from router.model.ids import Position
from router.ports import Snapshot
from router.storage.codec import CODEC, Codec


class MemoryLog:
    """An EventLog that forgets everything with its process. Constructor: ``MemoryLog()``."""

    def __init__(self, codec: Codec = CODEC) -> None:
        self._codec = codec
        self._records: list[Recorded] = []
        self._epoch = 0
        self._snapshot: Snapshot | None = None
        self._positions: dict[str, Position] = {}
        self._open = False

    async def open(self) -> None:
        """Get ready; what was appended before a ``close`` is still there."""
        self._open = True

    async def close(self) -> None:
        """Stop taking and giving."""
        self._open = False

    async def take_lead(self) -> int:
        """Become the writer: returns a new epoch, greater than all before."""
        self._require_open()
        self._epoch += 1
        return self._epoch

    async def append(self, events: Sequence[Event], epoch: int) -> Position:
        """Append all of the events; the last one's position.

        Raises StaleWriter when a newer epoch exists, StorageFailed when closed, InvalidInput when
        an event holds a value that has no bytes.
        """
        self._require_open()
        if epoch != self._epoch:
            raise StaleWriter(f"epoch {epoch} is over: {self._epoch} leads")
        for event in events:
            # What cannot be written elsewhere is refused here too.
            self._codec.encode(event)
        position = len(self._records)
        for event in events:
            position += 1
            self._records.append(Recorded(Position(position), epoch, event))
        return Position(position)

    async def read(self, after: Position, limit: int = 1_000) -> Sequence[Recorded]:
        """The events behind a position, in order, at most ``limit``."""
        self._require_open()
        return self._records[after : after + limit]

    async def last(self) -> Position:
        """The position of the last event, 0 when there is none."""
        self._require_open()
        return Position(len(self._records))

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of the one before."""
        self._require_open()
        self._snapshot = snapshot

    async def load_snapshot(self) -> Snapshot | None:
        """The newest snapshot, if any."""
        self._require_open()
        return self._snapshot

    async def save_position(self, follower: str, position: Position) -> None:
        """Remember how far a follower has come."""
        self._require_open()
        self._positions[follower] = position

    async def load_position(self, follower: str) -> Position:
        """How far a follower had come; 0 when it is new."""
        self._require_open()
        return self._positions.get(follower, Position(0))

    def _require_open(self) -> None:
        if not self._open:
            raise StorageFailed("the log is closed")
