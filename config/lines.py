"""Files of lines that only grow: where they end, their lines from behind, their moments."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from router.model.ids import Instant

_STEP_BYTES = 65_536


def utc(at: Instant) -> str:
    """A moment as ISO 8601 with milliseconds and ``Z``."""
    moment = datetime.fromtimestamp(at / 1_000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def end_of_lines(descriptor: int) -> int:
    """Where the last whole line of an open file ends. Raises OSError."""
    at = os.fstat(descriptor).st_size
    while at > 0:
        start = max(0, at - _STEP_BYTES)
        found = os.pread(descriptor, at - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return 0


def first_lines(path: Path, size: int) -> Iterator[bytes]:
    """The lines within the first ``size`` bytes, whatever is added meanwhile. Raises OSError."""
    with path.open("rb") as stream:
        left = size
        while left > 0 and (line := stream.readline(left)):
            left -= len(line)
            yield line


def backwards(path: Path) -> Iterator[bytes]:
    """The lines from the last to the first, reading no more than is asked for. Raises OSError."""
    with path.open("rb") as stream:
        at = stream.seek(0, os.SEEK_END)
        rest = b""
        while at > 0:
            start = max(0, at - _STEP_BYTES)
            stream.seek(start)
            lines = (stream.read(at - start) + rest).split(b"\n")
            rest = lines[0]
            yield from (line for line in reversed(lines[1:]) if line)
            at = start
        if rest:
            yield rest
