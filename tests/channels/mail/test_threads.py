"""Threads: answers below what they answer, in any order of arrival."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail.threads import (
    Thread,
    Threadable,
    base_subject,
    references_of,
    thread_by_references,
)


def keys_of(threads: list[Thread]) -> list[int]:
    found: list[int] = []
    stack = list(threads)
    while stack:
        thread = stack.pop()
        found += [thread.key] if thread.key is not None else []
        stack += thread.children
    return sorted(found)


def test_an_answer_stands_below_its_question_even_when_it_came_first() -> None:
    mails = [Threadable(2, "b", ("a",), at_ms=1), Threadable(1, "a", at_ms=2)]
    assert thread_by_references(mails) == [Thread(1, [Thread(2, [])])]


def test_answers_to_a_mail_nobody_has_stand_side_by_side() -> None:
    mails = [Threadable(1, "a", ("x",), at_ms=1), Threadable(2, "b", ("x",), at_ms=2)]
    assert thread_by_references(mails) == [Thread(None, [Thread(1, []), Thread(2, [])])]


def test_equal_subjects_are_joined_only_between_roots() -> None:
    mails = [
        Threadable(1, "a", subject="Order", at_ms=1),
        Threadable(2, "b", subject="Re: order", at_ms=2),
        Threadable(3, "c", subject="Invoice", at_ms=3),
    ]
    assert thread_by_references(mails) == [Thread(1, [Thread(2, [])]), Thread(3, [])]


def test_references_that_go_in_a_circle_do_not() -> None:
    mails = [Threadable(1, "a", ("b",)), Threadable(2, "b", ("a",)), Threadable(3, "c", ("c",))]
    assert keys_of(thread_by_references(mails)) == [1, 2, 3]


def test_a_chain_as_long_as_a_mailbox_is_followed() -> None:
    mails = [Threadable(n, f"m{n}", (f"m{n - 1}",) if n else (), at_ms=n) for n in range(3_000)]
    assert keys_of(thread_by_references(mails)) == list(range(3_000))


MAILS = st.lists(
    st.builds(
        Threadable,
        key=st.just(0),
        message_id=st.sampled_from(["", "a", "b", "c", "d"]),
        references=st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=4).map(tuple),
        subject=st.sampled_from(["", "x", "Re: x", "Fwd: y", "y"]),
        at_ms=st.integers(0, 5),
    ),
    max_size=12,
)


@given(MAILS)
def test_every_mail_stands_in_exactly_one_place(mails: list[Threadable]) -> None:
    numbered = [
        Threadable(number, entry.message_id, entry.references, entry.subject, entry.at_ms)
        for number, entry in enumerate(mails)
    ]
    assert keys_of(thread_by_references(numbered)) == list(range(len(mails)))


@pytest.mark.parametrize(
    ("subject", "base", "answer"),
    [
        ("Order", "ORDER", False),
        ("Re: Order", "ORDER", True),
        ("RE[2]: Fwd: Order (fwd)", "ORDER", True),
        ("[list] Re: [x] Order", "ORDER", True),
        ("[Fwd: Order]", "ORDER", True),
        ("[Order]", "[ORDER]", False),
        ("Re:", "", True),
        ("", "", False),
    ],
)
def test_the_base_of_a_subject(subject: str, base: str, *, answer: bool) -> None:
    assert base_subject(subject) == (base, answer)


def test_in_reply_to_counts_only_without_references() -> None:
    assert references_of(("a", "b"), ("c",)) == ("a", "b")
    assert references_of((), ("c", "d")) == ("c",)
