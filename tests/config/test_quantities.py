"""Durations, sizes, spans and shares as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.quantities import (
    DURATION_MAX_MS,
    format_duration,
    format_span,
    parse_duration,
    parse_share,
    parse_size,
    parse_span,
)


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("20 s", 20_000),
        ("20s", 20_000),
        ("4 h", 14_400_000),
        ("2 min", 120_000),
        ("1 h 30 min", 5_400_000),
        ("250 ms", 250),
        ("1.5 s", 1_500),
        ("1.001 s", 1_001),
        ("2 d", 172_800_000),
        ("0 s", 0),
    ],
)
def test_a_duration_reads_as_milliseconds(text: str, expected_ms: int) -> None:
    assert parse_duration(text) == expected_ms


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (20, "with its unit"),
        ("", "is not a duration"),
        ("   ", "is not a duration"),
        ("soon", "is not a duration"),
        ("20", "is not a duration"),
        ("-5 s", "is not a duration"),
        ("5 weeks", "no unit of time"),
        ("5 m", 'minutes are "min"'),
        ("0.0001 s", "finer than a millisecond"),
        ("3661 d", "longer than ten years"),
        ("20 s and", "is not a duration"),
    ],
)
def test_what_is_no_duration_is_refused_with_the_reason(value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_duration(value)


@given(st.integers(0, DURATION_MAX_MS))
def test_every_duration_is_written_so_that_it_reads_the_same(duration_ms: int) -> None:
    assert parse_duration(format_duration(duration_ms)) == duration_ms


def test_sizes_have_units() -> None:
    assert parse_size("25 MiB") == 25 * 1024 * 1024
    assert parse_size("10 kB") == 10_000
    with pytest.raises(ValueError, match="with its unit"):
        parse_size(5)
    with pytest.raises(ValueError, match="no unit of size"):
        parse_size("5 Mb")
    with pytest.raises(ValueError, match="not a size"):
        parse_size("big")


def test_a_share_is_a_percentage_or_a_number() -> None:
    assert parse_share("80 %") == parse_share(0.8) == 0.8
    assert parse_share(1) == 1.0
    for wrong in ("80", True, "120 %", -0.1):
        with pytest.raises(ValueError, match="share"):
            parse_share(wrong)


def test_a_span_may_run_over_midnight() -> None:
    night = parse_span("22:00-06:00")
    assert (night.start_minute, night.end_minute) == (22 * 60, 30 * 60)
    day = parse_span("00:00-24:00")
    assert (day.start_minute, day.end_minute) == (0, 24 * 60)


@given(st.integers(0, 1439), st.integers(1, 1440))
def test_every_span_is_written_so_that_it_reads_the_same(start: int, length: int) -> None:
    end = start + length
    if end % 1440 == 0 and end != 1440:
        return
    hours, minutes = divmod((end - 1) % 1440 + 1, 60)
    span = parse_span(f"{start // 60}:{start % 60:02}-{hours}:{minutes:02}")
    assert parse_span(format_span(span)) == span


@pytest.mark.parametrize("text", ["8-18", "08:00", "24:00-06:00", "08:60-09:00", "08:00-24:01", 8])
def test_what_no_clock_shows_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"span|no clock"):
        parse_span(text)
