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
        raise InvalidInput(f"there is no time zone {name!r}", field="zone") from error


def interval_start(at: int, minutes: int, where: ZoneInfo) -> int:
    """The start, in UTC milliseconds, of the local interval of this length that holds ``at``.

    In the hour that a change of clocks repeats, each of both passes has its own intervals; a day
    starts at local midnight, or at the first moment after it where midnight does not exist.
    """
    local = datetime.fromtimestamp(at / 1_000, where)
    if minutes == DAY_MINUTES:
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return _instant(midnight)
    into_ms = (local.minute % minutes) * MINUTE_MS + local.second * 1_000
    return at - into_ms - at % 1_000


def next_start(start: int, minutes: int, where: ZoneInfo) -> int:
    """The start of the interval after the one that begins at ``start``."""
    if minutes < DAY_MINUTES:
        return start + minutes * MINUTE_MS
    local = datetime.fromtimestamp(start / 1_000, where)
    tomorrow = (local + timedelta(days=1)).replace(hour=0, minute=0, fold=0)
    return _instant(tomorrow)


def label(start: int, minutes: int, where: ZoneInfo) -> str:
    """How the interval is named: ``2026-11-22 09:00``, ``... 02:00 (2nd)``, or the date."""
    local = datetime.fromtimestamp(start / 1_000, where)
    if minutes == DAY_MINUTES:
        return local.strftime("%Y-%m-%d")
    repeated = " (2nd)" if local.fold else ""
    return local.strftime("%Y-%m-%d %H:%M") + repeated


def _instant(local: datetime) -> int:
    return round(local.astimezone(UTC).timestamp() * 1_000)
