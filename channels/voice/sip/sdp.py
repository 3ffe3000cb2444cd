"""Session descriptions (RFC 8866): read, written, bounded (SIP-1), with what they say about sound.

A description is data. What to answer to one is decided in ``offers``.
"""

import ipaddress
import re

import msgspec

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.limits import SDP_ATTRIBUTES, SDP_BYTES, SDP_CANDIDATES, SDP_MEDIA

CONTENT_TYPE = "application/sdp"
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
NOWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  # nosec B104 -- the address that means hold
_ORIGIN = re.compile(r"(\S+) (\S+) ([0-9]{1,20}) IN (IP4|IP6) (\S+)")
_CONNECTION = re.compile(r"IN (IP4|IP6) ([^\s/]+)(?:/\S+)?")
_MEDIA = re.compile(r"([A-Za-z0-9\-]+) ([0-9]{1,5})(?:/([0-9]{1,5}))? ([A-Za-z0-9/\-]+)((?: \S+)+)")
_RTPMAP = re.compile(r"([0-9]{1,3}) ([A-Za-z0-9\-_.]+)/([0-9]{1,6})(?:/([0-9]{1,2}))?")
_CRYPTO = re.compile(r"([0-9]{1,9}) (\S+) inline:(\S+)(?: .*)?")

Attribute = tuple[str, str | None]


class Codec(msgspec.Struct, frozen=True):
    """A format of sound under its payload number; ``parameters`` is the text of its fmtp."""

    payload: int
    name: str
    clock_hz: int = 8_000
    channels: int = 1
    parameters: str = ""

    def same_as(self, other: "Codec") -> bool:
        """Whether both are the same format, whatever its number."""
        return (self.name.lower(), self.clock_hz, self.channels) == (
            other.name.lower(),
            other.clock_hz,
            other.channels,
        )

    @property
    def is_digits(self) -> bool:
        """Whether it carries digits and no sound (RFC 4733)."""
        return self.name.lower() == "telephone-event"


STATIC = {
    0: Codec(0, "PCMU"),
    3: Codec(3, "GSM"),
    4: Codec(4, "G723"),
    8: Codec(8, "PCMA"),
    9: Codec(9, "G722"),
    13: Codec(13, "CN"),
    15: Codec(15, "G728"),
    18: Codec(18, "G729"),
}
"""Numbers whose meaning is fixed (RFC 3551); G.722 says 8,000 where it means 16,000."""


class Candidate(msgspec.Struct, frozen=True):
    """An ICE candidate of the first component (RFC 8839)."""

    foundation: str
    component: int
    transport: str
    priority: int
    address: str
    port: int
    kind: str


class Crypto(msgspec.Struct, frozen=True):
    """An SDES key (RFC 4568): it is a secret and belongs into no log."""

    tag: int
    suite: str
    key: str


