"""The rows behind a figure: what was counted, so that every number can be opened and checked."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from reporting import intervals
from reporting.metrics.definition import Figure, Metric, Tally
from reporting.reports import queue_by_interval
from reporting.reports.queue_by_interval import Question
from reporting.rows import EngagementRow, VisitRow
from reporting.store.reading import HistoryReader
from router.model.errors import InvalidInput

PAGE = 100
PAGE_MAX = 500

Key = tuple[int, str, int, int]
"""Where a row stands: entry of its visit, interaction, visit, and which engagement of it."""


class Opening(msgspec.Struct, frozen=True):
    """Which figure is opened: of the totals, or of the interval that holds ``at``.

    ``after`` is the ``next`` of the page before.
    """

    question: Question
    figure: str
    at: int | None = None
    after: str = ""
    limit: int = PAGE


class BehindRow(msgspec.Struct, frozen=True):
    """One row behind a figure: a queue visit, or an engagement that came of one.

    ``value`` is what it adds: milliseconds, or 1 or 0 (in a share: whether it counts). Rows of
    others whom the asker may not see have neither ``interaction_id`` nor ``agent_id``.
    """

    interaction_id: str | None
    visit: int
    queue: str
    medium: str
    entered_at: int
    started_at: int
    ended_at: int | None
    agent_id: str | None
    outcome: str
    value: int


class Behind(msgspec.Struct, frozen=True):
    """A page of the rows behind a figure, and the figure as these rows give it.

    ``total`` is how many rows there are on all pages.
    """

    figure: str
    value: Figure
    total: int
    rows: tuple[BehindRow, ...]
    next: str | None
    definition: dict[str, str | int]
    complete_to: int


def behind(
    reader: HistoryReader, opening: Opening, may_see: Callable[[str | None], bool]
) -> Behind:
    """Find the rows behind a figure (blocks; call it on one of the history's threads).

    ``may_see`` says of an agent whether the asker may see whose row it is. Raises InvalidInput
    naming the field that is wrong.
    """
    metric = _metric(opening.figure)
    after = _key(opening.after)
    if not 1 <= opening.limit <= PAGE_MAX:
        raise InvalidInput(f"a page has 1 to {PAGE_MAX} rows", field="limit")
    tally = Tally(metric)
    rows: list[BehindRow] = []
    last: Key | None = None
    more = False
    for visit, engagements in queue_by_interval.visited(reader, _cell(opening)):
        members: Sequence[VisitRow | EngagementRow] = (
            engagements if metric.over is EngagementRow else (visit,)
        )
        for number, row in enumerate(members):
            value = metric.value(row)
            if value is None:
                continue
            tally.add(row)
            key = (visit.entered_at, visit.interaction_id, visit.visit, number)
            if after is not None and key <= after:
                continue
            if len(rows) == opening.limit:
                more = True
                continue
            rows.append(_shown(visit, row, int(value), may_see))
            last = key
    return Behind(
        figure=opening.figure,
        value=tally.figure(),
        total=tally.rows,
        rows=tuple(rows),
        next=_cursor(last) if more and last is not None else None,
        definition=queue_by_interval.definitions({metric.name: metric})[metric.name],
        complete_to=reader.complete_to(),
    )


def _metric(name: str) -> Metric[Any]:
    known = queue_by_interval.queue_metrics()
    if name not in known:
        raise InvalidInput(f"there is no figure {name[:50]!r}", field="figure")
    return known[name]


def _cell(opening: Opening) -> Question:
    """The question about the one interval that is opened, or about all of them."""
    question = opening.question
    queue_by_interval.check(question)
    if opening.at is None:
        return question
    where = intervals.zone(question.zone)
    first = intervals.interval_start(question.start, question.minutes, where)
    if not first <= opening.at < question.end:
        raise InvalidInput("this interval is not within the period", field="at")
    start = intervals.interval_start(opening.at, question.minutes, where)
    end = intervals.next_start(start, question.minutes, where)
    return msgspec.structs.replace(
        question, start=max(start, question.start), end=min(end, question.end)
    )


def _shown(
    visit: VisitRow,
    row: VisitRow | EngagementRow,
    value: int,
    may_see: Callable[[str | None], bool],
) -> BehindRow:
    engaged = row if isinstance(row, EngagementRow) else None
    seen = may_see(row.agent_id)
    return BehindRow(
        interaction_id=visit.interaction_id if seen else None,
        visit=visit.visit,
        queue=visit.queue,
        medium=visit.medium,
        entered_at=visit.entered_at,
        started_at=engaged.started_at if engaged else visit.entered_at,
        ended_at=row.ended_at,
        agent_id=row.agent_id if seen else None,
        outcome=engaged.how if engaged else visit.result,
        value=value,
    )


def _cursor(key: Key) -> str:
    entered_at, interaction_id, visit, number = key
    return f"{entered_at}.{visit}.{number}.{interaction_id}"


def _key(cursor: str) -> Key | None:
    if not cursor:
        return None
    entered_at, _, rest = cursor.partition(".")
    visit, _, rest = rest.partition(".")
    number, _, interaction_id = rest.partition(".")
    numbers = (entered_at, visit, number)
    if not all(each.isdecimal() and len(each) <= 16 for each in numbers) or not interaction_id:
        raise InvalidInput("this is not the `next` of another page", field="after")
    return int(entered_at), interaction_id, int(visit), int(number)
