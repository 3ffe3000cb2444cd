"""The jitter buffers: what was sent is played in order, through loss, reordering and drift."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.voice.media.buffering import (
    EMPTY,
    FRAMES_MAX,
    LOST,
    PLACES,
    PRESENT,
    JitterBuffers,
)

ROW = np.zeros(1, np.intp)


class Line:
    """One leg's buffer; a frame is 160 times its number."""

    def __init__(self, first_timestamp: int = 1_000, *, adaptive: bool = True) -> None:
        self.buffers = JitterBuffers(2)
        self.buffers.begin(0, 160, 0xFF, adaptive=adaptive)
        self.base = first_timestamp

    def send(self, number: int, *, marker: bool = False, timestamp: int | None = None) -> bool:
        """Put frame ``number`` where its time is; whether it came in time."""
        at = (self.base + number * 160) % (1 << 32) if timestamp is None else timestamp
        late = self.buffers.put(
            ROW,
            np.array([at], np.int64),
            np.array([marker]),
            np.array([160], np.int32),
            np.full((1, 160), number % 251, np.uint8),
        )
        return not late[0]

    def play(self) -> int | str:
        """The number of the frame that is played, or what is there instead."""
        taken = self.buffers.take(ROW)
        if taken.states[0] == PRESENT:
            return int(taken.payloads[0, 0])
        return "lost" if taken.states[0] == LOST else "-"


def test_frames_are_played_in_order_two_frames_late() -> None:
    line = Line()
    played = []
    for number in range(10):
        line.send(number)
        played.append(line.play())
    assert played == ["-", "-", 0, 1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("first", [1_000, 0xFFFF_FF00, 0x7FFF_FFFF])
def test_order_of_arrival_and_the_wrap_of_timestamps_do_not_matter(first: int) -> None:
    line = Line(first)
    for number in (0, 2, 1, 4, 3, 3):
        assert line.send(number)
    assert [line.play() for _ in range(8)] == ["-", "-", 0, 1, 2, 3, 4, "lost"]


def test_a_lost_frame_leaves_a_gap_and_no_shift() -> None:
    line = Line()
    played = []
    for number in range(8):
        if number != 3:
            line.send(number)
        played.append(line.play())
    assert played == ["-", "-", 0, 1, 2, "lost", 4, 5]
    assert line.buffers.concealed[0] == 1


def test_a_frame_behind_its_place_is_told_as_late() -> None:
    line = Line()
    for number in (0, 1, 3):
        line.send(number)
    for _ in range(6):
        line.play()
    assert not line.send(2)


def test_when_nothing_comes_the_position_is_held_and_nothing_is_lost() -> None:
    """A late network, or a sender whose clock is slower: one frame more in store from then on."""
    line = Line()
    for number in range(3):
        line.send(number)
    assert [line.play() for _ in range(7)] == ["-", "-", 0, 1, 2, "lost", "lost"]
    played = []
    for number in range(3, 8):
        line.send(number)
        played.append(line.play())
    assert played == [3, 4, 5, 6, 7]
    assert line.buffers.concealed[0] == 0


def test_a_long_silence_is_silent_and_the_next_talk_spurt_begins_with_a_full_store() -> None:
    line = Line()
    line.send(0)
    assert [line.play() for _ in range(8)] == ["-", "-", 0, "lost", "lost", "lost", "-", "-"]
    played = []
    for number in range(100, 104):
        line.send(number, marker=number == 100)
        played.append(line.play())
    assert played == ["-", "-", 100, 101]


def test_rtp_4_a_timestamp_that_jumps_begins_anew_and_keeps_no_more_than_fifty_frames() -> None:
    line = Line()
    for number in range(5):
        line.send(number)
    for jump in (600_000_000, 5, 0x9000_0000):
        line.send(7, timestamp=jump)
        assert line.buffers.stored_frames(0) <= FRAMES_MAX
        assert [line.play() for _ in range(3)] == ["-", "-", 7]


def drift(line: Line, frames: int, every: int, extra: int, *, loud: bool = False) -> int:
    """Send ``extra`` more (or fewer) frames every ``every`` ticks; the store at the end."""
    sent = 0
    for tick in range(frames):
        for _ in range(1 + (extra if tick % every == every - 1 else 0)):
            line.send(sent)
            sent += 1
        line.play()
        line.buffers.loud[0] = loud
    return line.buffers.stored_frames(0)


@pytest.mark.parametrize("loud", [False, True])
def test_a_sender_whose_clock_is_fast_never_fills_the_store(loud: bool) -> None:
    line = Line()
    assert drift(line, 5_000, 100, 1, loud=loud) <= 6
    assert line.buffers.skipped[0] >= 40
    assert line.buffers.concealed[0] == 0


def test_a_sender_whose_clock_is_slow_is_waited_for() -> None:
    line = Line()
    assert drift(line, 5_000, 100, -1) <= 4
    assert line.buffers.concealed[0] == 0


def test_a_fax_is_never_adapted_to() -> None:
    line = Line(adaptive=False)
    drift(line, 2_000, 400, 1)
    assert line.buffers.skipped[0] == 0


def test_a_burst_after_a_stall_is_worked_off_within_seconds() -> None:
    line = Line()
    for number in range(40):
        line.send(number)
    for number in range(40, 140):
        line.send(number)
        line.play()
    assert line.buffers.stored_frames(0) <= 5


@pytest.mark.parametrize("size", [80, 240, 320, 480])
def test_packets_of_ten_to_sixty_milliseconds_become_frames(size: int) -> None:
    line = Line()
    sound = np.random.default_rng(1).integers(0, 255, 480 * 8, np.uint8).tobytes()
    for at in range(0, len(sound), size):
        assert line.buffers.put_bytes(0, 77 + at, sound[at : at + size], marker=at == 0)
    played = []
    for _ in range(2 + len(sound) // 160):
        taken = line.buffers.take(ROW)
        if taken.states[0] == PRESENT:
            played.append(taken.payloads[0, : taken.lengths[0]].tobytes())
    assert b"".join(played) == sound


def test_half_a_frame_is_filled_with_silence() -> None:
    line = Line()
    line.buffers.put_bytes(0, 77, bytes(80), marker=True)
    for _ in range(2):
        line.buffers.take(ROW)
    assert line.buffers.take(ROW).payloads[0, :160].tobytes() == bytes(80) + b"\xff" * 80


@given(
    st.lists(
        st.tuples(st.integers(0, (1 << 32) - 1), st.booleans(), st.integers(0, 3)), max_size=120
    )
)
@settings(deadline=None)
def test_rtp_4_whatever_timestamps_come_the_store_stays_bounded(
    packets: list[tuple[int, bool, int]],
) -> None:
    line = Line()
    for timestamp, marker, plays in packets:
        line.send(1, marker=marker, timestamp=timestamp)
        for _ in range(plays):
            line.play()
        assert 0 <= line.buffers.stored_frames(0) <= PLACES
    states = [line.buffers.take(ROW).states[0] for _ in range(PLACES + 60)]
    assert states[-1] == EMPTY
