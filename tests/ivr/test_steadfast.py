"""What a session counts, forgets and tells when flows lie within flows, and when people write."""

import pytest

from ivr.asks import Found, Listen
from ivr.happenings import Act, Answered, Errands, Gone, Played, Question, Settled, Stepped, Uttered
from ivr.session import WRITING_MS, Contact, Session
from ivr.values import SECRET_MS, VALUES_MAX, Values
from router.model.ids import Instant
from tests.ivr.flows import BANK, BEGAN, assert_talk, world_of

BANKING = world_of(BANK)


def steps(acts: list[Act]) -> list[tuple[str, str, str]]:
    """The nodes left, as (flow, node, exit)."""
    return [(each.flow, each.node, each.exit) for each in acts if isinstance(each, Stepped)]


def test_ivr_4_three_wrong_secrets_end_the_tries_of_a_session_whatever_the_account() -> None:
    wrong = ["presses 0815", "balance finds nothing"]
    assert_talk(
        BANKING,
        *("presses 1", "presses 1", "presses 4711#", "presses 1"),
        *wrong * 3,
        "presses 0815",
        "hears Good-bye",
        "ends by hung_up",
    )


def test_ivr_4_a_plain_value_takes_the_place_of_a_secret_one() -> None:
    values = Values()
    values.set("pin", "0815", BEGAN, secret=True)
    assert values.text("{pin}") == "0815"
    values.set("pin", "open", BEGAN, secret=False)
    assert values.text("{pin}") == "open"
    assert list(values.ends()) == []
    values.set("pin", "4711", BEGAN, secret=True)
    assert "pin" not in values.plain
    values.forget(Instant(BEGAN + SECRET_MS))
    assert values.text("{pin}") == ""
    for number in range(VALUES_MAX + 1):
        values.set(f"v{number}", number, BEGAN, secret=False)
    assert len(values.plain) == VALUES_MAX


def test_who_hangs_up_within_a_sub_flow_has_left_both_flows() -> None:
    session = Session(BANKING, "main", Contact("voice", language="en"), BEGAN)
    acts = session.start()
    for said in ("1", "2"):
        acts += session.take(Uttered(said), BEGAN)
    acts += session.take(Gone(), Instant(BEGAN + 500))
    assert steps(acts)[-2:] == [("orders", "number", ""), ("main", "order", "")]


NESTED = """
[main]
start = "inner"
on_fault = "rescue"

[main.node.inner]
do = "subflow"
flow = "other"
otherwise = "rescue"

[main.node.rescue]
do = "enqueue"

[other]
start = "rescue"

[other.node.rescue]
do = "set"
values = { a = 1 }
next = "nowhere"
"""


def test_a_fault_in_a_sub_flow_goes_on_at_a_node_of_the_same_name_outside() -> None:
    session = Session(world_of(NESTED), "main", Contact("voice"), BEGAN)
    acts = session.start()
    assert steps(acts) == [
        ("other", "rescue", "next"),
        ("other", "nowhere", "fault"),
        ("main", "inner", "fault"),
        ("main", "rescue", "queued"),
    ]


def test_a_flow_that_ends_within_a_sub_flow_is_over_for_its_caller() -> None:
    ending = NESTED.replace('do = "set"\nvalues = { a = 1 }\nnext = "nowhere"', 'do = "hang_up"')
    acts = Session(world_of(ending), "main", Contact("voice"), BEGAN).start()
    assert steps(acts) == [("other", "rescue", "hung_up"), ("main", "inner", "within")]


ASKING = """
[main]
start = "number"

[main.node.number]
do = "ask"
say = "Your number?"
into = "number"
digits_min = 3
tries = 3
next = "bye"
otherwise = "agent"

[main.node.bye]
do = "hang_up"

[main.node.agent]
do = "enqueue"
"""


def test_the_tries_of_a_question_are_those_it_says_whether_silent_or_wrong() -> None:
    went = assert_talk(
        world_of(ASKING),
        "hears Your number?",
        "waits 8 s",
        "hears I did not hear anything. Your number?",
        "presses 1#",
        "hears does not look right. Your number?",
        "waits 8 s",
        "goes to the rules",
    )
    assert went.ways == (("main", "number", "otherwise"), ("main", "agent", "queued"))


def test_whoever_runs_a_session_is_told_what_is_asked_and_when_it_is_settled() -> None:
    session = Session(BANKING, "main", Contact("voice"), BEGAN)
    acts = session.start()
    question = next(each for each in acts if isinstance(each, Question))
    assert question.listen.choices == {"1": "English", "2": "中文"}
    acts = session.take(Uttered("english"), BEGAN)
    assert Settled(question.number) in acts
    menu = next(each for each in acts if isinstance(each, Question))
    assert menu.listen.choices == {"1": "balance", "2": "2", "3": "3", "0": "0"}
    assert Settled(menu.number) in session.take(Gone(), BEGAN)


@pytest.mark.parametrize(("medium", "patience_ms"), [("voice", 5_000), ("chat", WRITING_MS)])
def test_who_writes_is_given_the_time_to_write(medium: str, patience_ms: int) -> None:
    session = Session(BANKING, "main", Contact(medium), BEGAN)
    question = next(each for each in session.start() if isinstance(each, Question))
    session.take(Played(question.number), BEGAN)
    assert session.due == BEGAN + patience_ms
    assert isinstance(question.listen, Listen)


def test_an_answer_that_comes_to_no_errand_changes_nothing() -> None:
    session = Session(BANKING, "main", Contact("voice", language="en"), BEGAN)
    acts = session.start()
    assert not any(isinstance(each, Errands) for each in acts)
    assert session.take(Answered(99, Found("found")), BEGAN) == []
