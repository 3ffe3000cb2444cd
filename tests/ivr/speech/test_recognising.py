"""Answers said aloud, by espeak-ng, are understood; what cannot be is told and harmless."""

import asyncio
import io
import wave
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from ivr.asks import Listen
from ivr.prompts import Utterance
from ivr.speech import recognising
from ivr.speech.espeak import EspeakVoice
from ivr.speech.grammars import answer_in, jsgf, phrases_of
from ivr.speech.pocketsphinx_worker import MESSAGE_BYTES_MAX, read_message
from ivr.speech.recognising import PocketSphinx, RecogniserFailed
from ivr.speech.resampling import at_rate
from ivr.speech.utterances import BEFORE_MS, ENDS_MS, LONGEST_MS, Utterances

MENU = Listen(
    Utterance("en"),
    words={"balance": "1", "my order": "2", "speak to a person": "0"},
    choices={"1": "balance", "2": "my order", "0": "speak to a person"},
    spoken=True,
)
NUMBER = Listen(Utterance("en"), keys_max=8, spoken=True)
PIN = Listen(Utterance("en"), keys_max=4, spoken=True, secret=True)
FRAME = 640
"""Bytes of 20 ms."""


async def said(words: str) -> bytes:
    """The samples of somebody who says this."""
    sound = at_rate(await EspeakVoice(130).render(words, "en"))
    with wave.open(io.BytesIO(sound)) as file:
        spoken: bytes = file.readframes(file.getnframes())
    return bytes(6_400) + spoken + bytes(9_600)


def hearing(story: Callable[[PocketSphinx], Awaitable[None]]) -> None:
    """Run a story with a recogniser of its own."""

    async def told() -> None:
        ears = PocketSphinx()
        try:
            async with asyncio.timeout(60):
                await story(ears)
        finally:
            await ears.close()

    asyncio.run(told())


def test_choices_and_digits_that_are_said_aloud_are_understood() -> None:
    async def story(ears: PocketSphinx) -> None:
        assert ears.missing() == ""
        for words, expected in (
            ("speak to a person", "speak to a person"),
            ("balance", "balance"),
            ("two", "2"),
        ):
            assert await ears.answer(await said(words), MENU, "en-US") == expected
        for words, digits in (("four seven one one", "4711"), ("one two three", "123")):
            assert await ears.answer(await said(words), NUMBER, "en") == digits
        assert await ears.answer(bytes(32_000), MENU, "en") == ""

    hearing(story)


def test_a_language_without_a_model_and_a_secret_are_not_listened_to() -> None:
    async def story(ears: PocketSphinx) -> None:
        assert not ears.speaks("zh-CN")
        assert await ears.answer(b"", MENU, "zh-CN") == ""
        assert await ears.answer(b"", PIN, "en") == ""
        assert ears._idle == [], "no process was needed"

    hearing(story)


def test_ivr_4_a_secret_has_no_grammar() -> None:
    assert phrases_of(PIN, "en") == ((), 0)
    assert phrases_of(NUMBER, "zh-CN") == ((), 0)
    assert phrases_of(MENU, "en")[0][:3] == ("balance", "my order", "speak to a person")
    assert {"zero", "one", "two"} <= set(phrases_of(MENU, "en")[0])


def test_a_grammar_holds_what_the_recogniser_knows_and_nothing_else() -> None:
    grammar = jsgf(("balance", "kontostand bitte"), 4, "en", lambda word: word != "kontostand")
    assert "balance | <digit>+" in grammar
    assert "kontostand" not in grammar
    assert jsgf(("kontostand",), 0, "en", lambda word: False) == ""
    evil = Listen(Utterance("en"), words={"a; <x> = b": "1"}, choices={"1": "x"}, spoken=True)
    assert "a; <x> = b" not in phrases_of(evil, "en")[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [("four seven zero", "470"), ("my  order", "my order"), ("seven dwarfs", ""), ("speak", "")],
)
def test_what_was_heard_is_told_as_a_session_takes_it(words: str, expected: str) -> None:
    assert answer_in(words, MENU, "en") == expected


def test_a_recogniser_that_falls_or_is_too_slow_is_told_and_the_next_answer_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story(ears: PocketSphinx) -> None:
        sound = await said("balance")
        assert await ears.answer(sound, MENU, "en") == "balance"
        (worker,) = ears._idle
        worker.kill()
        await worker.wait()
        with pytest.raises(RecogniserFailed, match="pocketsphinx ended"):
            await ears.answer(sound, MENU, "en")
        monkeypatch.setattr(recognising, "HEAR_MS", 1)
        with pytest.raises(RecogniserFailed, match="took longer than 1 ms"):
            await ears.answer(sound, MENU, "en")
        monkeypatch.setattr(recognising, "HEAR_MS", 30_000)
        assert await ears.answer(sound, MENU, "en") == "balance"
        with pytest.raises(RecogniserFailed, match="bytes were said"):
            await ears.answer(bytes(MESSAGE_BYTES_MAX), MENU, "en")
        monkeypatch.setattr(recognising, "WAITING_MAX", -recognising.WORKERS_MAX)
        with pytest.raises(RecogniserFailed, match="too much is said at once"):
            await ears.answer(sound, MENU, "en")

    hearing(story)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    async def story(ears: PocketSphinx) -> None:
        assert ears.missing() == "pocketsphinx"
        with pytest.raises(RecogniserFailed, match="pip install pocketsphinx"):
            await ears.answer(b"", MENU, "en")

    hearing(story)


def test_a_message_that_is_cut_or_too_long_is_the_end() -> None:
    assert read_message(io.BytesIO(b"\x00\x00")) is None
    assert read_message(io.BytesIO(b"\x00\x00\x00\x05abc")) is None
    assert read_message(io.BytesIO(b"\xff\xff\xff\xffabc")) is None
    assert read_message(io.BytesIO(b"\x00\x00\x00\x03abc")) == b"abc"


def test_an_answer_is_cut_out_of_what_a_caller_is_heard_to_say() -> None:
    noise = np.random.default_rng(7)

    def quiet(ms: int) -> bytes:
        return noise.normal(0, 30, 16 * ms).astype("<i2").tobytes()

    def loud(ms: int) -> bytes:
        return noise.normal(0, 3_000, 16 * ms).astype("<i2").tobytes()

    ears = Utterances()

    def heard(sound: bytes) -> list[int]:
        """How long the answers were, in milliseconds."""
        frames = (sound[at : at + FRAME] for at in range(0, len(sound), FRAME))
        return [len(each) // 32 for frame in frames if (each := ears.take(frame)) is not None]

    assert heard(quiet(2_000) + loud(40) + quiet(1_000)) == [], "a click is no answer"
    (length,) = heard(quiet(400) + loud(800) + quiet(1_000))
    assert 800 + ENDS_MS <= length <= 800 + ENDS_MS + BEFORE_MS + 80
    assert heard(loud(LONGEST_MS + 300)) == [LONGEST_MS]
    assert heard(loud(200)) == []
    began = ears.speaking
    ears.forget()
    assert (began, ears.speaking) == (True, False)
    assert heard(quiet(1_500)) == []
    assert ears.take(b"") is None
