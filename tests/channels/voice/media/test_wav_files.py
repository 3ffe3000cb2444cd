"""Prompts are read whatever form they have, or refused with what is wrong with them."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.malformed import MalformedPacket
from channels.voice.media import g711, wav_files
from tests.channels.voice.media.sounds import tone


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def wav(data: bytes, kind: int = 1, channels: int = 1, rate: int = 8_000, bits: int = 16) -> bytes:
    shape = struct.pack("<HHIIHH", kind, channels, rate, rate, 2, bits)
    body = b"WAVE" + chunk(b"LIST", b"odd") + chunk(b"fmt ", shape) + chunk(b"data", data)
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
def test_what_pythons_own_module_writes_is_read(rate_hz: int) -> None:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(tone(440, 100, rate_hz).tobytes())
    sound = wav_files.read(made.getvalue())
    assert sound.rate_hz == rate_hz
    assert np.array_equal(sound.samples, tone(440, 100, rate_hz))


def test_both_laws_of_g711_two_channels_and_a_cut_end_are_read() -> None:
    samples = tone(440, 40)
    codes = g711.encode_ulaw(samples).tobytes()
    assert np.array_equal(
        wav_files.read(wav(codes, 7, bits=8)).samples,
        g711.decode_ulaw(np.frombuffer(codes, np.uint8)),
    )
    codes = g711.encode_alaw(samples).tobytes()
    assert np.array_equal(
        wav_files.read(wav(codes, 6, bits=8)).samples,
        g711.decode_alaw(np.frombuffer(codes, np.uint8)),
    )
    both = np.stack((samples, np.zeros_like(samples)), axis=1).tobytes()
    assert np.array_equal(wav_files.read(wav(both, channels=2)).samples, samples // 2)
    assert len(wav_files.read(wav(samples.tobytes())[:-101]).samples) == len(samples) - 51


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a WAV"),
        (b"RIFF\0\0\0\0AVI ", "not a WAV"),
        (wav(b"", rate=44_100), "44100 samples a second"),
        (wav(b"", channels=6), "6 channels"),
        (wav(b"", bits=24), "24 bits"),
        (wav(b"", kind=85), "format 85"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", b"abc"), "cut off"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"data", b"abcd"), "before the format"),
        (b"RIFF\0\0\0\0WAVE", "no sound"),
    ],
)
def test_what_cannot_be_played_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedPacket, match=reason):
        wav_files.read(data)


@given(st.binary(max_size=200), st.integers(0, 60))
def test_any_bytes_are_a_sound_or_malformed(junk: bytes, at: int) -> None:
    whole = wav(bytes(40))
    try:
        wav_files.read(whole[:at] + junk + whole[at + len(junk) :])
    except MalformedPacket:
        return
