"""FILE-6: recordings lie sealed on disk, and nothing can be changed in them unnoticed."""

from __future__ import annotations

import io
import secrets
import wave

import pytest

from channels.voice.malformed import MalformedPacket
from channels.voice.media import sealed_recordings
from channels.voice.media.sealed_recordings import (
    HEAD_BYTES,
    PIECE_BYTES,
    TAG_BYTES,
    Form,
    PieceSealer,
    open_sealed,
)

KEY = secrets.token_bytes(32)
SOUND = bytes(range(256)) * (3 * 256 + 10)
SEALED_PIECE = PIECE_BYTES + TAG_BYTES


def sealed(sound: bytes = SOUND, key: bytes = KEY) -> bytes:
    sealer = PieceSealer(key, Form(8_000, 2))
    pieces = [sound[at : at + PIECE_BYTES] for at in range(0, len(sound), PIECE_BYTES)]
    if not pieces or len(pieces[-1]) == PIECE_BYTES:
        pieces.append(b"")
    ends = [*[False] * (len(pieces) - 1), True]
    return sealer.head + b"".join(
        sealer.seal(piece, last=end) for piece, end in zip(pieces, ends, strict=True)
    )


@pytest.mark.parametrize("size", [0, 4, PIECE_BYTES, len(SOUND)])
def test_a_recording_comes_back_whole_as_a_wav_file(size: int) -> None:
    opened = open_sealed(io.BytesIO(sealed(SOUND[:size])), KEY)
    assert not opened.torn
    with wave.open(io.BytesIO(b"".join(opened.wav()))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8_000, 2)
        assert file.readframes(1 << 30) == SOUND[:size]


def test_no_piece_of_the_sound_is_on_disk_in_clear() -> None:
    assert SOUND[:64] not in sealed()


@pytest.mark.parametrize("kept", [SEALED_PIECE, 2 * SEALED_PIECE, 2 * SEALED_PIECE + 700])
def test_what_a_dead_node_left_is_read_up_to_its_last_whole_piece_and_said_to_be_torn(
    kept: int,
) -> None:
    opened = open_sealed(io.BytesIO(sealed()[: HEAD_BYTES + kept]), KEY)
    assert opened.torn
    assert b"".join(opened.pieces) == SOUND[: kept // SEALED_PIECE * PIECE_BYTES]


def changed() -> dict[str, bytes]:
    whole, pieces = sealed(), []
    head, body = whole[:HEAD_BYTES], whole[HEAD_BYTES:]
    pieces = [body[at : at + SEALED_PIECE] for at in range(0, len(body), SEALED_PIECE)]
    return {
        "a bit": whole[:100] + bytes([whole[100] ^ 1]) + whole[101:],
        "the rate": whole[:5] + b"\x3f" + whole[6:],
        "two pieces swapped": head + b"".join([pieces[1], pieces[0], *pieces[2:]]),
        "a piece left out": head + b"".join(pieces[1:]),
        "no recording": b"RIFF" + whole[4:],
    }


@pytest.mark.parametrize("change", changed())
def test_a_change_is_noticed(change: str) -> None:
    with pytest.raises(MalformedPacket):
        open_sealed(io.BytesIO(changed()[change]), KEY)


def test_what_is_wrong_with_the_last_piece_is_told_as_a_torn_end() -> None:
    """Half-written and changed look alike there; either way it is told that sound is missing."""
    for whole in (sealed() + b"x", sealed()[:-1] + b"x"):
        assert open_sealed(io.BytesIO(whole), KEY).torn


def test_another_key_opens_nothing() -> None:
    with pytest.raises(MalformedPacket, match="does not open"):
        open_sealed(io.BytesIO(sealed()), secrets.token_bytes(32))


def test_a_recording_has_an_end_before_its_numbers_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_recordings, "PIECES_MAX", 1)
    sealer = PieceSealer(KEY, Form(8_000, 2))
    sealer.seal(b"", last=False)
    with pytest.raises(ValueError, match="64 GiB"):
        sealer.seal(b"", last=True)
