"""The one range of a request's Range header (RFC 9110, section 14)."""

import re
from typing import NamedTuple

_ONE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class Part(NamedTuple):
    """Bytes from ``start`` to before ``end``."""

    start: int
    end: int


class Unsatisfiable(Exception):
    """The range begins behind the end: 416."""


def part_of(header: str | None, size: int) -> Part | None:
    """The part that is asked for; None for the whole.

    What is no single range of bytes is passed over, as the standard allows: several at once are
    never worth their cost. Raises Unsatisfiable.
    """
    found = _ONE.fullmatch(header.strip()) if header else None
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None
    if start >= end:
        raise Unsatisfiable
    return Part(start, end)
