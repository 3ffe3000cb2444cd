"""Keys do not change with time, and order as scores do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from router.model.ids import Instant
from router.waiting.keys import (
    SLOPE_UNIT,
    key_at_merit,
    merit,
    place_of,
    score_ms,
    slope_units,
    static_key,
)

moments = some.integers(0, 2_000_000_000_000).map(Instant)
slopes = some.sampled_from((0, 1, 250_000, SLOPE_UNIT, 3 * SLOPE_UNIT))
head_starts = some.integers(-1_000_000, 1_000_000)
places = some.integers(1, 1_000_000)


@given(
    slope=slopes,
    one=some.tuples(head_starts, moments, places),
    other=some.tuples(head_starts, moments, places),
    now=moments,
)
def test_within_a_slope_the_smaller_key_has_the_greater_score_at_any_time(
    slope: int,
    one: tuple[int, Instant, int],
    other: tuple[int, Instant, int],
    now: Instant,
) -> None:
    first, second = static_key(slope, *one), static_key(slope, *other)
    score_one = one[0] * SLOPE_UNIT + slope * (now - one[1])
    score_other = other[0] * SLOPE_UNIT + slope * (now - other[1])
    if score_one != score_other:
        assert (first < second) == (score_one > score_other)
    else:
        assert (first < second) == (one[2] < other[2])


@given(slope=slopes, credit=head_starts, entered=moments, place=places, now=moments)
def test_merit_is_the_score_and_comes_back_to_its_key(
    slope: int, credit: int, entered: Instant, place: int, now: Instant
) -> None:
    key = static_key(slope, credit, entered, place)
    assert key_at_merit(merit(key, slope, now), slope, now) == key
    assert place_of(key) == place


def test_slopes_are_taken_in_millionths() -> None:
    assert slope_units(0.25) == 250_000
    assert slope_units(1e-7) == 0


def test_the_score_people_read_is_credit_plus_slope_times_age() -> None:
    assert score_ms(slope_units(0.5), 1_000, Instant(10_000), Instant(14_000)) == 3_000.0
