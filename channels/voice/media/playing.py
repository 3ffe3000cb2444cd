"""What a leg is played, frame by frame, and the digits that are collected from it meanwhile."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from channels.voice.media.commands import Collect, Play
from channels.voice.media.sounds import Sound

Samples = NDArray[np.int16]


class Playing:
    """One ``play`` of a leg: silent until its sounds are read."""

    def __init__(self, wish: Play) -> None:
        self.name, self.over = wish.play, wish.over
        self._gain, self._repeat = wish.gain, wish.repeat
        self._sounds: Sequence[Sound] | None = None
        self._number = self._frame = 0

    def begin(self, sounds: Sequence[Sound]) -> None:
        """The sounds are here."""
        self._sounds = [sound for sound in sounds if sound.frames]

    @property
    def finished(self) -> bool:
        """Whether all was played."""
        return self._sounds is not None and self._number >= len(self._sounds)

    def next(self, rate_hz: int) -> Samples | None:
        """The next frame; None when there is none, yet or any more."""
        if self._sounds is None or self.finished:
            return None
        size = rate_hz // 50
        sound = self._sounds[self._number]
        frame = sound.at_rate[rate_hz][self._frame * size : (self._frame + 1) * size]
        self._frame += 1
        if self._frame >= sound.frames:
            self._frame, self._number = 0, self._number + 1
            if self._repeat and self._number >= len(self._sounds):
                self._number = 0
        if self._gain == 1.0:
            return frame
        louder: Samples = np.clip(frame * self._gain, -32_768, 32_767).astype(np.int16)
        return louder


class Collecting:
    """One ``collect`` of a leg. Times are seconds of one monotonic clock."""

    def __init__(self, wish: Collect, now_s: float) -> None:
        self.name, self.barge_in = wish.collect, wish.barge_in
        self.digits = ""
        self._wish = wish
        self._deadline_s = now_s + wish.first_ms / 1_000

    def digit(self, digit: str, now_s: float) -> str | None:
        """Take a digit; the reason when this ends it."""
        if digit in self._wish.terminators:
            return "terminator"
        self.digits += digit
        self._deadline_s = now_s + self._wish.between_ms / 1_000
        return "enough" if len(self.digits) >= self._wish.digits_max else None

    def due(self, now_s: float, *, prompted: bool) -> str | None:
        """The reason when time is up. The first digit's time begins when the prompt has ended."""
        if prompted and not self.digits:
            self._deadline_s = max(self._deadline_s, now_s + self._wish.first_ms / 1_000)
            return None
        return "silence" if now_s >= self._deadline_s else None
