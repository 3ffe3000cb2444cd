"""From payloads to sound: what every leg says in this tick, at 8 and 16 kHz."""

import numpy as np
from numpy.typing import NDArray

from channels.voice.malformed import MalformedPacket
from channels.voice.media import g711
from channels.voice.media.buffering import LOST, PRESENT, JitterBuffers, Taken
from channels.voice.media.leg import Leg
from channels.voice.media.planning import Plan
from channels.voice.media.resampling import Resampler
from channels.voice.media.tones import Heard, ToneDetector

Samples = NDArray[np.int16]
_Rows = NDArray[np.intp]

LOUD = 700
"""A peak above which no frame is skipped."""
_FRAME = 320


class Hearing:
    """``narrow`` and ``wide`` hold what each row says, where its plan needs it."""

    def __init__(self, rows: int, buffers: JitterBuffers) -> None:
        self.narrow: Samples = np.zeros((rows, 160), np.int16)
        self.wide: Samples = np.zeros((rows, _FRAME), np.int16)
        self.payloads: dict[int, bytes] = {}
        """What the coded rows sent in this tick, for those who get it as it is."""
        self._buffers = buffers
        self._lift = Resampler(rows, up=True)
        self._lower = Resampler(rows, up=False)
        self._detector = ToneDetector(rows)
        self._left: dict[int, Samples] = {}

    def forget(self, row: int) -> None:
        """Another leg begins in this row."""
        self.narrow[row] = 0
        self.wide[row] = 0
        self._lift.forget(row)
        self._lower.forget(row)
        self._detector.forget(row)
        self._left.pop(row, None)

    def listen(self, plan: Plan) -> None:
        """Take the next frame of every leg."""
        taken = self._buffers.take(plan.rows)
        self._batch(plan, taken, plan.ulaw, g711.ULAW_TO_LINEAR)
        self._batch(plan, taken, plan.alaw, g711.ALAW_TO_LINEAR)
        self.payloads.clear()
        for place, leg in plan.coded:
            self._coded(leg, taken, place, unheard=leg.row in plan.unheard)

    def tones(self, plan: Plan, legs: dict[int, Leg]) -> list[Heard]:
        """The tones that begin or end in this frame; masked legs are masked on the way."""
        rows = plan.detecting
        if not len(rows):
            return []
        coded = np.array([row for row in rows if not legs[int(row)].narrow], np.intp)
        if len(coded):
            self.narrow[coded] = self._lower(coded, self.wide[coded])
        heard, suspects = self._detector.feed(rows, self.narrow[rows])
        for row, suspect in zip(rows.tolist(), suspects.tolist(), strict=True):
            leg = legs[row]
            if leg.mask is not None:
                sound = self.narrow if leg.narrow else self.wide
                sound[row] = leg.mask.pass_on(sound[row].copy(), suspect=suspect)
        return heard

    def lift(self, plan: Plan) -> None:
        """Bring the narrow legs of wide calls to 16 kHz."""
        if len(plan.lifted):
            self.wide[plan.lifted] = self._lift(plan.lifted, self.narrow[plan.lifted])

    def _batch(self, plan: Plan, taken: Taken, places: _Rows, table: Samples) -> None:
        if not len(places):
            return
        rows, states = plan.rows[places], taken.states[places]
        sound = table[taken.payloads[places, :160]]
        missing = states != PRESENT
        if missing.any():
            # A lost frame is the last one, weaker; behind three of them there is silence.
            fading = np.where((states == LOST)[missing, None], self.narrow[rows[missing]] >> 1, 0)
            sound[missing] = fading
        self.narrow[rows] = sound
        self._buffers.loud[rows] = np.abs(sound[:, ::4]).max(axis=1) > LOUD

    def _coded(self, leg: Leg, taken: Taken, place: int, *, unheard: bool) -> None:
        row, coder = leg.row, leg.coder
        if coder is None:
            return
        state = taken.states[place]
        if state == PRESENT:
            payload = taken.payloads[place, : taken.lengths[place]].tobytes()
            self.payloads[row] = payload
            if unheard:
                return
            try:
                self._keep(row, coder.decode(payload))
            except MalformedPacket:
                leg.malformed += 1
                state = LOST
        elif row in self._left:
            # The rest of a packet that was longer than a frame.
            self._keep(row, self._left.pop(row))
            return
        if state == LOST:
            self.wide[row] = coder.conceal()
        elif state != PRESENT:
            self.wide[row] = 0

    def _keep(self, row: int, samples: Samples) -> None:
        left = self._left.pop(row, None)
        if left is not None:
            samples = np.concatenate((left, samples))[-6 * _FRAME :]
        self.wide[row] = samples[:_FRAME]
        if len(samples) > _FRAME:
            self._left[row] = samples[_FRAME:]
        self._buffers.loud[row] = bool(np.abs(samples[::8]).max() > LOUD)
