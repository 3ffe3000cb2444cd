"""Changing configuration texts in place: right always, with comments kept wherever possible."""

from __future__ import annotations

import tomllib
from textwrap import dedent
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from config.editing import put_section, put_table, remove_table, written_out
from router.model.errors import InvalidInput

QUEUES = dedent(
    """\
    # All queues. Ask Ruth before you change targets.

    [queue.sales] # the front door
    plan = "patient" # never hurry them
    target = { chat = "30 s" } # promised on the web page

    # Technical questions.
    [queue.support]
    needs = ["german >= 3"]

    [priority.high]
    credit = "5 min"
    """
)


def after(texts: dict[str, str]) -> Any:
    """What the one changed file says."""
    (text,) = texts.values()
    return tomllib.loads(text)


def test_a_changed_field_keeps_every_comment() -> None:
    table = {"plan": "patient", "target": {"chat": "45 s"}}
    changed = put_table({"queues.toml": QUEUES}, "queue", "sales", table)
    assert changed == {"queues.toml": QUEUES.replace('"30 s"', '"45 s"')}


def test_what_is_the_same_already_changes_nothing() -> None:
    table = {"needs": ["german >= 3"]}
    assert put_table({"q.toml": QUEUES}, "queue", "support", table) == {"q.toml": QUEUES}


def test_a_field_goes_and_another_comes() -> None:
    table = {"target": {"chat": "30 s"}, "limit": 5}
    (text,) = put_table({"queues.toml": QUEUES}, "queue", "sales", table).values()
    assert tomllib.loads(text)["queue"]["sales"] == table
    assert "# All queues." in text
    assert "# promised on the web page" in text
    assert "# Technical questions." in text


def test_a_new_table_stands_where_its_kind_stands() -> None:
    (file,) = put_table({"centre.toml": QUEUES}, "queue", "fax", {"limit": 3})
    assert file == "centre.toml"
    changed = put_table({"centre.toml": QUEUES}, "team", "north", {"queues": ["sales"]})
    assert changed == {"teams.toml": '[team.north]\nqueues = ["sales"]\n'}


def test_a_removed_table_takes_its_section_with_it_when_it_was_the_last() -> None:
    changed = remove_table({"queues.toml": QUEUES}, "priority", "high")
    assert "priority" not in after(changed)
    assert set(after(changed)["queue"]) == {"sales", "support"}
    with pytest.raises(InvalidInput, match="no queue named 'fax'"):
        remove_table({"queues.toml": QUEUES}, "queue", "fax")


RULES = dedent(
    """\
    [rules]
    default_queue = "sales"

    # The first thing we learned.
    [[rule]]
    name = "gold"
    when = 'customer.tier == "gold"' # since 2024
    priority = "high"

    [[rule]]
    name = "problems"
    queue = "support"
    """
)


def test_rules_change_their_order_and_keep_their_comments() -> None:
    gold, problems = tomllib.loads(RULES)["rule"]
    wanted = [problems, {"name": "new", "queue": "sales"}, gold | {"credit": "1 min"}]
    changed = put_section({"rules.toml": RULES}, "rule", wanted)
    assert after(changed)["rule"] == wanted
    assert after(changed)["rules"] == {"default_queue": "sales"}
    assert "# since 2024" in changed["rules.toml"]


def test_steps_of_a_plan_are_written_as_tables() -> None:
    table = {"step": [{"after": "1 min", "raise": {"credit": "30 s"}}, {"give_up": "bye\nbye"}]}
    changed = put_table({}, "plan", "patient", table)
    assert after(changed) == {"plan": {"patient": table}}
    assert "[[plan.patient.step]]" in changed["plans.toml"]


def test_a_section_in_pieces_is_still_changed_rightly() -> None:
    text = "[queue.a]\nlimit = 1\n[skill.x]\n[queue.b]\nlimit = 2\n[skill.y]\n[queue.c]\n"
    changed = put_table({"q.toml": text}, "queue", "b", {"limit": 3})
    assert after(changed)["queue"] == {"a": {"limit": 1}, "b": {"limit": 3}, "c": {}}
    changed = put_table({"q.toml": text}, "queue", "d", {"limit": 4})
    assert set(after(changed)["queue"]) == {"a", "b", "c", "d"}


def test_a_text_that_looks_like_a_table_is_left_as_it_is() -> None:
    text = '[reply.a]\ntext = """\nhello\n[not a table]\n"""\n'
    changed = put_table({"r.toml": text}, "reply", "b", {"title": {"en": "B"}})
    assert after(changed)["reply"]["a"]["text"] == "hello\n[not a table]\n"


def test_a_file_that_is_not_toml_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match=r"odd\.toml is not valid TOML"):
        put_table({"odd.toml": "["}, "queue", "a", {})


def test_whole_sections_are_written_to_the_files_they_belong_to() -> None:
    files = written_out({"queue": {"a": {"limit": 1}}, "rules": {"default_queue": "a"}})
    assert set(files) == {"queues.toml", "rules.toml"}
    assert tomllib.loads(files["queues.toml"]) == {"queue": {"a": {"limit": 1}}}


names = st.sampled_from(["a", "b", "c d", 'e"f', "é"])
words = st.text(st.characters(blacklist_categories=("Cs", "Cc"), whitelist_characters="\n"))
values = st.recursive(
    st.booleans() | st.integers(-9, 9) | words | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
tables = st.dictionaries(names, values, max_size=4) | st.fixed_dictionaries(
    {"step": st.lists(st.dictionaries(names, values, max_size=3), max_size=3)}
)


@given(
    st.dictionaries(names, tables, max_size=3),
    st.lists(st.tuples(names, tables), min_size=1, max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_whatever_is_put_reads_back_as_it_was_put(
    start: dict[str, Any], changes: list[tuple[str, dict[str, Any]]]
) -> None:
    texts = {"q.toml": tomlkit.dumps({"queue": start, "team": {"x": {}}})}
    wanted = dict(start)
    for name, table in changes:
        texts |= put_table(texts, "queue", name, table)
        wanted[name] = table
        assert tomllib.loads(texts["q.toml"]) == {"queue": wanted, "team": {"x": {}}}
    for name in wanted:
        texts |= remove_table(texts, "queue", name)
    assert tomllib.loads(texts["q.toml"]) == {"team": {"x": {}}}
