"""Voices speak, fail with a reason, and are never given a command line to write."""

import asyncio
import io
import stat
import wave
from pathlib import Path

import numpy as np
import pytest

from ivr.speech.espeak import EspeakVoice
from ivr.speech.piper import PiperVoice
from ivr.speech.resampling import MARGIN_MS, at_rate
from ivr.speech.voices import VoiceFailed


def wav(samples: np.ndarray, rate: int, channels: int = 1) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return made.getvalue()


def samples_of(sound: bytes) -> tuple[int, np.ndarray]:
    with wave.open(io.BytesIO(sound)) as file:
        data = file.readframes(file.getnframes())
        return file.getframerate(), np.frombuffer(data, "<i2").astype(float)


def tone(rate: int, hertz: float, seconds: float = 1.0) -> np.ndarray:
    return 10_000 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def test_a_tone_keeps_its_pitch_level_and_length_at_another_rate() -> None:
    rate, samples = samples_of(at_rate(wav(tone(22_050, 1_000), 22_050), 16_000))
    assert rate == 16_000
    assert abs(len(samples) - 16_000) <= 2
    spectrum = np.abs(np.fft.rfft(samples))
    assert abs(int(spectrum.argmax()) - 1_000) <= 1
    assert abs(np.sqrt((samples**2).mean()) - 10_000 / np.sqrt(2)) < 100


def test_what_a_telephone_cannot_carry_is_cut_off_and_not_folded_back() -> None:
    _, samples = samples_of(at_rate(wav(tone(22_050, 6_000), 22_050), 8_000))
    middle = samples[1_000:-1_000]
    assert np.sqrt((middle**2).mean()) < 20


def test_silence_around_the_words_is_cut() -> None:
    quiet = np.zeros(16_000)
    sound = wav(np.concatenate([quiet, tone(16_000, 500), quiet]), 16_000)
    _, samples = samples_of(at_rate(sound))
    assert abs(len(samples) - 16_000 - 2 * 16 * MARGIN_MS) < 40


@pytest.mark.parametrize("sound", [b"", b"RIFF", b"no sound at all" * 10])
def test_what_is_no_wav_file_is_refused(sound: bytes) -> None:
    with pytest.raises(VoiceFailed):
        at_rate(sound)


def test_two_channels_become_one() -> None:
    both = np.repeat(tone(16_000, 400), 2)
    _, samples = samples_of(at_rate(wav(both, 16_000, channels=2)))
    assert abs(len(samples) - 16_000) < 10


@pytest.mark.parametrize("language", ["en", "zh-CN", "de"])
def test_espeak_says_words_of_a_language(language: str) -> None:
    words = {"en": "Good morning", "zh-CN": "早上好", "de": "Guten Morgen"}[language]
    sound = asyncio.run(EspeakVoice().render(words, language))
    _, samples = samples_of(at_rate(sound))
    assert len(samples) > 4_000
    assert np.abs(samples).max() > 3_000


def test_a_language_nobody_speaks_is_a_reason_and_no_sound() -> None:
    with pytest.raises(VoiceFailed, match="espeak-ng"):
        asyncio.run(EspeakVoice().render("hello", "tlh-xx; rm -rf /"))


def test_without_the_program_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert EspeakVoice().missing() == "espeak-ng"
    assert PiperVoice({}).missing() == "piper-tts"
    with pytest.raises(VoiceFailed, match="not installed"):
        asyncio.run(EspeakVoice().render("hello", "en"))


def test_a_voice_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any program may stand for piper here: what counts is how its failure is told."""
    piper = tmp_path / "piper"
    piper.write_text("#!/bin/sh\ncat > /dev/null\necho 'the model is broken' >&2\nexit 3\n")
    piper.chmod(piper.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    model = tmp_path / "en.onnx"
    voice = PiperVoice({"en": model})
    assert voice.missing() == str(model)
    model.touch()
    assert voice.missing() == ""
    with pytest.raises(VoiceFailed, match="the model is broken"):
        asyncio.run(voice.render("hello", "en-GB"))
    with pytest.raises(VoiceFailed, match="no model for zh-CN"):
        asyncio.run(voice.render("hello", "zh-CN"))
