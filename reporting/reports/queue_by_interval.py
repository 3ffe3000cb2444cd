"""Queue by interval: every queue metric by queue, medium and interval of arrival.

One pass over the visits of the period in the order they began; each row of the answer is finished
when its interval is over, so that memory does not grow with the visits.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from reporting import intervals, metrics
from reporting.metrics.definition import Figure, Metric, Tally
from reporting.reports.figure_cells import cells, heads
from reporting.rows import EngagementRow, VisitRow
from reporting.store.reading import HistoryReader
from reporting.store.tables import TABLES
from router.model.errors import InvalidInput

NAME = "queue-by-interval"
VERSION = 2
ROWS_MAX = 20_000
"""Rows of an answer at most; a longer one is refused and names the bound."""
ATTRIBUTION = "Counts by arrival: each visit counts in the interval it entered in."
TIME_MAX = 2**53
"""Times are whole numbers that every JSON reader holds exactly."""
_LAST = 253_370_764_800_000
"""The last moment (in the year 9999) that has a date on a calendar everywhere."""

Visited = tuple[VisitRow, Sequence[EngagementRow]]


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked: ``[start, end)`` in UTC milliseconds, by intervals of local time.

    Empty ``queues`` or ``media`` are all; ``split_media`` gives each medium rows of its own;
    ``empty`` gives rows for intervals in which nothing happened, too.
    """

    start: int
    end: int
    minutes: int = 30
    zone: str = "UTC"
    queues: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    split_media: bool = False
    empty: bool = False


class IntervalRow(msgspec.Struct, frozen=True):
    """The figures of one queue in one interval (``medium`` is empty when not split)."""

    start: int
    label: str
    queue: str
    medium: str
    figures: dict[str, Figure]


class Answer(msgspec.Struct, frozen=True):
    """Rows, the totals over all of them, and the definitions behind the figures.

    ``complete_to`` is the moment of the last fact that is counted.
    """

    question: Question
    rows: tuple[IntervalRow, ...]
    totals: dict[str, Figure]
    definitions: dict[str, dict[str, str | int]]
    complete_to: int
    attribution: str = ATTRIBUTION


class Tallies:
    """One running count a metric, for one row of the answer or for the totals."""

    def __init__(self, known: Iterable[Metric[Any]]) -> None:
        self._of: dict[type[Any], list[Tally]] = {VisitRow: [], EngagementRow: []}
        self._all: dict[str, Tally] = {}
        for metric in known:
            tally = self._all[metric.name] = Tally(metric)
            self._of[metric.over].append(tally)

    def add(self, visit: VisitRow, engagements: Sequence[EngagementRow]) -> None:
        """Count a visit and the engagements that came of it."""
        for tally in self._of[VisitRow]:
            tally.add(visit)
        for engagement in engagements:
            for tally in self._of[EngagementRow]:
                tally.add(engagement)

    def figures(self) -> dict[str, Figure]:
        """The figures so far."""
        return {name: tally.figure() for name, tally in self._all.items()}


def answer(reader: HistoryReader, question: Question) -> Answer:
    """Compute the report from the history (blocks; call it on one of its threads).

    Raises InvalidInput naming the field of a question that makes no sense or asks for too much.
    """
    check(question)
    known = queue_metrics()
    totals = Tallies(known.values())
    rows = []
    for row in _rows(reader, question, totals, known):
        rows.append(row)
        if len(rows) > ROWS_MAX:
            raise InvalidInput(
                f"more than {ROWS_MAX} rows: choose longer intervals or a shorter period",
                field="interval",
            )
    return Answer(
        question=question,
        rows=tuple(rows),
        totals=totals.figures(),
        definitions=definitions(known),
        complete_to=reader.complete_to(),
    )


def queue_metrics() -> dict[str, Metric[Any]]:
    """The metrics that speak of queues; others speak of agents or of self-service."""
    return metrics.over(VisitRow, EngagementRow)


