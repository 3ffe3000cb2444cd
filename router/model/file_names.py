"""Names and kinds of strangers' files: what people see, what may be shown inline (FILE-1, 2)."""

import re
import unicodedata
from urllib.parse import quote

NAME_LENGTH = 150
_EXTENSION_LENGTH = 12
_SEPARATORS = re.compile(r"[\\/:*?\"<>|]+")
_BLANKS = re.compile(r"\s+")
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_HIDDEN_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)", re.IGNORECASE)

_EXTENSIONS = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "txt": "text/plain",
}
DOWNLOAD_TYPE = "application/octet-stream"
"""What everything is served as that is not one of the known kinds, proved by its first bytes."""
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def clean_name(name: str, fallback: str = "file") -> str:
    """The name people see: NFC, one path segment, nothing that hides, turns or breaks text.

    At most 150 characters; a long name keeps its extension. Characters are removed before any
    check looks at the name, so a zero-width space cannot hide an extension.
    """
    visible = "".join(
        letter
        for letter in unicodedata.normalize("NFC", name[:4_000])
        if (unicodedata.category(letter) not in _FORBIDDEN_CATEGORIES or letter in "\t\n")
        and letter not in _HIDDEN_LETTERS
    )
    segment = re.split(r"[\\/]", visible)[-1] if re.split(r"[\\/]", visible)[-1] else visible
    cleaned = _BLANKS.sub(" ", _SEPARATORS.sub("_", segment)).strip(" .")
    if not cleaned or _RESERVED.match(cleaned):
        cleaned = f"{fallback} {cleaned}".strip()
    return _shortened(cleaned)


def _shortened(name: str) -> str:
    if len(name) <= NAME_LENGTH:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > _EXTENSION_LENGTH:
        return name[:NAME_LENGTH].rstrip(" .")
    return f"{stem[: NAME_LENGTH - len(extension) - 1].rstrip(' .')}.{extension}"


def extension_of(name: str) -> str:
    """The last extension in lower case; empty without one."""
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""


def magic_type(data: bytes) -> str:
    """What the first bytes say: one of the known kinds, or empty."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    return "text/plain" if _is_plain_text(data) else ""


def _is_plain_text(data: bytes) -> bool:
    """Text without control characters that does not begin like markup a browser would run."""
    head = data[:4_096]
    if any(byte < 0x20 and byte not in b"\t\n\r\f" for byte in head):
        return False
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<", b"#!", b"%!")):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and len(data) > len(head)
    return True


def proven_type(name: str, data: bytes) -> str:
    """The media type a file may be shown as: extension and first bytes must agree (FILE-1).

    Everything else is ``application/octet-stream``: downloaded, never shown inline. The declared
    type is not asked: whoever wrote the file wrote that too.
    """
    expected = _EXTENSIONS.get(extension_of(name))
    return expected if expected is not None and magic_type(data) == expected else DOWNLOAD_TYPE


def disposition(name: str, *, inline: bool = False) -> str:
    """A Content-Disposition header (RFC 6266), in ASCII and in UTF-8."""
    shown = clean_name(name)
    plain = "".join(each if each.isascii() and each not in '"\\%' else "_" for each in shown)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}"
