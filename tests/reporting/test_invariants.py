"""What holds of the history of every day, however it went and however often it was interrupted."""

import asyncio
import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporting import history
from reporting.history import HistoryFold
from reporting.metrics.definition import Figure
from reporting.projector import Projector
from reporting.reports import behind, queue_by_interval
from reporting.reports.behind import Opening
from reporting.reports.queue_by_interval import Answer
from reporting.rows import EngagementRow, InteractionRow, OfferRow, VisitRow
from reporting.states import AgentStates
from reporting.store import HistoryStore
from reporting.store.reading import HistoryReader
from reporting.store.tables import TABLES
from router.core import conservation, queue_views
from router.model.events import Event
from tests.reporting import events, random_day
from tests.reporting.projecting import all_rows, project
from tests.reporting.random_day import RandomDay

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A day is made by the real core, which takes its time on a machine with much to do."""
PARTS = ("answered", "abandoned", "flowed_out", "still_waiting")
days = st.builds(RandomDay, st.integers(0, 2**32), st.integers(20, 400))
minutes = st.sampled_from((5, 30, 60, 1_440))


def question(**more: Any) -> queue_by_interval.Question:
    """A question about all of a random day, on Berlin's clocks."""
    given_: dict[str, Any] = {
        "start": random_day.START,
        "end": random_day.START + 48 * 3_600_000,
        "zone": "Europe/Berlin",
        **more,
    }
    return queue_by_interval.Question(**given_)


@contextlib.contextmanager
def a_url() -> Iterator[str]:
    """An empty history for each example."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/history.db"


def seen(happened: Sequence[Event], look: Any) -> Any:
    """What a look at the history of these events gives."""
    with a_url() as url:
        return asyncio.run(project(url, happened, look))


def total(figures: dict[str, Figure], name: str) -> int:
    """A count, which always has a figure."""
    value = figures[name]
    assert isinstance(value, int)
    return value


@settings(CALM, max_examples=25)
@given(days, minutes)
def test_offered_is_answered_abandoned_flowed_out_and_still_waiting(
    day: RandomDay, length: int
) -> None:
    def look(reader: HistoryReader) -> Answer:
        return queue_by_interval.answer(reader, question(minutes=length, split_media=True))

    found: Answer = seen(day.events, look)
    for figures in (found.totals, *(row.figures for row in found.rows)):
        assert total(figures, "offered") == sum(total(figures, part) for part in PARTS)
    for name in ("offered", *PARTS, "short_abandoned"):
        assert total(found.totals, name) == sum(total(r.figures, name) for r in found.rows)
    starts = [(row.start, row.queue, row.medium) for row in found.rows]
    assert starts == sorted(set(starts)), "each queue and medium stands in an interval once"


@settings(CALM, max_examples=15)
@given(days, st.sampled_from(tuple(queue_by_interval.queue_metrics())), st.integers(1, 50))
def test_every_figure_has_as_many_rows_as_it_says(day: RandomDay, figure: str, page: int) -> None:
    asked = question()

    def look(reader: HistoryReader) -> None:
        report = queue_by_interval.answer(reader, asked)
        for at, expected in [
            (None, report.totals[figure]),
            *((row.start, None) for row in report.rows[:3]),
        ]:
            keys, after = [], ""
            while True:
                opening = Opening(asked, figure, at=at, after=after, limit=page)
                found = behind.behind(reader, opening, lambda agent_id: True)
                keys += [(r.interaction_id, r.visit, r.started_at, r.agent_id) for r in found.rows]
                if at is None:
                    assert found.value == expected
                if found.next is None:
                    break
                after = found.next
            assert len(keys) == len(set(keys)) == found.total

    seen(day.events, look)


@settings(CALM, max_examples=15)
@given(days, st.data())
def test_a_history_that_was_interrupted_anywhere_is_the_one_built_at_once(
    day: RandomDay, data: st.DataObject
) -> None:
    stops = sorted(data.draw(st.lists(st.integers(0, len(day.events)), max_size=4), label="stops"))

    def interrupted(url: str) -> Any:
        for stop in stops:
            asyncio.run(project(url, day.events[:stop], all_rows))
        return asyncio.run(project(url, day.events, all_rows))

    with a_url() as once, a_url() as often:
        whole = asyncio.run(project(once, day.events, all_rows))
        assert interrupted(often) == whole


@settings(CALM, max_examples=10)
@given(days, st.integers(0, 1_000))
def test_a_commit_whose_answer_was_lost_is_not_done_twice(day: RandomDay, place: int) -> None:
    log = events.Log(day.events)
    cut = place % (len(log.records) + 1)

    def twice(url: str) -> Any:
        asyncio.run(project(url, day.events[:cut], all_rows))
        # The projector believes that nothing was kept and reads everything once more.
        store = HistoryStore(url)
        projector = Projector(store, log)
        store.open()
        with contextlib.closing(store):
            write = projector._write  # what a retry after a lost answer does
            write(log.records)
            with store.reading() as reader:
                return all_rows(reader)

    with a_url() as once, a_url() as again:
        whole = asyncio.run(project(once, day.events, all_rows))
        assert twice(again) == whole


@settings(CALM, max_examples=25)
@given(days)
def test_the_history_says_of_now_what_the_core_says(day: RandomDay) -> None:
    """Live and historical figures are folds of the same events: they cannot disagree."""
    visits, interactions = TABLES[VisitRow].c, TABLES[InteractionRow].c
    engagements, offers = TABLES[EngagementRow].c, TABLES[OfferRow].c

    def look(reader: HistoryReader) -> dict[str, Any]:
        waiting = reader.rows(VisitRow, visits.result == "")
        return {
            "accepted": reader.counts(InteractionRow),
            "finished": reader.counts(InteractionRow, interactions.closed_at.is_not(None)),
            "waiting": Counter(visit.queue for visit in waiting),
            "talking": reader.counts(EngagementRow, engagements.state.in_(("talking", "held"))),
            "ringing": reader.counts(OfferRow, offers.ended_at.is_(None)),
            "totals": queue_by_interval.answer(reader, question()).totals,
        }

    found = seen(day.events, look)
    law = conservation(day.state, day.now)
    assert law.balances
    assert (found["accepted"], found["finished"]) == (law.accepted, law.finished)
    assert sum(found["waiting"].values()) == law.waiting + law.offered
    assert found["totals"]["still_waiting"] == law.waiting + law.offered
    for view in queue_views(day.state, day.now):
        assert found["waiting"][view.queue] == view.waiting + view.offered, view.queue


@pytest.mark.parametrize("rows_kept", [0, 3, 10_000])
def test_the_fold_alone_gives_the_rows_that_the_database_keeps(
    rows_kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulation folds without a database: it counts what the reports count.

    However many rows are known without looking them up.
    """
    monkeypatch.setattr(history, "ROWS_KEPT", rows_kept)
    day = RandomDay(7, 300)
    kept: dict[tuple[Any, ...], Any] = {}
    fold = HistoryFold(
        lambda kind, **key: kept.get((kind, *key.values())), AgentStates(), None, steps=False
    )
    for recorded in events.Log(day.events).records:
        fold.apply(recorded)
        for row in fold.drain():
            table = TABLES[type(row)]
            kept[type(row), *(getattr(row, c.name) for c in table.primary_key)] = row
    whole = seen(day.events, all_rows)
    by_kind = dict(zip(TABLES, whole, strict=True))
    for kind in (VisitRow, EngagementRow, InteractionRow):
        assert set(by_kind[kind]) == {row for key, row in kept.items() if key[0] is kind}
