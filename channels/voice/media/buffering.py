"""The jitter buffers of all legs at once: every frame at the place its timestamp gives it.

A frame is 20 ms. A packet is put at its own place, in whatever order packets come, so a lost one
leaves a gap and never a shift. Playing begins two frames late. When the next frame has not come and
nothing later has, the buffer holds its position (the sender's clock is slower than ours, or the
network is late); when for a second at least three frames were always in store, the surplus is
skipped, in a quiet moment if there is one (its clock is faster, or the network has calmed down).
A jump by more than fifty frames, and the first packet of a new talk spurt, begin anew.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_Rows = NDArray[np.intp]
_Numbers = NDArray[np.int64]
_Flags = NDArray[np.bool_]

PLACES = 64
FRAMES_MAX = 50
"""So much is kept of one leg at most (RTP-4)."""
PAYLOAD_BYTES = 320
TARGET_FRAMES = 2
STEADY_TARGET_FRAMES = 3
WINDOW_FRAMES = 50
SURPLUS_FRAMES = 3
PATIENCE_FRAMES = 100
FORGOTTEN_FRAMES = 50
CONCEALED_FRAMES = 3
"""A gap is concealed for so long; behind that there is silence."""

PRESENT, LOST, EMPTY = 0, 1, 2
_FAR = 1 << 40


class Taken(NamedTuple):
    """The next frame of each row: its payload, how long that is, and PRESENT, LOST or EMPTY."""

    payloads: NDArray[np.uint8]
    lengths: NDArray[np.int32]
    states: NDArray[np.int8]


class JitterBuffers:
    """Buffers for up to ``rows`` legs. Memory is taken once; nothing a sender does takes more."""

    def __init__(self, rows: int) -> None:
        self._payloads = np.zeros((rows, PLACES, PAYLOAD_BYTES), np.uint8)
        self._tags = np.full((rows, PLACES), -1, np.int64)
        self._lengths = np.zeros((rows, PLACES), np.int32)
        self._frame_ticks = np.full(rows, 160, np.int64)
        self._silence = np.zeros(rows, np.uint8)
        self._adaptive = np.ones(rows, np.bool_)
        self._started = np.zeros(rows, np.bool_)
        self._ticks = np.zeros(rows, np.int64)
        self._timestamp = np.zeros(rows, np.int64)
        self._play = np.zeros(rows, np.int64)
        self._newest = np.full(rows, -1, np.int64)
        self._waits = np.zeros(rows, np.int64)
        self._gap = np.zeros(rows, np.int64)
        self._lowest = np.full(rows, _FAR, np.int64)
        self._surplus = np.zeros(rows, np.int64)
        self._surplus_age = np.zeros(rows, np.int64)
        self._takes = 0
        self.loud = np.zeros(rows, np.bool_)
        """Whether the last frame was loud: no frame is skipped then. The mixer keeps it."""
        self.concealed = np.zeros(rows, np.int64)
        self.skipped = np.zeros(rows, np.int64)

    def begin(self, row: int, frame_ticks: int, silence: int, *, adaptive: bool = True) -> None:
        """Forget what is there, await a first packet. Not ``adaptive``: no frame is skipped."""
        self._tags[row] = -1
        self._frame_ticks[row], self._silence[row] = frame_ticks, silence
        self._adaptive[row], self._started[row], self.loud[row] = adaptive, False, False
        self._play[row], self._newest[row] = 0, -1
        self._surplus[row] = self._surplus_age[row] = self._gap[row] = 0
        self._lowest[row] = _FAR
        self.concealed[row] = self.skipped[row] = 0

    def put(
        self,
        rows: _Rows,
        timestamps: _Numbers,
        markers: _Flags,
        lengths: NDArray[np.int32],
        payloads: NDArray[np.uint8],
    ) -> _Flags:
        """Put one whole frame into each of these rows (no row twice); says which came too late."""
        index = self._place(rows, timestamps, markers)
        on_time = index >= self._play[rows]
        rows, index = rows[on_time], index[on_time]
        place = index % PLACES
        width = min(PAYLOAD_BYTES, payloads.shape[1])
        self._payloads[rows, place, :width] = payloads[on_time, :width]
        self._lengths[rows, place] = lengths[on_time]
        self._tags[rows, place] = index
        return ~on_time

    def put_bytes(self, row: int, timestamp: int, payload: bytes, *, marker: bool) -> bool:
        """Put what is not one frame: a codec of a byte a tick in packets of any length.

        Says whether it came in time; what its frame does not hold yet is silence.
        """
        rows = np.array([row], np.intp)
        begun = bool(self._started[row])
        self._place(rows, np.array([timestamp], np.int64), np.array([marker], np.bool_))
        frame = int(self._frame_ticks[row])
        position = int(self._ticks[row])
        on_time = not begun or position // frame >= int(self._play[row])
        at = 0
        while at < len(payload):
            index, offset = divmod(position + at, frame)
            piece = payload[at : at + frame - offset]
            if self._play[row] <= index < self._play[row] + FRAMES_MAX:
                self._write(row, index, offset, piece, frame)
            at += len(piece)
        return on_time

    def _write(self, row: int, index: int, offset: int, piece: bytes, frame: int) -> None:
        place = index % PLACES
        if self._tags[row, place] != index:
            self._tags[row, place], self._lengths[row, place] = index, frame
            self._payloads[row, place, :frame] = self._silence[row]
        self._payloads[row, place, offset : offset + len(piece)] = np.frombuffer(piece, np.uint8)
        self._newest[row] = max(int(self._newest[row]), index)

    def _place(self, rows: _Rows, timestamps: _Numbers, markers: _Flags) -> _Numbers:
        """The frame number of these packets; moves each row's idea of time."""
        half = 1 << 31
        ahead = (timestamps - self._timestamp[rows] + half) % (1 << 32) - half
        frame = self._frame_ticks[rows]
        ticks = self._ticks[rows] + ahead
        index = ticks // frame
        play, newest = self._play[rows], self._newest[rows]
        started = self._started[rows]
        far = (index >= play + FRAMES_MAX) | (index < play - FRAMES_MAX)
        anew = ~started | far | (markers & (newest < play))
        if anew.any():
            # Behind everything that was ever put there, so that no old frame is taken for a new.
            index = np.where(anew, np.maximum(play, newest) + PLACES, index)
            ticks = np.where(anew, index * frame, ticks)
            begun = rows[anew]
            steady = np.where(self._adaptive[begun], TARGET_FRAMES, STEADY_TARGET_FRAMES)
            self._play[begun], self._waits[begun] = index[anew], steady
            self._newest[begun], self._started[begun] = index[anew], True
            self._lowest[begun], self._surplus[begun], self._gap[begun] = _FAR, 0, 0
        self._ticks[rows], self._timestamp[rows] = ticks, timestamps
        self._newest[rows] = np.maximum(self._newest[rows], index)
        return index

    def take(self, rows: _Rows) -> Taken:
        """The next frame of each of these rows; call it once a tick."""
        self._skip_surplus(rows)
        waiting = self._waits[rows] > 0
        self._waits[rows] -= waiting
        going = self._started[rows] & ~waiting
        play = self._play[rows]
        place = play % PLACES
        present = going & (self._tags[rows, place] == play)
        starved = going & ~present & (self._newest[rows] < play)
        lost = going & ~present & ~starved
        self._play[rows] += present | lost
        gap = np.where(present | ~going, 0, self._gap[rows] + 1)
        self._gap[rows] = gap
        self._started[rows] &= ~(starved & (gap >= FORGOTTEN_FRAMES))
        concealed = (lost | starved) & (gap <= CONCEALED_FRAMES)
        self.concealed[rows] += lost
        self._watch(rows, going)
        states = np.where(present, PRESENT, np.where(concealed, LOST, EMPTY)).astype(np.int8)
        return Taken(self._payloads[rows, place], self._lengths[rows, place], states)

    def stored_frames(self, row: int) -> int:
        """How many frames are in store, gaps included."""
        if not self._started[row]:
            return 0
        return int(self._newest[row] - self._play[row] + 1 + self._waits[row])

    def _watch(self, rows: _Rows, going: _Flags) -> None:
        """Keep the least store of each window; at its end that store, but one, is surplus."""
        left = self._newest[rows] - self._play[rows] + 1
        self._lowest[rows] = np.where(going, np.minimum(self._lowest[rows], left), _FAR)
        self._takes += 1
        if self._takes % WINDOW_FRAMES == 0:
            lowest = self._lowest[rows]
            much = self._adaptive[rows] & (lowest >= SURPLUS_FRAMES) & (lowest < _FAR)
            self._surplus[rows] = np.where(much, lowest - SURPLUS_FRAMES + 1, 0)
            self._surplus_age[rows] = np.where(much, self._surplus_age[rows], 0)
            self._lowest[rows] = _FAR

    def _skip_surplus(self, rows: _Rows) -> None:
        surplus = self._surplus[rows]
        if not surplus.any():
            return
        self._surplus_age[rows] += surplus > 0
        old = self._surplus_age[rows] > PATIENCE_FRAMES
        skip = (surplus > 0) & (~self.loud[rows] | old | (surplus > SURPLUS_FRAMES))
        self._play[rows] += skip
        self._surplus[rows] -= skip
        self._surplus_age[rows] = np.where(skip, 0, self._surplus_age[rows])
        self.skipped[rows] += skip
