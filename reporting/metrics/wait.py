"""How long customers waited: from entering the queue to answer, abandon or flow-out."""

from reporting.metrics.definition import Metric, Population, Unit, mean

_ENDED = "visits to the queue that have ended, counted in the interval in which they entered it"


def waits(population: Population, *results: str) -> list[int]:
    """The waits of visits with one of these results (of all ended ones when none is named)."""
    return [
        visit.wait_ms
        for visit in population.visits
        if visit.wait_ms is not None and (not results or visit.result in results)
    ]


METRICS = (
    Metric(
        "wait",
        "Wait",
        "mean wait, ringing included",
        _ENDED,
        Unit.DURATION_MS,
        lambda p: mean(waits(p)),
        size=lambda p: len(waits(p)),
    ),
    Metric(
        "asa",
        "Average speed of answer",
        "mean wait of the answered, ringing included",
        "answered visits, counted in the interval in which they entered the queue",
        Unit.DURATION_MS,
        lambda p: mean(waits(p, "answered")),
        short="ASA",
        size=lambda p: len(waits(p, "answered")),
    ),
    Metric(
        "longest_wait",
        "Longest wait",
        "the longest wait of the period (the oldest one waiting now is another figure)",
        _ENDED,
        Unit.DURATION_MS,
        lambda p: max(waits(p), default=None),
    ),
)
