"""How long customers waited: from entering the queue to answer, abandon or flow-out."""

from typing import Any

from reporting.metrics.definition import Fold, Metric
from reporting.rows import VisitRow

_ENDED = "visits to the queue that have ended, counted in the interval in which they entered it"


def _wait(visit: VisitRow) -> int | None:
    return visit.wait_ms


METRICS: tuple[Metric[Any], ...] = (
    Metric("wait", "Wait", "mean wait, ringing included", _ENDED, Fold.MEAN, VisitRow, _wait),
    Metric(
        "asa",
        "Average speed of answer",
        "mean wait of the answered, ringing included",
        "answered visits, counted in the interval in which they entered the queue",
        Fold.MEAN,
        VisitRow,
        lambda visit: visit.wait_ms if visit.result == "answered" else None,
        short="ASA",
    ),
    Metric(
        "longest_wait",
        "Longest wait",
        "the longest wait of the period (the oldest one waiting now is another figure)",
        _ENDED,
        Fold.LONGEST,
        VisitRow,
        _wait,
    ),
)
