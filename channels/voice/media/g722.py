"""G.722 at 64 kbit/s (ITU-T G.722, RFC 3551 section 4.5.2), by the G722 wheel."""

import numpy as np
from G722 import G722  # type: ignore[import-not-found]  # The wheel carries no types.
from numpy.typing import NDArray

from channels.voice.malformed import MalformedPacket

_RATE_HZ, _BITS_PER_S = 16_000, 64_000
_FRAME = 320
_FADE = 0.5


class Coder:
    """One leg's encoder and decoder: 320 samples at 16 kHz are 160 bytes."""

    def __init__(self) -> None:
        self._encoder = G722(_RATE_HZ, _BITS_PER_S)
        self._decoder = G722(_RATE_HZ, _BITS_PER_S)
        self._last: NDArray[np.int16] = np.zeros(_FRAME, np.int16)

    def encode(self, samples: NDArray[np.int16]) -> bytes:
        """The payload of one frame."""
        return bytes(self._encoder.encode(np.ascontiguousarray(samples)))

    def decode(self, payload: bytes) -> NDArray[np.int16]:
        """The samples of one payload: two for each byte. Raises MalformedPacket."""
        if not payload or len(payload) % (_FRAME // 2):
            raise MalformedPacket(f"{len(payload)} bytes of G.722 are no whole frames")
        samples = np.array(self._decoder.decode(payload), np.int16)
        self._last = samples[-_FRAME:]
        return samples

    def conceal(self) -> NDArray[np.int16]:
        """The last frame again, weaker each time."""
        self._last = (self._last * _FADE).astype(np.int16)
        return self._last
