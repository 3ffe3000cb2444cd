"""Many days summed up: every metric with a confidence interval.

A count is the mean of the days with Student's interval. A share or a mean is the ratio of sums
over the days with the interval of the ratio estimator (delta method), as published results do.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import msgspec

from config.simulation.day import START, DayRows
from config.simulation.scenario import Day
from reporting import metrics
from reporting.metrics.definition import Metric, Population
from reporting.rows import AgentStateRow, EngagementRow, VisitRow


class Estimate(msgspec.Struct, frozen=True):
    """A figure with its 95 % confidence interval; the interval is None with a single day."""

    value: float | None
    low: float | None
    high: float | None
    days: int

    @property
    def standard_error(self) -> float:
        """Half the interval over its quantile; 0 when there is none."""
        if self.low is None or self.high is None:
            return 0.0
        return (self.high - self.low) / 2 / student_quantile(self.days - 1)


def population(rows: DayRows, day: Day) -> Population:
    """What counts of a day: visits that began after the warm-up and before the day's end."""
    start, end = START + day.warm_up_ms, START + day.length_ms
    visits = [visit for visit in rows.visits if start <= visit.entered_at < end]
    keys = {(visit.interaction_id, visit.visit) for visit in visits}
    return Population(
        visits=visits,
        engagements=[e for e in rows.engagements if (e.interaction_id, e.visit) in keys],
        agent_states=[
            cut for span in rows.agent_states if (cut := _cut(span, start, end)) is not None
        ],
    )


def _cut(span: AgentStateRow, start: int, end: int) -> AgentStateRow | None:
    began = max(span.started_at, start)
    ended = min(span.ended_at if span.ended_at is not None else end, end)
    if ended <= began:
        return None
    return msgspec.structs.replace(span, started_at=began, ended_at=ended)


def estimates(days: Sequence[Population]) -> dict[str, Estimate]:
    """Every metric over these days."""
    return {name: _estimate(metric, days) for name, metric in simulated().items()}


def simulated() -> dict[str, Metric[Any]]:
    """The metrics a simulation can give: its customers come without self-service."""
    return metrics.over(VisitRow, EngagementRow, AgentStateRow)


def _estimate(metric: Metric[Any], days: Sequence[Population]) -> Estimate:
    tallies = [metric.tally(day) for day in days]
    values = [(tally.figure(), tally.size()) for tally in tallies]
    known = [(float(value), weight) for value, weight in values if value is not None]
    return ratio(known)


def ratio(known: Sequence[tuple[float, float]]) -> Estimate:
    """The weighted mean of (value, weight) pairs with the interval of the ratio estimator."""
    total = sum(weight for _, weight in known)
    if not known or total == 0:
        return Estimate(None, None, None, len(known))
    value = sum(x * weight for x, weight in known) / total
    count = len(known)
    if count < 2:
        return Estimate(value, None, None, count)
    spread = sum((weight * (x - value)) ** 2 for x, weight in known)
    error = math.sqrt(spread / (count * (count - 1))) / (total / count)
    half = student_quantile(count - 1) * error
    return Estimate(value, value - half, value + half, count)


def student_quantile(freedom: int, confidence: float = 0.95) -> float:
    """The two-sided quantile of Student's t (Hill 1970, Algorithm 396; error below 1e-4)."""
    if freedom == 1:
        return math.tan(math.pi * confidence / 2)
    if freedom == 2:
        tail = 1 - confidence
        return math.sqrt(2 / (tail * (2 - tail)) - 2)
    a = 1 / (freedom - 0.5)
    b = (48 / a) / a
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * math.sqrt(a * math.pi / 2) * freedom
    tail = 1 - confidence
    y = (d * tail) ** (2 / freedom)
    if y > 0.05 + a:
        x = NormalDist().inv_cdf(tail / 2)
        y = x * x
        if freedom < 5:
            c += 0.3 * (freedom - 4.5) * (x + 0.6)
        c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = math.expm1(a * y * y)
    else:
        inner = (freedom + 6) / (freedom * y) - 0.089 * d - 0.822
        y = ((1 / (inner * (freedom + 2) * 3) + 0.5 / (freedom + 4)) * y - 1) * (
            (freedom + 1) / (freedom + 2)
        ) + 1 / y
    return math.sqrt(freedom * y)
