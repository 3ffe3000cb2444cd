"""Where customers leave self-service: every visit to a node has one fate, and can be opened."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from reporting.metrics.self_service import fate
from reporting.reports import self_service
from reporting.reports.self_service import Asked, Opening
from reporting.rows import FlowStepRow
from reporting.store.reading import HistoryReader
from router.model import events as e
from router.model.errors import InvalidInput
from router.model.events import Event
from router.model.ids import InteractionId
from router.model.interaction import Outcome
from tests.reporting import events
from tests.reporting.events import at
from tests.reporting.projecting import project, question

FATES = ("step_on", "step_ended", "step_hung_up", "step_no_answer", "step_failed")


def stepped(
    name: str, seconds: float, node: str, exit_name: str, kind: str, ms: int = 1_000
) -> Event:
    """A customer leaves a node."""
    return e.SelfServiceStepped(
        at=at(seconds),
        interaction_id=InteractionId(name),
        flow="main",
        node=node,
        exit=exit_name,
        spent_ms=ms,
        kind=kind,
    )


def a_caller(name: str, seconds: float, *steps: tuple[str, str, str]) -> list[Event]:
    """A customer arrives and leaves these nodes, one a second, as (node, exit, kind)."""
    arrived, _, _ = events.arrives(name, seconds)
    assert isinstance(arrived, e.Arrived)
    found: list[Event] = [arrived]
    for number, (node, exit_name, kind) in enumerate(steps, start=1):
        found.append(stepped(name, seconds + number, node, exit_name, kind))
    return found


def hangs_up(name: str, seconds: float) -> list[Event]:
    """The customer is gone."""
    interaction = InteractionId(name)
    return [
        e.CustomerLeft(at=at(seconds), interaction_id=interaction, waited_ms=0),
        e.Closed(at=at(seconds), interaction_id=interaction, outcome=Outcome.SELF_SERVICE),
    ]


def callers() -> Sequence[Event]:
    """Ann chose and was served, Ben hung up in the menu, Cleo never pressed a key, Dan's look-up
    failed and he went to the agents."""
    return [
        *events.signed_in(),
        *a_caller(
            "ann",
            10,
            ("menu", "1", "menu"),
            ("balance", "found", "look_up"),
            ("bye", "hung_up", "hang_up"),
        ),
        *hangs_up("ann", 14),
        *a_caller("ben", 20, ("menu", "", "menu")),
        *hangs_up("ben", 22),
        *a_caller("cleo", 30, ("menu", "otherwise", "menu"), ("agent", "queued", "enqueue")),
        events.queued("cleo", 33, visit=1, reason="arrival"),
        *a_caller(
            "dan",
            40,
            ("menu", "1", "menu"),
            ("balance", "failed", "look_up"),
            ("agent", "queued", "enqueue"),
        ),
        events.queued("dan", 44, visit=1, reason="arrival"),
    ]


def told(url: str, **more: Any) -> self_service.Answer:
    """The report of the day."""
    asked = Asked(question(**more.pop("question", {})), **more)
    return asyncio.run(project(url, callers(), lambda reader: self_service.answer(reader, asked)))


def opened(url: str, node: str, figure: str, **more: Any) -> self_service.Behind:
    """What stands behind a figure."""
    may_see = more.pop("may_see", lambda _queue: True)
    opening = Opening(Asked(question(), "main"), node, figure, **more)
    return asyncio.run(
        project(url, callers(), lambda reader: self_service.behind(reader, opening, may_see))
    )


def test_every_visit_to_a_node_has_one_fate(url: str) -> None:
    found = told(url)
    by_node = {row.node: row for row in found.rows}
    assert [row.node for row in found.rows] == ["menu", "agent", "balance", "bye"]
    menu = by_node["menu"]
    assert [menu.figures[name] for name in ("step_came", *FATES)] == [4, 2, 0, 1, 1, 0]
    assert menu.ways == {"1": 2, "": 1, "otherwise": 1}
    assert menu.kind == "menu"
    assert menu.figures["step_hung_up_share"] == 0.25
    assert menu.figures["step_time"] == 1_000
    assert by_node["balance"].figures["step_failed"] == 1
    assert by_node["agent"].figures["step_ended"] == 2
    assert by_node["bye"].figures["step_ended"] == 1
    for row in (*(each.figures for each in found.rows), found.totals):
        assert row["step_came"] == sum(row[name] or 0 for name in FATES)


def test_a_period_or_a_flow_without_visits_has_no_rows(url: str) -> None:
    assert told(url, flow="other").rows == ()
    nothing = told(url, question={"media": ("voice",)})
    assert nothing.rows == ()
    assert nothing.totals["step_came"] == 0
    assert nothing.totals["step_hung_up_share"] is None


def test_a_figure_opens_into_the_visits_it_counts(url: str) -> None:
    found = opened(url, "menu", "step_hung_up")
    assert found.value == found.total == 1
    assert [row.interaction_id for row in found.rows] == ["ben"]
    chose = opened(url, "menu", "step_came", way="1")
    assert [row.interaction_id for row in chose.rows] == ["ann", "dan"]
    assert chose.rows[0].entered_at == at(10)


def test_pages_of_visits_follow_each_other(url: str) -> None:
    def look(reader: HistoryReader) -> list[str | None]:
        seen: list[str | None] = []
        after: int | None = 0
        while after is not None:
            opening = Opening(Asked(question(), "main"), "menu", "step_came", after=after, limit=3)
            page = self_service.behind(reader, opening, lambda _queue: True)
            assert page.total == 4
            seen += [row.interaction_id for row in page.rows]
            after = page.next
        return seen

    assert asyncio.run(project(url, callers(), look)) == ["ann", "ben", "cleo", "dan"]


def test_whose_visit_it_was_is_told_to_who_may_see_the_queue_it_went_to(url: str) -> None:
    found = opened(url, "menu", "step_came", may_see=lambda queue: queue == "billing")
    assert [row.interaction_id for row in found.rows] == [None, None, "cleo", "dan"]


@pytest.mark.parametrize(
    ("field", "more"),
    [("figure", {"figure": "offered"}), ("figure", {"figure": "x"}), ("limit", {"limit": 0})],
)
def test_a_question_that_cannot_be_answered_names_its_field(
    tmp_path: Path, field: str, more: dict[str, Any]
) -> None:
    opening = Opening(Asked(question(), "main"), "menu", **{"figure": "step_came", **more})
    with pytest.raises(InvalidInput) as wrong:
        asyncio.run(
            project(
                f"sqlite:///{tmp_path}/history.db",
                [],
                lambda reader: self_service.behind(reader, opening, lambda _queue: True),
            )
        )
    assert wrong.value.field == field


def test_the_table_for_spreadsheets_has_the_ways_in_one_cell(url: str) -> None:
    rows = list(self_service.csv_rows(told(url)))
    assert rows[0][:4] == ["flow", "node", "kind", "step_came"]
    assert "step_time_seconds" in rows[0]
    assert rows[1][:4] == ["main", "menu", "menu", 4]
    assert rows[1][-1] == "1: 2 | (hung up): 1 | otherwise: 1"
    assert rows[-1][0] == "total"


@pytest.mark.parametrize(
    ("kind", "exit_name", "expected"),
    [
        ("menu", "", "hung_up"),
        ("menu", "0", "on"),
        ("ask", "otherwise", "no_answer"),
        ("branch", "otherwise", "on"),
        ("hours", "closed", "on"),
        ("look_up", "locked", "failed"),
        ("transfer", "busy", "on"),
        ("transfer", "failed", "failed"),
        ("transfer", "transferred", "ended"),
        ("voicemail", "otherwise", "no_answer"),
        ("voicemail", "left_message", "ended"),
        ("subflow", "failed", "on"),
        ("subflow", "within", "ended"),
        ("return", "lost", "ended"),
        ("set", "fault", "failed"),
        ("", "next", "on"),
        ("", "otherwise", "no_answer"),
        ("", "queued", "ended"),
        ("", "fault", "failed"),
    ],
)
def test_the_fate_of_a_visit(kind: str, exit_name: str, expected: str) -> None:
    step = FlowStepRow(1, "i", "voice", "main", "node", kind, exit_name, 0, 0, 0)
    assert fate(step) == expected
