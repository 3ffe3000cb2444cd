"""Who hears whom, and the change of rate between 8 and 16 kHz."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.media import arrangements
from channels.voice.media.mixing import GainMatrix
from channels.voice.media.resampling import Resampler, resampled
from tests.channels.voice.media.sounds import level_of, tone

CALLER, AGENT, SUPERVISOR = 0, 1, 2
SAID = {"caller": CALLER, "agent": AGENT, "supervisor": SUPERVISOR}


def heard(entries: list[arrangements.Entry]) -> list[int]:
    """What caller, agent and supervisor hear when they say 1, 10 and 100."""
    matrix = GainMatrix(3)
    for name, row in SAID.items():
        matrix.hear(
            row, {SAID[source]: gain for listener, source, gain in entries if listener == name}
        )
    said = np.array([[1], [10], [100]], np.int16) * np.ones((1, 160), np.int16)
    return [int(value) for value in matrix.mix(said)[:, 0]]


CALL = arrangements.conference(["caller", "agent"])


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (CALL, [10, 1, 0]),
        ([], [0, 0, 0]),
        (arrangements.conference(["caller", "agent", "supervisor"]), [110, 101, 11]),
        (CALL + arrangements.listening("supervisor", ["caller", "agent"]), [10, 1, 11]),
        (CALL + arrangements.whispering("supervisor", "agent", ["caller", "agent"]), [10, 101, 11]),
        (CALL + arrangements.barging("supervisor", ["caller", "agent"]), [110, 101, 11]),
    ],
    ids=["bridge", "hold", "three ways", "listen", "whisper", "barge"],
)
def test_each_arrangement_lets_everybody_hear_what_they_should(
    entries: list[arrangements.Entry], expected: list[int]
) -> None:
    assert heard(entries) == expected


def test_voices_that_add_up_are_clipped_and_never_wrap() -> None:
    matrix = GainMatrix(3)
    matrix.hear(0, {1: 1.0, 2: 1.0})
    loud = np.array([[0], [30_000], [30_000]], np.int16)
    assert matrix.mix(loud)[0, 0] == 32_767
    assert matrix.mix(-loud)[0, 0] == -32_768


def test_a_gain_weakens_one_source_only() -> None:
    matrix = GainMatrix(3)
    matrix.hear(0, {1: 0.5, 2: 1.0})
    assert matrix.mix(np.array([[0], [100], [7]], np.int16))[0, 0] == 57


def test_a_leg_that_went_is_heard_by_nobody_and_the_others_go_on() -> None:
    matrix = GainMatrix(4)
    for listener in range(3):
        matrix.hear(listener, {source: 1.0 for source in range(3) if source != listener})
    assert sorted(matrix.listeners_of(1)) == [0, 2]
    matrix.remove(1)
    assert matrix.mix(np.array([[1], [10], [100], [0]], np.int16))[:, 0].tolist() == [100, 0, 1, 0]
    assert matrix.sole_sources() == {0: 2, 2: 0}


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 5), st.integers(0, 5)), st.sampled_from([0.5, 1.0, 2.0])
    )
)
def test_the_mix_is_the_product_with_the_matrix(gains: dict[tuple[int, int], float]) -> None:
    matrix = GainMatrix(6)
    dense = np.zeros((6, 6))
    for (listener, source), gain in gains.items():
        dense[listener, source] = gain
    for listener in range(6):
        matrix.hear(listener, {source: dense[listener, source] for source in range(6)})
    said = (np.arange(6)[:, None] * 20 * np.ones((1, 160))).astype(np.int16)
    assert np.array_equal(matrix.mix(said), (dense @ said).astype(np.int16))


@pytest.mark.parametrize("hz", [300, 1_000, 3_000])
def test_a_tone_keeps_its_pitch_and_level_over_a_change_of_rate(hz: int) -> None:
    narrow = tone(hz, 400)
    wide = resampled(narrow, up=True)
    assert len(wide) == 2 * len(narrow)
    assert level_of(wide[640:], hz, 16_000) == pytest.approx(8_000, rel=0.05)
    # No mirror image of it above 4 kHz.
    assert level_of(wide[640:], 8_000 - hz, 16_000) < 200
    again = resampled(wide, up=False)
    assert level_of(again[640:], hz) == pytest.approx(8_000, rel=0.05)


def test_what_8_khz_cannot_carry_is_taken_out_before_and_not_folded_down() -> None:
    down = resampled(tone(6_000, 400, 16_000), up=False)
    assert level_of(down[640:], 2_000) < 100


def test_frames_of_many_legs_join_without_a_seam() -> None:
    change = Resampler(3, up=True)
    rows = np.array([2, 0], np.intp)
    sound = tone(400, 200)
    parts = [change(rows, np.stack((frame, frame))) for frame in sound.reshape(-1, 160)]
    assert np.array_equal(np.concatenate([part[0] for part in parts]), resampled(sound, up=True))
    change.forget(2)
    quiet = change(rows, np.zeros((2, 160), np.int16))
    assert not quiet[0].any()
    assert quiet[1].any()
