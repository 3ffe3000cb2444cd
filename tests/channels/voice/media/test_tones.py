"""Digits in the sound: those of real recordings, of our own making, and none where none are."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from channels.voice.media import tones
from channels.voice.media.masking import Mask
from channels.voice.media.telephone_events import DIGITS
from channels.voice.media.tones import ToneDetector, digit_sound
from tests.channels.voice.media.sounds import Samples, level_of, noise, tone
from tests.support.oracles import oracle

ROW = np.zeros(1, np.intp)


def heard_in(samples: Samples) -> list[tones.Heard]:
    detector = ToneDetector(1)
    padded = np.concatenate((samples, np.zeros(1_600 - len(samples) % 160, np.int16)))
    return [
        heard for frame in padded.reshape(-1, 160) for heard in detector.feed(ROW, frame[None])[0]
    ]


def digits_in(samples: Samples) -> str:
    return "".join(heard.tone for heard in heard_in(samples) if not heard.ended)


def recording(path: Path) -> Samples:
    """A recording at 8 kHz and one channel, whatever it was made at."""
    with wave.open(str(path)) as file:
        rate_hz, channels = file.getframerate(), file.getnchannels()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    samples = samples.reshape(-1, channels).mean(axis=1)
    if rate_hz != 8_000:
        width = round(rate_hz / 8_000)
        smooth = np.convolve(samples, np.ones(width) / width, "same")
        at = np.arange(len(samples) * 8_000 // rate_hz) * rate_hz / 8_000
        samples = np.interp(at, np.arange(len(samples)), smooth)
    made: Samples = np.clip(samples, -32_768, 32_767).astype(np.int16)
    return made


def test_every_recording_with_known_digits_is_read_exactly() -> None:
    folder = oracle("dtmf-audio")
    cases = json.loads((folder / "expected.json").read_text())
    wrong = {
        case["file"]: (case["digits"], found)
        for case in cases
        if case["digits"] is not None
        if (found := digits_in(recording(folder / case["file"]))) != case["digits"]
    }
    assert len(cases) > 25
    assert wrong == {}


@pytest.mark.parametrize("digit", DIGITS)
def test_forty_milliseconds_are_a_digit_wherever_they_begin(digit: str) -> None:
    for shift in range(0, 160, 20):
        sound = np.concatenate((np.zeros(800 + shift, np.int16), digit_sound(digit, 50)))
        assert digits_in(sound) == digit, shift


def test_a_digit_ends_with_about_the_length_it_was_pressed() -> None:
    began, ended = heard_in(digit_sound("5", 200))
    assert (began.ended, ended.ended) == (False, True)
    assert 170 <= ended.duration_ms <= 230


def test_a_drop_out_of_twenty_milliseconds_does_not_make_two_digits_of_one() -> None:
    sound = digit_sound("7", 300).copy()
    sound[800:920] = 0
    assert digits_in(sound) == "7"


def test_two_presses_of_one_key_with_fifty_milliseconds_between_are_two() -> None:
    press = np.concatenate((digit_sound("3", 60), np.zeros(400, np.int16)))
    assert digits_in(np.tile(press, 2)) == "33"


@pytest.mark.parametrize(
    "sound",
    [tone(770, 500), tone(770, 500) // 2 + tone(852, 500) // 2, noise(5_000, 8_000)],
    ids=["one tone", "two tones of one group", "noise"],
)
def test_what_is_no_digit_is_none(sound: Samples) -> None:
    assert digits_in(sound) == ""


def test_a_fax_machine_that_calls_and_one_that_answers_are_told() -> None:
    assert digits_in(tone(1_100, 500)) == "fax_calling"
    assert digits_in(tone(2_100, 1_000)) == "fax_answering"
    assert digits_in(tone(1_100, 300)) == ""


def test_priv_5_not_even_the_beginning_of_a_digit_passes_a_mask() -> None:
    """Whatever is said or pressed before, and wherever in a frame the press begins."""
    for shift in range(0, 160, 13):
        speech = noise(200, 2_000) + tone(300, 200, peak=2_000)
        sound = np.concatenate(
            (speech[shift:], digit_sound("9", 120), speech, digit_sound("1", 45), speech, speech)
        )
        detector, mask = ToneDetector(1), Mask(8_000)
        passed = [
            mask.pass_on(frame, suspect=bool(detector.feed(ROW, frame[None])[1][0]))
            for frame in sound[: len(sound) // 160 * 160].reshape(-1, 160)
        ]
        out = np.concatenate(passed)
        assert digits_in(out) == ""
        for hz in (852, 1_477, 697, 1_209):
            for frame in passed:
                assert level_of(frame, hz) < 2_500, (shift, hz)
        # What was said before is heard, 60 ms late.
        assert np.array_equal(out[480:1_200], sound[:720])


def test_a_mask_lets_speech_through_again_after_the_flat_tone() -> None:
    mask, frame = Mask(8_000), np.full(160, 5, np.int16)
    flat = [mask.pass_on(frame, suspect=at == 0) for at in range(20)]
    covered = [bool((part != frame).any()) for part in flat]
    assert covered == [True] * 13 + [False] * 7
    tones_only = np.concatenate(flat[:13])
    assert level_of(tones_only, 425) == pytest.approx(1_500, rel=0.05)


def test_a_sound_of_a_digit_needs_a_digit() -> None:
    with pytest.raises(ValueError, match="'x' is no digit"):
        digit_sound("x", 50)
