"""How much of their time agents were at work, by wall clock."""

from reporting.metrics.definition import Figure, Metric, Population, Unit, share

_WORK = ("offered", "talking", "held", "wrap_up")


def _occupancy(population: Population) -> Figure:
    busy = _total(population, _WORK)
    return share(busy, busy + _total(population, ("ready",)))


def _total(population: Population, states: tuple[str, ...]) -> int:
    return sum(
        span.ended_at - span.started_at
        for span in population.agent_states
        if span.state in states and span.ended_at is not None
    )


METRICS = (
    Metric(
        "occupancy",
        "Occupancy",
        "(talk + hold + ringing + wrap-up) / (the same + idle-ready), by wall clock",
        "ended spans of agents' states within the period",
        Unit.SHARE,
        _occupancy,
        size=lambda p: _total(p, (*_WORK, "ready")),
    ),
)
