"""WAV files: prompts and music read whole, with every length checked."""

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from channels.voice.malformed import MalformedPacket
from channels.voice.media import g711

Samples = NDArray[np.int16]

RATES_HZ = (8_000, 16_000)
SOUND_BYTES_MAX = 64 * 1024 * 1024
"""Over half an hour at 16 kHz."""

_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")
_LINEAR, _ALAW, _ULAW, _EXTENSIBLE = 1, 6, 7, 0xFFFE


class Sound(NamedTuple):
    """A sound of one channel."""

    rate_hz: int
    samples: Samples


class _Format(NamedTuple):
    kind: int
    channels: int
    rate_hz: int
    bits: int


def read(data: bytes) -> Sound:
    """The sound of a WAV file: 16-bit linear, 8-bit mu-law or A-law, one or two channels (mixed),
    8 or 16 kHz.

    Raises MalformedPacket saying what the file has instead.
    """
    if len(data) > SOUND_BYTES_MAX:
        raise MalformedPacket(f"longer than {SOUND_BYTES_MAX} bytes")
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise MalformedPacket("not a WAV file")
    shape: _Format | None = None
    at = 12
    while at + _CHUNK.size <= len(data):
        name, size = _CHUNK.unpack_from(data, at)
        at += _CHUNK.size
        if name == b"fmt ":
            shape = _format(data[at : at + size])
        elif name == b"data":
            if shape is None:
                raise MalformedPacket("the data comes before the format")
            # A file that was cut off while it was written is played as far as it goes.
            return Sound(shape.rate_hz, _samples(shape, data[at : at + size]))
        at += size + size % 2
    raise MalformedPacket("no sound in it")


def _format(chunk: bytes) -> _Format:
    if len(chunk) < _FORMAT.size:
        raise MalformedPacket("the format is cut off")
    kind, channels, rate_hz, _, _, bits = _FORMAT.unpack_from(chunk)
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        kind = int.from_bytes(chunk[24:26], "little")
    if rate_hz not in RATES_HZ:
        raise MalformedPacket(f"{rate_hz} samples a second, where 8000 or 16000 are played")
    if channels not in (1, 2):
        raise MalformedPacket(f"{channels} channels, where one or two are played")
    if (kind, bits) not in ((_LINEAR, 16), (_ALAW, 8), (_ULAW, 8)):
        raise MalformedPacket(
            f"format {kind} with {bits} bits, where 16-bit linear, mu-law and A-law are played"
        )
    return _Format(kind, channels, rate_hz, bits)


def _samples(shape: _Format, data: bytes) -> Samples:
    frame = shape.channels * shape.bits // 8
    data = data[: len(data) // frame * frame]
    if shape.kind == _LINEAR:
        samples = np.frombuffer(data, "<i2").astype(np.int16)
    else:
        codes = np.frombuffer(data, np.uint8)
        decode = g711.decode_alaw if shape.kind == _ALAW else g711.decode_ulaw
        samples = decode(codes)
    if shape.channels == 2:
        pairs = samples.reshape(-1, 2).astype(np.int32)
        samples = (pairs.sum(axis=1) // 2).astype(np.int16)
    return samples
