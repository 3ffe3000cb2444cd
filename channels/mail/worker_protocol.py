"""What the main process and a worker say to each other: one request, one reply, then the end.

A request is four bytes of length, a message in msgpack, and the mail up to the end of the stream.
A reply is four bytes of length, a message, and the attachments' bytes one after the other.
"""

import socket
import struct
from collections.abc import Callable, Iterator

import msgspec

from channels.mail.attachments import Attachment
from channels.mail.limits import DEFAULT_LIMITS, Limits
from channels.mail.parsing import Depth, ParsedMail, Site
from channels.mail.sandbox import Bounds
from channels.mail.verdicts import DkimResult

LENGTH = struct.Struct(">I")
REQUEST_BYTES = 1_048_576
REPLY_BYTES = 48 * 1_048_576
MAIL_BYTES = 64 * 1_048_576
"""The largest mail a worker takes; what arrives over SMTP is bounded much lower (MAIL-1)."""
_PIECE = 262_144


class Request(msgspec.Struct, frozen=True):
    """What to do with the mail that follows: read it, or check its signatures with ``keys``."""

    bounds: Bounds = Bounds()
    limits: Limits = DEFAULT_LIMITS
    site: Site = Site()
    depth: Depth = Depth.FULL
    envelope_sender: str | None = None
    keys: dict[str, str] | None = None


class Reply(msgspec.Struct, frozen=True):
    """What came out: a mail (its attachments' bytes follow, ``sizes`` long each), signatures, or
    the name of the error that stopped it."""

    mail: ParsedMail | None = None
    sizes: tuple[int, ...] = ()
    signatures: tuple[DkimResult, ...] = ()
    failure: str = ""


def encode_reply(reply: Reply) -> Iterator[bytes]:
    """The bytes of a reply in pieces, so that attachments are not copied."""
    data: tuple[bytes, ...] = ()
    if reply.mail is not None:
        data = tuple(file.data for file in reply.mail.attachments)
        emptied = tuple(msgspec.structs.replace(file, data=b"") for file in reply.mail.attachments)
        mail = msgspec.structs.replace(reply.mail, attachments=emptied)
        reply = Reply(mail=mail, sizes=tuple(len(piece) for piece in data))
    head = msgspec.msgpack.encode(reply)
    yield LENGTH.pack(len(head)) + head
    yield from data


def with_attachments(reply: Reply, data: tuple[bytes, ...]) -> ParsedMail | None:
    """The mail of a reply with its attachments' bytes back in their places."""
    if reply.mail is None:
        return None
    files: list[Attachment] = [
        msgspec.structs.replace(file, data=piece)
        for file, piece in zip(reply.mail.attachments, data, strict=True)
    ]
    return msgspec.structs.replace(reply.mail, attachments=tuple(files))


def receive_request(connection: socket.socket) -> tuple[Request, bytes]:
    """Read a request to its end. Raises ValueError when it is too large or cut."""
    head = _exactly(connection, LENGTH.size)
    (length,) = LENGTH.unpack(head)
    if length > REQUEST_BYTES:
        raise ValueError("request too large")
    request = msgspec.msgpack.decode(_exactly(connection, length), type=Request)
    raw = bytearray()
    while piece := connection.recv(_PIECE):
        raw += piece
        if len(raw) > MAIL_BYTES:
            raise ValueError("mail too large")
    return request, bytes(raw)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise ValueError("request cut")
        data += piece
    return bytes(data)


def answer(connection: socket.socket, work: Callable[[Request, bytes], Reply]) -> None:
    """Serve the one request of a worker. An error becomes a reply that names its type only."""
    try:
        request, raw = receive_request(connection)
        reply = work(request, raw)
    except MemoryError:
        reply = Reply(failure="memory")
    except Exception as error:
        # Anything that escapes is a fault of ours: the mail still arrives, and the name is logged.
        reply = Reply(failure=type(error).__name__)
    for piece in encode_reply(reply):
        connection.sendall(piece)
