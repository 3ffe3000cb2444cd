"""What a metric is: a named, versioned formula over a stated population."""

from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from reporting.rows import EngagementRow, VisitRow


class Unit(StrEnum):
    """How a figure is to be read."""

    COUNT = "count"
    SHARE = "share"
    DURATION_MS = "ms"


class Population(msgspec.Struct, frozen=True):
    """What a metric is computed over: queue visits, and the engagements that answered them."""

    visits: Sequence[VisitRow]
    engagements: Sequence[EngagementRow]


Figure = float | int | None
"""A figure; None means "no data" and is shown as "-", never as 0 % or 100 %."""


class Metric(msgspec.Struct, frozen=True):
    """A definition people can read beside its number.

    ``version`` grows whenever the formula or the population changes.
    """

    name: str
    title: str
    formula: str
    population: str
    unit: Unit
    compute: Callable[[Population], Figure]
    version: int = 1
    short: str = ""


def mean(values: Sequence[int]) -> Figure:
    """The arithmetic mean, or None of nothing."""
    return sum(values) / len(values) if values else None


def share(part: int, whole: int) -> Figure:
    """A part of a whole between 0 and 1, or None of nothing."""
    return part / whole if whole else None
