"""Seats are moved for a while: at once, told before, returned by themselves, never lost."""

from __future__ import annotations

import pytest

from router.core import (
    LOAN_LIMIT_MS,
    agent_view,
    apply,
    new_state,
    next_deadline,
    queue_views,
    restore,
    seat_forecast,
    snapshot,
    state_digest,
)
from router.model import commands
from router.model.agent import Capacity, Presence
from router.model.catalogue import Team
from router.model.errors import Refused
from router.model.ids import AgentId, Instant, InteractionId, QueueName, SkillName, TeamName
from router.model.interaction import Phase
from router.model.skills import Need, Requirement
from tests.support.floor import CHAT, Floor, a_queue, an_agent, names, one

MIA, TOM = AgentId("mia"), AgentId("tom")
MAIN, SECOND = QueueName("main"), QueueName("second")
SPANISH = SkillName("es")
HALF_AN_HOUR_MS = 30 * 60_000


def centre(**more: object) -> Floor:
    floor = Floor(
        an_agent("mia"),
        an_agent("tom", "second"),
        a_queue("main"),
        a_queue("second", **more),
        capacity=Capacity(slots={CHAT: 1}),
    )
    floor.ready("mia", "tom")
    return floor


def move(floor: Floor, *queues: QueueName, agent: AgentId = MIA, **skills: int) -> commands.Command:
    until = Instant(floor.now + HALF_AN_HOUR_MS)
    lent = {SkillName(name): level for name, level in skills.items()}
    return commands.MoveSeat(agent, queues or (SECOND,), until, "sue", lent)


def to_second(floor: Floor, name: str) -> None:
    """A customer who waits in the second queue."""
    floor.arrive(name, self_service=True)
    floor.do(commands.Enqueue(InteractionId(name), queue=SECOND))


def test_a_moved_seat_has_what_waits_in_its_new_queue_at_once_and_nothing_of_the_old() -> None:
    floor = centre()
    floor.do(commands.SetPresence(TOM, Presence.NOT_READY))
    to_second(floor, "i1")
    decision = floor.do(move(floor))
    assert names(decision) == ["SeatMoved", "Offered"]
    assert one(decision, "Offered").agent_id == MIA
    floor.accept("i1.1", "mia")
    floor.do(commands.End(InteractionId("i1"), MIA))
    floor.do(commands.WrapUp(InteractionId("i1"), MIA))
    assert names(floor.arrive("i2"))[-1] == "Queued", "the old queue is not hers for now"


def test_it_says_who_moved_whom_where_until_when_and_what_is_served_now() -> None:
    floor = centre()
    moved = one(floor.do(move(floor)), "SeatMoved")
    until = floor.now + HALF_AN_HOUR_MS
    assert (moved.by, moved.agent_id, moved.queues, moved.until) == ("sue", MIA, (SECOND,), until)
    view = agent_view(floor.state, MIA, Instant(floor.now))
    assert view is not None
    assert view.loan is not None
    assert (view.queues, view.loan.by, view.loan.until) == ((SECOND,), "sue", until)
    ready = {view.queue: view.agents_ready for view in queue_views(floor.state, Instant(floor.now))}
    assert ready == {"main": 0, "second": 2}


def test_it_returns_by_itself_and_what_was_in_hand_stayed() -> None:
    floor = centre()
    floor.served("i1", "mia")
    floor.do(move(floor))
    assert floor.state.interactions[InteractionId("i1")].phase is Phase.ENGAGED
    assert next_deadline(floor.state) == floor.now + HALF_AN_HOUR_MS
    decision = floor.later(HALF_AN_HOUR_MS)
    returned = one(decision, "SeatReturned")
    assert (returned.agent_id, returned.by) == (MIA, "")
    floor.do(commands.End(InteractionId("i1"), MIA))
    floor.do(commands.WrapUp(InteractionId("i1"), MIA))
    assert one(floor.arrive("i2"), "Offered").agent_id == MIA


def test_an_undo_brings_back_what_was_before() -> None:
    floor = centre()
    first = move(floor)
    floor.do(first)
    floor.do(move(floor, MAIN, SECOND))
    floor.do(first)
    view = agent_view(floor.state, MIA, Instant(floor.now))
    assert view is not None
    assert view.queues == (SECOND,)
    assert names(floor.do(first)) == [], "the same move again changes nothing"
    assert names(floor.do(commands.ReturnSeat(MIA, "sue"))) == ["SeatReturned"]
    assert names(floor.do(commands.ReturnSeat(MIA, "sue"))) == []


