"""Opus (RFC 6716, RFC 7587) by the system's libopus; absent, only this codec is missing."""

import ctypes
from functools import cache

import numpy as np
from numpy.typing import NDArray

from channels.voice.malformed import MalformedPacket
from channels.voice.media.errors import MissingLibrary

_RATE_HZ = 16_000
_FRAME = 320
_PACKET_SAMPLES_MAX = 6 * _FRAME
"""An Opus packet holds at most 120 ms."""
_PAYLOAD_BYTES_MAX = 320
_VOICE_APPLICATION = 2_048
_SET_BITRATE, _SET_COMPLEXITY, _SET_FEC, _SET_LOSS = 4_002, 4_010, 4_012, 4_014
_BITS_PER_S, _COMPLEXITY, _EXPECTED_LOSS_PERCENT = 24_000, 3, 2

_Samples = ctypes.POINTER(ctypes.c_int16)


@cache
def load() -> ctypes.CDLL:
    """The library, its functions declared. Raises MissingLibrary where it is not installed."""
    try:
        library = ctypes.CDLL("libopus.so.0")
    except OSError as problem:
        raise MissingLibrary("Opus needs the Debian package libopus0") from problem
    error = ctypes.POINTER(ctypes.c_int)
    number = ctypes.c_int
    library.opus_encoder_create.argtypes = [ctypes.c_int32, number, number, error]
    library.opus_encoder_create.restype = ctypes.c_void_p
    library.opus_decoder_create.argtypes = [ctypes.c_int32, number, error]
    library.opus_decoder_create.restype = ctypes.c_void_p
    library.opus_encoder_destroy.argtypes = [ctypes.c_void_p]
    library.opus_decoder_destroy.argtypes = [ctypes.c_void_p]
    library.opus_encode.argtypes = [
        ctypes.c_void_p,
        _Samples,
        number,
        ctypes.c_char_p,
        ctypes.c_int32,
    ]
    library.opus_decode.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_int32,
        _Samples,
        number,
        number,
    ]
    return library


class Coder:
    """One leg's encoder and decoder, one channel, 16 kHz, frames of 20 ms."""

    def __init__(self) -> None:
        self._library = load()
        failed = ctypes.c_int()
        self._encoder = self._library.opus_encoder_create(
            _RATE_HZ, 1, _VOICE_APPLICATION, ctypes.byref(failed)
        )
        self._decoder = self._library.opus_decoder_create(_RATE_HZ, 1, ctypes.byref(failed))
        if not self._encoder or not self._decoder:
            raise MemoryError(f"libopus made no coder (its error {failed.value})")
        for setting, value in (
            (_SET_BITRATE, _BITS_PER_S),
            (_SET_COMPLEXITY, _COMPLEXITY),
            (_SET_FEC, 1),
            (_SET_LOSS, _EXPECTED_LOSS_PERCENT),
        ):
            self._library.opus_encoder_ctl(
                ctypes.c_void_p(self._encoder), setting, ctypes.c_int32(value)
            )
        self._payload = ctypes.create_string_buffer(_PAYLOAD_BYTES_MAX)
        self._samples = np.zeros(_PACKET_SAMPLES_MAX, np.int16)
        self._pointer = self._samples.ctypes.data_as(_Samples)

    def __del__(self) -> None:
        for part, destroy in (("_encoder", "encoder"), ("_decoder", "decoder")):
            if getattr(self, part, None):
                getattr(self._library, f"opus_{destroy}_destroy")(getattr(self, part))

    def encode(self, samples: NDArray[np.int16]) -> bytes:
        """The payload of one frame."""
        frame = np.ascontiguousarray(samples)
        size = self._library.opus_encode(
            self._encoder,
            frame.ctypes.data_as(_Samples),
            _FRAME,
            self._payload,
            _PAYLOAD_BYTES_MAX,
        )
        if size < 0:
            raise RuntimeError(f"libopus did not encode (its error {size})")
        return self._payload.raw[:size]

    def decode(self, payload: bytes) -> NDArray[np.int16]:
        """The samples of one payload, whole frames only. Raises MalformedPacket."""
        count = self._library.opus_decode(
            self._decoder, payload, len(payload), self._pointer, _PACKET_SAMPLES_MAX, 0
        )
        if count <= 0 or count % _FRAME:
            raise MalformedPacket(f"an Opus packet of no whole frames ({count})")
        return self._samples[:count].copy()

    def conceal(self) -> NDArray[np.int16]:
        """One frame of what the decoder guesses."""
        self._library.opus_decode(self._decoder, None, 0, self._pointer, _FRAME, 0)
        return self._samples[:_FRAME].copy()
