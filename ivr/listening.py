"""Hearing an answer: keys and words against a question, with barge-in and two clocks.

A plain state machine: it is told what happens and says when it is done; it starts no timer.
"""

from collections import deque

from ivr.asks import KEYS, Heard, Listen, Speak
from ivr.happenings import Act, Play, StopPlaying
from router.model.ids import MINUTE_MS, Instant

SAYING_MAX_MS = 10 * MINUTE_MS
"""No utterance is longer; a leg that never says it has been heard is not waited for any longer."""

TYPED_AHEAD_MAX = 40
"""Keys kept for the next question while something is said."""

KEYED_MAX = 100
"""More digits than this typed in a chat are no answer to anything."""


class Listening:
    """One question (or statement) from its first sound to the answer."""

    def __init__(self, ask: Listen | Speak, number: int, ahead: deque[str], now: Instant) -> None:
        self._ask = ask
        self._number = number
        self._ahead = ahead
        self._keys = ""
        self._saying = bool(ask.utterance.parts)
        self.due: Instant | None = Instant(now + SAYING_MAX_MS) if self._saying else None
        self.heard: Heard | None = None
        """The answer, once there is one; a statement answers ``Heard()``."""

    @property
    def asked(self) -> bool:
        """Whether this is a question: a statement has no answer."""
        return isinstance(self._ask, Listen)

    def begin(self, now: Instant) -> list[Act]:
        """Start to speak, unless keys typed ahead already answer."""
        if isinstance(self._ask, Listen) and self._ask.barge_in and self._ahead:
            self._saying = False
            while self._ahead and self.heard is None:
                self._key(self._ahead.popleft(), now)
            return []
        if not self._ask.barge_in:
            self._ahead.clear()
        if self._saying:
            return [Play(self._number, self._ask.utterance)]
        self._said(now)
        return []

    def pressed(self, key: str, now: Instant) -> list[Act]:
        """A key: it interrupts what may be interrupted, and counts for a question."""
        if self._saying and not self._ask.barge_in:
            return []
        acts = self._interrupt()
        if isinstance(self._ask, Speak):
            if len(self._ahead) < TYPED_AHEAD_MAX:
                self._ahead.append(key)
            self.heard = Heard()
        else:
            self._key(key, now)
        return acts

    def uttered(self, words: str, now: Instant) -> list[Act]:
        """Words: those a question knows answer it; those nobody asked for are let pass."""
        if isinstance(self._ask, Speak) or (self._saying and not self._ask.barge_in):
            return []
        folded = " ".join(words.casefold().split()).strip(" .!?。！？")
        typed = folded.removesuffix(self._ask.end_key) if self._ask.end_key else folded
        if folded in self._ask.words:
            self.heard = Heard(self._ask.words[folded], "words")
        elif typed and all(key in KEYS for key in typed):
            self.heard = Heard(typed[:KEYED_MAX], "keys")  # A chat types what a caller presses.
        else:
            self.heard = Heard(words.strip(), "words")
        return self._interrupt()

    def played(self, number: int, now: Instant) -> None:
        """What was said has been heard: now the first clock runs."""
        if number == self._number and self._saying:
            self._saying = False
            self._said(now)

    def time_passed(self, now: Instant) -> list[Act]:
        """A clock has run out: what was keyed so far is the answer."""
        if self.due is None or now < self.due or self.heard is not None:
            return []
        if self._saying:
            acts = self._interrupt()
            self._said(now)
            return acts
        self._answer()
        return []

    def _interrupt(self) -> list[Act]:
        if not self._saying:
            return []
        self._saying = False
        return [StopPlaying(self._number)]

    def _said(self, now: Instant) -> None:
        if isinstance(self._ask, Speak):
            self.heard = Heard()
        else:
            self.due = Instant(now + self._ask.first_ms)

    def _key(self, key: str, now: Instant) -> None:
        ask = self._ask
        if isinstance(ask, Speak):
            return
        if key == ask.end_key:
            self._answer()
            return
        self._keys += key
        if len(self._keys) >= ask.keys_max:
            self._answer()
        else:
            self.due = Instant(now + ask.between_ms)

    def _answer(self) -> None:
        self.heard = Heard(self._keys, "keys") if self._keys else Heard()
