"""What a metric is: a named, versioned formula over a stated population of rows.

A metric says what each row adds to it; so a figure can always be opened into the rows behind it,
and figures of any size are counted in one pass without keeping those rows.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec

from reporting.rows import AgentStateRow, EngagementRow, FlowStepRow, VisitRow

R = TypeVar("R", VisitRow, EngagementRow, AgentStateRow, FlowStepRow)


class Unit(StrEnum):
    """How a figure is to be read."""

    COUNT = "count"
    SHARE = "share"
    DURATION_MS = "ms"


class Fold(StrEnum):
    """How the values of the rows become one figure."""

    COUNT = "count"
    SHARE = "share"
    MEAN = "mean"
    LONGEST = "longest"


_UNITS = {
    Fold.COUNT: Unit.COUNT,
    Fold.SHARE: Unit.SHARE,
    Fold.MEAN: Unit.DURATION_MS,
    Fold.LONGEST: Unit.DURATION_MS,
}


class Population(msgspec.Struct, frozen=True):
    """What metrics are computed over: queue visits, the engagements that answered them, spans of
    agents' states, cut to the period, and visits to the nodes of flows."""

    visits: Sequence[VisitRow]
    engagements: Sequence[EngagementRow]
    agent_states: Sequence[AgentStateRow] = ()
    flow_steps: Sequence[FlowStepRow] = ()

    def of(self, kind: type[Any]) -> Sequence[Any]:
        """The rows of one kind."""
        kinds: dict[type[Any], Sequence[Any]] = {
            VisitRow: self.visits,
            EngagementRow: self.engagements,
            AgentStateRow: self.agent_states,
            FlowStepRow: self.flow_steps,
        }
        return kinds[kind]


Figure = float | int | None
"""A figure; None means "no data" and is shown as "-", never as 0 % or 100 %."""


class Metric(msgspec.Struct, Generic[R], frozen=True):
    """A definition people can read beside its number.

    ``value`` is what a row of kind ``over`` adds: None when the row is not in the population, 1 or
    0 in a share, milliseconds in a mean. ``weight`` is how much the row counts (a span by its
    length). ``version`` grows whenever the formula or the population changes.
    """

    name: str
    title: str
    formula: str
    population: str
    fold: Fold
    over: type[R]
    value: Callable[[R], int | None]
    version: int = 1
    short: str = ""
    weight: Callable[[R], int] | None = None

    @property
    def unit(self) -> Unit:
        """How the figure is to be read."""
        return _UNITS[self.fold]

    def compute(self, population: Population) -> Figure:
        """The figure of this population."""
        return self.tally(population).figure()

    def tally(self, population: Population) -> "Tally":
        """The count over this population."""
        tally = Tally(self)
        for row in population.of(self.over):
            tally.add(row)
        return tally


class Tally(msgspec.Struct):
    """A metric's running count over rows of its kind; ``rows`` is how many stand behind it."""

    metric: Metric[Any]
    rows: int = 0
    whole: int = 0
    total: int = 0
    longest: int | None = None

    def add(self, row: VisitRow | EngagementRow | AgentStateRow | FlowStepRow) -> None:
        """Take one more row, which counts only if it is in the population."""
        value = self.metric.value(row)
        if value is None:
            return
        weight = 1 if self.metric.weight is None else self.metric.weight(row)
        self.rows += 1
        self.whole += weight
        self.total += value * weight
        if self.longest is None or value > self.longest:
            self.longest = value

    def size(self) -> int:
        """The denominator of a share, the count behind a mean; 1 for anything else."""
        return self.whole if self.metric.fold in (Fold.SHARE, Fold.MEAN) else 1

    def figure(self) -> Figure:
        """The figure so far; a share or a mean of nothing is None."""
        match self.metric.fold:
            case Fold.COUNT:
                return self.rows
            case Fold.LONGEST:
                return self.longest
            case _:
                return self.total / self.whole if self.whole else None
