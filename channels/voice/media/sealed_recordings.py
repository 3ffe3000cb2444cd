"""How a recording lies on disk: never in clear (FILE-6).

A file is a head (``CRS1``, rate, channels, eight random bytes) and pieces. A piece is 64 KiB of
interleaved 16-bit samples, the last one shorter, sealed with AES-256-GCM under the recording's own
key. Its nonce is the random bytes and the piece's number; its associated data are the head and
whether it is the last. So no piece can be left out, moved or cut off unnoticed; what a dead node
left behind can be read up to its last whole piece, and is said to be torn.
"""

import secrets
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from channels.voice.malformed import MalformedPacket
from router.model.recording import wav_head

KEY_BYTES = 32
PIECE_BYTES = 64 * 1024
TAG_BYTES = 16
PIECES_MAX = 1 << 20

_MARK = b"CRS1"
_HEAD = struct.Struct("!4sIB7x8s")
HEAD_BYTES = _HEAD.size


class Form(NamedTuple):
    """The form of the sound: samples a second, and how many channels."""

    rate_hz: int
    channels: int


class PieceSealer:
    """Seals the pieces of one recording, in order."""

    def __init__(self, key: bytes, form: Form) -> None:
        self._cipher = AESGCM(key)
        self._salt = secrets.token_bytes(8)
        self.head = _HEAD.pack(_MARK, form.rate_hz, form.channels, self._salt)
        self._number = 0

    def seal(self, piece: bytes, *, last: bool) -> bytes:
        """The sealed piece. All but the last have 64 KiB. Raises ValueError after 64 GiB."""
        if self._number >= PIECES_MAX:
            raise ValueError("a recording is longer than 64 GiB")
        nonce = self._salt + struct.pack("!I", self._number)
        self._number += 1
        return self._cipher.encrypt(nonce, piece, self.head + bytes([last]))


class Opened(NamedTuple):
    """A recording's sound. ``torn`` when its end is missing, because the node died."""

    form: Form
    pieces: tuple[bytes, ...]
    torn: bool

    def wav(self) -> Iterator[bytes]:
        """The recording as a WAV file, in parts."""
        size = sum(map(len, self.pieces))
        yield wav_head(self.form.rate_hz, self.form.channels, size)
        yield from self.pieces


def open_sealed(file: BinaryIO, key: bytes) -> Opened:
    """Read a whole recording.

    Raises MalformedPacket when it is no recording, the key is not its own, or a piece was changed.
    """
    head = file.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES or head[:4] != _MARK:
        raise MalformedPacket("not a sealed recording")
    _, rate_hz, channels, salt = _HEAD.unpack(head)
    cipher = AESGCM(key)
    pieces: list[bytes] = []
    last = False
    while not last and (sealed := file.read(PIECE_BYTES + TAG_BYTES)):
        nonce = salt + struct.pack("!I", len(pieces))
        piece = _opened(cipher, nonce, sealed, head, last=False)
        if piece is None:
            piece = _opened(cipher, nonce, sealed, head, last=True)
            last = piece is not None
        if piece is None:
            if len(sealed) < PIECE_BYTES + TAG_BYTES:
                break
            raise MalformedPacket(f"piece {len(pieces)} does not open: another key, or changed")
        pieces.append(piece)
    return Opened(Form(rate_hz, channels), tuple(pieces), torn=not last)


class PieceOpener:
    """Opens a recording as its bytes come, in order; ``form`` is known once its head has come."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._held = bytearray()
        self._head = b""
        self._salt = b""
        self._number = 0
        self.form: Form | None = None

    def feed(self, data: bytes) -> bytes:
        """The samples of the pieces that are complete now.

        Raises MalformedPacket when it is no recording, the key is not its own, or a piece was
        changed.
        """
        self._held += data
        if self.form is None:
            if len(self._held) < HEAD_BYTES:
                return b""
            self._head = bytes(self._held[:HEAD_BYTES])
            del self._held[:HEAD_BYTES]
            mark, rate_hz, channels, self._salt = _HEAD.unpack(self._head)
            if mark != _MARK:
                raise MalformedPacket("not a sealed recording")
            self.form = Form(rate_hz, channels)
        samples = b""
        # The last piece may be a full one too: it is left for ``finish`` to tell.
        while len(self._held) > PIECE_BYTES + TAG_BYTES:
            sealed = bytes(self._held[: PIECE_BYTES + TAG_BYTES])
            del self._held[: PIECE_BYTES + TAG_BYTES]
            samples += self._piece(sealed, last=False)
        return samples

    def finish(self) -> tuple[bytes, bool]:
        """The samples that were left, and whether the recording's end is missing (torn)."""
        if not self._held:
            return b"", True
        sealed = bytes(self._held)
        nonce = self._salt + struct.pack("!I", self._number)
        for last in (True, False):
            piece = _opened(self._cipher, nonce, sealed, self._head, last=last)
            if piece is not None:
                return piece, not last
        return b"", True

    def _piece(self, sealed: bytes, *, last: bool) -> bytes:
        nonce = self._salt + struct.pack("!I", self._number)
        piece = _opened(self._cipher, nonce, sealed, self._head, last=last)
        if piece is None:
            raise MalformedPacket(f"piece {self._number} does not open: another key, or changed")
        self._number += 1
        return piece


def _opened(
    cipher: AESGCM, nonce: bytes, sealed: bytes, head: bytes, *, last: bool
) -> bytes | None:
    try:
        return cipher.decrypt(nonce, sealed, head + bytes([last]))
    except InvalidTag:
        return None
