"""What a metric is: a named, versioned formula over a stated population."""

from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from reporting.rows import AgentStateRow, EngagementRow, VisitRow


class Unit(StrEnum):
    """How a figure is to be read."""

    COUNT = "count"
    SHARE = "share"
    DURATION_MS = "ms"


class Population(msgspec.Struct, frozen=True):
    """What a metric is computed over: queue visits, the engagements that answered them, and spans
    of agents' states, cut to the period."""

    visits: Sequence[VisitRow]
    engagements: Sequence[EngagementRow]
    agent_states: Sequence[AgentStateRow] = ()


Figure = float | int | None
"""A figure; None means "no data" and is shown as "-", never as 0 % or 100 %."""


class Metric(msgspec.Struct, frozen=True):
    """A definition people can read beside its number.

    ``version`` grows whenever the formula or the population changes. ``size`` is how much the
    population holds (the denominator of a share, the count behind a mean); None for a count.
    """

    name: str
    title: str
    formula: str
    population: str
    unit: Unit
    compute: Callable[[Population], Figure]
    version: int = 1
    short: str = ""
    size: Callable[[Population], int] | None = None


def mean(values: Sequence[int]) -> Figure:
    """The arithmetic mean, or None of nothing."""
    return sum(values) / len(values) if values else None


def share(part: int, whole: int) -> Figure:
    """A part of a whole between 0 and 1, or None of nothing."""
    return part / whole if whole else None
