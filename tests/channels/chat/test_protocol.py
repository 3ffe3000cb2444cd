"""The frames of a visitor: strict in what is taken."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.chat.protocol import Hello, Say, Start, read_frame
from router.model.errors import InvalidInput

ONCE = "a" * 16


def frame(**fields: Any) -> str:
    return json.dumps(fields)


def test_frames_are_read_by_their_type() -> None:
    assert read_frame(frame(type="hello", protocol=1)) == Hello(protocol=1)
    assert read_frame(frame(type="say", id=ONCE, text="hi")) == Say(id=ONCE, text="hi")
    start = read_frame(frame(type="start", id=ONCE, text="hi", fields={"order": "1"}))
    assert isinstance(start, Start)
    assert start.fields == {"order": "1"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        frame(type="none"),
        frame(type="say"),
        frame(type="say", id="short", text=""),
        frame(type="say", id="x" * 65, text=""),
        frame(type="say", id="has spaces in it !", text=""),
        frame(type="say", id=ONCE, text=7),
        frame(type="say", id=ONCE, text="", extra=1),
        frame(type="say", id=ONCE, files=["x"] * 21),
        frame(type="rate", id=ONCE, score=6),
        frame(type="rate", id=ONCE, score=True),
        frame(type="got", seq=-1),
        frame(type="hello", protocol="1"),
        frame(type="start", id=ONCE, text="", name="x" * 255),
        "[" * 8_000,
        '{"type":"say","id":"' + ONCE + '","text":"\ud800"}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_frame(text)


@given(st.text(max_size=300))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_frame(text)
