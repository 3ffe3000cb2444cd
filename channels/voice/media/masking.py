"""Digits that nobody may hear (PRIV-5): a look-back of 60 ms, and a flat tone in their place.

What a masked leg says is passed on 60 ms late. As soon as a window looks like a digit, all that is
still held back, and 200 ms behind the last such window, becomes one flat tone; so an agent and a
recording get not even the beginning of a digit, and all digits sound alike.
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

LOOK_BACK_FRAMES = 3
HOLD_FRAMES = 10
TONE_HZ = 425
_PEAK = 1_500


class Mask:
    """The masked sound of one leg, at one rate, in frames of 20 ms."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._frame = rate_hz // 50
        self._held: list[Samples] = [np.zeros(self._frame, np.int16)] * LOOK_BACK_FRAMES
        self._flat_left = 0
        at = np.arange(rate_hz // 5) * 2 * np.pi * TONE_HZ / rate_hz
        # A fifth of a second holds 85 whole waves, so that it can be repeated without a click.
        self._tone = (_PEAK * np.sin(at)).astype(np.int16)
        self._at = 0

    def pass_on(self, frame: Samples, *, suspect: bool) -> Samples:
        """The frame to pass on now, for the one that came in now."""
        if suspect:
            self._flat_left = LOOK_BACK_FRAMES + HOLD_FRAMES
        self._held.append(frame)
        late = self._held.pop(0)
        if not self._flat_left:
            return late
        self._flat_left -= 1
        begin = self._at
        self._at = (begin + self._frame) % len(self._tone)
        return self._tone[begin : begin + self._frame]
