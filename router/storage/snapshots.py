"""A snapshot as a file of its own beside the log: writing a large one delays no append."""

import os
import secrets
import zlib
from pathlib import Path

import msgspec

from router.model.errors import StorageFailed
from router.ports import Snapshot
from router.storage.connection import private_file


class _Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    log_id: str
    snapshot: Snapshot


_DECODER = msgspec.msgpack.Decoder(_Sheet)
_CHECKSUM_BYTES = 4


def write_durably(path: Path, data: bytes) -> None:
    """Put a private file in the place of ``path``, whole or not at all. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    try:
        private_file(temporary)
        with temporary.open("r+b") as file:
            file.write(data)
            file.flush()
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
    """The newest snapshot of one log, bound to that log's id and checked for damage."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, snapshot: Snapshot, log_id: str) -> None:
        """Put it in the place of the one before. Raises StorageFailed."""
        body = msgspec.msgpack.encode(_Sheet(log_id, snapshot))
        try:
            write_durably(self._path, zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "big") + body)
        except OSError as error:
            raise StorageFailed(f"{self._path}: {error}") from error

    def load(self, log_id: str) -> Snapshot | None:
        """The snapshot; None when there is none of this log or it is damaged (the log has all)."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageFailed(f"{self._path}: {error}") from error
        body = data[_CHECKSUM_BYTES:]
        if zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "big") != data[:_CHECKSUM_BYTES]:
            return None
        try:
            sheet = _DECODER.decode(body)
        except msgspec.MsgspecError:
            return None
        return sheet.snapshot if sheet.log_id == log_id else None
