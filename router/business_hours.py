"""Business hours: whether a calendar is open at an instant, and when it opens next.

Spans are minutes of the wall clock counted from local midnight, so a span past 1440 goes on into
the next day. Wall-clock times that a zone skips in spring count as the moment the clock jumps by
the old offset; times that come twice in autumn mean the first. Computes with given instants only.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from router.model.catalogue import Calendar, Span
from router.model.ids import Instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SEARCH_DAYS = 400
_CARRY_DAYS = 2
"""A span may reach this many days past the day it belongs to."""


@lru_cache(maxsize=1_000)
def zone(name: str) -> ZoneInfo:
    """The time zone of this name; UTC for one nobody knows (``carillon check`` refuses it)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def local(now: Instant, zone_name: str) -> datetime:
    """The instant as the wall clock of the zone shows it."""
    return (_EPOCH + timedelta(milliseconds=now)).astimezone(zone(zone_name))


def is_open(calendar: Calendar, now: Instant) -> bool:
    """Whether business is open at this instant."""
    if calendar.closed_now:
        return False
    today = local(now, calendar.zone).date()
    for back in range(_CARRY_DAYS + 1):
        for start, end in _opening_times(calendar, today - timedelta(days=back)):
            if start <= now < end:
                return True
    return False


def next_opening(calendar: Calendar, now: Instant) -> Instant | None:
    """When business opens next; None when it is open now, or not within 400 days."""
    if calendar.closed_now or is_open(calendar, now):
        return None
    today = local(now, calendar.zone).date()
    for ahead in range(-_CARRY_DAYS, _SEARCH_DAYS):
        day = today + timedelta(days=ahead)
        starts = [start for start, end in _opening_times(calendar, day) if now < start < end]
        if starts:
            # A later day cannot open earlier: its spans begin after its own midnight.
            return min(starts)
    return None


def _opening_times(calendar: Calendar, day: date) -> Iterator[tuple[Instant, Instant]]:
    for span in _spans(calendar, day):
        yield (
            _instant(day, span.start_minute, calendar.zone),
            _instant(day, span.end_minute, calendar.zone),
        )


def _spans(calendar: Calendar, day: date) -> tuple[Span, ...]:
    text = day.isoformat()
    for exception in calendar.exceptions:
        if exception.date == text:
            return exception.spans
    weekday = day.weekday()
    return calendar.weekdays[weekday] if weekday < len(calendar.weekdays) else ()


def _instant(day: date, minute: int, zone_name: str) -> Instant:
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 -- wall-clock arithmetic comes before the zone
    aware = wall.replace(tzinfo=zone(zone_name))
    return Instant((aware - _EPOCH) // timedelta(milliseconds=1))
