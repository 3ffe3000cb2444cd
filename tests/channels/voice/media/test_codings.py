"""The codecs: G.711 to the bit, the others by the sound that comes back."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from channels.voice.malformed import MalformedPacket
from channels.voice.media import codings, g711, opus, quality
from channels.voice.media.codings import SHAPES, Codec
from channels.voice.media.errors import MissingLibrary
from tests.channels.voice.media.sounds import level_of, tone
from tests.support.oracles import oracle


@pytest.fixture(scope="module")
def sweep() -> Path:
    return oracle("itu-g711") / "test_data"


@pytest.mark.parametrize(
    ("law", "encode", "decode"),
    [("a", g711.encode_alaw, g711.decode_alaw), ("u", g711.encode_ulaw, g711.decode_ulaw)],
)
def test_g711_is_exact_for_every_value_of_the_itu(
    sweep: Path,
    law: str,
    encode: Callable[[NDArray[np.int16]], NDArray[np.uint8]],
    decode: Callable[[NDArray[np.uint8]], NDArray[np.int16]],
) -> None:
    samples = np.fromfile(sweep / "sweep.src", "<i2")
    codes = np.fromfile(sweep / f"sweep-r.{law}", "<u2").astype(np.uint8)
    again = np.fromfile(sweep / f"sweep-r.re{law}", "<i2")
    assert len(samples) == 65_536
    assert np.array_equal(encode(samples), codes)
    assert np.array_equal(decode(codes), again)


def test_silence_in_g711_is_silence() -> None:
    assert g711.ULAW_TO_LINEAR[SHAPES[Codec.PCMU].silence] == 0
    assert abs(int(g711.ALAW_TO_LINEAR[SHAPES[Codec.PCMA].silence])) <= 8


@pytest.mark.parametrize("codec", [Codec.G722, Codec.OPUS])
def test_a_tone_through_a_coder_with_state_is_the_same_tone(codec: Codec) -> None:
    coder, frames = codings.new_coder(codec), tone(1_000, 2_000, 16_000).reshape(-1, 320)
    payloads = [coder.encode(frame) for frame in frames]
    size = SHAPES[codec].payload_bytes
    assert not size or {len(payload) for payload in payloads} == {size}
    heard = np.concatenate([coder.decode(payload) for payload in payloads])[16_000:]
    assert level_of(heard, 1_000, 16_000) == pytest.approx(
        level_of(frames.ravel(), 1_000, 16_000), rel=0.2
    )
    assert level_of(heard, 1_700, 16_000) < level_of(heard, 1_000, 16_000) / 20


@pytest.mark.parametrize("codec", [Codec.G722, Codec.OPUS])
def test_a_lost_frame_fades_and_a_long_gap_becomes_silent(codec: Codec) -> None:
    coder = codings.new_coder(codec)
    frames = tone(500, 400, 16_000).reshape(-1, 320)
    last = [coder.decode(coder.encode(frame)) for frame in frames][-1]
    concealed = [coder.conceal() for _ in range(40)]
    assert np.abs(concealed[0].astype(int)).max() > np.abs(last.astype(int)).max() / 8
    assert np.abs(concealed[-1].astype(int)).max() < 200


@pytest.mark.parametrize(
    ("codec", "payload"), [(Codec.G722, b"123"), (Codec.OPUS, b"\xff\xff\xff")]
)
def test_a_payload_of_no_whole_frames_is_malformed(codec: Codec, payload: bytes) -> None:
    with pytest.raises(MalformedPacket):
        codings.new_coder(codec).decode(payload)


def test_without_libopus_only_opus_is_missing_and_the_package_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(name: str) -> None:
        raise OSError(name)

    opus.load.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", absent)
    try:
        assert codings.available() == (Codec.PCMU, Codec.PCMA, Codec.G722)
        with pytest.raises(MissingLibrary, match="libopus0"):
            codings.new_coder(Codec.OPUS)
    finally:
        monkeypatch.undo()
        opus.load.cache_clear()
    assert Codec.OPUS in codings.available()


def test_the_score_of_a_leg_falls_with_loss_and_with_delay() -> None:
    """G.107 gives a perfect G.711 connection a rating of 93.2, which is a score of 4.41."""
    best = quality.estimate(Codec.PCMU, 0, 0, 40, 0)
    assert best == pytest.approx(4.41, abs=0.01)
    scores = [quality.estimate(Codec.PCMU, loss, 0, 40, 0) for loss in (0, 0.01, 0.05, 0.2, 1)]
    assert scores == sorted(scores, reverse=True)
    assert scores[2] < 4.0
    assert quality.estimate(Codec.PCMU, 0, 0, 40, 700) < 3.7
    assert quality.opinion_score(0) == 1.0
    assert quality.opinion_score(100) == 4.5
