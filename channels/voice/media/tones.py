"""Tones within the sound: digits (ITU-T Q.23, Q.24) and fax machines, heard for many legs at once.

Each frame of 20 ms is looked at twice, through windows of 20 ms that overlap by half. A digit
begins after two windows that agree and ends after three that do not; so 40 ms are enough, a
drop-out within a press does not make two of it, and digits without a gap are told apart.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
_Rows = NDArray[np.intp]

RATE_HZ = 8_000
KEYS = ("123A", "456B", "789C", "*0#D")
LOW_HZ, HIGH_HZ = (697, 770, 852, 941), (1_209, 1_336, 1_477, 1_633)
FAX_HZ = (1_100, 2_100)
FAX_TONES = ("fax_calling", "fax_answering")
HOP_MS = 10

_WINDOW, _HOP = 160, 80
_BEGIN_HOPS, _END_HOPS = 2, 3
_FAX_HOPS = 40
"""A fax machine's tone is told after 400 ms."""

_LEVEL_MIN = 26.0
"""The peak below which a tone is not one: -62 dB of full scale, 20 dB under the weakest digit a
switch must take (Q.24), because recorded sound is often quiet."""
_HIGHER_MAX, _LOWER_MAX = 6.3, 10.0
"""By how much power one tone may be stronger than its partner (8 and 10 dB)."""
_PEAK_MIN = 6.3
"""By how much power a tone stands out of the other three of its group (8 dB)."""
_SHARE_MIN = 0.42
"""The least share of all power that the two tones have."""
_FAX_SHARE_MIN = 0.8


def _bank() -> NDArray[np.float32]:
    """Columns of cosines, then of sines, for each frequency."""
    at = np.arange(_WINDOW)[:, None] * 2 * np.pi / RATE_HZ
    angles = at * np.array([*LOW_HZ, *HIGH_HZ, *FAX_HZ])
    return np.concatenate((np.cos(angles), np.sin(angles)), axis=1).astype(np.float32)


_BANK = _bank()
_COUNT = len(LOW_HZ) + len(HIGH_HZ) + len(FAX_HZ)
_NONE = -1


class Heard(NamedTuple):
    """In ``row`` a digit began, or ended after ``duration_ms``; or a fax machine was heard."""

    row: int
    tone: str
    ended: bool
    duration_ms: int


class ToneDetector:
    """Follows the tones of up to ``rows`` legs."""

    def __init__(self, rows: int) -> None:
        self._memory = np.zeros((rows, _HOP), np.int16)
        self._current = np.full(rows, _NONE, np.int8)
        self._candidate = np.full(rows, _NONE, np.int8)
        self._agreed = np.zeros(rows, np.int32)
        self._missed = np.zeros(rows, np.int32)
        self._hops = np.zeros(rows, np.int32)
        self._fax = np.zeros((rows, len(FAX_HZ)), np.int32)

    def forget(self, row: int) -> None:
        """Begin anew in this row."""
        self._memory[row] = 0
        self._current[row] = self._candidate[row] = _NONE
        self._agreed[row] = self._missed[row] = self._hops[row] = 0
        self._fax[row] = 0

    def feed(self, rows: _Rows, frames: Samples) -> tuple[list[Heard], NDArray[np.bool_]]:
        """What is new in these frames (8 kHz, 20 ms, one row a leg).

        The second answer says for each frame whether any window of it looks like a digit: sooner
        than a digit is sure, for those who must not let it pass.
        """
        whole = np.concatenate((self._memory[rows], frames), axis=1)
        self._memory[rows] = frames[:, -_HOP:]
        found: list[Heard] = []
        suspect = np.zeros(len(rows), np.bool_)
        for begin in (0, _HOP):
            keys, fax = _judged(whole[:, begin : begin + _WINDOW])
            suspect |= keys != _NONE
            self._follow(rows, keys, found)
            self._follow_fax(rows, fax, found)
        return found, suspect

    def _follow(self, rows: _Rows, keys: NDArray[np.int8], found: list[Heard]) -> None:
        same = keys == self._current[rows]
        again = (keys == self._candidate[rows]) & (keys != _NONE)
        self._agreed[rows] = np.where(again, self._agreed[rows] + 1, keys != _NONE)
        self._candidate[rows] = keys
        inside = self._current[rows] != _NONE
        self._hops[rows] += inside
        self._missed[rows] = np.where(inside & ~same, self._missed[rows] + 1, 0)
        begins = ~same & (self._agreed[rows] >= _BEGIN_HOPS)
        ends = inside & (begins | (self._missed[rows] >= _END_HOPS))
        for row in rows[ends]:
            hops = int(self._hops[row] - self._missed[row]) + _BEGIN_HOPS
            key = _key(int(self._current[row]))
            found.append(Heard(int(row), key, ended=True, duration_ms=hops * HOP_MS))
            self._current[row] = _NONE
        for row, key in zip(rows[begins], keys[begins], strict=True):
            self._current[row], self._hops[row], self._missed[row] = key, 0, 0
            found.append(Heard(int(row), _key(int(key)), ended=False, duration_ms=0))

    def _follow_fax(self, rows: _Rows, fax: NDArray[np.bool_], found: list[Heard]) -> None:
        counts = np.where(fax, self._fax[rows] + 1, 0)
        self._fax[rows] = counts
        for at, tone in np.argwhere(counts == _FAX_HOPS):
            told = FAX_TONES[int(tone)]
            found.append(Heard(int(rows[at]), told, ended=False, duration_ms=_FAX_HOPS * HOP_MS))


def _key(index: int) -> str:
    return KEYS[index // 4][index % 4]


def _judged(window: Samples) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """For each row the digit this window looks like (or none), and the fax tones in it."""
    sound = window.astype(np.float32)
    total = np.einsum("ij,ij->i", sound, sound) + 1.0
    parts = sound @ _BANK
    # A sine's energy over the window, whatever its phase.
    energy = (parts[:, :_COUNT] ** 2 + parts[:, _COUNT:] ** 2) * (2 / _WINDOW)
    low, high = energy[:, :4], energy[:, 4:8]
    at_low, at_high = low.argmax(axis=1), high.argmax(axis=1)
    rows = np.arange(len(window))
    best_low, best_high = low[rows, at_low], high[rows, at_high]
    second_low, second_high = np.sort(low, axis=1)[:, 2], np.sort(high, axis=1)[:, 2]
    floor = _LEVEL_MIN**2 / 2 * _WINDOW
    digit = (
        (best_low > floor)
        & (best_high > floor)
        & (best_high < best_low * _HIGHER_MAX)
        & (best_low < best_high * _LOWER_MAX)
        & (best_low > second_low * _PEAK_MIN)
        & (best_high > second_high * _PEAK_MIN)
        & (best_low + best_high > total * _SHARE_MIN)
    )
    keys = np.where(digit, at_low * 4 + at_high, _NONE).astype(np.int8)
    fax = (energy[:, 8:] > total[:, None] * _FAX_SHARE_MIN) & (energy[:, 8:] > floor)
    return keys, fax


def digit_sound(digit: str, duration_ms: int, peak: int = 6_000) -> Samples:
    """A digit as sound at 8 kHz. Raises ValueError for what is no digit."""
    for low, keys in zip(LOW_HZ, KEYS, strict=True):
        if len(digit) == 1 and digit in keys:
            high = HIGH_HZ[keys.index(digit)]
            at = np.arange(RATE_HZ * duration_ms // 1_000) * 2 * np.pi / RATE_HZ
            return (peak * (np.sin(low * at) + np.sin(high * at))).astype(np.int16)
    raise ValueError(f"{digit!r} is no digit")
