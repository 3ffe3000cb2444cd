"""Intervals of local time cover every moment once, through changes of clocks."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
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


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("minutes", intervals.ALLOWED_MINUTES)
def test_intervals_tile_the_days_on_which_clocks_change(zone: str, minutes: int) -> None:
    """Minute by minute: each lies in one interval, and the next begins where it ends."""
    where = intervals.zone(zone)
    for day in ("2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01"):
        noon = round(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=where).timestamp())
        first = (noon - 18 * 3_600) * 1_000
        start = intervals.interval_start(first, minutes, where)
        names = []
        while start < first + 36 * 3_600_000:
            names.append(intervals.label(start, minutes, where))
            end = intervals.next_start(start, minutes, where)
            assert start < end
            for at in range(start, end, 60_000):
                assert intervals.interval_start(at, minutes, where) == start
            assert intervals.interval_start(end - 1, minutes, where) == start
            start = end
        assert len(names) == len(set(names)), "no two intervals have one name"


def test_half_an_hour_that_is_repeated_begins_an_interval_of_its_own() -> None:
    """On Lord Howe Island clocks go back by half an hour, in the middle of an hour."""
    where = intervals.zone("Australia/Lord_Howe")
    change = round(datetime(2026, 4, 4, 15, 0, tzinfo=UTC).timestamp() * 1_000)
    assert intervals.interval_start(change - 1, 60, where) == change - 3_600_000
    assert intervals.interval_start(change, 60, where) == change
    assert intervals.next_start(change, 60, where) == change + 1_800_000
    assert intervals.label(change, 60, where) == "2026-04-05 01:30 (2nd)"


def test_the_missing_hour_has_no_interval() -> None:
    before = intervals.interval_start(instant("2026-03-29 01:40"), 30, BERLIN)
    after = intervals.next_start(before, 30, BERLIN)
    assert [intervals.label(each, 30, BERLIN) for each in (before, after)] == [
        "2026-03-29 01:30",
        "2026-03-29 03:00",
    ]


def test_a_day_with_a_change_of_clocks_is_one_day() -> None:
    start = intervals.interval_start(instant("2026-10-25 12:00"), 1_440, BERLIN)
    assert start == instant("2026-10-25 00:00")
    assert intervals.next_start(start, 1_440, BERLIN) - start == 25 * 3_600_000
