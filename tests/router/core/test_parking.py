"""Work laid aside frees its slot, and comes back in time."""

from __future__ import annotations

import pytest

from router.core import agent_view, interaction_view, parked_views
from router.model import commands
from router.model.agent import Capacity, Presence
from router.model.content import Author
from router.model.errors import Refused
from router.model.ids import AgentId, EntryId, Instant, InteractionId
from router.model.interaction import Phase
from router.state.deadlines import PARKED_LIMIT_MS
from tests.support.floor import MAIL, Floor, an_agent, names, one

MIA, TOM = AgentId("mia"), AgentId("tom")
M1 = InteractionId("m1")


def parked(for_ms: int = 60_000) -> Floor:
    floor = Floor(an_agent("mia"), an_agent("tom"), capacity=Capacity(slots={MAIL: 1}))
    floor.ready("mia")
    floor.served("m1", "mia", MAIL)
    floor.ready("tom")
    decision = floor.do(commands.Park(M1, MIA, Instant(floor.now + for_ms)))
    assert names(decision) == ["EngagementEnded", "Parked"]
    return floor


def refusal(floor: Floor, command: commands.Command) -> str:
    with pytest.raises(Refused) as refused:
        floor.do(command)
    return refused.value.code


def test_parked_work_takes_no_slot_and_is_listed_with_its_agent() -> None:
    floor = parked()
    now = Instant(floor.now)
    view = agent_view(floor.state, MIA, now)
    assert view is not None
    assert view.free == {MAIL: 1}
    (listed,) = parked_views(floor.state, MIA, now)
    assert (listed.interaction_id, listed.parked_until) == ("m1", now + 60_000)
    assert (listed.phase, listed.parked_by) == (Phase.PARKED, "mia")
    assert parked_views(floor.state, TOM, now) == []


def test_its_agent_takes_it_up_without_a_ring() -> None:
    floor = parked()
    assert names(floor.do(commands.Unpark(M1, MIA))) == ["Engaged"]
    assert one(floor.last, "Engaged").waited_ms == 0
    assert parked_views(floor.state, MIA, Instant(floor.now)) == []


def test_nobody_else_takes_it_up_and_nobody_past_their_room() -> None:
    floor = parked()
    assert refusal(floor, commands.Unpark(M1, TOM)) == "not_yours"
    floor.do(commands.SetPresence(TOM, Presence.NOT_READY))
    floor.served("m2", "mia", MAIL)
    assert refusal(floor, commands.Unpark(M1, MIA)) == "no_capacity"


def test_when_its_moment_comes_it_is_offered_to_its_agent_first() -> None:
    floor = parked()
    decision = floor.later(60_000)
    assert names(decision) == ["Queued", "Offered"]
    queued = one(decision, "Queued")
    assert (queued.reason, queued.preferred) == ("unparked", "mia")
    assert one(decision, "Offered").agent_id == "mia"


def test_when_its_agent_is_gone_by_then_the_queue_has_it() -> None:
    floor = parked()
    floor.do(commands.SignOut(MIA))
    decision = floor.later(60_000)
    assert one(decision, "Queued").preferred is None
    assert one(decision, "Offered").agent_id == "tom"


def test_a_customers_words_bring_it_back_at_once() -> None:
    floor = parked(3_600_000)
    entry = commands.NewEntry(EntryId("more"))
    decision = floor.do(commands.AddEntry(M1, Author.CUSTOMER, entry))
    assert names(decision) == ["EntryAdded", "Queued", "Offered"]
    assert one(decision, "Offered").agent_id == "mia"


@pytest.mark.parametrize("ahead_ms", [0, -1, PARKED_LIMIT_MS + 1])
def test_work_is_parked_to_a_moment_within_a_year(ahead_ms: int) -> None:
    floor = Floor(an_agent("mia"))
    floor.ready("mia")
    floor.served("m1", "mia", MAIL)
    wish = commands.Park(M1, MIA, Instant(floor.now + ahead_ms))
    assert refusal(floor, wish) == "invalid_time"


def test_a_supervisor_can_give_parked_work_to_somebody_else() -> None:
    floor = parked()
    engaged = one(floor.do(commands.Assign(M1, TOM, "sue")), "Engaged")
    assert (engaged.agent_id, engaged.by) == ("tom", "sue")
    view = interaction_view(floor.state, M1, Instant(floor.now))
    assert view is not None
    assert (view.phase, view.parked_by, view.parked_until) == (Phase.ENGAGED, None, None)
