"""RTP-9: frames are bounded and checked; what does not fit its schema is refused by name."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.media import answers, commands, protocol


def test_frames_come_back_however_the_stream_is_cut() -> None:
    sent = [commands.Stop("a", number=1), commands.Record("a", "b", bytes(32)), commands.Stats()]
    stream = b"".join(map(protocol.framed, sent))
    for size in (1, 3, 7, len(stream)):
        frames, found = protocol.Frames(), []
        for at in range(0, len(stream), size):
            found += frames.feed(stream[at : at + size])
        assert [protocol.COMMANDS.decode(frame) for frame in found] == sent


@pytest.mark.parametrize("size", [0, 1, protocol.FRAME_BYTES_MAX + 1, 0xFFFF_FFFF])
def test_rtp_9_a_frame_of_a_size_that_is_not_allowed_is_refused_before_it_is_read(
    size: int,
) -> None:
    with pytest.raises(ValueError, match=f"a frame of {size} bytes"):
        protocol.Frames().feed(size.to_bytes(4, "big"))


def test_what_does_not_fit_is_not_sent() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        protocol.framed(answers.Refused(1, "invalid", "x" * 70_000))


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        (b'{"do":"stop","number":1}', "leg"),
        (b'{"do":"stop","number":1,"leg":"../x"}', "leg"),
        (b'{"do":"stop","number":1,"leg":"a\\n"}', "leg"),
        (b'{"do":"stop","number":-1,"leg":"a"}', "number"),
        (b'{"do":"stop","number":1,"leg":"a","more":1}', "more"),
        (b'{"do":"fly","number":1}', "fly"),
        (b'{"do":"record","number":1,"leg":"a","recording":"r","key":"AAAA"}', "key"),
        (b'{"do":"dtmf","number":1,"leg":"a","digits":"12x"}', "digits"),
        (b'{"do":"play","number":1,"leg":"a","play":"p","sounds":["/etc/passwd"]}', "sounds"),
        (b'{"do":"alloc","number":1,"leg":"a","kind":"video"}', "kind"),
        (b"\x80\x02}q\x00.", "malformed"),
    ],
)
def test_rtp_9_a_command_that_breaks_the_schema_is_refused_with_the_field(
    frame: bytes, field: str
) -> None:
    with pytest.raises((msgspec.ValidationError, msgspec.DecodeError), match=field):
        protocol.COMMANDS.decode(frame)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_rtp_9_any_stream_gives_bounded_frames_or_is_refused(parts: list[bytes]) -> None:
    frames = protocol.Frames()
    try:
        for part in parts:
            for frame in frames.feed(part):
                assert len(frame) <= protocol.FRAME_BYTES_MAX
    except ValueError:
        return
