"""Sounds for tests, and how loud one frequency is in a sound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]


def tone(hz: float, duration_ms: int, rate_hz: int = 8_000, peak: int = 8_000) -> Samples:
    at = np.arange(rate_hz * duration_ms // 1_000) * 2 * np.pi / rate_hz
    return (peak * np.sin(hz * at)).astype(np.int16)


def level_of(samples: Samples, hz: float, rate_hz: int = 8_000) -> float:
    """The peak of this frequency's part in a sound."""
    at = np.arange(len(samples)) * 2j * np.pi * hz / rate_hz
    return float(2 * np.abs(np.exp(at) @ samples.astype(np.float64)) / max(1, len(samples)))


def noise(duration_ms: int, peak: int, seed: int = 1) -> Samples:
    made = np.random.default_rng(seed).integers(-peak, peak, 8 * duration_ms)
    return made.astype(np.int16)
