"""Handle time of engagements: talk + hold + wrap-up."""

from collections.abc import Callable

from reporting.metrics.definition import Figure, Metric, Population, Unit, mean
from reporting.rows import EngagementRow

_FINISHED = "finished engagements of visits counted in the interval in which they entered the queue"


def finished(population: Population) -> list[EngagementRow]:
    """Engagements that are over, wrap-up included."""
    return [row for row in population.engagements if row.state == "ended"]


def handle_ms(row: EngagementRow) -> int:
    """Talk + hold + wrap-up of one engagement."""
    return row.talk_ms + row.hold_ms + (row.wrap_up_ms or 0)


def _mean_of(value: Callable[[EngagementRow], int]) -> Callable[[Population], Figure]:
    return lambda population: mean([value(row) for row in finished(population)])


METRICS = (
    Metric(
        "aht",
        "Average handle time",
        "mean of talk + hold + wrap-up",
        _FINISHED,
        Unit.DURATION_MS,
        _mean_of(handle_ms),
        short="AHT",
        size=lambda p: len(finished(p)),
    ),
    Metric("talk", "Talk", "mean talk", _FINISHED, Unit.DURATION_MS, _mean_of(lambda r: r.talk_ms)),
    Metric("hold", "Hold", "mean hold", _FINISHED, Unit.DURATION_MS, _mean_of(lambda r: r.hold_ms)),
    Metric(
        "wrap_up",
        "Wrap-up",
        "mean wrap-up",
        _FINISHED,
        Unit.DURATION_MS,
        _mean_of(lambda r: r.wrap_up_ms or 0),
        size=lambda p: len(finished(p)),
    ),
)
