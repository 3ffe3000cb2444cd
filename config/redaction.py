"""What must never stand in a log, and how it is taken out (LOG-2).

By name: fields whose name says that they hold a secret. By form: headers, tokens, passwords in
texts and URLs, SDP keys, card numbers. By value: the secrets this process has been given.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from router.model.secret import Secret

HIDDEN = "[hidden]"
DEPTH_MAX = 6
TEXT_MAX = 8_000
KNOWN_MIN = 6
"""Shorter secrets are not looked for by value: they would hide half of every line."""

_NAME = re.compile(
    r"(^|_)(password|passphrase|passwd|secret|token|tokens|cookie|cookies|authorization|api_key"
    r"|private_key|credential|credentials|ticket|otp|pin|digits|dtmf|crypto|ice_pwd|card_number)$",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"(?im)\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key|www-authenticate"
    r"|proxy-authenticate)(\"?\s*[:=]\s*)[^\r\n]+"
)
_SCHEME = re.compile(r"(?i)\b(bearer|basic|digest)\s+[A-Za-z0-9+/=._~-]{6,}")
_PAIR = re.compile(
    r"(?i)([\"']?\b[a-z_]*(?:password|passphrase|passwd|secret|token|api_?key|pin|digits)\b[\"']?"
    r"\s*[:=]\s*)(\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[^\s,;&\"'}]+)"
)
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s/@:]*):[^\s/@]+@")
_SDP = re.compile(r"(?im)\b(a=crypto:\d+ \S+|a=ice-pwd)[: ]\S+")
_DTMF = re.compile(r"(?i)\b(signal\s*=\s*)[0-9*#A-D](?!\w)")
_TOKEN = re.compile(r"\b(?:cri_[A-Za-z0-9_-]{8,}|eyJ[\w-]+\.[\w-]+\.[\w-]*)")
_COOKIE_PAIR = re.compile(r"(__Host-[\w-]+=)[^;\s]+")
_DIGITS = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])")


class Redactor:
    """Takes out of texts and fields what must not be written. Cheap where there is nothing."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known: tuple[str, ...] = ()
        self.hide(known)

    def hide(self, known: Iterable[str]) -> None:
        """The secrets to look for by value, from now on."""
        long = {value for value in known if len(value) >= KNOWN_MIN}
        self._known = tuple(sorted(long, key=len, reverse=True))

    def text(self, text: str) -> str:
        """The text without secrets, cut at 8,000 characters."""
        if len(text) > TEXT_MAX:
            text = text[:TEXT_MAX] + f" [{len(text) - TEXT_MAX} more characters]"
        for value in self._known:
            if value in text:
                text = text.replace(value, HIDDEN)
        if ":" in text or "=" in text or " " in text:
            text = _HEADER.sub(rf"\1\2{HIDDEN}", text)
            text = _SDP.sub(rf"\1:{HIDDEN}", text)
            text = _DTMF.sub(rf"\1{HIDDEN}", text)
            text = _SCHEME.sub(rf"\1 {HIDDEN}", text)
            text = _COOKIE_PAIR.sub(rf"\1{HIDDEN}", text)
            text = _USERINFO.sub(rf"\1:{HIDDEN}@", text)
            text = _PAIR.sub(_hidden_pair, text)
        text = _TOKEN.sub(HIDDEN, text)
        return _DIGITS.sub(_masked_card, text)

    def field(self, name: str, value: Any, depth: int = 0) -> Any:
        """The value of a field without secrets, as plain JSON types."""
        if _NAME.search(name) and value not in (None, "", 0, False):
            return repr(value) if isinstance(value, Secret) else HIDDEN
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, int):
            return self.text(str(value)) if abs(value) >= 10**12 else value
        if depth >= DEPTH_MAX:
            return "..."
        if isinstance(value, Mapping):
            return {str(key): self.field(str(key), part, depth + 1) for key, part in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.field("", part, depth + 1) for part in value]
        return self.text(str(value))


def secrets_of(settings: Any) -> set[str]:
    """Every secret value within settings, for ``Redactor.hide``."""
    found: set[str] = set()
    _collect(settings, "", found)
    return found


def _collect(value: Any, name: str, found: set[str]) -> None:
    if isinstance(value, Secret):
        found.add(value.reveal())
    elif isinstance(value, str):
        if _NAME.search(name):
            found.add(value)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            _collect(part, str(key), found)
    elif isinstance(value, list | tuple):
        for part in value:
            _collect(part, name, found)
    elif hasattr(value, "__struct_fields__"):
        for field in value.__struct_fields__:
            _collect(getattr(value, field), field, found)


def _hidden_pair(match: re.Match[str]) -> str:
    name, value = match.groups()
    if value.startswith(("Secret(", HIDDEN)):
        return match.group()
    return f"{name}{HIDDEN}"


def _masked_card(match: re.Match[str]) -> str:
    """A run of 13 to 19 digits that could be a card keeps its last four."""
    digits = re.sub(r"\D", "", match.group())
    return f"[card {digits[-4:]}]" if luhn(digits) else match.group()


def luhn(digits: str) -> bool:
    """Whether the check digit fits (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0
