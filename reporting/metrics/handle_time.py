"""Handle time of engagements: talk + hold + wrap-up."""

from collections.abc import Callable
from typing import Any

from reporting.metrics.definition import Fold, Metric
from reporting.rows import EngagementRow

_FINISHED = "finished engagements of visits counted in the interval in which they entered the queue"


def handle_ms(row: EngagementRow) -> int:
    """Talk + hold + wrap-up of one engagement."""
    return row.talk_ms + row.hold_ms + (row.wrap_up_ms or 0)


def _mean(
    name: str, title: str, formula: str, value: Callable[[EngagementRow], int], short: str = ""
) -> Metric[Any]:
    return Metric(
        name,
        title,
        formula,
        _FINISHED,
        Fold.MEAN,
        EngagementRow,
        lambda row: value(row) if row.state == "ended" else None,
        short=short,
    )


METRICS: tuple[Metric[Any], ...] = (
    _mean("aht", "Average handle time", "mean of talk + hold + wrap-up", handle_ms, short="AHT"),
    _mean("talk", "Talk", "mean talk", lambda row: row.talk_ms),
    _mean("hold", "Hold", "mean hold", lambda row: row.hold_ms),
    _mean("wrap_up", "Wrap-up", "mean wrap-up", lambda row: row.wrap_up_ms or 0),
)
