"""Service level: the share answered within the target, by the five definitions in use.

The target is the one that was in force for the queue and medium when the visit began; visits
without a target are in no population here. All five stand side by side in reports, by name.
"""

from collections.abc import Callable

from reporting.metrics.definition import Figure, Metric, Population, Unit, share
from reporting.metrics.outcomes import is_short
from reporting.rows import VisitRow

_PROMISED = "visits to a queue with a target for their medium, by the interval they entered in"


def _within(visit: VisitRow) -> bool:
    return (
        visit.wait_ms is not None
        and visit.target_ms is not None
        and visit.wait_ms <= visit.target_ms
    )


def _level(
    good: Callable[[VisitRow], bool], counts: Callable[[VisitRow], bool]
) -> tuple[Callable[[Population], Figure], Callable[[Population], int]]:
    """The share of the counted visits that were good within the target, and their number."""

    def counted(population: Population) -> list[VisitRow]:
        return [v for v in population.visits if v.target_ms is not None and counts(v)]

    def compute(population: Population) -> Figure:
        visits = counted(population)
        return share(sum(_within(visit) and good(visit) for visit in visits), len(visits))

    return compute, lambda population: len(counted(population))


def _answered(visit: VisitRow) -> bool:
    return visit.result == "answered"


def _answered_or_abandoned(visit: VisitRow) -> bool:
    return visit.result in ("answered", "abandoned")


def _removed(visit: VisitRow) -> bool:
    return visit.result != ""


def _any(_visit: VisitRow) -> bool:
    return True


def _metric(
    suffix: str,
    short: str,
    formula: str,
    level: tuple[Callable[[Population], Figure], Callable[[Population], int]],
) -> Metric:
    return Metric(
        f"service_level{suffix}",
        "Service level",
        formula,
        _PROMISED,
        Unit.SHARE,
        level[0],
        short=short,
        size=level[1],
    )


METRICS = (
    _metric(
        "",
        "SL a",
        "answered within T / offered without short abandons",
        _level(_answered, lambda visit: not is_short(visit)),
    ),
    _metric("_of_answered", "SL b", "answered within T / answered", _level(_answered, _answered)),
    _metric("_of_offered", "SL c", "answered within T / offered", _level(_answered, _any)),
    _metric(
        "_abandons_count",
        "SL d",
        "(answered + abandoned within T) / offered",
        _level(_answered_or_abandoned, _any),
    ),
    _metric("_removed", "SL e", "removed from queue within T / offered", _level(_removed, _any)),
)
