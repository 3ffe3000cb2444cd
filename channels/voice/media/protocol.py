"""How the main process and a media node speak, version 1.

A frame is a length (four bytes, big endian, 65,536 at most) and a JSON object. The page
``docs/protocol/media-node.md`` describes every field for whoever writes another node.
"""

import msgspec

from channels.voice.media.answers import Event, Reply
from channels.voice.media.commands import Command

FRAME_BYTES_MAX = 64 * 1024

COMMANDS = msgspec.json.Decoder(Command)
ANSWERS = msgspec.json.Decoder(Reply | Event)
_ENCODER = msgspec.json.Encoder()


class _Numbered(msgspec.Struct):
    number: int = 0


def number_of(frame: bytes) -> int:
    """The number of a command that cannot be carried out, 0 where it has none."""
    try:
        return msgspec.json.decode(frame, type=_Numbered).number
    except msgspec.DecodeError:
        return 0


def framed(message: msgspec.Struct) -> bytes:
    """A message as a frame. Raises ValueError when it is longer than a frame may be."""
    body = _ENCODER.encode(message)
    if len(body) > FRAME_BYTES_MAX:
        raise ValueError(f"{len(body)} bytes do not fit into a frame")
    return len(body).to_bytes(4, "big") + body


class Frames:
    """Cuts a stream into frames. Raises ValueError as soon as one is announced that is too long."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are whole now."""
        self._rest += data
        whole: list[bytes] = []
        while len(self._rest) >= 4:
            size = int.from_bytes(self._rest[:4], "big")
            if not 2 <= size <= FRAME_BYTES_MAX:
                raise ValueError(f"a frame of {size} bytes")
            if len(self._rest) < 4 + size:
                break
            whole.append(bytes(self._rest[4 : 4 + size]))
            del self._rest[: 4 + size]
        return whole
