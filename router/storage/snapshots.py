"""A snapshot as a file of its own beside the log: writing a large one delays no append."""

import os
import secrets
from pathlib import Path

import msgspec

from router.database import private_file
from router.model.errors import StorageFailed
from router.model.ids import Position
from router.ports import Snapshot
from router.storage.checksum import checksum_of


class _Cover(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    log_id: str
    position: Position
    version: int


_DECODER = msgspec.msgpack.Decoder(_Cover)
_NUMBER_BYTES = 4


def write_durably(path: Path, *pieces: bytes) -> None:
    """Put a private file in the place of ``path``, whole or not at all. Raises OSError.

    Each piece is on the disk before the next one is written, so that a large file never stands in
    the way of what others make durable meanwhile.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    try:
        private_file(temporary)
        with temporary.open("r+b") as file:
            for piece in pieces:
                file.write(piece)
                file.flush()
                os.fdatasync(file.fileno())
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class SnapshotFile:
    """The newest snapshot of one log, bound to that log's id and checked for damage.

    The file: a checksum over all that follows, the length of the cover, the cover, the pages.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

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
