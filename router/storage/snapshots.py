"""A snapshot as a file of its own beside the log: writing a large one delays no append."""

from pathlib import Path

import msgspec

from router.model.errors import StorageFailed
from router.model.ids import Position
from router.ports import Snapshot
from router.storage.checksum import checksum_of
from router.storage.durable_files import write_durably


class _Cover(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    log_id: str
    position: Position
    version: int


_DECODER = msgspec.msgpack.Decoder(_Cover)
_NUMBER_BYTES = 4


class SnapshotFile:
    """The newest snapshot of one log, bound to that log's id and checked for damage.

    The file: a checksum over all that follows, the length of the cover, the cover, the pages.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def sweep(self) -> None:
        """Clear away what a crash left half written. Raises StorageFailed."""
        try:
            for leftover in self._path.parent.glob(f"{self._path.name}.*.new"):
                leftover.unlink(missing_ok=True)
        except OSError as error:
            raise StorageFailed(f"{self._path}: {error}") from error

    def save(self, snapshot: Snapshot, log_id: str) -> None:
        """Put it in the place of the one before. Raises StorageFailed."""
        cover = msgspec.msgpack.encode(_Cover(log_id, snapshot.position, snapshot.version))
        pieces = (_number(len(cover)), cover, *snapshot.pages)
        try:
            write_durably(self._path, _number(checksum_of(*pieces)), *pieces)
        except OSError as error:
            raise StorageFailed(f"{self._path}: {error}") from error

    def load(self, log_id: str) -> Snapshot | None:
        """The snapshot; None when there is none of this log or it is damaged (the log has all)."""
        try:
            data = memoryview(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageFailed(f"{self._path}: {error}") from error
        written, body = data[:_NUMBER_BYTES], data[_NUMBER_BYTES:]
        if _number(checksum_of(body)) != written:
            return None
        length, rest = int.from_bytes(body[:_NUMBER_BYTES], "big"), body[_NUMBER_BYTES:]
        try:
            cover = _DECODER.decode(rest[:length])
        except msgspec.MsgspecError:
            return None
        if cover.log_id != log_id:
            return None
        return Snapshot(cover.position, cover.version, (bytes(rest[length:]),))


def _number(number: int) -> bytes:
    return number.to_bytes(_NUMBER_BYTES, "big")
