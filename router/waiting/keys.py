"""The sort key of a waiting interaction: an integer that the passing of time does not change.

The score of an interaction at time t is ``credit + slope * (t - entered)``. Two interactions of
one slope keep their order for ever, so within a slope the order is by the static key
``slope * entered - credit`` (smaller goes first), ties by place. Keys are exact integers: slopes
are taken in millionths, so no order depends on rounding.
"""

from router.model.ids import Instant

SLOPE_UNIT = 1_000_000
"""A slope of 1.0. Finer slopes than a millionth are rounded to it."""

PLACE_BITS = 40
PLACE_MASK = (1 << PLACE_BITS) - 1
NEVER = 1 << 200
"""Behind every key."""


def slope_units(slope: float) -> int:
    """The slope in millionths."""
    return round(slope * SLOPE_UNIT)


def static_key(slope: int, credit_ms: int, entered: Instant, place: int) -> int:
    """The key: smaller goes first. ``place`` counts entries, so keys are unique within a slope."""
    return ((slope * entered - SLOPE_UNIT * credit_ms) << PLACE_BITS) | place


def merit(key: int, slope: int, now: Instant) -> int:
    """What compares keys of different slopes at one moment: greater goes first, ties by place."""
    return ((slope * now) << PLACE_BITS) - key


def key_at_merit(value: int, slope: int, now: Instant) -> int:
    """The key that has this merit now: smaller keys of the slope go before it."""
    return ((slope * now) << PLACE_BITS) - value


def score_ms(slope: int, credit_ms: int, entered: Instant, now: Instant) -> float:
    """The score as people read it, in milliseconds of waiting."""
    return credit_ms + slope * (now - entered) / SLOPE_UNIT


def place_of(key: int) -> int:
    """The place a key was made with."""
    return key & PLACE_MASK
