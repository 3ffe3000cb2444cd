"""Mail addresses: strict for what we send, tolerant but unambiguous for what we receive."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from channels.mail.headers import decode_words, one_line
from channels.mail.limits import ADDRESSES_CUT, Budget
from router.model.errors import InvalidInput

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)\Z")
_TOLERANT = re.compile(
    r"""(?:[^\s"@<>(),:;\\\x00-\x1f]+|"[^"\x00-\x1f]{1,64}")@([^\s"@<>(),:;\\\[\]\x00-\x1f]+|\[[0-9A-Za-z:.]{2,50}\])\Z"""
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ENCODED_WORD = re.compile(r"=\?[^?]*\?[bq]\?", re.IGNORECASE)
_LOCAL_LENGTH = 64
_ADDRESS_LENGTH = 254
_NAME_LENGTH = 200
RECIPIENTS = 50
"""Recipients of one outgoing mail at most."""
_FIELD_LENGTH = 100_000


class Address(msgspec.Struct, frozen=True):
    """A mailbox: ``address`` as written (empty when it is none) and its display name."""

    address: str
    name: str = ""


def parse_outgoing_address(text: str, *, field: str = "to") -> str:
    """The address in the form that is sent, its domain in ASCII (IDNA).

    Strict (RFC 5321 dot-string at a dotted domain, no comments, quotes, routes or literals):
    what one program reads differently from another is refused. Raises InvalidInput.
    """
    if _CONTROL.search(text):
        raise InvalidInput(f"{field}: line breaks and control characters are refused", field=field)
    address = text.strip()
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL.match(local) or len(local) > _LOCAL_LENGTH or has_encoded_word(local):
        raise InvalidInput(f"{field}: {address[:80]!r} is not a mail address", field=field)
    ascii_domain = _ascii_domain(domain)
    if ascii_domain is None or len(local) + 1 + len(ascii_domain) > _ADDRESS_LENGTH:
        raise InvalidInput(f"{field}: {domain[:80]!r} is not a mail domain", field=field)
    return f"{local}@{ascii_domain}"


def parse_outgoing_addresses(
    texts: Sequence[str], *, field: str = "to", at_most: int = RECIPIENTS
) -> tuple[str, ...]:
    """The addresses in the form that is sent, without repetitions. Raises InvalidInput for a bad
    one and for more than ``at_most`` (MAIL-7)."""
    if len(texts) > at_most:
        raise InvalidInput(f"{field}: more than {at_most} recipients", field=field)
    return tuple(dict.fromkeys(parse_outgoing_address(text, field=field) for text in texts))


def _ascii_domain(domain: str) -> str | None:
    try:
        name = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError:
        return None
    labels = name.split(".")
    if len(labels) < 2 or labels[-1].isdigit():
        return None
    return name.lower() if all(_LABEL.match(label) for label in labels) else None


def check_header_text(text: str, *, field: str) -> str:
    """The text if it can stand in one outgoing header line; raises InvalidInput otherwise."""
    if _CONTROL.search(text):
        raise InvalidInput(f"{field}: line breaks and control characters are refused", field=field)
    if has_encoded_word(text):
        raise InvalidInput(f"{field}: encoded words (=?...?=) are refused", field=field)
    return text


def has_encoded_word(text: str) -> bool:
    """Whether the text holds what header libraries decode (RFC 2047), line breaks included."""
    return _ENCODED_WORD.search(text) is not None


def parse_addresses(value: bytes, budget: Budget | None = None) -> list[Address]:
    """The mailboxes of one address field, groups opened, comments dropped, broken entries skipped.

    Splits before it decodes, so that an encoded word cannot bring in a second address
    (RFC 2047, 5). Reads at most the budget's number of addresses; linear in the length.
    """
    budget = budget or Budget()
    found: list[Address] = []
    for entry in _split_entries(value[:_FIELD_LENGTH]):
        if budget.addresses_left <= 0:
            budget.note(ADDRESSES_CUT)
            break
        address = _read_entry(entry)
        if address is not None:
            budget.addresses_left -= 1
            found.append(address)
    return found


class _Entry:
    """One entry of an address list while it is collected."""

    def __init__(self) -> None:
        self.words = bytearray()
        self.angle: bytearray | None = None
        self.angles = 0
        self.comment = bytearray()

    def __bool__(self) -> bool:
        return bool(self.words.strip()) or self.angle is not None


def _split_entries(value: bytes) -> Iterable[_Entry]:
    """Entries between commas (or semicolons, as Outlook writes) outside quotes and comments."""
    entry = _Entry()
    depth = 0
    quoted = in_angle = False
    position = 0
    while position < len(value):
        byte = value[position : position + 1]
        position += 1
        if byte == b"\\" and (quoted or depth):
            byte = b"\\" + value[position : position + 1]
            position += 1
        elif depth:
            depth += (byte == b"(") - (byte == b")")
        elif byte == b'"':
            quoted = not quoted
        elif quoted:
            pass
        elif byte == b"(":
            depth = 1
        elif byte in (b",", b";") and not in_angle:
            yield entry
            entry = _Entry()
            continue
        elif byte == b":" and not in_angle and b"@" not in entry.words:
            # The name of a group: its members follow.
            entry = _Entry()
            continue
        elif byte == b"<" and not in_angle:
            in_angle = True
            entry.angles += 1
            entry.angle = bytearray()
            continue
        elif byte == b">" and in_angle:
            in_angle = False
            continue
        _collect(entry, byte, depth=depth, in_angle=in_angle)
    if entry:
        yield entry


def _collect(entry: _Entry, byte: bytes, *, depth: int, in_angle: bool) -> None:
    if depth or byte == b")":
        entry.comment += byte
    elif in_angle and entry.angle is not None:
        entry.angle += byte
    else:
        entry.words += byte


def _read_entry(entry: _Entry) -> Address | None:
    words = bytes(entry.words).strip()
    if entry.angle is None:
        text = words.decode("utf-8", "replace")
        name = decode_words(bytes(entry.comment).strip(b"() "))
        return Address(text, shown_name(name)) if _is_address(text) else None
    address = bytes(entry.angle).decode("utf-8", "replace").strip()
    if address.startswith("@") and ":" in address:
        # A source route (RFC 5321, appendix C) is ignored.
        address = address.rpartition(":")[2]
    if entry.angles > 1 or not _is_address(address):
        return None
    return Address(address, shown_name(decode_words(_unquoted(words))))


def _unquoted(words: bytes) -> bytes:
    """A display name without its quotation marks; quoted ones within it stay."""
    return re.sub(rb'\\(.)|"', lambda found: found.group(1) or b"", words).strip()


def _is_address(text: str) -> bool:
    return len(text) <= _ADDRESS_LENGTH and _TOLERANT.match(text) is not None


_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def shown_name(name: str) -> str:
    """A display name as an agent sees it: no characters that hide or turn text, 200 at most."""
    return one_line(without_invisible(name)).strip("\"' ")[:_NAME_LENGTH]


def without_invisible(text: str) -> str:
    """The text without characters that hide or turn text (zero-width, direction marks)."""
    return _INVISIBLE.sub("", text)


def sender_of(from_values: list[bytes], budget: Budget | None = None) -> tuple[Address, bool]:
    """The author of a mail and whether that is unambiguous.

    Two From fields or two addresses in one make it ambiguous: the first is shown, and nothing
    that authentication says about a domain may be believed of it (RFC 7489, 6.6.1).
    """
    addresses = [address for value in from_values[:5] for address in parse_addresses(value, budget)]
    clear = len(from_values) == 1 and len(addresses) == 1
    return (addresses[0] if addresses else Address("")), clear
