"""Words are numbered, taken once, and never written over somebody newer."""

from __future__ import annotations

from typing import Any

import pytest

from router.model.catalogue import Limits
from router.model.commands import (
    AddEntry,
    CustomerLeave,
    End,
    LinkSubject,
    MarkEntry,
    NewEntry,
    SetAttributes,
    WrapUp,
)
from router.model.content import Author, Mark
from router.model.errors import Refused
from router.model.ids import AgentId, EntryId, InteractionId, SubjectId
from tests.support.floor import MAIL, Floor, an_agent, names, one

MIA, TOM = AgentId("mia"), AgentId("tom")
M1 = InteractionId("m1")


def answering(**more: Any) -> Floor:
    """Mia answers the mail m1, which has one entry."""
    floor = Floor(an_agent("mia"), an_agent("tom"), **more)
    floor.ready("mia")
    floor.served("m1", "mia", MAIL)
    return floor


def words(name: str, author: Author = Author.AGENT, **more: Any) -> AddEntry:
    given: dict[str, object] = {"agent_id": MIA if author is Author.AGENT else None, "seen": 1}
    return AddEntry(M1, author, NewEntry(EntryId(name)), **{**given, **more})


def refusal(floor: Floor, command: AddEntry | MarkEntry | SetAttributes) -> str:
    with pytest.raises(Refused) as refused:
        floor.do(command)
    return refused.value.code


def test_entries_are_numbered_in_order_and_delivered_where_they_go_out() -> None:
    floor = answering()
    decision = floor.do(words("r1"))
    assert one(decision, "EntryAdded").number == 2
    assert [type(effect).__name__ for effect in decision.effects] == ["Deliver"]
    said = floor.do(words("c2", Author.CUSTOMER))
    assert one(said, "EntryAdded").number == 3
    assert said.effects == ()
    note = floor.do(words("n1", note=True))
    assert note.effects == ()


def test_an_answer_to_words_that_are_no_longer_the_last_is_stopped() -> None:
    floor = answering()
    floor.do(words("c2", Author.CUSTOMER))
    assert refusal(floor, words("r1", seen=1)) == "stale"
    assert names(floor.do(words("r1", seen=2))) == ["EntryAdded"]
    assert names(floor.do(words("r2", seen=2))) == ["EntryAdded"], "one's own words are no news"


def test_an_answer_can_be_sent_anyway() -> None:
    floor = answering()
    floor.do(words("c2", Author.CUSTOMER))
    assert names(floor.do(words("r1", seen=1, force=True))) == ["EntryAdded"]


def test_a_colleagues_words_are_news_too() -> None:
    floor = answering()
    floor.do(words("n", agent_id=TOM, note=True))
    assert refusal(floor, words("r1", seen=1)) == "stale"


def test_the_same_entry_or_the_same_source_is_taken_once() -> None:
    floor = answering()
    floor.do(words("r1", source_key="k"))
    assert floor.do(words("r1")).events == ()
    again = floor.do(words("other", source_key="k"))
    assert (again.events, again.interaction_id) == ((), "m1")


def test_only_who_is_engaged_answers_but_anybody_may_leave_a_note() -> None:
    floor = answering()
    assert refusal(floor, words("r1", agent_id=TOM)) == "not_yours"
    assert refusal(floor, words("r1", agent_id=None)) == "unknown_agent"
    assert names(floor.do(words("n1", agent_id=TOM, note=True))) == ["EntryAdded"]


def test_after_the_end_only_the_system_and_notes_until_it_is_finished() -> None:
    floor = answering()
    floor.do(End(M1, MIA))
    assert refusal(floor, words("r1")) == "finished"
    assert refusal(floor, words("c2", Author.CUSTOMER)) == "finished"
    assert names(floor.do(words("transcript", Author.SYSTEM))) == ["EntryAdded"]
    assert names(floor.do(words("n1", note=True))) == ["EntryAdded"]
    floor.do(WrapUp(M1, MIA))
    assert refusal(floor, words("s2", Author.SYSTEM)) == "finished"
    assert refusal(floor, words("n2", agent_id=TOM, note=True)) == "finished"


