"""Bytes to a tree of parts (RFC 2046), in time that grows with the size and within a budget.

Nothing here raises on hostile input: broken structure becomes the most readable tree there is.
"""

import binascii
import re

from channels.mail.headers import ContentValue, Headers, read_content_value, read_headers
from channels.mail.limits import NESTING_CUT, Budget

TEXT_PLAIN = "text/plain"
MESSAGE = "message/rfc822"
_MESSAGE_TYPES = frozenset({MESSAGE, "message/global", "message/news", "message/x-rfc822"})
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}\Z")
_BOUNDARY_LENGTH = 16_384
_BLANK_LINES = re.compile(rb"(?:[ \t]*\r?\n)+")
_FIRST_DELIMITER = re.compile(rb"(?:\A|\n)--([^\r\n]{1,200}?)[ \t]*\r?\n[A-Za-z-]{1,60}:")


class Part:
    """One node of the tree: a leaf with a body, a multipart with ``children``, or a message with
    the one message it encloses as its only child.

    ``depth`` is 0 for the mail itself. ``preamble`` is the text before a multipart's first
    delimiter (all of its text when there is none). ``is_multipart`` and ``is_message`` say how
    the body was really read, whatever the declared type.
    """

    def __init__(self, headers: Headers, media: ContentValue, default_type: str) -> None:
        self.headers = headers
        self.parameters = media.parameters
        self.media_type = _media_type(media.value, default_type)
        self.disposition = ContentValue("", {})
        self.source = b""
        self.start = 0
        self.end = 0
        self.depth = 0
        self.children: list[Part] = []
        self.preamble = b""
        self.is_multipart = False
        self.is_message = False

    @property
    def transfer_encoding(self) -> str:
        """The Content-Transfer-Encoding in lower case; empty without one."""
        value = self.headers.raw("content-transfer-encoding")
        return value.decode("ascii", "replace").partition(";")[0].strip().strip("\"'").lower()

    @property
    def file_name(self) -> str:
        """The name the sender gave this part, uncleaned; empty without one."""
        return self.disposition.parameters.get("filename") or self.parameters.get("name") or ""

    @property
    def content_id(self) -> str:
        """The Content-ID without its brackets; empty without one."""
        return self.headers.text("content-id").strip("<> ")

    def encoded(self) -> bytes:
        """The body as it stands in the mail."""
        return self.source[self.start : self.end]

    def decoded(self) -> bytes:
        """The body after its transfer encoding; what breaks off is kept as far as it goes."""
        return decode_body(self.encoded(), self.transfer_encoding)

    def leaves(self) -> list["Part"]:
        """Every part without children, in the order of the mail."""
        if not self.children:
            return [] if self.is_multipart else [self]
        return [leaf for child in self.children for leaf in child.leaves()]


def parse_tree(raw: bytes, budget: Budget) -> Part:
    """The tree of a whole mail. Any bytes give one; bounds that cut it are noted in ``budget``."""
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    start = 0
    blank = _BLANK_LINES.match(raw)
    if blank is not None and b":" in raw[blank.end() : raw.find(b"\n", blank.end()) + 1]:
        start = blank.end()
    budget.take_part()
    return _read_part(raw, start, len(raw), budget, 0, TEXT_PLAIN)


def _media_type(value: str, default_type: str) -> str:
    return value if _MEDIA_TYPE.match(value) else default_type


def _read_part(
    source: bytes, start: int, end: int, budget: Budget, depth: int, default_type: str
) -> Part:
    headers, body = read_headers(source, start, end, budget)
    part = Part(headers, read_content_value(headers.raw("content-type"), budget), default_type)
    part.disposition = read_content_value(headers.raw("content-disposition"), budget)
    part.source, part.start, part.end, part.depth = source, body, end, depth
    kind = part.media_type.partition("/")[0]
    if kind != "multipart" and part.media_type not in _MESSAGE_TYPES:
        return part
    if depth >= budget.limits.levels:
        budget.note(NESTING_CUT)
        return part
    if part.transfer_encoding in ("base64", "quoted-printable", "x-uuencode", "uuencode"):
        part.source = part.decoded()
        part.start, part.end = 0, len(part.source)
    if kind == "multipart":
        _read_children(part, budget)
    elif part.start < part.end and budget.take_part():
        part.is_message = True
        child = _read_part(part.source, part.start, part.end, budget, depth + 1, TEXT_PLAIN)
        part.children.append(child)
    return part


