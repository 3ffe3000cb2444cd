"""The history is the fold of the log, whatever happens to the projector."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest

from reporting import timeline
from reporting.projector import Projector
from reporting.reports import queue_by_interval
from reporting.reports.agent_day import agent_day
from reporting.rows import AgentStateRow, EntryRow, InteractionRow, OfferRow, VisitRow
from reporting.store import HistoryStore
from reporting.store.reading import HistoryReader
from router.model.ids import InteractionId, Position, SubjectId
from router.model.interaction import OfferEnd
from router.model.past import AgentDay
from tests.reporting import events
from tests.reporting.projecting import all_rows, project, question


def test_figures_of_a_day_are_the_ones_counted_by_hand(url: str) -> None:
    def look(reader: HistoryReader) -> queue_by_interval.Answer:
        return queue_by_interval.answer(reader, question())

    totals = asyncio.run(project(url, events.a_day(), look)).totals
    assert totals["offered"] == 4
    assert (totals["answered"], totals["abandoned"], totals["still_waiting"]) == (2, 1, 1)
    assert totals["flowed_out"] == 0
    assert totals["short_abandoned"] == 1
    assert totals["asa"] == 20_000
    assert totals["longest_wait"] == 30_000
    assert totals["service_level"] == pytest.approx(1 / 3)
    assert totals["service_level_of_answered"] == pytest.approx(1 / 2)
    assert totals["service_level_of_offered"] == pytest.approx(1 / 4)
    assert totals["service_level_abandons_count"] == pytest.approx(2 / 4)
    assert totals["aht"] == (70_000 + 120_000) / 2


def test_an_empty_interval_has_no_figures_but_counts(url: str) -> None:
    def look(reader: HistoryReader) -> queue_by_interval.Answer:
        return queue_by_interval.answer(reader, question(end=events.at(5)))

    answer = asyncio.run(project(url, events.a_day(), look))
    assert answer.rows == ()
    assert answer.totals["offered"] == 0
    assert answer.totals["asa"] is None
    assert answer.totals["service_level"] is None


@pytest.mark.parametrize("stop", range(0, 40, 3))
def test_a_projector_that_was_stopped_anywhere_ends_with_the_same_history(
    tmp_path: Path, stop: int
) -> None:
    happened = events.a_day()

    async def in_two_runs() -> Any:
        url = f"sqlite:///{tmp_path}/two.db"
        await project(url, happened[:stop], all_rows)
        return await project(url, happened, all_rows)

    whole = asyncio.run(project(f"sqlite:///{tmp_path}/one.db", happened, all_rows))
    assert asyncio.run(in_two_runs()) == whole


def test_events_are_gathered_while_nobody_waits_and_taken_at_once_for_whoever_does(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reporting.projector.GATHER_SECONDS", 3_600)

    async def run() -> None:
        log = events.Log(events.a_day())
        projector = Projector(HistoryStore(url), log)
        await projector.start()
        try:
            assert await projector.reached(Position(1))
            gathered_from = projector.position
            for _ in range(100):
                await asyncio.sleep(0)
            assert projector.position == gathered_from < log.head()
            assert await projector.reached(log.head())
        finally:
            await projector.stop()

    asyncio.run(run())


def test_a_history_ahead_of_the_log_is_built_again(url: str, tmp_path: Path) -> None:
    happened = events.a_day()

    async def restored() -> Any:
        await project(url, happened, all_rows)
        return await project(url, happened[:10], all_rows)

    shorter = asyncio.run(project(f"sqlite:///{tmp_path}/short.db", happened[:10], all_rows))
    assert asyncio.run(restored()) == shorter


def test_an_offer_that_nobody_took_is_counted_and_the_wait_goes_on(url: str) -> None:
    happened = [
        *events.signed_in(),
        *events.arrives("slow", 10),
        events.offered("slow", 10),
        events.offer_ended("slow", 40, OfferEnd.NO_ANSWER, 30_000),
    ]

    def look(reader: HistoryReader) -> Any:
        return reader.rows(VisitRow), reader.rows(OfferRow)

    (visit,), (offer,) = asyncio.run(project(url, happened, look))
    assert (visit.offers, visit.result, visit.wait_ms) == (1, "", None)
    assert (offer.end, offer.rang_ms) == ("no_answer", 30_000)


def test_a_transfer_ends_one_visit_and_begins_another(url: str) -> None:
    happened = [
        *events.signed_in(),
        *events.arrives("moved", 10),
        events.queued("moved", 25, visit=2, reason="overflow"),
    ]
    first, second = asyncio.run(project(url, happened, lambda reader: reader.rows(VisitRow)))
    assert (first.result, first.wait_ms) == ("overflowed", 15_000)
    assert (second.result, second.reason_in) == ("", "overflow")


def test_states_of_an_agent_follow_each_other_without_a_gap(url: str) -> None:
    spans: list[AgentStateRow] = asyncio.run(
        project(url, events.a_day(), lambda reader: reader.rows(AgentStateRow))
    )
    spans.sort(key=lambda span: (span.started_at, span.position))
    for before, after in itertools.pairwise(spans):
        assert before.ended_at == after.started_at
    states = [span.state for span in spans]
    assert states[:5] == ["not_ready", "ready", "offered", "ready", "talking"]
    assert "wrap_up" in states
    assert spans[-1].ended_at is None


def test_a_life_shows_each_piece_and_why_this_agent(url: str) -> None:
    life = asyncio.run(
        project(
            url,
            events.a_day(),
            lambda reader: timeline.interaction_life(reader, InteractionId("in time")),
        )
    )
    assert [(piece.kind, piece.outcome) for piece in life.segments] == [
        ("waiting", "answered"),
        ("ringing", "accepted"),
        ("talking", "ended"),
        ("wrap_up", "done"),
    ]
    assert life.segments[0].until == life.segments[2].since
    queued, offered = life.decisions
    assert (queued.kind, queued.why and queued.why.decision.rule) == ("queued", "all")
    assert (offered.kind, offered.why and offered.why.candidates) == ("offered", ("mia",))


def test_an_interaction_is_told_with_all_it_has_had_to_do_with(url: str) -> None:
    past = asyncio.run(
        project(
            url,
            events.a_day(),
            lambda reader: timeline.interaction(reader, InteractionId("late")),
        )
    )
    assert past is not None
    assert (past.queues, past.agents) == ((events.BILLING,), (events.MIA,))
    assert (past.outcome, past.disposition, past.entries) == ("handled", "solved", 1)
    assert (past.arrived, past.closed) == (events.at(100), events.at(250))


def test_contacts_are_those_of_all_cards_newest_first(url: str) -> None:
    subjects = [SubjectId("subject of in time"), SubjectId("subject of late")]

    def look(reader: HistoryReader) -> Any:
        everything = timeline.contacts(reader, subjects, events.at(9_999), 10)
        return everything, timeline.contacts(reader, subjects, everything[0].arrived, 10)

    contacts, before = asyncio.run(project(url, events.a_day(), look))
    assert [contact.interaction_id for contact in contacts] == ["late", "in time"]
    assert contacts[0].agents == ("mia",)
    assert before == contacts[1:]


def test_the_day_of_an_agent_adds_up(url: str) -> None:
    def look(reader: HistoryReader) -> AgentDay:
        return agent_day(reader, events.MIA, events.at(0), events.at(1_000))

    day = asyncio.run(project(url, events.a_day(), look))
    assert (day.engagements, day.talk_ms, day.wrap_up_ms) == (2, 160_000, 30_000)
    assert (day.not_ready_ms, day.ready_ms) == (1_000, 998_000)
    assert day.by_medium == {"chat": 2}
    assert [(line.presence, line.at) for line in day.log] == [
        ("not_ready", events.at(1)),
        ("ready", events.at(2)),
    ]


def test_what_was_before_midnight_is_no_part_of_the_day(url: str) -> None:
    def look(reader: HistoryReader) -> AgentDay:
        return agent_day(reader, events.MIA, events.at(85), events.at(1_000))

    day = asyncio.run(project(url, events.a_day(), look))
    assert (day.engagements, day.talk_ms) == (1, 100_000)
    assert day.wrap_up_ms == 30_000, "the first wrap-up ended within the day"
    assert (day.ready_ms, day.not_ready_ms, day.log) == (915_000, 0, ())


def test_messages_are_kept_as_skeletons(url: str) -> None:
    def look(reader: HistoryReader) -> Any:
        return reader.rows(EntryRow), reader.rows(InteractionRow)

    entries, interactions = asyncio.run(project(url, events.a_day(), look))
    assert len(entries) == 4
    assert {row.entries for row in interactions} == {1}


def test_waiting_for_a_position_that_does_not_come_ends_at_the_deadline(url: str) -> None:
    async def wait() -> bool:
        projector = Projector(HistoryStore(url), events.Log(events.signed_in()))
        await projector.start()
        reached = await projector.reached(Position(99), deadline_ms=10)
        await projector.stop()
        return reached

    assert asyncio.run(wait()) is False


def test_a_question_without_sense_names_its_field(url: str) -> None:
    from router.model.errors import InvalidInput

    for wrong, field in (
        ({"minutes": 7}, "interval"),
        ({"end": 0}, "to"),
        ({"zone": "Mars/Base"}, "zone"),
    ):
        with pytest.raises(InvalidInput) as caught:
            queue_by_interval.check(question(**wrong))
        assert caught.value.field == field
