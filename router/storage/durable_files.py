"""Files that are there whole or not at all, whatever happens to the process or its power."""

import os
import secrets
from pathlib import Path

from router.database import private_file

LEFTOVERS = "*.new"
"""What a crash may leave beside a file: halves that nobody reads and anybody may delete."""


def write_durably(path: Path, *pieces: bytes, mode: int = 0o600) -> None:
    """Put a file in the place of ``path``, whole or not at all. Raises OSError.

    Each piece is on the disk before the next one is written, so that a large file never stands in
    the way of what others make durable meanwhile.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    try:
        private_file(temporary)
        with temporary.open("r+b") as file:
            for piece in pieces:
                file.write(piece)
                file.flush()
                os.fdatasync(file.fileno())
            os.fchmod(file.fileno(), mode)
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
