"""The small words of SIP's grammar (RFC 3261, 25.1): tokens, quoted strings, parameters, lists."""

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from channels.voice.sip.errors import BadMessage

Parameters = Mapping[str, str | None]
"""Names in lower case, in the order they came; None for a name without a value."""

TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
QUOTED = re.compile(r'"((?:[^"\\\r\n]|\\[^\r\n])*)"')
_PLAIN_VALUE = re.compile(r'[^\s;,"<>\\\x00-\x1f\x7f]*')
_LIST_ITEM = re.compile(r'(?:[^,"<]+|"(?:[^"\\]|\\.)*"|<[^>]*>)*', re.S)
_PARAMETER = re.compile(
    r"""\s*;\s*([A-Za-z0-9\-.!%*_+`'~]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"<>\\]*))?\s*""", re.S
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def parse_parameters(text: str, field: str) -> dict[str, str | None]:
    """The parameters behind a value, ``text`` beginning at their first semicolon.

    Raises BadMessage for empty ones, for odd characters and for a name that stands twice.
    """
    found: dict[str, str | None] = {}
    if not text or text.isspace():
        return found
    if '"' in text:
        return _quoted_parameters(text, field)
    first, *parts = text.split(";")
    if first.strip():
        raise BadMessage(f"unexpected text before the parameters of {field}", field=field)
    for part in parts:
        name, equals, value = part.partition("=")
        name, value = name.strip(), value.strip()
        if not TOKEN.fullmatch(name) or not _PLAIN_VALUE.fullmatch(value):
            raise BadMessage(f"bad parameter of {field}", field=field)
        _add(found, name, value if equals else None, field)
    return found


def _quoted_parameters(text: str, field: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    position = 0
    while position < len(text):
        hit = _PARAMETER.match(text, position)
        if hit is None:
            raise BadMessage(f"bad parameter of {field}", field=field)
        value: str | None = hit[2]
        if value is not None and value.startswith('"'):
            value = unquoted(value)
        _add(found, hit[1], value, field)
        position = hit.end()
    return found


def _add(found: dict[str, str | None], name: str, value: str | None, field: str) -> None:
    name = name.lower()
    if name in found:
        raise BadMessage(f"parameter {name!r} of {field} stands twice", field=field)
    found[name] = value


def format_parameters(parameters: Parameters) -> str:
    """As they are written behind a value, each with its semicolon."""
    if not parameters:
        return ""
    return "".join(
        f";{name}"
        if value is None
        else f";{name}={value if value and _PLAIN_VALUE.fullmatch(value) else quoted(value)}"
        for name, value in parameters.items()
    )


def split_list(text: str, field: str) -> list[str]:
    """The values of a header that is a list, split at the commas between them.

    Raises BadMessage when a quote or an angle bracket is not closed, or a value is empty.
    """
    if "," not in text:
        return [text]
    items: list[str] = []
    position = 0
    while True:
        hit = _LIST_ITEM.match(text, position)
        end = hit.end() if hit else position
        item = text[position:end].strip()
        if not item or (end < len(text) and text[end] != ","):
            raise BadMessage(f"bad list in {field}", field=field)
        items.append(item)
        if end >= len(text):
            return items
        position = end + 1


def unquoted(text: str) -> str:
    """A quoted string without its quotes, each quoted pair as the character it stands for."""
    inner = text[1:-1]
    return re.sub(r"\\(.)", r"\1", inner, flags=re.S) if "\\" in inner else inner


def quoted(text: str) -> str:
    r"""A quoted string. Control characters but CR and LF are written as quoted pairs."""
    escaped = re.sub(r"([\"\\\x00-\x09\x0b\x0c\x0e-\x1f\x7f])", r"\\\1", text)
    return f'"{escaped}"'


def unescaped(text: str) -> str:
    """A part of a URI with its %-escapes decoded, once."""
    return unquote(text, errors="surrogateescape") if "%" in text else text


def escaped(text: str, allowed: str) -> str:
    """A part of a URI with everything escaped but letters, digits, ``-_.~`` and ``allowed``."""
    return quote(text, safe=allowed, errors="surrogateescape")


def shown(text: str) -> str:
    """Text of a stranger for people's eyes: control characters are written out, never sent on."""
    safe = text.encode("utf-8", "replace").decode("utf-8")
    return _CONTROL.sub(lambda hit: f"\\x{ord(hit[0]):02x}", safe)


def whole_number(text: str | None, limit: int, field: str) -> int:
    """A number of digits only, below ``limit``.

    Raises BadMessage when it is none, or too large.
    """
    stripped = (text or "").strip()
    if not stripped.isascii() or not stripped.isdigit() or len(stripped) > 20:
        raise BadMessage(f"{field} is no number", field=field)
    number = int(stripped)
    if number >= limit:
        raise BadMessage(f"{field} is too large", field=field)
    return number
