"""Keys, words and clocks against one question."""

from collections import deque

from ivr.asks import Heard, Listen, Speak
from ivr.happenings import Play, StopPlaying
from ivr.listening import SAYING_MAX_MS, Listening
from ivr.prompts import Text, Utterance
from router.model.ids import Instant

NOW = Instant(1_000_000)
HELLO = Utterance("en", (Text("Hello"),))


def later(ms: int) -> Instant:
    return Instant(NOW + ms)


def test_a_question_is_heard_before_its_clock_runs() -> None:
    listening = Listening(Listen(HELLO, first_ms=5_000), 7, deque(), NOW)
    assert listening.begin(NOW) == [Play(7, HELLO)]
    assert listening.due == later(SAYING_MAX_MS)
    listening.played(6, later(100))  # That of an earlier question.
    assert listening.due == later(SAYING_MAX_MS)
    listening.played(7, later(1_500))
    assert listening.due == later(6_500)
    assert listening.time_passed(later(6_499)) == []
    assert listening.heard is None
    listening.time_passed(later(6_500))
    assert listening.heard == Heard()


def test_a_key_interrupts_and_the_second_clock_runs_from_key_to_key() -> None:
    listening = Listening(Listen(HELLO, keys_max=5, end_key="#", between_ms=3_000), 1, deque(), NOW)
    listening.begin(NOW)
    assert listening.pressed("1", later(10)) == [StopPlaying(1)]
    assert listening.due == later(3_010)
    listening.pressed("2", later(2_000))
    assert listening.due == later(5_000)
    listening.time_passed(later(5_000))
    assert listening.heard == Heard("12", "keys")


def test_the_end_key_and_the_last_key_end_at_once() -> None:
    listening = Listening(Listen(HELLO, keys_max=5, end_key="#"), 1, deque(), NOW)
    listening.begin(NOW)
    for key in "12#":
        listening.pressed(key, NOW)
    assert listening.heard == Heard("12", "keys")
    listening = Listening(Listen(HELLO, keys_max=2), 1, deque("789"), NOW)
    assert listening.begin(NOW) == []
    assert listening.heard == Heard("78", "keys")


def test_what_may_not_be_interrupted_is_heard_to_its_end() -> None:
    ahead = deque("1")
    listening = Listening(Speak(HELLO, barge_in=False), 1, ahead, NOW)
    assert listening.begin(NOW) == [Play(1, HELLO)]
    assert not ahead  # Keys from before such words do not count for what follows.
    assert listening.pressed("2", NOW) == []
    assert listening.uttered("stop", NOW) == []
    assert listening.heard is None
    listening.played(1, NOW)
    assert listening.heard == Heard()


def test_a_leg_that_never_says_it_has_played_is_not_waited_for() -> None:
    listening = Listening(Speak(HELLO), 1, deque(), NOW)
    listening.begin(NOW)
    assert listening.time_passed(later(SAYING_MAX_MS)) == [StopPlaying(1)]
    assert listening.heard == Heard()


def test_words_answer_as_keys_do() -> None:
    ask = Listen(HELLO, words={"my balance": "1"})
    listening = Listening(ask, 1, deque(), NOW)
    listening.begin(NOW)
    assert listening.uttered("  My   Balance. ", NOW) == [StopPlaying(1)]
    assert listening.heard == Heard("1", "words")
    listening = Listening(ask, 1, deque(), NOW)
    listening.uttered("3", NOW)
    assert listening.heard == Heard("3", "keys")
    listening = Listening(ask, 1, deque(), NOW)
    listening.uttered("what?", NOW)
    assert listening.heard == Heard("what?", "words")
