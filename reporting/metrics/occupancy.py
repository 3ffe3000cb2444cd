"""How much of their time agents were at work, by wall clock."""

from typing import Any

from reporting.metrics.definition import Fold, Metric
from reporting.rows import AgentStateRow

_WORK = ("offered", "talking", "held", "wrap_up")


def _at_work(span: AgentStateRow) -> int | None:
    if span.ended_at is None or span.state not in (*_WORK, "ready"):
        return None
    return span.state in _WORK


def _length_ms(span: AgentStateRow) -> int:
    return (span.ended_at or span.started_at) - span.started_at


METRICS: tuple[Metric[Any], ...] = (
    Metric(
        "occupancy",
        "Occupancy",
        "(talk + hold + ringing + wrap-up) / (the same + idle-ready), by wall clock",
        "ended spans of agents' states within the period",
        Fold.SHARE,
        AgentStateRow,
        _at_work,
        weight=_length_ms,
    ),
)
