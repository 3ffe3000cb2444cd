"""Where packets land: received straight into rows of one array, and judged together once a tick."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from channels.voice.media.buffering import PAYLOAD_BYTES
from channels.voice.media.rtp import HEADER_BYTES

PACKETS_MAX = 4_096
_ROW_BYTES = 2_048

_Rows = NDArray[np.intp]


class Batch(NamedTuple):
    """Packets of plain sound, at most one of each leg."""

    rows: _Rows
    markers: NDArray[np.bool_]
    sequences: NDArray[np.int64]
    timestamps: NDArray[np.int64]
    lengths: NDArray[np.int32]
    arrived_s: NDArray[np.float64]
    payloads: NDArray[np.uint8]


class Expecting:
    """What the next packet of each row must have to be taken without a closer look."""

    def __init__(self, rows: int) -> None:
        self.payload_type = np.full(rows, 255, np.int64)
        self.ssrc = np.full(rows, -1, np.int64)
        self.payload_bytes = np.full(rows, 160, np.int64)

    def nothing(self, row: int) -> None:
        """Look closer at every packet of this row."""
        self.payload_type[row], self.ssrc[row] = 255, -1


class Arena:
    """The packets since the last tick: received into the next of ``views``, then listed."""

    def __init__(self) -> None:
        self._bytes = np.zeros((PACKETS_MAX, _ROW_BYTES), np.uint8)
        self._words = self._bytes.view(">u4")
        self.views = [row.data for row in self._bytes]
        self.rows: list[int] = []
        self.sizes: list[int] = []
        self.stamps: list[float] = []

    @property
    def count(self) -> int:
        """How many packets are there."""
        return len(self.rows)

    @property
    def full(self) -> bool:
        """Whether there is no room for one more."""
        return len(self.rows) >= PACKETS_MAX

    def add(self, row: int, data: bytes, arrived_s: float) -> None:
        """A packet that was received elsewhere (decrypted, or admitted by a closer look)."""
        if self.full or len(data) > _ROW_BYTES:
            return
        self.views[len(self.rows)][: len(data)] = data
        self.rows.append(row)
        self.sizes.append(len(data))
        self.stamps.append(arrived_s)

    def forget(self, row: int) -> None:
        """Another end begins in this row: what came from the one before is no packet any more."""
        for at, other in enumerate(self.rows):
            if other == row:
                self.sizes[at] = 0

    def sort(self, expecting: Expecting, odd: Callable[[int, bytes, float], None]) -> list[Batch]:
        """The packets in batches, in order; ``odd`` gets (row, bytes, arrival) of all others."""
        count = len(self.rows)
        if not count:
            return []
        rows = np.array(self.rows, np.intp)
        sizes = np.array(self.sizes, np.int64)
        words = self._words[:count, :3].astype(np.int64)
        second = words[:, 0] >> 16 & 0xFF
        room = expecting.payload_bytes[rows]
        fits = np.where(
            room > 0,
            sizes == HEADER_BYTES + room,
            (sizes > HEADER_BYTES) & (sizes <= HEADER_BYTES + PAYLOAD_BYTES),
        )
        plain = (
            fits
            & (words[:, 0] >> 24 == 0x80)
            & (second & 0x7F == expecting.payload_type[rows])
            & (words[:, 2] == expecting.ssrc[rows])
        )
        if not plain.all():
            for at in np.flatnonzero(~plain):
                odd(self.rows[at], bytes(self.views[at][: self.sizes[at]]), self.stamps[at])
        batches = self._rounds(np.flatnonzero(plain), rows, words, sizes)
        self.rows.clear()
        self.sizes.clear()
        self.stamps.clear()
        return batches

    def _rounds(
        self, left: _Rows, rows: _Rows, words: NDArray[np.int64], sizes: NDArray[np.int64]
    ) -> list[Batch]:
        stamps = np.array(self.stamps)
        batches = []
        while len(left):
            _, first = np.unique(rows[left], return_index=True)
            at = left[first]
            head = words[at, 0]
            batches.append(
                Batch(
                    rows[at],
                    (head >> 23 & 1).astype(np.bool_),
                    head & 0xFFFF,
                    words[at, 1],
                    (sizes[at] - HEADER_BYTES).astype(np.int32),
                    stamps[at],
                    self._bytes[at, HEADER_BYTES : HEADER_BYTES + PAYLOAD_BYTES],
                )
            )
            left = np.delete(left, first)
        return batches
