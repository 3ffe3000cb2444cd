"""An utterance becomes files: recorded ones first, then a voice, rendered once."""

import asyncio
import logging
import wave
from pathlib import Path

import pytest
from typing_extensions import override

from ivr.own import own_languages, own_prompts, own_recording
from ivr.prompts import File, Spoken, Text, Utterance
from ivr.sounds import Sounds
from ivr.speech.espeak import EspeakVoice
from ivr.speech.voices import VoiceFailed


class Counting(EspeakVoice):
    """espeak-ng, with what it was asked to say."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    @override
    async def render(self, words: str, language: str) -> bytes:
        self.said.append(words)
        return await super().render(words, language)


class Hoarse(EspeakVoice):
    """A voice that always fails."""

    @override
    async def render(self, words: str, language: str) -> bytes:
        raise VoiceFailed("it has a cold")


def test_every_own_prompt_ships_recorded_in_each_own_language() -> None:
    assert own_languages() == {"en", "zh-CN"}
    for name in own_prompts().keys() - {"yes", "no"}:
        for language in own_languages():
            with wave.open(str(own_recording(name, language))) as file:
                assert (file.getnchannels(), file.getframerate()) == (1, 8_000)
                assert file.getnframes() > 1_000, (name, language)


def test_recordings_of_the_configuration_come_first(tmp_path: Path) -> None:
    mine = tmp_path / "prompts" / "en" / "carillon" / "no-input.wav"
    mine.parent.mkdir(parents=True)
    mine.touch()
    sounds = Sounds(tmp_path / "prompts", tmp_path / "kept", None)
    utterance = Utterance("en", (File("carillon/no-input"), File("carillon/place")))
    assert asyncio.run(sounds.files(utterance)) == (mine, own_recording("place", "en"))


def test_words_are_rendered_once_and_kept_over_restarts(tmp_path: Path) -> None:
    voice = Counting()
    sounds = Sounds(tmp_path / "prompts", tmp_path / "kept", voice)
    utterance = Utterance("en", (Text("Good morning. "), Spoken("12.5", "amount")))

    async def twice_at_once() -> list[tuple[Path, ...]]:
        return list(await asyncio.gather(sounds.files(utterance), sounds.files(utterance)))

    first, second = asyncio.run(twice_at_once())
    assert first == second
    assert voice.said == ["Good morning.", "12.5"]
    again = Sounds(tmp_path / "prompts", tmp_path / "kept", voice)
    assert asyncio.run(again.files(utterance)) == first
    assert len(voice.said) == 2
    assert all(path.stat().st_size > 1_000 for path in first)


def test_without_a_voice_numbers_are_put_together_from_digits(tmp_path: Path) -> None:
    sounds = Sounds(tmp_path / "prompts", tmp_path / "kept", None)
    files = asyncio.run(sounds.files(Utterance("zh-CN", (Spoken("-20.5", "amount"),))))
    assert [path.stem for path in files] == ["minus", "digit-2", "digit-0", "point", "digit-5"]


def test_a_voice_that_fails_leaves_its_part_out_and_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sounds = Sounds(tmp_path / "prompts", tmp_path / "kept", Hoarse())
    utterance = Utterance("en", (Text("Your secret balance"), File("carillon/place")))
    with caplog.at_level(logging.WARNING):
        files = asyncio.run(sounds.files(utterance))
    assert files == (own_recording("place", "en"),)
    assert "a voice failed" in caplog.text
    assert "balance" not in caplog.text


def test_a_missing_recording_is_logged_by_its_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sounds = Sounds(tmp_path / "prompts", tmp_path / "kept", None)
    assert asyncio.run(sounds.files(Utterance("en", (File("welcome"),)))) == ()
    assert "recording missing" in caplog.text
