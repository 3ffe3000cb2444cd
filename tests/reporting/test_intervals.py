"""Intervals of local time cover every moment once, through changes of clocks."""

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from reporting import intervals

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "UTC")


def instant(text: str, fold: int = 0) -> int:
    """The UTC milliseconds of a Berlin time."""
    local = datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)
    return round(local.timestamp() * 1_000)


@given(
    at=st.integers(1_600_000_000_000, 1_900_000_000_000),
    minutes=st.sampled_from(intervals.ALLOWED_MINUTES),
    zone=st.sampled_from(ZONES),
)
def test_every_moment_lies_in_the_interval_that_starts_before_it(
    at: int, minutes: int, zone: str
) -> None:
    where = intervals.zone(zone)
    start = intervals.interval_start(at, minutes, where)
    assert start <= at < intervals.next_start(start, minutes, where)
    assert intervals.interval_start(start, minutes, where) == start


def test_the_repeated_hour_has_intervals_of_its_own() -> None:
    first, second = instant("2026-10-25 02:10"), instant("2026-10-25 02:10", fold=1)
    assert second - first == 3_600_000
    names = [
        intervals.label(intervals.interval_start(at, 30, BERLIN), 30, BERLIN)
        for at in (first, second)
    ]
    assert names == ["2026-10-25 02:00", "2026-10-25 02:00 (2nd)"]


def test_a_day_with_a_change_of_clocks_is_one_day() -> None:
    start = intervals.interval_start(instant("2026-10-25 12:00"), 1_440, BERLIN)
    assert start == instant("2026-10-25 00:00")
    assert intervals.next_start(start, 1_440, BERLIN) - start == 25 * 3_600_000
