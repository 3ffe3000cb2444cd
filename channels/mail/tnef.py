"""Opening ``winmail.dat``, in which Outlook packs the files of a mail ([MS-OXTNEF]).

Pure, in one pass over the bytes, and only within a worker: whoever writes the mail writes these
bytes too. The packages that read this form are no longer kept, and take time by the square.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from channels.mail.charsets import codec_for

MEDIA_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

_SIGNATURE = 0x223E9F78
_LEVELS = 3
_FILES = 100
_PROPERTIES = 2_000
_MESSAGE, _ATTACHMENT = 1, 2
_BODY, _TITLE, _DATA = 0x800C, 0x8010, 0x800F
_RENDERING, _MESSAGE_PROPERTIES, _FILE_PROPERTIES, _CODE_PAGE = 0x9002, 0x9003, 0x9005, 0x9007

_TEXT, _HTML, _RICH, _TEXT_CODE_PAGE = 0x1000, 0x1013, 0x1009, 0x3FDE
_FILE_BYTES, _SHORT_NAME, _LONG_NAME, _MIME_TYPE, _CONTENT_ID = (
    0x3701,
    0x3704,
    0x3707,
    0x370E,
    0x3712,
)
_STRING, _UNICODE, _OBJECT, _BINARY, _INTEGER = 0x1E, 0x1F, 0x0D, 0x102, 0x03
_FIXED = {
    0: 0,
    1: 0,
    2: 4,
    3: 4,
    4: 4,
    5: 8,
    6: 8,
    7: 8,
    0xA: 4,
    0xB: 4,
    0x14: 8,
    0x40: 8,
    0x48: 16,
}
"""How many bytes a property of each simple type takes, padding included ([MS-OXCDATA] 2.11.1)."""
_MANY = 0x1000
_NAMED = 0x8000
_INTERFACE_BYTES = 16
_PAGES = {65001: "utf-8", 20127: "us-ascii", 28591: "iso-8859-1", 1200: "utf-16le"}
"""Code pages that are not labels of a character set with "cp" before their number."""


class PackedFile(NamedTuple):
    """A file that was inside. ``content_id`` is set where the HTML shows it."""

    name: str
    data: bytes
    media_type: str
    content_id: str


class Unpacked(NamedTuple):
    """What was inside. ``locked``: words stand there in a form that is not read (RTF)."""

    files: list[PackedFile]
    text: str
    html: str
    locked: bool


class _File:
    def __init__(self) -> None:
        self.title = ""
        self.data = b""
        self.properties: dict[int, bytes | str | int] = {}

    def word(self, number: int) -> str:
        found = self.properties.get(number, "")
        return found if isinstance(found, str) else ""


def unpack(data: bytes) -> Unpacked | None:
    """What is inside, files of packed messages included; None for what is not whole or empty."""
    try:
        found = _unpack(data, _LEVELS)
    except (struct.error, LookupError, ValueError):
        return None
    return found if any(found) else None


def _unpack(data: bytes, levels: int) -> Unpacked:
    if struct.unpack_from("<IH", data)[0] != _SIGNATURE:
        raise ValueError("this is another kind of file")
    page = "cp1252"
    body = b""
    message: dict[int, bytes | str | int] = {}
    files: list[_File] = []
    for level, name, value in _attributes(data):
        if name == _CODE_PAGE:
            page = _codec(struct.unpack_from("<I", value)[0], page)
        elif level == _MESSAGE and name == _BODY:
            body = value
        elif level == _MESSAGE and name == _MESSAGE_PROPERTIES:
            message = dict(_properties(value, page))
        elif level == _ATTACHMENT and name == _RENDERING:
            if len(files) == _FILES:
                raise ValueError("too many files")
            files.append(_File())
        elif level == _ATTACHMENT and files:
            _note(files[-1], name, value, page)
    words = message.get(_TEXT, "") or _read(body, page)
    html = message.get(_HTML, "")
    if isinstance(html, bytes):
        number = message.get(_TEXT_CODE_PAGE, 0)
        html = _read(html, _codec(number if isinstance(number, int) else 0, page))
    text = words if isinstance(words, str) else ""
    html = html if isinstance(html, str) else ""
    locked = _RICH in message and not text.strip() and not html.strip()
    found: list[PackedFile] = []
    for file in files:
        locked = _take(file, found, levels) or locked
    return Unpacked(found, text, html, locked)


def _take(file: _File, files: list[PackedFile], levels: int) -> bool:
    """Add a file, or those of a message in its place; whether words in it stay unread."""
    inner = file.properties.get(_FILE_BYTES)
    data = file.data or (inner if isinstance(inner, bytes) else b"")
    packed = data[_INTERFACE_BYTES:] if not file.data else b""
    if packed[:4] == struct.pack("<I", _SIGNATURE) and levels > 1:
        within = _unpack(packed, levels - 1)
        for number, words in enumerate((within.text, within.html)):
            if words.strip():
                extension, kind = ("html", "text/html") if number else ("txt", "text/plain")
                files.append(PackedFile(f"message.{extension}", words.encode(), kind, ""))
        files.extend(within.files)
        if len(files) > _FILES:
            raise ValueError("too many files")
        return within.locked
    name = file.word(_LONG_NAME) or file.title or file.word(_SHORT_NAME)
    files.append(PackedFile(name, data, file.word(_MIME_TYPE), file.word(_CONTENT_ID)))
    return False


def _note(file: _File, name: int, value: bytes, page: str) -> None:
    if name == _TITLE:
        file.title = _read(value, page)
    elif name == _DATA:
        file.data = value
    elif name == _FILE_PROPERTIES:
        file.properties = dict(_properties(value, page))


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Level, name and value of each attribute ([MS-OXTNEF] 2.1.3); ValueError where one is cut."""
    at = 6
    while at + 9 <= len(data):
        level, name, length = struct.unpack_from("<BHxxI", data, at)
        end = at + 9 + length
        if end + 2 > len(data):
            raise ValueError("an attribute is cut")
        yield level, name, data[at + 9 : end]
        at = end + 2


