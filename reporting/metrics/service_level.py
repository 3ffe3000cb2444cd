"""Service level: the share answered within the target, by the five definitions in use.

The target is the one that was in force for the queue and medium when the visit began; visits
without a target are in no population here. All five stand side by side in reports, by name.
"""

from collections.abc import Callable
from typing import Any

from reporting.metrics.definition import Fold, Metric
from reporting.metrics.outcomes import is_short
from reporting.rows import VisitRow

_PROMISED = "visits to a queue with a target for their medium, by the interval they entered in"


def _within(visit: VisitRow) -> bool:
    return (
        visit.wait_ms is not None
        and visit.target_ms is not None
        and visit.wait_ms <= visit.target_ms
    )


def _answered(visit: VisitRow) -> bool:
    return visit.result == "answered"


def _answered_or_abandoned(visit: VisitRow) -> bool:
    return visit.result in ("answered", "abandoned")


def _removed(visit: VisitRow) -> bool:
    return visit.result != ""


def _any(_visit: VisitRow) -> bool:
    return True


def _level(
    suffix: str,
    short: str,
    formula: str,
    good: Callable[[VisitRow], bool],
    counts: Callable[[VisitRow], bool],
) -> Metric[Any]:
    """The share of the counted visits that were good within the target."""

    def value(visit: VisitRow) -> int | None:
        if visit.target_ms is None or not counts(visit):
            return None
        return _within(visit) and good(visit)

    return Metric(
        f"service_level{suffix}",
        "Service level",
        formula,
        _PROMISED,
        Fold.SHARE,
        VisitRow,
        value,
        short=short,
    )


METRICS: tuple[Metric[Any], ...] = (
    _level(
        "",
        "SL a",
        "answered within T / offered without short abandons",
        _answered,
        lambda visit: not is_short(visit),
    ),
    _level("_of_answered", "SL b", "answered within T / answered", _answered, _answered),
    _level("_of_offered", "SL c", "answered within T / offered", _answered, _any),
    _level(
        "_abandons_count",
        "SL d",
        "(answered + abandoned within T) / offered",
        _answered_or_abandoned,
        _any,
    ),
    _level("_removed", "SL e", "removed from queue within T / offered", _removed, _any),
)
