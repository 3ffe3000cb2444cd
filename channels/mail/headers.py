"""Header fields: split, unfolded and decoded in time that grows with their length only.

Python's own header classes cost seconds on hostile fields, so fields are read here (RFC 5322,
RFC 2047 encoded words, RFC 2231 parameters), tolerantly: what is broken is shown, not refused.
"""

import binascii
import re
from typing import NamedTuple

from channels.mail.charsets import codec_for, decode_text
from channels.mail.limits import Budget

_FIELD = re.compile(rb"([^\s:]{1,998})[ \t]*:")
_PROPER_NAME = re.compile(rb"[!-9;-~]+\Z")
_ENVELOPE = (b"From ", b">From ")
_END_OF_HEADERS = re.compile(rb"\n\r?\n")
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_UNDERSCORES = bytes.maketrans(b"_", b" ")
_BLANKS = re.compile(r"[ \t\r\n]+")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONTENT_VALUE_LENGTH = 70_000


class Field(NamedTuple):
    """One header field: its name in lower case and its unfolded value, undecoded."""

    name: str
    value: bytes


class Headers:
    """The fields of one header block in their order."""

    def __init__(self, fields: list[Field] | None = None) -> None:
        self.fields = fields or []
        self._first: dict[str, bytes] = {}
        for field in self.fields:
            self._first.setdefault(field.name, field.value)

    def __contains__(self, name: str) -> bool:
        return name in self._first

    def raw(self, name: str) -> bytes:
        """The undecoded value of the first such field; empty without one."""
        return self._first.get(name, b"")

    def text(self, name: str) -> str:
        """The decoded value of the first such field, on one line; empty without one."""
        return decode_words(self.raw(name))

    def all_raw(self, name: str) -> list[bytes]:
        """The undecoded values of every such field, in order."""
        return [field.value for field in self.fields if field.name == name]

    def all_text(self, name: str) -> list[str]:
        """The decoded values of every such field, in order."""
        return [decode_words(value) for value in self.all_raw(name)]


def read_headers(source: bytes, start: int, end: int, budget: Budget) -> tuple[Headers, int]:
    """The header block at ``start`` and where its body begins.

    The block ends at an empty line, or at a line that cannot be a header field: that line is
    then shown as text rather than lost. Beyond the budget fields are left out (noted there).
    """
    lines: list[tuple[str, list[bytes]]] = []
    position = start
    while position < end:
        after = source.find(b"\n", position, end) + 1 or end
        line = source[position:after]
        bare = line.rstrip(b"\r\n")
        if not bare:
            return _joined(lines), after
        kind, name = _kind_of_line(bare, has_field=bool(lines))
        if kind == "text":
            return _joined(lines), position
        if not budget.take_header_bytes(len(line)):
            found = _END_OF_HEADERS.search(source, max(position - 2, start), end)
            return _joined(lines), found.end() if found else end
        if kind == "field":
            lines.append((name, [bare[bare.index(b":") + 1 :]]))
        elif kind == "more":
            lines[-1][1].append(bare)
        position = after
    return _joined(lines), end


def _kind_of_line(bare: bytes, *, has_field: bool) -> tuple[str, str]:
    if bare[:1] in (b" ", b"\t"):
        return ("more" if has_field else "text"), ""
    found = _FIELD.match(bare)
    if found is None:
        return ("skip" if bare.startswith(_ENVELOPE) else "text"), ""
    name = found.group(1)
    if _PROPER_NAME.match(name):
        return "field", name.decode("ascii").lower()
    # A name with other than printable ASCII is no field, but the block goes on after it.
    return "skip", ""


def _joined(lines: list[tuple[str, list[bytes]]]) -> Headers:
    return Headers([Field(name, b"".join(pieces).strip()) for name, pieces in lines])


def decode_words(value: bytes) -> str:
    """Readable text of a header value (RFC 2047): one line, without control characters."""
    if not value:
        return ""
    text = value.decode("ascii") if value.isascii() else decode_text(value).text
    if "=?" in text:
        text = _replace_words(text)
    return one_line(text)


def one_line(text: str) -> str:
    """The text on one line: runs of blanks become a space, control characters go."""
    return _CONTROLS.sub("", _BLANKS.sub(" ", text)).strip()


def _replace_words(text: str) -> str:
    """Neighbouring words of one character set are joined before decoding: senders split letters."""
    pieces: list[str] = []
    pending = bytearray()
    pending_charset = ""
    position = 0
    for found in _ENCODED_WORD.finditer(text):
        between = text[position : found.start()]
        adjoins = bool(pending_charset) and not between.strip()
        charset = found.group(1).partition("*")[0].lower()
        if not (adjoins and charset == pending_charset):
            pieces.append(_word_text(pending, pending_charset))
            pending.clear()
            if not adjoins:
                pieces.append(between)
        pending += _word_bytes(found.group(2), found.group(3))
        pending_charset = charset
        position = found.end()
    pieces.append(_word_text(pending, pending_charset))
    pieces.append(text[position:])
    return "".join(pieces)