def check(question: Question) -> None:
    """Raise InvalidInput for a question that makes no sense or asks for too much."""
    if question.minutes not in intervals.ALLOWED_MINUTES:
        raise InvalidInput(
            f"an interval is one of {intervals.ALLOWED_MINUTES} minutes", field="interval"
        )
    if not 0 <= question.start <= _LAST:
        raise InvalidInput("the start is no moment of a calendar", field="from")
    if question.end <= question.start:
        raise InvalidInput("the end must lie behind the start", field="to")
    if question.end > _LAST:
        raise InvalidInput("the end is no moment of a calendar", field="to")
    if question.empty:
        count = (question.end - question.start) // (question.minutes * 60_000)
        if count > ROWS_MAX:
            raise InvalidInput(f"more than {ROWS_MAX} intervals: choose longer ones", field="to")
    intervals.zone(question.zone)


def definitions(known: dict[str, Metric[Any]]) -> dict[str, dict[str, str | int]]:
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
    yield ["interval", "queue", "medium", *heads(found.definitions)]
    for row in found.rows:
        yield [row.label, row.queue, row.medium, *cells(row.figures, found.definitions)]
    yield ["total", "", "", *cells(found.totals, found.definitions)]


def visited(reader: HistoryReader, question: Question) -> Iterator[Visited]:
    """The visits that are asked for in the order they began, with what came of each."""
    table, engaged = TABLES[VisitRow].c, TABLES[EngagementRow].c
    order = (table.entered_at, table.interaction_id, table.visit)
    for chunk in reader.chunks(VisitRow, *_asked(question), order=order):
        ids = sorted({visit.interaction_id for visit in chunk})
        came: dict[tuple[str, int], list[EngagementRow]] = defaultdict(list)
        found = reader.rows(
            EngagementRow,
            engaged.interaction_id.in_(ids),
            order=(engaged.started_at, engaged.agent_id),
        )
        for engagement in found:
            came[engagement.interaction_id, engagement.visit].append(engagement)
        for visit in chunk:
            yield visit, came.get((visit.interaction_id, visit.visit), ())


def _asked(question: Question) -> list[Any]:
    table = TABLES[VisitRow].c
    conditions = [table.entered_at >= question.start, table.entered_at < question.end]
    if question.queues:
        conditions.append(table.queue.in_(question.queues))
    if question.media:
        conditions.append(table.medium.in_(question.media))
    return conditions


def _rows(
    reader: HistoryReader,
    question: Question,
    totals: Tallies,
    known: dict[str, Metric[Any]],
) -> Iterator[IntervalRow]:
    """The rows in order, each as soon as nothing more can fall into it."""
    where = intervals.zone(question.zone)
    lines = _lines(reader, question) if question.empty else []
    groups: dict[tuple[str, str], Tallies] = {line: Tallies(known.values()) for line in lines}
    start = intervals.interval_start(question.start, question.minutes, where)
    end = intervals.next_start(start, question.minutes, where)
    for visit, engagements in visited(reader, question):
        while visit.entered_at >= end:
            yield from _finished(question, start, groups)
            groups = {line: Tallies(known.values()) for line in lines}
            start = end
            if not question.empty:
                start = intervals.interval_start(visit.entered_at, question.minutes, where)
            end = intervals.next_start(start, question.minutes, where)
        line = (visit.queue, visit.medium if question.split_media else "")
        if line not in groups:
            groups[line] = Tallies(known.values())
        groups[line].add(visit, engagements)
        totals.add(visit, engagements)
    yield from _finished(question, start, groups)
    while question.empty and end < question.end:
        start, end = end, intervals.next_start(end, question.minutes, where)
        yield from _finished(question, start, {line: Tallies(known.values()) for line in lines})


def _lines(reader: HistoryReader, question: Question) -> list[tuple[str, str]]:
    """The queues (and media) that have a row in every interval: those of the period."""
    columns = ("queue", "medium") if question.split_media else ("queue",)
    found = reader.distinct(VisitRow, columns, *_asked(question))
    return [(line[0], line[1] if question.split_media else "") for line in found]


def _finished(
    question: Question, start: int, groups: dict[tuple[str, str], Tallies]
) -> Iterator[IntervalRow]:
    where = intervals.zone(question.zone)
    for (queue, medium), tallies in sorted(groups.items()):
        yield IntervalRow(
            start=start,
            label=intervals.label(start, question.minutes, where),
            queue=queue,
            medium=medium,
            figures=tallies.figures(),
        )
