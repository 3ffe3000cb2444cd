"""What desks and boards see of the floor."""

from __future__ import annotations

from router.core import (
    agents_view,
    conservation,
    expected_wait,
    interaction_view,
    is_open,
    next_opening,
    open_in_case,
    position_in_queue,
    queue_views,
    waiting_views,
    why_waiting,
)
from router.model import commands
from router.model.agent import Capacity, Presence
from router.model.catalogue import Calendar, Span
from router.model.ids import AgentId, CaseId, Instant, InteractionId, Position, QueueName
from router.model.interaction import Phase
from router.model.views import QueueView
from tests.support.floor import CHAT, MAIL, VOICE, Floor, a_queue, an_agent

MIA = AgentId("mia")
I1 = InteractionId("i1")
MAIN = QueueName("main")


def queue(floor: Floor, name: str = "main") -> QueueView:
    views = queue_views(floor.state, Instant(floor.now))
    return next(view for view in views if view.queue == name)


def test_an_interaction_shows_where_it_is_and_what_is_promised() -> None:
    floor = Floor(an_agent("mia"), a_queue(target_ms={CHAT: 20_000}))
    floor.ready("mia")
    floor.arrive("i1", attributes={"topic": "loan"}, customer={"tier": "gold"})
    view = interaction_view(floor.state, I1, Instant(floor.now))
    assert view is not None
    assert (view.phase, view.queue, view.visit, view.entries) == (Phase.OFFERED, "main", 1, 1)
    assert view.due == floor.now + 20_000
    assert view.offer is not None
    assert (view.offer.agent_id, view.attributes, view.customer) == (
        "mia",
        {"topic": "loan"},
        {"tier": "gold"},
    )
    assert interaction_view(floor.state, InteractionId("x"), Instant(floor.now)) is None


def test_a_view_is_a_copy() -> None:
    floor = Floor()
    floor.arrive("i1", attributes={"topic": "loan"})
    view = interaction_view(floor.state, I1, Instant(floor.now))
    assert view is not None
    view.attributes["topic"] = "other"
    assert floor.state.interactions[I1].attributes == {"topic": "loan"}


def test_an_agent_shows_how_much_more_fits() -> None:
    capacity = Capacity(slots={CHAT: 3, MAIL: 2, VOICE: 1}, total=3, load={VOICE: 3})
    floor = Floor(an_agent("mia", capacity=capacity), an_agent("tom"))
    floor.ready("mia")
    floor.served("i1", "mia")
    mia, tom = agents_view(floor.state, Instant(floor.now))
    assert mia.used == {CHAT: 1}
    assert mia.free == {CHAT: 2, MAIL: 2, VOICE: 0}
    assert mia.interactions == ("i1",)
    assert (tom.presence, tom.free[CHAT]) == (Presence.OFFLINE, 0)
    floor.arrive("i2")
    (mia, _) = agents_view(floor.state, Instant(floor.now))
    assert mia.offers == ("i2.1",)


def test_a_queue_counts_who_waits_rings_and_talks() -> None:
    floor = Floor(an_agent("mia"), an_agent("tom", "second"), a_queue("main"), a_queue("second"))
    floor.ready("mia")
    floor.do(commands.SignIn(AgentId("tom")))
    for number in range(5):
        floor.now += 1_000
        floor.arrive(f"i{number}")
    floor.accept("i0.1", "mia")
    view = queue(floor)
    assert (view.waiting, view.offered, view.engaged) == (2, 2, 1)
    assert view.longest_waiting_since == floor.now - 1_000
    assert (view.agents_ready, view.agents_signed_in, view.open) == (1, 1, True)
    other = queue(floor, "second")
    assert (other.waiting, other.agents_ready, other.agents_signed_in) == (0, 0, 1)
    assert other.longest_waiting_since is None
    assert other.expected_wait is None


def test_the_first_who_wait_are_listed_in_their_order() -> None:
    floor = Floor()
    for number in range(5):
        floor.arrive(f"i{number}")
        floor.now += 1
    now = Instant(floor.now)
    listed = [view.interaction_id for view in waiting_views(floor.state, MAIN, now, limit=3)]
    assert listed == ["i0", "i1", "i2"]
    assert waiting_views(floor.state, QueueName("x"), now) == []
    assert position_in_queue(floor.state, InteractionId("i4"), now) == 5
    assert position_in_queue(floor.state, InteractionId("x"), now) == 0
    assert why_waiting(floor.state, InteractionId("x"), now) is None
    assert expected_wait(floor.state, InteractionId("x"), now) is None


def test_those_ahead_are_named_twenty_at_most() -> None:
    floor = Floor()
    for number in range(30):
        floor.arrive(f"i{number:02}")
        floor.now += 1
    why = why_waiting(floor.state, InteractionId("i29"), Instant(floor.now))
    assert why is not None
    assert why.position == 30
    assert why.ahead == tuple(f"i{number:02}" for number in range(20))


def test_the_conservation_law_balances_through_a_life() -> None:
    floor = Floor(an_agent("mia"))
    floor.ready("mia")
    floor.arrive("i1")
    floor.arrive("i2", VOICE)
    floor.arrive("i3", VOICE)
    floor.arrive("i4", self_service=True)
    floor.accept("i1.1", "mia")
    terms = conservation(floor.state, Instant(floor.now), Position(7))
    assert (terms.accepted, terms.self_service, terms.waiting) == (4, 1, 1)
    assert (terms.offered, terms.in_work, terms.finished, terms.position) == (1, 1, 0, 7)
    assert terms.balances
    floor.do(commands.CustomerLeave(InteractionId("i3")))
    assert conservation(floor.state, Instant(floor.now)).finished == 1
    assert conservation(floor.state, Instant(floor.now)).balances


def test_calendars_can_be_asked_by_name() -> None:
    night = Calendar("night", weekdays=((Span(0, 60),),) * 7)
    floor = Floor(calendars={"night": night}, now=7_200_000)
    now = Instant(floor.now)
    assert not is_open(floor.state, "night", now)
    assert is_open(floor.state, "none", now)
    assert next_opening(floor.state, "night", now) == 86_400_000
    assert next_opening(floor.state, "none", now) is None
    floor.do(commands.CloseCalendar("night", closed=True))
    assert next_opening(floor.state, "night", now) is None
    assert not is_open(floor.state, "night", Instant(86_400_000))


def test_the_open_interaction_of_a_case_is_found_until_its_end() -> None:
    floor = Floor()
    case = CaseId("c")
    assert open_in_case(floor.state, case, Instant(floor.now)) is None
    floor.arrive("i1", case_id=case)
    view = open_in_case(floor.state, case, Instant(floor.now))
    assert view is not None
    assert view.interaction_id == "i1"
    floor.do(commands.Discard(I1, "sue", "spam"))
    assert open_in_case(floor.state, case, Instant(floor.now)) is None