def test_an_interaction_holds_a_bounded_number_of_entries() -> None:
    floor = answering(limits=Limits(entries_per_interaction=2))
    floor.do(words("r1"))
    assert refusal(floor, words("r2")) == "too_many_entries"


def test_marks_go_forward_only() -> None:
    floor = answering()
    floor.do(words("r1"))
    r1 = EntryId("r1")
    assert names(floor.do(MarkEntry(M1, r1, Mark.WAITING, "no relay"))) == ["EntryMarked"]
    assert floor.do(MarkEntry(M1, r1, Mark.WAITING)).events == ()
    assert names(floor.do(MarkEntry(M1, r1, Mark.DELIVERED))) == ["EntryMarked"]
    assert floor.do(MarkEntry(M1, r1, Mark.SENT)).events == ()
    assert floor.do(MarkEntry(M1, r1, Mark.DELIVERED)).events == ()
    assert names(floor.do(MarkEntry(M1, r1, Mark.FAILED, "550"))) == ["EntryMarked"]
    assert floor.do(MarkEntry(M1, r1, Mark.FAILED)).events == ()
    assert names(floor.do(MarkEntry(M1, r1, Mark.SEEN))) == ["EntryMarked"]
    assert refusal(floor, MarkEntry(M1, EntryId("x"), Mark.SENT)) == "unknown_entry"


def test_a_refusal_that_is_known_first_is_not_covered_up_by_the_sending() -> None:
    floor = answering()
    floor.do(words("r1"))
    r1 = EntryId("r1")
    assert names(floor.do(MarkEntry(M1, r1, Mark.FAILED, "550"))) == ["EntryMarked"]
    assert floor.do(MarkEntry(M1, r1, Mark.SENT)).events == ()
    assert floor.do(MarkEntry(M1, r1, Mark.WAITING)).events == ()


def test_a_bounce_can_be_marked_after_everything_is_over() -> None:
    floor = answering()
    floor.do(words("r1"))
    floor.do(CustomerLeave(M1))
    floor.do(WrapUp(M1, MIA))
    assert names(floor.do(MarkEntry(M1, EntryId("r1"), Mark.FAILED, "550"))) == ["EntryMarked"]


def test_attributes_change_one_by_one_and_only_changes_are_facts() -> None:
    floor = answering()
    changed = floor.do(SetAttributes(M1, {"topic": "loan", "tries": 1}, "mia"))
    assert one(changed, "AttributesSet").attributes == {"topic": "loan", "tries": 1}
    again = floor.do(SetAttributes(M1, {"topic": "loan", "tries": 2}, "mia"))
    assert one(again, "AttributesSet").attributes == {"tries": 2}
    assert floor.do(SetAttributes(M1, {"tries": 2}, "mia")).events == ()
    many: dict[str, str | int | float | bool] = {f"a{number}": 1 for number in range(199)}
    assert refusal(floor, SetAttributes(M1, many)) == "too_large"


def test_an_interaction_can_be_given_to_another_card() -> None:
    floor = answering()
    assert names(floor.do(LinkSubject(M1, SubjectId("other"), "mia"))) == ["SubjectLinked"]
    assert floor.do(LinkSubject(M1, SubjectId("other"), "mia")).events == ()


def test_a_note_mentions_colleagues_once_each_and_nothing_else_does() -> None:
    floor = Floor(an_agent("mia"), an_agent("tom"))
    floor.ready("mia")
    floor.served("i1", "mia")
    tom = AgentId("tom")

    def wish(number: int, *mentions: AgentId, note: bool = True) -> AddEntry:
        return AddEntry(
            InteractionId("i1"),
            Author.AGENT,
            NewEntry(EntryId(f"n{number}")),
            agent_id=AgentId("mia"),
            seen=9,
            note=note,
            mentions=mentions,
        )

    assert one(floor.do(wish(1, tom, tom)), "EntryAdded").mentions == (tom,)
    for command, code in (
        (wish(2, tom, note=False), "not_a_note"),
        (wish(3, AgentId("nobody")), "unknown_agent"),
        (wish(4, *[tom] * 21), "too_large"),
    ):
        with pytest.raises(Refused) as refused:
            floor.do(command)
        assert refused.value.code == code
