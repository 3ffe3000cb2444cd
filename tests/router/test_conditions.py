"""Conditions are bounded (IVR-3), say what is wrong with them, and never stop the router."""

from __future__ import annotations

import pytest

from router.conditions import LENGTH_MAX, TEXT_MAX, Variables, check_condition

NAMES = ("interaction", "customer", "clock")


def variables() -> Variables:
    return Variables(
        {
            "interaction": {"medium": "mail", "attributes": {"topic": "loan", "tries": 2}},
            "customer": {"tier": "gold"},
            "clock": {"hour": 9, "weekday": 4},
        }
    )


@pytest.mark.parametrize(
    "source",
    [
        "",
        "true",
        "interaction.medium == 'mail'",
        "interaction.attributes.topic in ['loan', 'card'] && clock.hour >= 8",
        "customer.tier.startsWith('g') || customer.nothing == 1",
        "has(interaction.attributes.topic) && !has(interaction.attributes.other)",
        "[1, 2].exists(n, n == interaction.attributes.tries)",
        "interaction.attributes['topic'].matches('^lo')",
    ],
)
def test_a_condition_that_is_true_holds(source: str) -> None:
    seen = variables()
    assert seen.holds(source, "rule")
    assert check_condition(source, NAMES) == []
    assert seen.notes == []


@pytest.mark.parametrize(
    "source",
    [
        "interaction.attributes.absent == 1",
        "customer.tier > 3",
        "stranger == 1",
        "1 / 0 == 1",
        "clock.hour +",
        "interaction.medium",
        "(" * 600 + ")" * 600,
        "9223372036854775807 + clock.hour == 0",
    ],
)
def test_a_condition_that_fails_does_not_hold_and_is_noted_where_it_is_an_error(
    source: str,
) -> None:
    seen = variables()
    assert not seen.holds(source, "rule r1")
    if source != "interaction.medium":  # No error: it is only not true.
        assert len(seen.notes) == 1
        assert seen.notes[0].startswith("rule r1: ")
        assert len(seen.notes[0]) <= 320


def test_a_value_that_cannot_be_made_is_noted_too() -> None:
    def broken() -> int:
        raise ValueError("no clock today")

    seen = Variables({"clock": broken})
    assert not seen.holds("clock.hour == 1", "rule")
    assert len(seen.notes) == 1


def test_only_variables_that_are_spoken_of_are_made() -> None:
    made: list[str] = []

    def maker(name: str) -> str:
        made.append(name)
        return name

    seen = Variables({"a": lambda: maker("a"), "b": lambda: maker("b")})
    assert seen.holds("a == 'a'", "one")
    assert seen.holds("a != 'b'", "two")
    assert made == ["a"]
    seen.forget("a")
    assert seen.holds("a == 'a'", "three")
    assert made == ["a", "a"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x" * (LENGTH_MAX + 1), f"longer than {LENGTH_MAX}"),
        ("clock.hour ==", "Failed to parse"),
        ("clok.hour == 1", "unknown variable 'clok'"),
        ("clock.houre == 1", "clock has no field 'houre'"),
        ("interaction.subject == 'x'", "interaction has no field 'subject'"),
        ("[1].map(a, [2].map(b, [3].map(c, a+b+c))).size() > 0", "nested deeper than 2"),
        (f"clock.hour in [{','.join('1' * 201)}]", "more than 200 elements"),
        (
            f"[{','.join('1' * 110)}].exists(a, [{','.join('1' * 110)}].exists(b, a > b))",
            "multiply to more than 10000",
        ),
    ],
)
def test_what_is_wrong_with_a_condition_is_said_in_words(source: str, words: str) -> None:
    problems = check_condition(source, NAMES)
    assert len(problems) == 1
    assert words in problems[0]


def test_what_is_over_the_bounds_is_not_evaluated_either() -> None:
    """IVR-3: a rule that slipped past the check still costs nothing."""
    seen = variables()
    assert not seen.holds("true || " + "x" * LENGTH_MAX, "long")
    assert not seen.holds("[1].map(a, [2].map(b, [3].map(c, a+b+c))).size() == 1", "deep")
    assert len(seen.notes) == 2


def test_marks_and_words_inside_texts_count_for_nothing() -> None:
    source = "interaction.medium != '[,,,].map(x, (' && customer.tier != \"clock.nonsense\""
    assert check_condition(source, NAMES) == []
    assert variables().holds(source, "rule")


def test_macro_variables_are_no_strangers_and_siblings_are_not_nested() -> None:
    source = "[1].all(n, n > 0) && [1].exists(m, m > 0) && [1].filter(k, k > 0).size() == 1"
    assert check_condition(source, NAMES) == []


def test_the_longest_text_allowed_can_be_searched() -> None:
    seen = Variables({"interaction": {"attributes": {"text": "a" * TEXT_MAX}}})
    assert seen.holds("interaction.attributes.text.matches('^(a+)+$')", "slow elsewhere")
