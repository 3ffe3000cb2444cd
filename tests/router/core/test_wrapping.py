"""Wrap-up: modes, limits, outcomes, more time, and what may still be written afterwards."""

from __future__ import annotations

import pytest

from router.core import agent_view, interaction_view
from router.model import commands
from router.model.agent import WrapUpMode, WrapUpRule
from router.model.catalogue import Disposition
from router.model.content import Author
from router.model.errors import Refused
from router.model.ids import AgentId, EntryId, Instant, InteractionId, QueueName
from router.model.interaction import Phase
from tests.support.floor import CHAT, Floor, a_queue, all_of, an_agent, names, one

MIA = AgentId("mia")
I1 = InteractionId("i1")
OUTCOMES = (Disposition("solved"), Disposition("follow_up"))


def wrapping(rule: WrapUpRule | None = None) -> Floor:
    """Mia has just ended i1."""
    rules = {} if rule is None else {CHAT: rule}
    floor = Floor(an_agent("mia"), a_queue(wrap_up=rules, dispositions=OUTCOMES))
    floor.ready("mia")
    floor.served("i1", "mia")
    floor.now += 5_000
    floor.do(commands.End(I1, MIA))
    return floor


def refusal(floor: Floor, command: commands.Command) -> str:
    with pytest.raises(Refused) as refused:
        floor.do(command)
    return refused.value.code


def free_chats(floor: Floor) -> int:
    view = agent_view(floor.state, MIA, Instant(floor.now))
    assert view is not None
    return view.free[CHAT]


def test_mandatory_wrap_up_takes_the_slot_until_it_is_done() -> None:
    floor = wrapping(WrapUpRule(WrapUpMode.MANDATORY))
    assert free_chats(floor) == 2
    floor.now += 3_000
    decision = floor.do(commands.WrapUp(I1, MIA, "solved"))
    assert names(decision) == ["DispositionSet", "WrapUpEnded", "Closed"]
    assert one(decision, "WrapUpEnded").wrap_up_ms == 3_000
    assert free_chats(floor) == 3


def test_optional_wrap_up_takes_no_slot() -> None:
    floor = wrapping(WrapUpRule(WrapUpMode.OPTIONAL))
    assert free_chats(floor) == 3
    view = interaction_view(floor.state, I1, Instant(floor.now))
    assert view is not None
    assert view.phase is Phase.WRAP_UP
    assert view.engagements[0].wrap_up_until == floor.now + 120_000


def test_wrap_up_ends_by_itself_without_an_outcome() -> None:
    floor = wrapping(WrapUpRule(limit_ms=20_000, disposition_required=True))
    decision = floor.later(20_000)
    assert names(decision) == ["WrapUpEnded", "Closed"]
    assert one(decision, "WrapUpEnded").how == "time"
    assert not all_of(decision, "DispositionSet")


def test_after_the_time_the_outcome_can_still_be_given_for_a_quarter_of_an_hour() -> None:
    floor = wrapping(WrapUpRule(limit_ms=20_000))
    floor.later(20_000)
    floor.now += 15 * 60_000
    assert names(floor.do(commands.WrapUp(I1, MIA, "solved"))) == ["DispositionSet"]
    note = commands.AddEntry(
        I1, Author.AGENT, commands.NewEntry(EntryId("n")), agent_id=MIA, note=True
    )
    assert names(floor.do(note)) == ["EntryAdded"]
    floor.now += 1
    assert refusal(floor, commands.WrapUp(I1, MIA, "follow_up")) == "not_yours"
    late = commands.AddEntry(
        I1, Author.AGENT, commands.NewEntry(EntryId("n2")), agent_id=MIA, note=True
    )
    assert refusal(floor, late) == "finished"


def test_who_gave_it_away_chooses_among_the_outcomes_of_the_queue_they_had_it_in() -> None:
    sales = a_queue("sales", dispositions=(Disposition("sold"),))
    billing = a_queue("billing", dispositions=OUTCOMES)
    floor = Floor(an_agent("mia", "billing"), an_agent("eve", "sales"), billing, sales)
    floor.ready("mia")
    floor.served("i1", "mia")
    floor.do(commands.Transfer(I1, MIA, queue=QueueName("sales")))
    view = interaction_view(floor.state, I1, Instant(floor.now))
    assert view is not None
    assert [part.queue for part in view.engagements] == ["billing"]
    assert refusal(floor, commands.WrapUp(I1, MIA, "sold", done=False)) == "unknown_disposition"
    assert names(floor.do(commands.WrapUp(I1, MIA, "solved", done=False))) == ["DispositionSet"]
    floor.later(120_000)
    assert refusal(floor, commands.WrapUp(I1, MIA, "sold")) == "unknown_disposition"
    assert names(floor.do(commands.WrapUp(I1, MIA, "follow_up"))) == ["DispositionSet"]


def test_an_outcome_is_one_of_the_queues_and_required_where_it_says_so() -> None:
    floor = wrapping(WrapUpRule(disposition_required=True))
    assert refusal(floor, commands.WrapUp(I1, MIA)) == "disposition_required"
    assert refusal(floor, commands.WrapUp(I1, MIA, "nonsense")) == "unknown_disposition"
    saved = floor.do(commands.WrapUp(I1, MIA, "follow_up", done=False))
    assert names(saved) == ["DispositionSet"]
    assert floor.do(commands.WrapUp(I1, MIA, "follow_up", done=False)).events == ()
    assert names(floor.do(commands.WrapUp(I1, MIA))) == ["WrapUpEnded", "Closed"]


def test_an_outcome_can_be_saved_while_talking_but_not_wrap_up_ended() -> None:
    floor = Floor(an_agent("mia"), a_queue(dispositions=OUTCOMES))
    floor.ready("mia")
    floor.served("i1", "mia")
    assert names(floor.do(commands.WrapUp(I1, MIA, "solved", done=False))) == ["DispositionSet"]
    assert refusal(floor, commands.WrapUp(I1, MIA)) == "not_in_wrap_up"
    assert refusal(floor, commands.ExtendWrapUp(I1, MIA)) == "not_in_wrap_up"
    view = interaction_view(floor.state, I1, Instant(floor.now))
    assert view is not None
    assert view.engagements[0].disposition == "solved"


def test_more_time_is_counted_from_the_limit_as_often_as_allowed() -> None:
    floor = wrapping(WrapUpRule(limit_ms=20_000, extensions=2, extension_ms=60_000))
    ended = floor.now
    floor.now += 19_000
    for times in (1, 2):
        extended = one(floor.do(commands.ExtendWrapUp(I1, MIA)), "WrapUpExtended")
        assert (extended.until, extended.extensions) == (ended + 20_000 + times * 60_000, times)
    assert refusal(floor, commands.ExtendWrapUp(I1, MIA)) == "no_more_extensions"
    assert floor.later(120_999).events == ()
    assert names(floor.later(1)) == ["WrapUpEnded", "Closed"]


def test_who_took_no_part_has_nothing_to_wrap_up() -> None:
    floor = wrapping()
    assert refusal(floor, commands.WrapUp(I1, AgentId("tom"))) == "not_yours"
    assert refusal(floor, commands.ExtendWrapUp(I1, AgentId("tom"))) == "not_in_wrap_up"
    assert refusal(floor, commands.WrapUp(InteractionId("x"), MIA)) == "unknown_interaction"
