"""The codecs a leg may speak. G.711 is coded for all legs at once; the others keep a state each."""

import enum
from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from channels.voice.media import g711, g722, opus
from channels.voice.media.errors import MissingLibrary

Samples = NDArray[np.int16]
FRAME_MS = 20
NARROW_HZ, WIDE_HZ = 8_000, 16_000


class Coder(Protocol):
    """One leg's encoder and decoder, 16-bit samples at ``WIDE_HZ``, 20 ms a frame."""

    def encode(self, samples: Samples) -> bytes:
        """The payload of one frame."""
        ...

    def decode(self, payload: bytes) -> Samples:
        """The samples of one payload, of whole frames. Raises MalformedPacket."""
        ...

    def conceal(self) -> Samples:
        """One frame in place of a lost one."""
        ...


class Codec(enum.StrEnum):
    """A codec by its name in SDP."""

    PCMU = "PCMU"
    PCMA = "PCMA"
    G722 = "G722"
    OPUS = "opus"


class Shape(NamedTuple):
    """What the buffers must know of a codec.

    ``clock_hz`` is the clock of RTP timestamps, ``rate_hz`` that of the sound. ``payload_bytes`` is
    the fixed length of 20 ms, 0 where it varies. ``silence`` is the byte of silence in G.711.
    """

    clock_hz: int
    rate_hz: int
    payload_bytes: int
    silence: int = 0

    @property
    def frame_ticks(self) -> int:
        """Ticks of the RTP clock in one frame."""
        return self.clock_hz * FRAME_MS // 1_000


SHAPES = {
    Codec.PCMU: Shape(8_000, NARROW_HZ, 160, g711.ULAW_SILENCE),
    Codec.PCMA: Shape(8_000, NARROW_HZ, 160, g711.ALAW_SILENCE),
    # RFC 3551, section 4.5.2: the clock of G.722 is 8,000 by an old mistake that stays.
    Codec.G722: Shape(8_000, WIDE_HZ, 160),
    Codec.OPUS: Shape(48_000, WIDE_HZ, 0),
}

_CODERS: dict[Codec, Callable[[], Coder]] = {Codec.G722: g722.Coder, Codec.OPUS: opus.Coder}


def has_state(codec: Codec) -> bool:
    """Whether each leg needs a coder of its own."""
    return codec in _CODERS


def new_coder(codec: Codec) -> Coder:
    """A fresh coder of a codec with state. Raises MissingLibrary when its library is absent."""
    return _CODERS[codec]()


def available() -> tuple[Codec, ...]:
    """The codecs this machine can speak."""
    try:
        opus.load()
    except MissingLibrary:
        return (Codec.PCMU, Codec.PCMA, Codec.G722)
    return tuple(Codec)
