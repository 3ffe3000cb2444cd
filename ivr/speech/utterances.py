"""Where an answer begins and ends in a caller's sound: by its loudness over what is quiet here.

A plain state machine, fed frame by frame; it knows no clock and no recogniser.
"""

from collections import deque

import numpy as np

RATE_HZ = 16_000
"""Samples a second: 16 bits, little endian, one channel."""

BEFORE_MS = 200
BEGINS_MS = 60
ENDS_MS = 700
LONGEST_MS = 15_000
"""What is kept from before it grew loud, how long it must be loud to be speech, the silence that
ends an answer, and the longest answer, which ends there."""

LOUDER = 4.0
QUIET_LEAST = 60.0
"""Speech is this much louder than what is quiet here, which is never taken for less than this."""

_SLOWLY = 0.05


class Utterances:
    """Cuts answers out of the frames of one caller."""

    def __init__(self) -> None:
        self._quiet = QUIET_LEAST
        self._before: deque[bytes] = deque()
        self._before_ms = 0
        self._kept = bytearray()
        self._loud_ms = 0
        self._silent_ms = 0

    @property
    def speaking(self) -> bool:
        """Whether an answer has begun and not ended: what is being said may be interrupted."""
        return bool(self._kept)

    def forget(self) -> None:
        """Drop what was heard so far."""
        self._kept.clear()
        self._before.clear()
        self._before_ms = self._loud_ms = self._silent_ms = 0

    def take(self, frame: bytes) -> bytes | None:
        """One frame (10 to 100 ms); the whole answer when it has ended with this one."""
        frame_ms = len(frame) // 2 * 1_000 // RATE_HZ
        level = _loudness(frame)
        loud = level > self._quiet * LOUDER
        if not self.speaking:
            self._wait(frame, frame_ms, level, loud=loud)
            return None
        self._kept += frame
        self._silent_ms = 0 if loud else self._silent_ms + frame_ms
        length_ms = len(self._kept) // 2 * 1_000 // RATE_HZ
        if self._silent_ms < ENDS_MS and length_ms < LONGEST_MS:
            return None
        answer = bytes(self._kept)
        self.forget()
        return answer

    def _wait(self, frame: bytes, frame_ms: int, level: float, *, loud: bool) -> None:
        self._before.append(frame)
        self._before_ms += frame_ms
        self._loud_ms = self._loud_ms + frame_ms if loud else 0
        if not loud:
            self._quiet = max(QUIET_LEAST, self._quiet + _SLOWLY * (level - self._quiet))
        if self._loud_ms >= BEGINS_MS:
            self._kept = bytearray(b"".join(self._before))
            self._before.clear()
            self._before_ms = self._loud_ms = self._silent_ms = 0
        while self._before_ms > BEFORE_MS + BEGINS_MS:
            gone = self._before.popleft()
            self._before_ms -= len(gone) // 2 * 1_000 // RATE_HZ


def _loudness(frame: bytes) -> float:
    """The root of the mean square of the samples."""
    samples = np.frombuffer(frame[: len(frame) // 2 * 2], "<i2").astype(np.float64)
    return float(np.sqrt(np.mean(samples * samples))) if len(samples) else 0.0
