"""Between 8 and 16 kHz, for many legs at once: a half-band filter as one matrix product."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
_Matrix = NDArray[np.float32]

NARROW, WIDE = 160, 320
"""Samples of 20 ms."""
_REACH = 24
"""The filter reaches so many wide samples to both sides."""


def _half_band() -> NDArray[np.float64]:
    at = np.arange(-_REACH, _REACH + 1)
    taps = np.sinc(at / 2) / 2 * np.kaiser(2 * _REACH + 1, 6.0)
    return np.asarray(taps / taps.sum(), np.float64)


def _up_matrix() -> _Matrix:
    """(narrow history + frame) x wide frame."""
    taps = 2 * _half_band()
    matrix = np.zeros((_REACH + NARROW, WIDE))
    for out in range(WIDE):
        for row in range(_REACH + NARROW):
            # Delayed by the filter's reach, so that nothing of the future is needed.
            lag = out + 2 * _REACH - 2 * row
            if 0 <= lag < len(taps):
                matrix[row, out] = taps[lag]
    return matrix.astype(np.float32)


def _down_matrix() -> _Matrix:
    """(wide history + frame) x narrow frame."""
    taps = _half_band()
    matrix = np.zeros((2 * _REACH + WIDE, NARROW))
    for out in range(NARROW):
        for lag, tap in enumerate(taps):
            matrix[2 * out + lag, out] = tap
    return matrix.astype(np.float32)


_UP, _DOWN = _up_matrix(), _down_matrix()


class Resampler:
    """Frames of up to ``rows`` streams, each with the memory of its last frame."""

    def __init__(self, rows: int, *, up: bool) -> None:
        self._matrix = _UP if up else _DOWN
        self._memory = np.zeros((rows, _REACH if up else 2 * _REACH), np.float32)

    def forget(self, row: int) -> None:
        """Begin a new stream in this row."""
        self._memory[row] = 0

    def __call__(self, rows: NDArray[np.intp], frames: Samples) -> Samples:
        """The frames of these rows at the other rate, 1.5 ms late."""
        whole = np.concatenate((self._memory[rows], frames.astype(np.float32)), axis=1)
        self._memory[rows] = whole[:, -self._memory.shape[1] :]
        out: Samples = np.clip(np.rint(whole @ self._matrix), -32_768, 32_767).astype(np.int16)
        return out


def resampled(samples: Samples, *, up: bool) -> Samples:
    """A whole sound at twice or half its rate."""
    frame = NARROW if up else WIDE
    padded = np.concatenate((samples, np.zeros(-len(samples) % frame, np.int16)))
    change = Resampler(1, up=up)
    row = np.zeros(1, np.intp)
    parts = [change(row, part[None])[0] for part in padded.reshape(-1, frame)]
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)
