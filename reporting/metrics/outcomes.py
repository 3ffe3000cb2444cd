"""How queue visits ended: offered = answered + abandoned + flowed out + still waiting."""

from reporting.metrics.definition import Figure, Metric, Population, Unit, share
from reporting.rows import VisitRow

_VISITS = "visits to the queue, counted in the interval in which they entered it"


def is_short(visit: VisitRow) -> bool:
    """An abandon within the queue's short-abandon threshold."""
    return visit.result == "abandoned" and (visit.wait_ms or 0) <= visit.short_abandon_ms


def count(population: Population, result: str) -> int:
    """Visits with this result."""
    return sum(visit.result == result for visit in population.visits)


def _flowed_out(population: Population) -> int:
    kept = ("", "answered", "abandoned")
    return sum(visit.result not in kept for visit in population.visits)


def _abandonment_rate(population: Population) -> Figure:
    return share(count(population, "abandoned"), len(population.visits))


def _abandonment_rate_without_short(population: Population) -> Figure:
    visits = [visit for visit in population.visits if not is_short(visit)]
    return share(sum(visit.result == "abandoned" for visit in visits), len(visits))


METRICS = (
    Metric("offered", "Offered", "number of visits", _VISITS, Unit.COUNT, lambda p: len(p.visits)),
    Metric(
        "answered",
        "Answered",
        "visits that ended with an agent engaged",
        _VISITS,
        Unit.COUNT,
        lambda p: count(p, "answered"),
    ),
    Metric(
        "abandoned",
        "Abandoned",
        "visits in which the customer left while waiting, short ones included",
        _VISITS,
        Unit.COUNT,
        lambda p: count(p, "abandoned"),
    ),
    Metric(
        "short_abandoned",
        "Short abandons",
        "abandons within the queue's short-abandon threshold",
        _VISITS,
        Unit.COUNT,
        lambda p: sum(is_short(visit) for visit in p.visits),
    ),
    Metric(
        "flowed_out",
        "Flowed out",
        "visits that ended by transfer, overflow, requeue, callback, voicemail or giving up",
        _VISITS,
        Unit.COUNT,
        _flowed_out,
    ),
    Metric(
        "still_waiting",
        "Still waiting",
        "visits that have not ended",
        _VISITS,
        Unit.COUNT,
        lambda p: count(p, ""),
    ),
    Metric(
        "abandonment_rate",
        "Abandonment rate",
        "abandoned / offered",
        _VISITS,
        Unit.SHARE,
        _abandonment_rate,
        size=lambda p: len(p.visits),
    ),
    Metric(
        "abandonment_rate_without_short",
        "Abandonment rate without short ones",
        "(abandoned - short) / (offered - short)",
        _VISITS,
        Unit.SHARE,
        _abandonment_rate_without_short,
        size=lambda p: sum(not is_short(visit) for visit in p.visits),
    ),
)
