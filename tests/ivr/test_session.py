"""A session leads a customer through a flow, whatever they press, and never loses them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.asks import Found, LookUp, PromiseCallback, Promised, Recorded
from ivr.happenings import (
    Act,
    Answered,
    Errands,
    Gone,
    Guard,
    Happening,
    Over,
    Play,
    Played,
    Pressed,
    Stepped,
    TimePassed,
    Uttered,
)
from ivr.session import LASTS_MS_MAX, STEPS_MAX, Contact, Session
from ivr.values import SECRET_MS
from router.model.ids import Instant
from tests.ivr.flows import BANK, BEGAN, assert_talk, talk, world_of

BANKING = world_of(BANK)


def test_a_caller_hears_their_balance_by_pin_and_goes_to_an_agent() -> None:
    went = assert_talk(
        BANKING,
        "hears For English press 1",
        "presses 1",
        "hears Balance 1",
        "presses 1",
        "hears Your account number?",
        "presses 4711#",
        "hears 4 7 1 1",
        "presses 1",
        "hears Your PIN?",
        "presses 0815",
        "balance answers { balance = 12.5 }",
        "hears You have 12.5 euro.",
        "presses 0",
        "goes to the rules",
        "has reason = bank",
    )
    assert ("main", "balance", "found") in went.ways
    assert went.ways[-1] == ("main", "agent", "queued")


def test_a_rich_customer_is_sent_on_by_the_branch() -> None:
    assert_talk(
        BANKING,
        "presses 1",
        "says my balance",
        "presses 4711#",
        "presses 1",
        "presses 0815",
        "balance answers { balance = 5000.0 }",
        "hears One moment.",
        "value tier is gold",
        "goes to the rules",
    )


def test_a_wrong_pin_is_asked_for_again_and_a_locked_account_ends() -> None:
    assert_talk(
        BANKING,
        "presses 1",
        "presses 1",
        "presses 4711#",
        "presses 1",
        "presses 0000",
        "balance finds nothing",
        "hears Your PIN?",
        "presses 0815",
        "balance fails",
        "goes to the rules",
    )


def test_the_whole_flow_speaks_the_chosen_language() -> None:
    assert_talk(BANKING, "presses 2", "hears 余额 1", "says 余额", "hears 请输入账号")


def test_a_caller_who_does_nothing_reaches_an_agent() -> None:
    went = assert_talk(
        BANKING,
        "waits 12 s",
        "hears Balance",
        "waits 40 s",
        "hears One moment",
        "goes to the rules",
    )
    assert ("main", "menu", "otherwise") in went.ways


def test_wrong_keys_are_told_and_asked_again() -> None:
    assert_talk(
        BANKING,
        "presses 1",
        "presses 9",
        "hears not one of the choices",
        "hears Balance 1",
        "presses 9",
        "presses 9",
        "goes to the rules",
    )


def test_keys_pressed_ahead_count_for_the_questions_to_come() -> None:
    went = assert_talk(BANKING, "presses 1 1", "presses 4711#", "hears 4 7 1 1")
    assert went.transcript[0].startswith("flow: For English")


def test_a_number_that_is_too_short_is_refused_in_words() -> None:
    assert_talk(
        BANKING,
        "presses 1",
        "presses 1",
        "presses 12#",
        "hears does not look right",
        "hears Your account number?",
        "presses 4711#",
        "hears 4 7 1 1",
        "presses 2",
        "hears Your account number?",
    )


def test_a_sub_flow_comes_back_through_its_exit() -> None:
    assert_talk(
        BANKING,
        "presses 1",
        "presses 2",
        "is at orders.number",
        "presses 88#",
        'order answers { status = "on its way" }',
        "hears It is on its way.",
        "is at main.menu",
    )
    assert_talk(
        BANKING, "presses 1", "presses 2", "presses 88#", "order fails", "goes to the rules"
    )


def test_closed_hours_take_a_message() -> None:
    closed = world_of(BANK, open_now=False)
    assert_talk(closed, "presses 1", "leaves a message of 10 s", "ends by left_message")
    assert_talk(closed, "presses 1", "leaves a message of 0 s", "hears Good-bye", "ends by hung_up")


def test_a_callback_goes_to_the_callers_number_or_another() -> None:
    assert_talk(
        BANKING,
        "presses 1",
        "presses 3",
        "hears + 4 9 3 0",
        "presses 1",
        "is connected",
        "hears You keep your place",
        "ends by callback",
        caller="+4930",
    )
    assert_talk(
        BANKING,
        "presses 1",
        "presses 3",
        "presses 2",
        "presses 030123#",
        "is not connected",
        "hears cannot call that number",
        "goes to the rules",
        caller="+4930",
    )
    assert_talk(BANKING, "presses 1", "presses 3", "hears enter your number")


def test_hanging_up_is_noted_at_the_node_where_it_happened() -> None:
    went = assert_talk(BANKING, "presses 1", "hangs up", "ends by hung_up")
    assert went.ways[-1] == ("main", "menu", "")


def test_a_line_that_does_not_hold_says_what_was_heard() -> None:
    went = talk(BANKING, "hears Guten Tag")
    assert went.failed_line == 0
    assert "For English press 1" in went.message
    assert "sentences" in talk(BANKING, "dances").message
    assert 'does not ask "balance" now' in talk(BANKING, "balance fails").message


LOOP = """
[main]
start = "a"
[main.node.a]
do = "set"
values = { x = 1 }
next = "b"
[main.node.b]
do = "branch"
cases = [{ when = "value.x == 1", to = "a" }]
otherwise = "c"
[main.node.c]
do = "hang_up"
"""


def test_ivr_5_a_circle_ends_with_the_customer_in_the_queue() -> None:
    session = Session(world_of(LOOP), "main", Contact("voice"), BEGAN)
    acts = session.start()
    over = acts[-1]
    assert isinstance(over, Over)
    assert over.finish.how == "queued"
    assert str(STEPS_MAX) in over.fault
    assert sum(isinstance(act, Stepped) for act in acts) == STEPS_MAX + 1


def test_ivr_5_a_session_ends_after_thirty_minutes_at_the_node_for_faults() -> None:
    session = Session(BANKING, "main", Contact("voice"), BEGAN)
    session.start()
    acts = session.take(TimePassed(), Instant(BEGAN + LASTS_MS_MAX))
    assert any(isinstance(act, Play) and "One moment" in act.utterance.text() for act in acts)
    assert session.at == ("main", "agent")


NESTED = """
[main]
start = "a"
[main.node.a]
do = "subflow"
flow = "main"
otherwise = "b"
[main.node.b]
do = "hang_up"
"""


def test_ivr_5_sub_flows_are_nested_eight_deep_at_most() -> None:
    acts = Session(world_of(NESTED), "main", Contact("voice"), BEGAN).start()
    assert isinstance(acts[-1], Over)
    assert "too deep" in acts[-1].fault


def test_ivr_4_a_secret_is_in_no_act_but_the_look_up_and_is_forgotten() -> None:
    session = Session(BANKING, "main", Contact("voice"), BEGAN)
    acts = session.start()
    for key in ("1", "1", *"4711#", "1"):
        acts += session.take(Pressed(key), BEGAN)
    secret_from = len(acts)
    assert acts[-3:-2] == [Guard(on=True)]
    for key in "0815":
        acts += session.take(Pressed(key), BEGAN)
    asked = acts[-1]
    assert isinstance(asked, Errands)
    assert isinstance(asked.errand, LookUp)
    assert asked.errand.values == {"account": "4711", "pin": "0815"}
    assert Guard(on=False) in acts[secret_from:]
    assert "0815" not in repr(acts[:-1])
    assert session.value("pin") == ""
    later = Instant(BEGAN + SECRET_MS)
    assert session.due is not None
    assert session.due <= later
    session.take(TimePassed(), later)
    assert session.text("{pin}") == ""
    assert session.text("{account}") == "4711"


def test_a_secret_is_not_read_by_conditions_or_prompts() -> None:
    session = Session(BANKING, "main", Contact("voice"), BEGAN)
    session.set("pin", "0815", secret=True)
    assert session.value("pin") == ""
    assert not session.holds('value.pin == "0815"')
    assert session.say("{pin}").text() == ""


@pytest.mark.parametrize("answer", [None, Recorded(5), Promised("kept")])
def test_an_answer_of_the_wrong_kind_ends_in_the_queue_and_not_in_an_error(answer: object) -> None:
    session = Session(BANKING, "main", Contact("voice", caller="+49"), BEGAN)
    acts = session.start()
    for key in ("1", "2", *"88#"):
        acts = session.take(Pressed(key), BEGAN)
    errand = acts[-1]
    assert isinstance(errand, Errands)
    acts = session.take(Answered(errand.number, answer), BEGAN)  # type: ignore[arg-type]  # The fault under test.
    assert session.at == ("main", "agent")


HAPPENINGS = st.one_of(
    st.sampled_from("0123456789*#").map(Pressed),
    st.text(max_size=20).map(Uttered),
    st.integers(1, 30).map(Played),
    st.builds(
        Answered,
        st.integers(1, 30),
        st.one_of(
            st.none(),
            st.builds(Found, st.sampled_from(["found", "not_found", "failed", "locked", "?"])),
            st.builds(Recorded, st.integers(0, 9)),
            st.builds(Promised, st.sampled_from(["kept", "failed"])),
        ),
    ),
    st.just(TimePassed()),
    st.just(Gone()),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(HAPPENINGS, st.integers(0, 60_000)), max_size=60))
def test_whatever_happens_a_session_ends_once_and_in_bounds(
    story: list[tuple[Happening, int]],
) -> None:
    session = Session(BANKING, "main", Contact("voice", caller="+49301"), BEGAN)
    now = BEGAN
    acts: list[Act] = session.start()
    numbers = [act.number for act in acts if isinstance(act, Play)]
    for happening, wait_ms in story:
        now = Instant(now + wait_ms)
        if isinstance(happening, Played) and numbers:
            happening = Played(numbers[-1])
        new = session.take(happening, now)
        numbers += [act.number for act in new if isinstance(act, Play | Errands)]
        acts += new
        assert session.over or session.due is not None
    while not session.over:
        # Left alone it comes to an end by its own clocks.
        assert session.due is not None
        now = max(now, session.due)
        acts += session.take(TimePassed(), now)
        assert now <= BEGAN + 61 * 60_000 + 3 * LASTS_MS_MAX
    assert sum(isinstance(act, Over) for act in acts) == 1
    assert isinstance(acts[-1], Over)
    assert session.take(Pressed("1"), now) == []
    left = [act for act in acts if isinstance(act, Stepped)]
    assert all(act.entered <= act.left for act in left)


def test_the_callback_number_of_a_caller_is_asked_for_as_one_errand() -> None:
    session = Session(BANKING, "main", Contact("voice", caller="+49301"), BEGAN)
    acts = session.start()
    for key in ("1", "3", "1"):
        acts = session.take(Pressed(key), BEGAN)
    assert [act.errand for act in acts if isinstance(act, Errands)] == [PromiseCallback("+49301")]
