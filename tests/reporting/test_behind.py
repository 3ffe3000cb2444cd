"""Each figure opens into exactly the rows it counts."""

import asyncio
from typing import Any

import pytest

from reporting.metrics.definition import Unit
from reporting.reports import behind, queue_by_interval
from reporting.reports.behind import Behind, Opening
from reporting.store.reading import HistoryReader
from router.model.errors import InvalidInput
from tests.reporting import events
from tests.reporting.projecting import project, question

FIGURES = tuple(queue_by_interval.queue_metrics())


def everybody(_agent_id: str | None) -> bool:
    return True


def opened(url: str, figure: str, **more: Any) -> Behind:
    """What stands behind a figure of the day."""
    may_see = more.pop("may_see", everybody)
    opening = Opening(more.pop("question", question()), figure, **more)
    return asyncio.run(
        project(url, events.a_day(), lambda reader: behind.behind(reader, opening, may_see))
    )


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_and_the_rows_behind_it_say_the_same(url: str, figure: str) -> None:
    def look(reader: HistoryReader) -> Any:
        report = queue_by_interval.answer(reader, question())
        return report, behind.behind(reader, Opening(question(), figure), everybody)

    report, found = asyncio.run(project(url, events.a_day(), look))
    values = [row.value for row in found.rows]
    assert len(values) == found.total
    assert found.value == report.totals[figure]
    assert found.definition == report.definitions[figure]
    if found.definition["unit"] == Unit.COUNT:
        assert found.value == len(values)
    elif figure == "longest_wait":
        assert found.value == max(values)
    else:
        assert found.value == pytest.approx(sum(values) / len(values))


def test_the_rows_of_one_interval_are_those_of_its_figure(url: str) -> None:
    asked = question(minutes=5)

    def look(reader: HistoryReader) -> Any:
        report = queue_by_interval.answer(reader, asked)
        return [
            (row, behind.behind(reader, Opening(asked, "offered", at=row.start), everybody))
            for row in report.rows
        ]

    found = asyncio.run(project(url, events.a_day(), look))
    assert len(found) == 2
    for row, opening in found:
        assert opening.value == opening.total == row.figures["offered"]


def test_pages_follow_each_other_without_a_gap(url: str) -> None:
    seen, after, pages = [], "", 0
    while True:
        page = opened(url, "offered", limit=3, after=after)
        seen += [row.interaction_id for row in page.rows]
        pages += 1
        assert page.total == 4
        if page.next is None:
            break
        after = page.next
    assert seen == ["in time", "gone", "late", "waiting"]
    assert pages == 2


def test_rows_of_others_bear_no_names(url: str) -> None:
    found = opened(url, "answered", may_see=lambda agent_id: agent_id == "tom")
    assert found.total == 2
    assert {(row.interaction_id, row.agent_id) for row in found.rows} == {(None, None)}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"figure": "sold"}, "figure"),
        ({"figure": "occupancy"}, "figure"),
        ({"at": events.START - 40 * 60_000}, "at"),
        ({"at": events.START + 3_600_000}, "at"),
        ({"after": "1'; DROP TABLE visits"}, "after"),
        ({"after": "1.2.3."}, "after"),
        ({"limit": 0}, "limit"),
        ({"limit": 501}, "limit"),
    ],
)
def test_what_cannot_be_opened_names_its_field(url: str, more: dict[str, Any], field: str) -> None:
    asked = {"figure": "offered", **more}
    with pytest.raises(InvalidInput) as caught:
        opened(url, asked.pop("figure"), **asked)
    assert caught.value.field == field