def _read_children(part: Part, budget: Budget) -> None:
    part.is_multipart = True
    source = part.source
    default = MESSAGE if part.media_type == "multipart/digest" else TEXT_PLAIN
    spans, preamble_end = _split(part, budget)
    part.preamble = source[part.start : preamble_end].strip()
    for start, end in spans:
        part.children.append(_read_part(source, start, end, budget, part.depth + 1, default))


def _split(part: Part, budget: Budget) -> tuple[list[tuple[int, int]], int]:
    """The spans of the body parts, and where the preamble ends.

    A delimiter is a line that begins with ``--`` and the boundary, followed by nothing, blanks
    and anything, or ``--``; the line end before it belongs to it (RFC 2046, 5.1.1).
    """
    boundary = part.parameters.get("boundary", "").encode("utf-8", "replace")
    candidates = [boundary, boundary.rstrip(), _guessed_boundary(part)]
    for candidate in dict.fromkeys(candidates):
        if not candidate.strip() or len(candidate) > _BOUNDARY_LENGTH:
            continue
        spans, preamble_end, found = _spans(part, candidate, budget)
        if found:
            return spans, preamble_end
    return [], part.end


def _guessed_boundary(part: Part) -> bytes:
    """A boundary that the Content-Type failed to name, from the first line that looks like one."""
    found = _FIRST_DELIMITER.search(part.source[part.start : min(part.end, part.start + 20_000)])
    return found.group(1) if found else b""


def _spans(part: Part, boundary: bytes, budget: Budget) -> tuple[list[tuple[int, int]], int, bool]:
    source, end = part.source, part.end
    delimiter = re.compile(rb"\n--" + re.escape(boundary) + rb"(?:(--)|(?=[ \t\r\n]|\Z))")
    spans: list[tuple[int, int]] = []
    preamble_end = end
    opened = -1
    position = part.start
    first = re.compile(delimiter.pattern[2:]).match(source, part.start, end)
    found = first or delimiter.search(source, position, end)
    seen = found is not None
    while found is not None:
        line = found.start() if found is first else found.start() + 1
        before = _without_line_end(source, line, max(opened, part.start))
        if opened >= 0:
            spans.append((opened, before))
        else:
            preamble_end = before
        opened = -1
        if found.group(1) or not budget.take_part():
            break
        opened = source.find(b"\n", found.end(), end) + 1 or end
        # An empty part has its delimiter on the very next line, whose line end is `opened - 1`.
        found = delimiter.search(source, max(opened - 1, found.end()), end)
    if opened >= 0:
        spans.append((opened, end))
    return spans, preamble_end, seen


def _without_line_end(source: bytes, line: int, least: int) -> int:
    if line > least and source[line - 1 : line] == b"\n":
        line -= 1
        if line > least and source[line - 1 : line] == b"\r":
            line -= 1
    return line


def decode_body(data: bytes, encoding: str) -> bytes:
    """Undo a transfer encoding. Unknown ones (and 7bit, 8bit, binary) leave the bytes alone."""
    if encoding == "base64":
        return _decode_base64(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _decode_uuencode(data)
    return data


def _decode_base64(data: bytes) -> bytes:
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        pass
    kept = data.translate(None, _NOT_BASE64)
    return binascii.a2b_base64(kept[: len(kept) // 4 * 4] + _last_group(kept))


def _last_group(kept: bytes) -> bytes:
    rest = kept[len(kept) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) >= 2 else b""


_NOT_BASE64 = bytes(
    byte
    for byte in range(256)
    if byte not in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)


def _decode_uuencode(data: bytes) -> bytes:
    pieces: list[bytes] = []
    started = False
    for line in data.splitlines():
        if not started:
            started = line.startswith(b"begin ")
            continue
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            pieces.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders write trailing junk: read as many characters as the length names.
            count = ((line[0] - 32) & 63) * 4 // 3 + 5
            try:
                pieces.append(binascii.a2b_uu(line[:count]))
            except binascii.Error:
                break
    return b"".join(pieces)
