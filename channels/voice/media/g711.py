"""G.711 by tables: each of the 256 codes to 16 bits and each of the 65,536 values to its code."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Codes = NDArray[np.uint8]


def _ulaw_values() -> Samples:
    inverted = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((((inverted & 0x0F) << 3) + 0x84) << (inverted >> 4 & 7)) - 0x84
    return np.where(inverted & 0x80, -magnitude, magnitude).astype(np.int16)


def _ulaw_codes() -> Codes:
    """The encoder of ITU-T G.191: 14 bits, the lowest two of 16 are dropped before the sign."""
    value = np.arange(-32_768, 32_768, dtype=np.int32)
    magnitude = np.where(value < 0, ~value >> 2, value >> 2) + 33
    magnitude = np.minimum(magnitude, 0x1FFF)
    segment = np.floor(np.log2(magnitude)).astype(np.int32) - 5
    low = 0x0F - (magnitude >> (segment + 1) & 0x0F)
    code = (0x07 - segment) << 4 | low
    codes: Codes = np.where(value >= 0, code | 0x80, code).astype(np.uint8)
    return codes


def _alaw_values() -> Samples:
    toggled = np.arange(256, dtype=np.int32) ^ 0x55
    segment, low = toggled >> 4 & 7, (toggled & 0x0F) << 4
    magnitude = np.where(segment == 0, low + 8, (low + 0x108) << np.maximum(segment - 1, 0))
    return np.where(toggled & 0x80, magnitude, -magnitude).astype(np.int16)


def _alaw_codes() -> Codes:
    """The encoder of ITU-T G.191: 12 bits of magnitude, one's complement below zero."""
    value = np.arange(-32_768, 32_768, dtype=np.int32)
    magnitude = np.where(value < 0, ~value >> 4, value >> 4)
    segment = np.where(magnitude > 15, np.floor(np.log2(np.maximum(magnitude, 1))) - 3, 0)
    segment = segment.astype(np.int32)
    low = magnitude >> np.maximum(segment - 1, 0) & 0x0F
    code = segment << 4 | low
    codes: Codes = (np.where(value >= 0, code | 0x80, code) ^ 0x55).astype(np.uint8)
    return codes


ULAW_TO_LINEAR = _ulaw_values()
ALAW_TO_LINEAR = _alaw_values()
# Indexed by the sample's 16 bits as an unsigned number, so that no addition is needed per sample.
LINEAR_TO_ULAW = np.roll(_ulaw_codes(), -32_768)
LINEAR_TO_ALAW = np.roll(_alaw_codes(), -32_768)
ULAW_SILENCE, ALAW_SILENCE = 0xFF, 0xD5


def decode_ulaw(codes: Codes) -> Samples:
    """Samples of mu-law codes, of any shape."""
    return ULAW_TO_LINEAR[codes]


def encode_ulaw(samples: Samples) -> Codes:
    """Mu-law codes of samples, of any shape."""
    return LINEAR_TO_ULAW[samples.view(np.uint16)]


def decode_alaw(codes: Codes) -> Samples:
    """Samples of A-law codes, of any shape."""
    return ALAW_TO_LINEAR[codes]


def encode_alaw(samples: Samples) -> Codes:
    """A-law codes of samples, of any shape."""
    return LINEAR_TO_ALAW[samples.view(np.uint16)]