class Media(msgspec.Struct, frozen=True):
    """One m-line with what stands below it. Port 0 means it is refused or over."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    address: str = ""
    attributes: tuple[Attribute, ...] = ()

    def values(self, name: str) -> list[str]:
        """The values of an attribute, in order."""
        return [value or "" for key, value in self.attributes if key == name]

    def value(self, name: str) -> str | None:
        """The first value of an attribute (empty when it has none), or None without it."""
        found = self.values(name)
        return found[0] if found else None

    def codecs(self) -> list[Codec]:
        """The formats whose meaning is known, in the order of preference they are listed in."""
        named: dict[str, Codec] = {}
        for text in self.values("rtpmap"):
            hit = _RTPMAP.fullmatch(text.strip())
            if hit and int(hit[1]) < 128:
                codec = Codec(int(hit[1]), hit[2], int(hit[3]), int(hit[4] or 1))
                named.setdefault(hit[1], codec)
        for text in self.values("fmtp"):
            payload, _, parameters = text.partition(" ")
            if payload in named:
                named[payload] = msgspec.structs.replace(
                    named[payload], parameters=parameters.strip()
                )
        found: list[Codec] = []
        for text in self.formats:
            known = named.get(text) or (STATIC.get(int(text)) if text.isdigit() else None)
            if known is not None and known not in found:
                found.append(known)
        return found

    def candidates(self) -> list[Candidate]:
        """ICE candidates that can be read; others are left aside."""
        found = []
        for text in self.values("candidate"):
            words = text.split()
            if len(words) >= 8 and words[6] == "typ" and (words[1] + words[3] + words[5]).isdigit():
                found.append(
                    Candidate(
                        foundation=words[0],
                        component=int(words[1]),
                        transport=words[2].lower(),
                        priority=int(words[3]),
                        address=words[4],
                        port=int(words[5]),
                        kind=words[7],
                    )
                )
        return found

    def crypto(self) -> list[Crypto]:
        """SDES keys that can be read."""
        hits = [_CRYPTO.fullmatch(text) for text in self.values("crypto")]
        return [Crypto(int(hit[1]), hit[2], hit[3]) for hit in hits if hit]


class Description(msgspec.Struct, frozen=True):
    """A whole description. ``address`` counts for media that have none of their own."""

    address: str
    session_id: str
    version: int
    media: tuple[Media, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    user: str = "-"
    origin_address: str = ""
    name: str = "-"

    def address_of(self, media: Media) -> str:
        """Where this medium is to be sent."""
        return media.address or self.address

    def value_of(self, media: Media, name: str) -> str | None:
        """An attribute of a medium, or else of the whole (fingerprint, setup, ice-ufrag)."""
        found = media.value(name)
        if found is not None:
            return found
        return next((value or "" for key, value in self.attributes if key == name), None)

    def direction_of(self, media: Media) -> str:
        """``sendrecv``, ``sendonly``, ``recvonly`` or ``inactive``, as the describer sees it."""
        for attributes in (media.attributes, self.attributes):
            for key, _ in attributes:
                if key in DIRECTIONS:
                    return key
        return "sendrecv"

    def encode(self) -> bytes:
        """As a body."""
        origin = self.origin_address or self.address
        lines = [
            "v=0",
            f"o={self.user} {self.session_id} {self.version} IN {_family(origin)} {origin}",
            f"s={self.name}",
            *([f"c=IN {_family(self.address)} {self.address}"] if self.address else []),
            "t=0 0",
            *map(_attribute_line, self.attributes),
        ]
        for media in self.media:
            lines.append(f"m={media.kind} {media.port} {media.protocol} {' '.join(media.formats)}")
            if media.address:
                lines.append(f"c=IN {_family(media.address)} {media.address}")
            lines.extend(map(_attribute_line, media.attributes))
        return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")


def parse_description(body: bytes) -> Description:
    """Read a description. Raises BadMessage (400) naming the line, 413 when it is over a bound.

    Lines nobody here needs (bandwidth, keys, time zones) are left out.
    """
    if len(body) > SDP_BYTES:
        raise BadMessage("the description is too large", status=413, field="SDP")
    lines = body.decode("utf-8", "surrogateescape").replace("\r\n", "\n").rstrip("\n").split("\n")
    if lines[0] != "v=0":
        raise BadMessage("the description does not begin with v=0", field="SDP line 1")
    reader = _Reader()
    for number, line in enumerate(lines[1:], start=2):
        if len(line) < 2 or line[1] != "=":
            raise BadMessage("a line is no SDP", field=f"SDP line {number}")
        try:
            reader.take(line[0], line[2:])
        except BadMessage as fault:
            fault.field = fault.field or f"SDP line {number}"
            raise
    return reader.finish()


class _Reader:
    def __init__(self) -> None:
        self.origin: re.Match[str] | None = None
        self.name = "-"
        self.address = ""
        self.attributes: list[Attribute] = []
        self.media: list[tuple[re.Match[str], list[str], list[Attribute]]] = []
        self.count = 0
        self.candidates = 0

    def take(self, kind: str, value: str) -> None:
        if kind == "o":
            self.origin = _ORIGIN.fullmatch(value.strip())
            if self.origin is None:
                raise BadMessage("malformed origin")
        elif kind == "s":
            self.name = value or "-"
        elif kind == "c":
            self._connection(value)
        elif kind == "m":
            self._begin_media(value)
        elif kind == "a":
            self._attribute(value)

    def _connection(self, value: str) -> None:
        hit = _CONNECTION.fullmatch(value.strip())
        if hit is None or not valid_address(hit[2]):
            raise BadMessage("malformed connection address")
        if self.media:
            self.media[-1][1].append(hit[2])
        else:
            self.address = hit[2]

    def _begin_media(self, value: str) -> None:
        hit = _MEDIA.fullmatch(value.rstrip())
        if hit is None or int(hit[2]) > 65_535:
            raise BadMessage("malformed media line")
        if len(self.media) >= SDP_MEDIA:
            raise BadMessage("too many media", status=413)
        self.media.append((hit, [], []))

    def _attribute(self, value: str) -> None:
        name, colon, rest = value.partition(":")
        self.count += 1
        self.candidates += name == "candidate"
        if self.count > SDP_ATTRIBUTES or self.candidates > SDP_CANDIDATES:
            raise BadMessage("too many attributes", status=413)
        attributes = self.media[-1][2] if self.media else self.attributes
        attributes.append((name.lower(), rest if colon else None))

    def finish(self) -> Description:
        if self.origin is None:
            raise BadMessage("the description has no origin", field="SDP")
        media = tuple(
            Media(
                kind=hit[1].lower(),
                port=int(hit[2]),
                protocol=hit[4].upper(),
                formats=tuple(hit[5].split()),
                address=addresses[0] if addresses else "",
                attributes=tuple(attributes),
            )
            for hit, addresses, attributes in self.media
        )
        if not self.address and any(m.port and not m.address for m in media):
            raise BadMessage("a medium has no address", field="SDP")
        return Description(
            address=self.address,
            session_id=self.origin[2],
            version=int(self.origin[3]),
            media=media,
            attributes=tuple(self.attributes),
            user=self.origin[1],
            origin_address=self.origin[5],
            name=self.name,
        )


def valid_address(text: str) -> bool:
    """Whether it is an address or at least a host name (of our own language or of RFC 8839)."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?", text) is not None
    return True


def _family(address: str) -> str:
    return "IP6" if ":" in address else "IP4"


def _attribute_line(attribute: Attribute) -> str:
    name, value = attribute
    return f"a={name}" if value is None else f"a={name}:{value}"