def test_lent_skills_open_a_queue_that_needs_them_and_go_with_the_loan() -> None:
    floor = centre(requirement=Requirement(all_of=(Need(SPANISH, 2),)))
    floor.do(move(floor))
    to_second(floor, "i1")
    assert floor.state.interactions[InteractionId("i1")].phase is Phase.WAITING
    assert seat_forecast(floor.state, MIA, (MAIN,))[0].lacks == {}
    floor.do(commands.ReturnSeat(MIA, "sue"))
    (_, there) = seat_forecast(floor.state, MIA, (SECOND,))
    assert there.lacks == {"es": 2}
    assert one(floor.do(move(floor, es=2)), "Offered").agent_id == MIA


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (commands.MoveSeat(MIA, (), Instant(2_000_000), "sue"), "no_queue"),
        (commands.MoveSeat(MIA, (QueueName("x"),), Instant(2_000_000), "sue"), "unknown_queue"),
        (commands.MoveSeat(MIA, (MAIN,), Instant(1_000_000), "sue"), "invalid_time"),
        (
            commands.MoveSeat(MIA, (MAIN,), Instant(1_000_001 + LOAN_LIMIT_MS), "sue"),
            "invalid_time",
        ),
        (
            commands.MoveSeat(MIA, (MAIN,), Instant(2_000_000), "sue", {SPANISH: 11}),
            "invalid_skill",
        ),
        (commands.MoveSeat(AgentId("x"), (MAIN,), Instant(2_000_000), "sue"), "unknown_agent"),
        (commands.ReturnSeat(AgentId("x"), "sue"), "unknown_agent"),
    ],
)
def test_what_cannot_be_moved_is_refused_and_changes_nothing(
    command: commands.Command, code: str
) -> None:
    floor = centre()
    before = state_digest(floor.state)
    with pytest.raises(Refused) as refused:
        floor.do(command)
    assert refused.value.code == code
    assert state_digest(floor.state) == before


def test_a_queue_or_agent_that_leaves_the_configuration_ends_the_loan_first() -> None:
    floor = centre()
    floor.do(move(floor))
    floor.do(move(floor, MAIN, agent=TOM))
    decision = floor.change(an_agent("mia"), a_queue("main"), version="v2")
    assert names(decision)[:3] == ["SeatReturned", "SeatReturned", "CatalogueChanged"]
    assert one(floor.arrive("i1"), "Offered").agent_id == MIA


def test_a_loan_survives_a_restart_from_the_log_and_from_a_snapshot() -> None:
    floor = centre()
    floor.do(move(floor, es=2))
    again = new_state()
    for event in floor.log:
        apply(again, event)
    for state in (again, restore(snapshot(floor.state))):
        assert state_digest(state) == state_digest(floor.state)
        view = agent_view(state, MIA, Instant(floor.now))
        assert view is not None
        assert view.queues == (SECOND,)
        assert next_deadline(state) == floor.now + HALF_AN_HOUR_MS
        ready = {each.queue: each.agents_ready for each in queue_views(state, Instant(floor.now))}
        assert ready == {"main": 0, "second": 2}


def test_the_forecast_shares_a_place_in_line_among_the_seats_that_will_be_there() -> None:
    floor = centre()
    for number in range(50):
        floor.now += 10_000
        to_second(floor, f"a{number}")
        to_second(floor, f"b{number}")
        for name in "ab":
            floor.now += 30_000
            floor.accept(f"{name}{number}.1", "tom")
            floor.now += 30_000
            floor.do(commands.End(InteractionId(f"{name}{number}"), TOM))
            floor.do(commands.WrapUp(InteractionId(f"{name}{number}"), TOM))
    main, second = seat_forecast(floor.state, MIA, (SECOND,))
    assert (main.queue, main.seats, main.seats_then) == ("main", 1, 0)
    assert main.expected_then is None, "nobody would be there"
    assert (second.seats, second.seats_then, second.lacks) == (1, 2, {})
    assert second.expected is not None
    assert second.expected_then is not None
    assert second.expected_then.high_ms <= second.expected.high_ms // 2 + 1_000
    assert second.expected_then.hit_rate is None, "what was not measured claims no hit rate"
    floor.do(commands.SetPresence(MIA, Presence.NOT_READY))
    (_, then) = seat_forecast(floor.state, MIA, (SECOND,))
    assert then.seats_then == 1, "who is not ready changes nothing yet"
    assert seat_forecast(floor.state, AgentId("x"), (SECOND,)) == ()


def test_the_team_s_queues_are_left_as_well_while_a_seat_is_moved() -> None:
    team = TeamName("north")
    floor = Floor(
        an_agent("mia", "second", teams=(team,)),
        a_queue("main"),
        a_queue("second"),
        teams={team: Team(team, queues=(MAIN,))},
    )
    floor.ready("mia")
    floor.do(move(floor, SECOND))
    assert names(floor.arrive("i1"))[-1] == "Queued"
    forecast = seat_forecast(floor.state, MIA, None)
    assert [(each.queue, each.seats_then) for each in forecast] == [("main", 1)]