def _word_text(data: bytearray, charset: str) -> str:
    return decode_text(bytes(data), charset).text if data else ""


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data.translate(_UNDERSCORES).replace(b" ", b"=20"))
    try:
        return binascii.a2b_base64(data + b"===")
    except binascii.Error:
        return binascii.a2b_base64(data[: len(data) // 4 * 4] + b"===") if len(data) > 3 else b""


def declared_charset(value: bytes) -> str:
    """The character set of the first encoded word of a field: a hint for what has none."""
    found = _ENCODED_WORD.search(value.decode("ascii", "ignore"))
    return found.group(1).partition("*")[0] if found else ""


class ContentValue(NamedTuple):
    """A value with parameters, such as a Content-Type: ``value`` in lower case, decoded rest."""

    value: str
    parameters: dict[str, str]


def read_content_value(raw: bytes, budget: Budget) -> ContentValue:
    """Split a Content-Type or Content-Disposition (RFC 2045, RFC 2231; quoting may be broken).

    At most the allowed number of parameters is read; the first of two equal names wins.
    """
    raw = raw[:_CONTENT_VALUE_LENGTH]
    head, separator, rest = raw.partition(b";")
    value = head.strip().decode("ascii", "replace").lower()
    pairs: list[tuple[str, bytes]] = []
    position = 0
    while separator and position < len(rest):
        if len(pairs) >= budget.limits.parameters:
            budget.note("parameters_cut")
            break
        name, content, position = _next_parameter(rest, position)
        if name:
            pairs.append((name, content))
    return ContentValue(value, _assemble(pairs))


def _next_parameter(rest: bytes, position: int) -> tuple[str, bytes, int]:
    """The parameter at ``position``: its name (empty for none), its value, where the next is."""
    end = rest.find(b";", position)
    end = len(rest) if end < 0 else end
    equals = rest.find(b"=", position, end)
    if equals < 0:
        return "", b"", end + 1
    name = rest[position:equals].strip().decode("ascii", "replace").lower()
    start = equals + 1
    while start < len(rest) and rest[start] in b" \t":
        start += 1
    if rest[start : start + 1] != b'"':
        return name, rest[start : max(end, start)].strip(), max(end, start) + 1
    value, after = _quoted(rest, start + 1)
    end = rest.find(b";", after)
    return name, value, len(rest) if end < 0 else end + 1


def _quoted(rest: bytes, start: int) -> tuple[bytes, int]:
    """The quoted string whose first character is at ``start``, and the place after it.

    A backslash quotes only a quote or itself: Windows paths in file names stay whole.
    """
    value = bytearray()
    position = start
    while True:
        quote = rest.find(b'"', position)
        if quote < 0:
            return bytes(value + rest[position:]), len(rest)
        slashes = len(rest[position:quote]) - len(rest[position:quote].rstrip(b"\\"))
        value += rest[position : quote - slashes] + b"\\" * (slashes // 2)
        if slashes % 2 == 0:
            return bytes(value), quote + 1
        value += b'"'
        position = quote + 1


def _assemble(pairs: list[tuple[str, bytes]]) -> dict[str, str]:
    """Join continuations (``name*0*=``) and decode; a plain value may hold encoded words."""
    plain: dict[str, str] = {}
    extended: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for name, value in pairs:
        base, star, section = name.partition("*")
        if not star:
            plain.setdefault(name, _plain(value))
            continue
        encoded = section.endswith("*") or section == ""
        number = section.rstrip("*")
        index = int(number) if number.isdigit() and len(number) <= 4 else 0
        extended.setdefault(base, {}).setdefault(index, (value, encoded))
    for base, sections in extended.items():
        plain[base] = _joined_sections([sections[index] for index in sorted(sections)])
    return plain


def _plain(value: bytes) -> str:
    """The value as it stands (blanks count in a boundary), or decoded where it is encoded words."""
    text = value.decode("ascii") if value.isascii() else decode_text(value).text
    return one_line(_replace_words(text)) if _ENCODED_WORD.search(text) else text


def _joined_sections(sections: list[tuple[bytes, bool]]) -> str:
    charset = ""
    data = bytearray()
    for number, (value, encoded) in enumerate(sections):
        if encoded and number == 0 and value.count(b"'") >= 2:
            label, _, value = value.split(b"'", 2)
            charset = label.decode("ascii", "replace")
        data += _unpercent(value) if encoded else value
    if not charset and b"=?" in data:
        return decode_words(bytes(data))
    return decode_text(bytes(data), charset if codec_for(charset) else "").text


_PERCENT = re.compile(rb"%([0-9a-fA-F]{2})")


def _unpercent(value: bytes) -> bytes:
    return _PERCENT.sub(lambda found: bytes((int(found.group(1), 16),)), value)
