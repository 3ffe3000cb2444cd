"""What arrives on each leg, counted as RFC 3550, appendix A, counts it, for all legs at once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_Rows = NDArray[np.intp]
_Numbers = NDArray[np.int64]

RESTART_AHEAD = 3_000
"""A sequence number further away than that is a sender that began anew (appendix A.1)."""


class Received(NamedTuple):
    """The figures of one leg, from its beginning. Jitter in milliseconds."""

    packets: int
    lost: int
    late: int
    jitter_ms: float
    highest_sequence: int

    @property
    def loss(self) -> float:
        """The share of lost packets."""
        expected = self.packets + max(0, self.lost)
        return max(0, self.lost) / expected if expected else 0.0


class Reception:
    """Counts for up to ``rows`` legs. ``late`` packets came, but behind their place."""

    def __init__(self, rows: int) -> None:
        self._clock_hz = np.full(rows, 8_000.0)
        self._packets = np.zeros(rows, np.int64)
        self._base = np.zeros(rows, np.int64)
        self._highest = np.full(rows, -1, np.int64)
        self._expected_before = np.zeros(rows, np.int64)
        self._transit = np.zeros(rows, np.float64)
        self._jitter = np.zeros(rows, np.float64)
        self._told_expected = np.zeros(rows, np.int64)
        self._told_packets = np.zeros(rows, np.int64)
        self.late = np.zeros(rows, np.int64)

    def begin(self, row: int, clock_hz: int) -> None:
        """Count anew in this row."""
        self._clock_hz[row] = clock_hz
        self._highest[row] = -1
        for counts in (self._packets, self._base, self._expected_before, self.late):
            counts[row] = 0
        self._told_expected[row] = self._told_packets[row] = 0
        self._transit[row] = self._jitter[row] = 0

    def count(
        self, rows: _Rows, sequences: _Numbers, timestamps: _Numbers, arrived_s: NDArray[np.float64]
    ) -> None:
        """Count one packet in each of these rows; no row stands twice."""
        self._packets[rows] += 1
        highest = self._highest[rows]
        ahead = (sequences - highest + 0x8000) % 0x1_0000 - 0x8000
        fresh = highest < 0
        restart = ~fresh & (np.abs(ahead) > RESTART_AHEAD)
        if restart.any():
            again = rows[restart]
            self._expected_before[again] += self._highest[again] - self._base[again] + 1
        begins = fresh | restart
        self._base[rows[begins]] = sequences[begins]
        self._highest[rows] = np.where(
            begins, sequences, np.where(ahead > 0, highest + ahead, highest)
        )
        self._follow_jitter(rows, timestamps, arrived_s, begins)

    def _follow_jitter(
        self,
        rows: _Rows,
        timestamps: _Numbers,
        arrived_s: NDArray[np.float64],
        begins: NDArray[np.bool_],
    ) -> None:
        wrap = float(1 << 32)
        transit = (arrived_s * self._clock_hz[rows] - timestamps) % wrap
        difference = np.abs((transit - self._transit[rows] + wrap / 2) % wrap - wrap / 2)
        self._transit[rows] = transit
        # A sender that began anew, or jumped by a second, says nothing about the network.
        usual = ~begins & (difference < self._clock_hz[rows])
        self._jitter[rows] += np.where(usual, (difference - self._jitter[rows]) / 16, 0.0)

    def of(self, row: int) -> Received:
        """The figures of a row."""
        packets, expected = int(self._packets[row]), self._expected(row)
        jitter_ms = float(self._jitter[row] / self._clock_hz[row] * 1_000)
        highest = max(0, int(self._highest[row]))
        late = int(self.late[row])
        return Received(packets, expected - packets, late, jitter_ms, highest)

    def jitter_ticks(self, row: int) -> int:
        """The jitter in ticks of the leg's clock, as RTCP says it."""
        return int(self._jitter[row])

    def fraction_lost(self, row: int) -> int:
        """The share lost since this was last asked, in 1/256 (appendix A.3)."""
        expected, packets = self._expected(row), int(self._packets[row])
        wanted = expected - int(self._told_expected[row])
        came = packets - int(self._told_packets[row])
        self._told_expected[row], self._told_packets[row] = expected, packets
        if wanted <= 0 or came >= wanted:
            return 0
        return min(255, ((wanted - came) << 8) // wanted)

    def _expected(self, row: int) -> int:
        if self._highest[row] < 0:
            return 0
        return int(self._expected_before[row] + self._highest[row] - self._base[row] + 1)
