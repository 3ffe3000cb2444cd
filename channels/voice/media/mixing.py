"""The gain matrix: who hears whom, and how loud, for all legs of a node in a few array operations.

A bridge is two entries of 1, a conference everybody but oneself, a supervisor who listens two
entries nobody hears back; ``arrangements`` names them.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
_Rows = NDArray[np.intp]


class _Round(NamedTuple):
    """One source for each of these listeners; ``gains`` is None where all are 1."""

    listeners: _Rows
    sources: _Rows
    gains: NDArray[np.float32] | None


class GainMatrix:
    """Sparse gains, listener by source. A row is the number of a leg's slot."""

    def __init__(self, rows: int) -> None:
        self._heard_by: dict[int, dict[int, float]] = {}
        self._rounds: list[_Round] | None = []
        self._sum: NDArray[np.int32] = np.zeros((rows, 0), np.int32)

    def hear(self, listener: int, gains: Mapping[int, float]) -> None:
        """Replace all that ``listener`` hears."""
        wanted = {source: gain for source, gain in gains.items() if gain}
        if wanted:
            self._heard_by[listener] = wanted
        else:
            self._heard_by.pop(listener, None)
        self._rounds = None

    def heard_by(self, listener: int) -> Mapping[int, float]:
        """What ``listener`` hears, source to gain."""
        return self._heard_by.get(listener, {})

    def remove(self, row: int) -> None:
        """Nobody hears this row any more, and it hears nobody."""
        self._heard_by.pop(row, None)
        for listener in [at for at, heard in self._heard_by.items() if row in heard]:
            rest = {source: gain for source, gain in self._heard_by[listener].items()}
            del rest[row]
            self.hear(listener, rest)
        self._rounds = None

    def listeners_of(self, source: int) -> list[int]:
        """Who hears this row."""
        return [listener for listener, heard in self._heard_by.items() if source in heard]

    def mix(self, heard: Samples) -> Samples:
        """What every row hears of ``heard``, one row a leg; clipped, never wrapped."""
        if self._rounds is None:
            self._rounds = self._compiled()
        if self._sum.shape != heard.shape:
            self._sum = np.zeros(heard.shape, np.int32)
        total = self._sum
        total.fill(0)
        for listeners, sources, gains in self._rounds:
            part = heard[sources]
            # A listener stands once in a round, so that adding in place adds all of it.
            total[listeners] += part if gains is None else (part * gains).astype(np.int32)
        np.clip(total, -32_768, 32_767, out=total)
        return total.astype(np.int16)

    def sole_sources(self) -> dict[int, int]:
        """Listeners that hear exactly one source at gain 1, with that source."""
        return {
            listener: next(iter(heard))
            for listener, heard in self._heard_by.items()
            if len(heard) == 1 and next(iter(heard.values())) == 1.0
        }

    def _compiled(self) -> list[_Round]:
        depth = max((len(heard) for heard in self._heard_by.values()), default=0)
        entries: list[list[tuple[int, int, float]]] = [[] for _ in range(depth)]
        for listener, heard in self._heard_by.items():
            for number, (source, gain) in enumerate(heard.items()):
                entries[number].append((listener, source, gain))
        return [self._round(part) for part in entries]

    @staticmethod
    def _round(entries: list[tuple[int, int, float]]) -> _Round:
        listeners = np.array([entry[0] for entry in entries], np.intp)
        sources = np.array([entry[1] for entry in entries], np.intp)
        gains = np.array([entry[2] for entry in entries], np.float32)
        return _Round(listeners, sources, None if (gains == 1).all() else gains[:, None])
