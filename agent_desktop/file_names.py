"""Names and kinds of files as people see them, made safe (FILE-1, FILE-2)."""

import unicodedata
from urllib.parse import quote

NAME_MAX = 150
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_IN_PATHS = frozenset('/\\:*?"<>|')
_MAGIC: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png", ("png",)),
    (b"\xff\xd8\xff", "image/jpeg", ("jpg", "jpeg")),
    (b"GIF87a", "image/gif", ("gif",)),
    (b"GIF89a", "image/gif", ("gif",)),
    (b"%PDF-", "application/pdf", ("pdf",)),
)
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def shown_name(name: str) -> str:
    """A name to show and to save under: NFC, nothing hidden, no path, 150 characters.

    Control, bidirectional and zero-width characters go before anything is checked, so that no
    extension hides behind them.
    """
    visible = "".join(
        each
        for each in unicodedata.normalize("NFC", name)
        if unicodedata.category(each) not in _HIDDEN
    )
    plain = "".join("_" if each in _IN_PATHS else each for each in visible).strip(" .")
    if len(plain) > NAME_MAX:
        stem, dot, extension = plain.rpartition(".")
        keep = dot + extension[:20] if stem else ""
        plain = (stem or plain)[: NAME_MAX - len(keep)] + keep
    return plain or "file"


def kind_of(name: str, data: bytes) -> str:
    """The media type when first bytes and extension agree on one we know; else octet-stream."""
    extension = name.rpartition(".")[2].lower()
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and extension == "webp":
        return "image/webp"
    for magic, kind, extensions in _MAGIC:
        if data.startswith(magic) and extension in extensions:
            return kind
    if extension == "txt" and b"\0" not in data[:4096]:
        return "text/plain"
    return "application/octet-stream"


def disposition(name: str, *, inline: bool = False) -> str:
    """A Content-Disposition header (RFC 6266), in ASCII and in UTF-8."""
    shown = shown_name(name)
    plain = "".join(each if each.isascii() and each not in '"\\%' else "_" for each in shown)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}"
