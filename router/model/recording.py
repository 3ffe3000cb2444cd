"""Recordings of sound: what is known of one, and how its samples become a WAV file.

A recording is kept as interleaved 16-bit little-endian samples, without a head: how long it becomes
is known at its end alone, and a part of it can be played from any sample on.
"""

import struct
from enum import StrEnum

import msgspec

from router.model.ids import Instant, InteractionId, SubjectId

RATES_HZ = (8_000, 16_000)
CHANNELS_MAX = 2
RECORDING_BYTES_MAX = 1 << 30
"""Over nine hours of stereo at 8 kHz, over four at 16 kHz."""
WAV_HEAD_BYTES = 44

_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")
_LINEAR = 1
_LARGEST = 0xFFFF_FFFF


class RecordingKind(StrEnum):
    """What was recorded."""

    CALL = "call"
    VOICEMAIL = "voicemail"


class Recording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One recording. ``channels`` says who is heard in each channel: ``customer``, ``agents``.

    ``began`` is the moment of the first sample. ``size_bytes`` counts samples, and is 0 until the
    recording is ``kept``. A hold keeps it past its time; ``removed`` is when its sound was deleted,
    while what stands here stays.
    """

    recording_id: str
    interaction_id: InteractionId
    subject: SubjectId
    kind: RecordingKind
    began: Instant
    rate_hz: int
    channels: tuple[str, ...]
    size_bytes: int = 0
    torn: bool = False
    kept: bool = False
    hold_by: str = ""
    hold_reason: str = ""
    removed: Instant | None = None

    @property
    def duration_ms(self) -> int:
        """How long it is."""
        return self.size_bytes * 1_000 // (self.rate_hz * 2 * len(self.channels))


class Listening(msgspec.Struct, frozen=True):
    """Somebody listened to a recording."""

    recording_id: str
    user: str
    name: str
    at: Instant


def wav_head(rate_hz: int, channels: int, data_bytes: int) -> bytes:
    """The 44 bytes before 16-bit samples; over 4 GiB the largest length there is."""
    frame = 2 * channels
    return (
        _CHUNK.pack(b"RIFF", min(_LARGEST, 36 + data_bytes))
        + b"WAVE"
        + _CHUNK.pack(b"fmt ", _FORMAT.size)
        + _FORMAT.pack(_LINEAR, channels, rate_hz, rate_hz * frame, frame, 16)
        + _CHUNK.pack(b"data", min(_LARGEST, data_bytes))
    )
