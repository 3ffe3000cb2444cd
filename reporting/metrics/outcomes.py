"""How queue visits ended: offered = answered + abandoned + flowed out + still waiting."""

from collections.abc import Callable
from typing import Any

from reporting.metrics.definition import Fold, Metric
from reporting.rows import VisitRow

_VISITS = "visits to the queue, counted in the interval in which they entered it"


def is_short(visit: VisitRow) -> bool:
    """An abandon within the queue's short-abandon threshold."""
    return visit.result == "abandoned" and (visit.wait_ms or 0) <= visit.short_abandon_ms


def _abandoned(visit: VisitRow) -> bool:
    return visit.result == "abandoned"


def _count(name: str, title: str, formula: str, holds: Callable[[VisitRow], bool]) -> Metric[Any]:
    def value(visit: VisitRow) -> int | None:
        return 1 if holds(visit) else None

    return Metric(name, title, formula, _VISITS, Fold.COUNT, VisitRow, value)


METRICS: tuple[Metric[Any], ...] = (
    _count("offered", "Offered", "number of visits", lambda visit: True),
    _count(
        "answered",
        "Answered",
        "visits that ended with an agent engaged",
        lambda visit: visit.result == "answered",
    ),
    _count(
        "abandoned",
        "Abandoned",
        "visits in which the customer left while waiting, short ones included",
        _abandoned,
    ),
    _count(
        "short_abandoned",
        "Short abandons",
        "abandons within the queue's short-abandon threshold",
        is_short,
    ),
    _count(
        "flowed_out",
        "Flowed out",
        "visits that ended by transfer, overflow, requeue, callback, voicemail or giving up",
        lambda visit: visit.result not in ("", "answered", "abandoned"),
    ),
    _count(
        "still_waiting",
        "Still waiting",
        "visits that have not ended",
        lambda visit: visit.result == "",
    ),
    Metric(
        "abandonment_rate",
        "Abandonment rate",
        "abandoned / offered",
        _VISITS,
        Fold.SHARE,
        VisitRow,
        _abandoned,
    ),
    Metric(
        "abandonment_rate_without_short",
        "Abandonment rate without short ones",
        "(abandoned - short) / (offered - short)",
        _VISITS,
        Fold.SHARE,
        VisitRow,
        lambda visit: None if is_short(visit) else _abandoned(visit),
    ),
)
