"""Intervals of a report: pieces of local time, named by their start."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from router.model.errors import InvalidInput
from router.model.ids import MINUTE_MS

DAY_MINUTES = 1_440
ALLOWED_MINUTES = (5, 10, 15, 20, 30, 60, DAY_MINUTES)
"""Lengths that divide an hour, and the day."""


def zone(name: str) -> ZoneInfo:
    """The time zone of this IANA name. Raises InvalidInput for an unknown one."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidInput(f"there is no time zone {name[:50]!r}", field="zone") from error


def interval_start(at: int, minutes: int, where: ZoneInfo) -> int:
    """The start, in UTC milliseconds, of the local interval of this length that holds ``at``.

    A change of clocks ends an interval and begins one: in an hour that is repeated each of both
    passes has its own. A day starts at local midnight, or at the first moment after it where
    midnight does not exist.
    """
    if minutes == DAY_MINUTES:
        local = datetime.fromtimestamp(at / 1_000, where)
        return _instant(local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0))
    length, offset = minutes * MINUTE_MS, _offset(at, where)
    start = (at + offset) // length * length - offset
    return start if _offset(start, where) == offset else _change(start, at, where)


def next_start(start: int, minutes: int, where: ZoneInfo) -> int:
    """The start of the interval after the one that begins at ``start``."""
    if minutes == DAY_MINUTES:
        local = datetime.fromtimestamp(start / 1_000, where)
        tomorrow = (local + timedelta(days=1)).replace(hour=0, minute=0, fold=0)
        return _instant(tomorrow)
    length, offset = minutes * MINUTE_MS, _offset(start, where)
    end = ((start + offset) // length + 1) * length - offset
    return end if _offset(end - 1, where) == offset else _change(start, end - 1, where)


def label(start: int, minutes: int, where: ZoneInfo) -> str:
    """How the interval is named: ``2026-11-22 09:00``, ``... 02:00 (2nd)``, or the date."""
    local = datetime.fromtimestamp(start / 1_000, where)
    if minutes == DAY_MINUTES:
        return local.strftime("%Y-%m-%d")
    repeated = " (2nd)" if local.fold else ""
    return local.strftime("%Y-%m-%d %H:%M") + repeated


def _offset(at: int, where: ZoneInfo) -> int:
    """How far the local clock is ahead of UTC, in milliseconds."""
    ahead = datetime.fromtimestamp(at // 1_000, where).utcoffset() or timedelta()
    return int(ahead.total_seconds()) * 1_000


def _change(before: int, after: int, where: ZoneInfo) -> int:
    """The first moment with the offset that ``after`` has and ``before`` has not (an hour apart at
    most, so there is one change between them)."""
    offset = _offset(after, where)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, where) == offset:
            after = middle
        else:
            before = middle
    return after


def _instant(local: datetime) -> int:
    return round(local.astimezone(UTC).timestamp() * 1_000)
