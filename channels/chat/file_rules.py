"""What a visitor's file is, and what it is called (FILE-1, FILE-2). Pure."""

import re
import unicodedata

NAME_MAX = 150
OTHER = "application/octet-stream"
_SHOWN = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "txt": "text/plain",
}
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_UNWANTED = re.compile(r'[/\\:*?"<>|]')


def shown_name(given: str) -> str:
    """A name that is safe to show and to save under: NFC, one line, without invisible characters
    (control, bidi, zero-width), without folders, at most 150 characters."""
    visible = "".join(
        character
        for character in unicodedata.normalize("NFC", given)
        if unicodedata.category(character) not in _HIDDEN
    )
    last = re.split(r"[/\\]", visible)[-1]
    plain = _UNWANTED.sub("_", last).strip(" .")
    if len(plain) > NAME_MAX:
        stem, dot, extension = plain.rpartition(".")
        keep = f"{dot}{extension}" if dot and len(extension) <= 10 else ""
        plain = (stem if keep else plain)[: NAME_MAX - len(keep)] + keep
    return plain or "file"


def media_type(name: str, start: bytes) -> str:
    """The type when the first bytes and the extension agree on one that may be shown; for all
    else ``application/octet-stream``, whatever was claimed."""
    claimed = _SHOWN.get(name.rpartition(".")[2].lower(), OTHER)
    return claimed if claimed != OTHER and claimed == _by_magic(start, claimed) else OTHER


def _by_magic(start: bytes, claimed: str) -> str:
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "image/webp"
    if start.startswith(b"%PDF-"):
        return "application/pdf"
    if claimed == "text/plain" and b"\0" not in start:
        try:
            start.decode()
        except UnicodeDecodeError as error:
            # The cut of the first bytes may lie within a character.
            return "text/plain" if error.start >= len(start) - 3 else OTHER
        return "text/plain"
    return OTHER
