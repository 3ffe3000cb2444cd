"""Business hours: several spans, past midnight, holidays, zones that change their clocks."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from router.business_hours import is_open, local, next_opening, zone
from router.model.catalogue import Calendar, DayException, Span
from router.model.ids import Instant

BERLIN = "Europe/Berlin"
NINE_TO_FIVE = Span(540, 1_020)


def at(text: str, zone_name: str = BERLIN, fold: int = 0) -> Instant:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone_name), fold=fold)
    return Instant(round(moment.timestamp() * 1_000))


def calendar(*spans: Span, days: tuple[int, ...] = (0, 1, 2, 3, 4), **more: object) -> Calendar:
    weekdays = tuple(spans if day in days else () for day in range(7))
    return Calendar("c", zone=BERLIN, weekdays=weekdays, **more)  # type: ignore[arg-type]  # the rest of a calendar


OFFICE = calendar(Span(540, 720), Span(780, 1_020))


@pytest.mark.parametrize(
    ("moment", "is_it"),
    [
        ("2026-11-20 08:59:59", False),
        ("2026-11-20 09:00", True),
        ("2026-11-20 11:59:59", True),
        ("2026-11-20 12:00", False),
        ("2026-11-20 13:00", True),
        ("2026-11-20 17:00", False),
        ("2026-11-21 10:00", False),
    ],
)
def test_a_day_has_several_spans_and_their_ends_do_not_belong_to_them(
    moment: str, is_it: bool
) -> None:
    assert is_open(OFFICE, at(moment)) is is_it


def test_a_span_past_midnight_belongs_to_the_day_it_began_on() -> None:
    night = calendar(Span(1_320, 1_560), days=(4,))  # Friday 22:00 to Saturday 02:00
    assert is_open(night, at("2026-11-21 01:59"))
    assert not is_open(night, at("2026-11-21 02:00"))
    assert not is_open(night, at("2026-11-20 01:00"))


def test_an_exception_replaces_its_day_and_may_close_it() -> None:
    holiday = DayException("2026-12-24", (Span(540, 720),), "Christmas Eve")
    closed = DayException("2026-12-25", (), "Christmas Day")
    year = calendar(NINE_TO_FIVE, exceptions=(holiday, closed))
    assert is_open(year, at("2026-12-24 11:00"))
    assert not is_open(year, at("2026-12-24 13:00"))
    assert not is_open(year, at("2026-12-25 11:00"))
    assert next_opening(year, at("2026-12-24 13:00")) == at("2026-12-28 09:00")


def test_an_exception_can_open_past_midnight_too() -> None:
    fair = calendar(exceptions=(DayException("2026-11-21", (Span(1_200, 1_500),)),))
    assert is_open(fair, at("2026-11-22 00:30"))
    assert next_opening(fair, at("2026-11-20 12:00")) == at("2026-11-21 20:00")


def test_spring_skips_an_hour_and_the_day_still_opens_and_closes_by_the_wall_clock() -> None:
    sunday = calendar(NINE_TO_FIVE, days=(6,))  # 2026-03-29: 02:00 becomes 03:00
    assert next_opening(sunday, at("2026-03-28 12:00")) == at("2026-03-29 09:00")
    assert at("2026-03-29 17:00") - at("2026-03-29 09:00") == 8 * 3_600_000
    night = calendar(Span(60, 240), days=(6,))  # 01:00 to 04:00 is two hours on that day
    assert is_open(night, at("2026-03-29 01:59"))
    assert is_open(night, at("2026-03-29 03:00"))
    assert not is_open(night, at("2026-03-29 04:00"))


def test_a_start_that_the_clock_skips_is_the_moment_it_jumps() -> None:
    early = calendar(Span(150, 300), days=(6,))  # 02:30 does not exist on that day
    assert not is_open(early, at("2026-03-29 01:59"))
    assert is_open(early, at("2026-03-29 03:30"))


def test_autumn_repeats_an_hour_and_the_first_one_counts() -> None:
    late = calendar(Span(0, 150), days=(6,))  # until 02:30 on 2026-10-25, which comes twice
    assert is_open(late, at("2026-10-25 02:29"))
    assert not is_open(late, at("2026-10-25 02:29", fold=1))


def test_other_zones_have_their_own_day() -> None:
    kathmandu = Calendar("k", zone="Asia/Kathmandu", weekdays=((NINE_TO_FIVE,),) * 7)
    assert is_open(kathmandu, at("2026-11-20 03:15", "UTC"))
    assert not is_open(kathmandu, at("2026-11-20 03:14", "UTC"))


def test_an_emergency_closing_closes_and_knows_no_next_opening() -> None:
    closed = calendar(NINE_TO_FIVE, closed_now=True)
    assert not is_open(closed, at("2026-11-20 10:00"))
    assert next_opening(closed, at("2026-11-20 20:00")) is None


def test_the_next_opening_is_none_while_open_and_when_there_is_none_at_all() -> None:
    assert next_opening(OFFICE, at("2026-11-20 10:00")) is None
    assert next_opening(calendar(), at("2026-11-20 10:00")) is None


def test_the_next_opening_skips_the_weekend_and_finds_the_same_afternoon() -> None:
    assert next_opening(OFFICE, at("2026-11-20 12:30")) == at("2026-11-20 13:00")
    assert next_opening(OFFICE, at("2026-11-20 18:00")) == at("2026-11-23 09:00")


def test_always_open_is_open_at_every_midnight() -> None:
    always = calendar(Span(0, 1_440), days=tuple(range(7)))
    assert is_open(always, at("2026-11-21 00:00"))
    assert is_open(always, at("2026-03-29 03:00"))


def test_an_empty_span_never_opens() -> None:
    never = calendar(Span(600, 600), Span(700, 650), days=tuple(range(7)))
    assert not is_open(never, at("2026-11-20 10:00"))
    assert next_opening(never, at("2026-11-20 10:00")) is None


def test_a_zone_nobody_knows_is_utc() -> None:
    assert zone("Middle/Earth") is zone("UTC")
    assert zone("../etc/passwd") is zone("UTC")
    assert local(Instant(0), "Middle/Earth").hour == 0