def _properties(data: bytes, page: str) -> Iterator[tuple[int, bytes | str | int]]:
    """Number and first value of each property ([MS-OXTNEF] 2.1.3.4)."""
    (count,) = struct.unpack_from("<I", data)
    if count > _PROPERTIES:
        raise ValueError("too many properties")
    at = 4
    for _ in range(count):
        kind, number = struct.unpack_from("<HH", data, at)
        at += 4
        if number >= _NAMED:
            at += 16
            named, length = struct.unpack_from("<II", data, at)
            at += 8 + (_padded(length) if named == 1 else 0)
        many, kind = bool(kind & _MANY), kind & ~_MANY
        values = 1
        if many or kind in (_STRING, _UNICODE, _OBJECT, _BINARY):
            (values,) = struct.unpack_from("<I", data, at)
            at += 4
        if values > len(data):
            raise ValueError("too many values")
        for place in range(values):
            value, at = _value(data, at, kind, page)
            if place == 0 and value is not None:
                yield number, value


def _value(data: bytes, at: int, kind: int, page: str) -> tuple[bytes | str | int | None, int]:
    if kind not in (_STRING, _UNICODE, _OBJECT, _BINARY):
        end = at + _FIXED[kind]
        return (struct.unpack_from("<I", data, at)[0] if kind == _INTEGER else None), end
    (length,) = struct.unpack_from("<I", data, at)
    start, end = at + 4, at + 4 + length
    if end > len(data):
        raise ValueError("a property is cut")
    value = data[start:end]
    after = start + _padded(length)
    if kind == _UNICODE:
        return value.decode("utf-16-le", "replace").rstrip("\0"), after
    return (_read(value, page) if kind == _STRING else value), after


def _padded(length: int) -> int:
    return length + -length % 4


def _read(value: bytes, page: str) -> str:
    return value.decode(page, "replace").rstrip("\0")


def _codec(number: int, otherwise: str) -> str:
    """The codec of a Windows code page that this program knows (others could not be loaded)."""
    return codec_for(_PAGES.get(number, f"cp{number}")) or otherwise
