"""Where keys stand: the scanner agrees with ``tomllib`` on what there is, and is right on where."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from config.findings import FieldPath
from config.toml_positions import key_positions

TRICKY = r'''# comment with [brackets] = and "quotes"
top = "a # no comment" # a comment
'literal key' = 'C:\no\escapes'
"key with \"quotes\" and \u00e9" = 1
dotted.in.depth = { inline.too = [1, 2, { deep = true }], x = "}" }
multi = """
[not.a.table]
key = "no" \
\""" still inside"""" # one more quote belongs to the text
raw = \'\'\'
''two quotes, then three: \'\'\'''
when = 1979-05-27 07:32:00 # a date with a space
list = [
  "one", # first
  'two',
  [3, 4],
]

[ spaced . "header" ]
key=0x1F

[[fruit]]
name = "apple"
[[fruit.variety]]
name = "red"
[[fruit.variety]]
name = "green"
[fruit.shape]
round = true
[[fruit]]
name = "banana"
'''.replace("\\'", "'")


def paths(value: Any, at: FieldPath = ()) -> set[FieldPath]:
    """Every path of a parsed document."""
    found = {at} if at else set()
    if isinstance(value, dict):
        for key, part in value.items():
            found |= paths(part, (*at, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            found |= paths(part, (*at, index))
    return found


def test_every_key_of_a_tricky_text_is_found_and_nothing_else() -> None:
    assert set(key_positions(TRICKY)) == paths(tomllib.loads(TRICKY))


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("top",), 2, 1),
        (("literal key",), 3, 1),
        (("dotted", "in", "depth"), 5, 11),
        (("dotted", "in", "depth", "inline", "too", 2, "deep"), 5, 43),
        (("list", 1), 15, 3),
        (("list", 2, 1), 16, 7),
        (("spaced", "header"), 19, 1),
        (("spaced", "header", "key"), 20, 1),
        (("fruit", 0, "variety", 1), 26, 1),
        (("fruit", 0, "variety", 1, "name"), 27, 1),
        (("fruit", 0, "shape", "round"), 29, 1),
        (("fruit", 1), 30, 1),
        (("fruit", 1, "name"), 31, 1),
    ],
)
def test_a_key_has_its_line_and_column(path: FieldPath, line: int, column: int) -> None:
    assert key_positions(TRICKY)[path] == (line, column)


def test_windows_line_ends_count_as_one_line() -> None:
    assert key_positions("a = 1\r\nb = 2\r\n") == {("a",): (1, 1), ("b",): (2, 1)}


texts = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=8)
documents = st.dictionaries(
    texts,
    st.recursive(
        st.booleans() | st.integers(-99, 99) | texts | st.dates(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=12,
    ),
    max_size=5,
)


@given(documents)
@settings(max_examples=300, deadline=None)
def test_any_document_that_can_be_written_is_found_key_by_key(document: dict[str, Any]) -> None:
    text = tomlkit.dumps(document)
    assert set(key_positions(text)) == paths(tomllib.loads(text))


@given(documents)
@settings(max_examples=200, deadline=None)
def test_each_position_is_where_the_key_or_its_table_begins(document: dict[str, Any]) -> None:
    text = tomlkit.dumps(document)
    rows = text.split("\n")
    for path, (line, column) in key_positions(text).items():
        rest = rows[line - 1][column - 1 :]
        last = path[-1]
        if isinstance(last, str) and not rest.startswith("["):
            key = rest.split("=")[0]
            assert key.startswith(('"', "'")) or key.strip().startswith(last)
