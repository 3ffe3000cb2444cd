"""Queue by interval: every queue metric by queue, medium and interval of arrival."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from reporting import intervals, metrics
from reporting.metrics.definition import Figure, Metric, Population, Unit
from reporting.rows import EngagementRow, VisitRow
from reporting.store import TABLES, HistoryStore
from router.model.errors import InvalidInput

NAME = "queue-by-interval"
VERSION = 1
ROWS_MAX = 100_000
"""Interval rows at most; a longer question is refused and names the bound."""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked: ``[start, end)`` in UTC milliseconds, by intervals of local time.

    Empty ``queues`` or ``media`` are all; ``split_media`` gives each medium rows of its own.
    """

    start: int
    end: int
    minutes: int = 30
    zone: str = "UTC"
    queues: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    split_media: bool = False


class IntervalRow(msgspec.Struct, frozen=True):
    """The figures of one queue in one interval (``medium`` is empty when not split)."""

    start: int
    label: str
    queue: str
    medium: str
    figures: dict[str, Figure]


class Answer(msgspec.Struct, frozen=True):
    """Rows, the totals over all of them, and the definitions behind the figures."""

    question: Question
    rows: tuple[IntervalRow, ...]
    totals: dict[str, Figure]
    definitions: dict[str, dict[str, str | int]]
    complete_to: int
    attribution: str = "Counts by arrival: each visit counts in the interval it entered in."


def answer(store: HistoryStore, question: Question, complete_to: int) -> Answer:
    """Compute the report from the history (blocks; call it on the history's thread).

    Raises InvalidInput naming the field of a question that makes no sense.
    """
    check(question)
    visits, engagements = _select(store, question)
    known = queue_metrics()
    by_visit: dict[tuple[str, int], list[EngagementRow]] = defaultdict(list)
    for engagement in engagements:
        by_visit[engagement.interaction_id, engagement.visit].append(engagement)
    rows = tuple(_rows(question, visits, by_visit, known))
    return Answer(
        question=question,
        rows=rows,
        totals=_figures(visits, by_visit, known),
        definitions=definitions(known),
        complete_to=complete_to,
    )


def queue_metrics() -> dict[str, Metric]:
    """The metrics that speak of queues; occupancy speaks of agents."""
    return {name: m for name, m in metrics.discover().items() if name != "occupancy"}


def check(question: Question) -> None:
    """Raise InvalidInput for a question that makes no sense or asks for too much."""
    if question.minutes not in intervals.ALLOWED_MINUTES:
        raise InvalidInput(
            f"an interval is one of {intervals.ALLOWED_MINUTES} minutes", field="interval"
        )
    if question.end <= question.start:
        raise InvalidInput("the end must lie behind the start", field="to")
    if (question.end - question.start) // (question.minutes * 60_000) > ROWS_MAX:
        raise InvalidInput(f"more than {ROWS_MAX} intervals: choose longer ones", field="interval")
    intervals.zone(question.zone)


def definitions(known: dict[str, Metric]) -> dict[str, dict[str, str | int]]:
    """What each figure means, for the page and the export."""
    return {
        name: {
            "title": metric.title,
            "short": metric.short or metric.title,
            "formula": metric.formula,
            "population": metric.population,
            "unit": metric.unit.value,
            "version": metric.version,
        }
        for name, metric in known.items()
    }


def csv_rows(found: Answer) -> Iterator[Sequence[str | int | float | None]]:
    """The report as a table: durations in seconds, shares as numbers between 0 and 1."""
    names = list(found.definitions)
    seconds = {n for n in names if found.definitions[n]["unit"] == Unit.DURATION_MS}
    yield [
        "interval",
        "queue",
        "medium",
        *(f"{name}_seconds" if name in seconds else name for name in names),
    ]
    for row in found.rows:
        yield [row.label, row.queue, row.medium, *_cells(row.figures, names, seconds)]
    yield ["total", "", "", *_cells(found.totals, names, seconds)]


def _cells(figures: dict[str, Figure], names: list[str], seconds: set[str]) -> list[Figure]:
    cells: list[Figure] = []
    for name in names:
        value = figures[name]
        if value is not None and name in seconds:
            value = round(value / 1_000, 3)
        cells.append(round(value, 6) if isinstance(value, float) else value)
    return cells


def _select(store: HistoryStore, question: Question) -> tuple[list[VisitRow], list[EngagementRow]]:
    visits_table, engagements_table = TABLES[VisitRow], TABLES[EngagementRow]
    conditions = [
        visits_table.c.entered_at >= question.start,
        visits_table.c.entered_at < question.end,
    ]
    if question.queues:
        conditions.append(visits_table.c.queue.in_(question.queues))
    if question.media:
        conditions.append(visits_table.c.medium.in_(question.media))
    visits = store.rows(
        VisitRow, *conditions, order=(visits_table.c.entered_at, visits_table.c.interaction_id)
    )
    asked = visits_table.select().where(*conditions)
    engagements = store.rows(
        EngagementRow,
        engagements_table.c.interaction_id.in_(
            asked.with_only_columns(visits_table.c.interaction_id)
        ),
        order=(engagements_table.c.started_at,),
    )
    return visits, engagements


def _rows(
    question: Question,
    visits: Sequence[VisitRow],
    by_visit: dict[tuple[str, int], list[EngagementRow]],
    known: dict[str, Metric],
) -> Iterator[IntervalRow]:
    where = intervals.zone(question.zone)
    groups: dict[tuple[int, str, str], list[VisitRow]] = defaultdict(list)
    for visit in visits:
        start = intervals.interval_start(visit.entered_at, question.minutes, where)
        groups[start, visit.queue, visit.medium if question.split_media else ""].append(visit)
    for (start, queue, medium), members in sorted(groups.items()):
        yield IntervalRow(
            start=start,
            label=intervals.label(start, question.minutes, where),
            queue=queue,
            medium=medium,
            figures=_figures(members, by_visit, known),
        )


def _figures(
    visits: Sequence[VisitRow],
    by_visit: dict[tuple[str, int], list[EngagementRow]],
    known: dict[str, Metric],
) -> dict[str, Figure]:
    engagements = [e for v in visits for e in by_visit.get((v.interaction_id, v.visit), ())]
    population = Population(visits, engagements)
    return {name: metric.compute(population) for name, metric in known.items()}
