"""The report on days of odd lengths, in intervals in which nothing happened, and at its bounds."""

import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from reporting.export import csv_lines
from reporting.reports import queue_by_interval
from reporting.reports.queue_by_interval import Answer, Question
from reporting.store.reading import HistoryReader
from router.model.errors import InvalidInput
from router.model.events import Event
from router.model.ids import QueueName
from tests.reporting import events
from tests.reporting.projecting import project, question

BERLIN = ZoneInfo("Europe/Berlin")


def on(day: str, *, fold: int = 0) -> int:
    """The UTC milliseconds of a Berlin time."""
    local = datetime.fromisoformat(day).replace(tzinfo=BERLIN, fold=fold)
    return round(local.timestamp() * 1_000)


def arrivals(*moments: int) -> list[Event]:
    """A chat at each of these moments."""
    happened: list[Event] = events.signed_in()
    for number, at in enumerate(moments):
        seconds = (at - events.START) / 1_000
        happened += events.arrives(f"chat {number}", seconds)
    return happened


def asked(url: str, happened: list[Event], asked_for: Question) -> Answer:
    """The answer about these events."""

    def look(reader: HistoryReader) -> Answer:
        return queue_by_interval.answer(reader, asked_for)

    return asyncio.run(project(url, happened, look))


def day_of_berlin(first: str, last: str, **more: Any) -> Question:
    return Question(on(first), on(last), zone="Europe/Berlin", **more)


def test_both_passes_of_a_repeated_hour_have_rows_of_their_own(url: str) -> None:
    happened = arrivals(on("2026-10-25T02:10"), on("2026-10-25T02:10", fold=1))
    whole_day = day_of_berlin("2026-10-25", "2026-10-26")
    found = asked(url, happened, whole_day)
    assert [(row.label, row.figures["offered"]) for row in found.rows] == [
        ("2026-10-25 02:00", 1),
        ("2026-10-25 02:00 (2nd)", 1),
    ]
    by_day = asked(url, happened, msgspec.structs.replace(whole_day, minutes=1_440))
    assert [(row.label, row.figures["offered"]) for row in by_day.rows] == [("2026-10-25", 2)]


@pytest.mark.parametrize(
    ("first", "last", "hours"),
    [("2026-03-29", "2026-03-30", 23), ("2026-10-25", "2026-10-26", 25)],
)
def test_a_whole_day_has_as_many_hours_as_its_clock_showed(
    url: str, first: str, last: str, hours: int
) -> None:
    happened = arrivals(on(f"{first}T12:05"))
    wanted = day_of_berlin(first, last, minutes=60, empty=True)
    found = asked(url, happened, wanted)
    assert len(found.rows) == len({row.label for row in found.rows}) == hours
    noon = next(row for row in found.rows if row.label.endswith("12:00"))
    assert noon.figures["offered"] == 1
    for row in found.rows:
        if row is not noon:
            assert row.figures["offered"] == 0
            assert row.figures["asa"] is row.figures["service_level"] is None, "shown as -"


def test_an_interval_that_the_period_cuts_counts_what_lies_within(url: str) -> None:
    happened = arrivals(on("2026-11-02T09:05"), on("2026-11-02T09:20"))
    found = asked(url, happened, day_of_berlin("2026-11-02T09:10", "2026-11-02T10:00"))
    assert [(row.label, row.figures["offered"]) for row in found.rows] == [("2026-11-02 09:00", 1)]


def test_media_stand_apart_when_they_shall(url: str) -> None:
    found = asked(url, events.a_day(), question(split_media=True))
    assert {row.medium for row in found.rows} == {"chat"}
    together = asked(url, events.a_day(), question())
    assert {row.medium for row in together.rows} == {""}
    assert found.totals == together.totals
    assert asked(url, events.a_day(), question(media=("mail",))).totals["offered"] == 0


def test_an_answer_longer_than_its_bound_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_by_interval, "ROWS_MAX", 1)
    with pytest.raises(InvalidInput) as caught:
        asked(url, events.a_day(), question(minutes=5))
    assert caught.value.field == "interval"


def test_file_5_a_queue_named_like_a_formula_is_text_in_the_export(url: str) -> None:
    evil = QueueName("=cmd|'/C calc'!A0")
    happened = [
        msgspec.structs.replace(event, queue=evil) if hasattr(event, "queue") else event
        for event in events.a_day()
    ]
    found = asked(url, happened, question())
    rows = list(queue_by_interval.csv_rows(found))
    lines = b"".join(csv_lines(rows)).decode("utf-8-sig").splitlines()
    assert lines[1].split(",")[1] == "'" + evil


def test_the_export_says_seconds_and_shares(url: str) -> None:
    head, *rows = queue_by_interval.csv_rows(asked(url, events.a_day(), question()))
    total = dict(zip(head, rows[-1], strict=True))
    assert (total["interval"], total["asa_seconds"]) == ("total", 20.0)
    assert total["service_level"] == pytest.approx(1 / 3, abs=1e-6)
    assert rows[0][0] == "2023-11-14 22:00"
