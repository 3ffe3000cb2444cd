"""Addresses: ``sip:`` and ``sips:`` (RFC 3261, 19.1), ``tel:`` (RFC 3966), and any other scheme."""

import re
from collections.abc import Mapping

import msgspec
from typing_extensions import override

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.grammar import Parameters, escaped, unescaped

_USER_MARKS = "!*'()&=+$,;?/"
_PARAMETER_MARKS = "!*'()[]/:&+$"
# '#' is no character of a user in RFC 3261, and telephones send it all the same (feature codes).
_SIP = re.compile(
    r"(?i:(sips?)):"
    r"(?:((?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#]|%[0-9A-Fa-f]{2})+)"
    r"(?::((?:[A-Za-z0-9\-_.!~*'()&=+$,]|%[0-9A-Fa-f]{2})*))?@)?"
    r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_.])?)(?::([0-9]{1,5}))?"
    r"((?:;(?:[A-Za-z0-9\-_.!~*'()\[\]/:&+$=]|%[0-9A-Fa-f]{2})+)*)"
    r"(?:\?((?:[A-Za-z0-9\-_.!~*'()\[\]/?:+$=&]|%[0-9A-Fa-f]{2})+))?"
)
_TEL = re.compile(r"(?i:tel):(\+?[0-9A-Fa-f*#\-.()]+)((?:;[A-Za-z0-9\-]+(?:=[^;<>\s\"]*)?)*)")
_OTHER = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):([^\s<>\"]+)")
_SEPARATORS = re.compile(r"[\-.()]")
_IN_COMPARISON = ("user", "ttl", "method", "maddr", "transport")


class SipUri(msgspec.Struct, frozen=True):
    """A SIP address. ``text`` is how it was or will be written; the rest is decoded.

    ``headers`` stay as written: they must never become headers of a request unseen.
    """

    text: str
    host: str
    scheme: str = "sip"
    user: str | None = None
    password: str | None = None
    port: int | None = None
    parameters: Mapping[str, str | None] = {}
    headers: str = ""

    @override
    def __str__(self) -> str:
        return self.text

    @property
    def secure(self) -> bool:
        """Whether every hop must be TLS."""
        return self.scheme == "sips"

    @property
    def transport(self) -> str:
        """The transport its parameter asks for, in lower case; empty when it leaves it open."""
        return (self.parameters.get("transport") or "").lower()

    @property
    def loose(self) -> bool:
        """Whether it names a loose router (``;lr``)."""
        return "lr" in self.parameters

    def same_as(self, other: "Uri") -> bool:
        """Whether both name the same thing (RFC 3261, 19.1.4)."""
        if not isinstance(other, SipUri):
            return False
        mine, theirs = self.parameters, other.parameters
        return (
            (self.scheme, self.user, self.password, self.host, self.port)
            == (other.scheme, other.user, other.password, other.host, other.port)
            and all(_folded(mine.get(n)) == _folded(theirs.get(n)) for n in _IN_COMPARISON)
            and all(_folded(mine[n]) == _folded(theirs[n]) for n in mine.keys() & theirs.keys())
            and sorted(self.headers.lower().split("&")) == sorted(other.headers.lower().split("&"))
        )

    def bare(self) -> "SipUri":
        """As an address of record: without parameters, headers and port (RFC 3261, 10.3)."""
        return sip_uri(self.host, user=self.user, scheme=self.scheme)


class TelUri(msgspec.Struct, frozen=True):
    """A telephone number; ``number`` has no visual separators, with its ``+`` when global."""

    text: str
    number: str
    parameters: Mapping[str, str | None] = {}
    scheme: str = "tel"

    @override
    def __str__(self) -> str:
        return self.text

    def same_as(self, other: "Uri") -> bool:
        """Whether both are the same number in the same context (RFC 3966, 5)."""
        return (
            isinstance(other, TelUri)
            and self.number.lower() == other.number.lower()
            and {n: _folded(v) for n, v in self.parameters.items()}
            == {n: _folded(v) for n, v in other.parameters.items()}
        )


class OtherUri(msgspec.Struct, frozen=True):
    """An address of a scheme we do not speak, kept as it was written."""

    text: str
    scheme: str

    @override
    def __str__(self) -> str:
        return self.text

    def same_as(self, other: "Uri") -> bool:
        """Whether both are written alike."""
        return isinstance(other, OtherUri) and self.text == other.text


Uri = SipUri | TelUri | OtherUri


def user_of(uri: Uri) -> str:
    """The user of a SIP address, the number of a telephone address; else empty."""
    if isinstance(uri, SipUri):
        return uri.user or ""
    return uri.number if isinstance(uri, TelUri) else ""


def parse_uri(text: str, field: str = "URI") -> Uri:
    """Read an address; the first colon ends its scheme.

    Raises BadMessage naming ``field`` when it breaks the rules of its scheme.
    """
    hit = _SIP.fullmatch(text)
    if hit:
        return _sip(text, hit, field)
    scheme = text.partition(":")[0].lower()
    if scheme == "tel" and (hit := _TEL.fullmatch(text)):
        parameters = _uri_parameters(hit[2], field)
        return TelUri(text=text, number=_SEPARATORS.sub("", hit[1]), parameters=parameters)
    if scheme not in {"sip", "sips", "tel"} and (hit := _OTHER.fullmatch(text)):
        return OtherUri(text=text, scheme=hit[1].lower())
    raise BadMessage(f"{field} is no valid address", field=field)


def parse_sip_uri(text: str, field: str = "URI") -> SipUri:
    """Read an address that must be ``sip:`` or ``sips:``. Raises BadMessage."""
    uri = parse_uri(text, field)
    if not isinstance(uri, SipUri):
        raise BadMessage(f"{field} is no SIP address", field=field)
    return uri


def sip_uri(
    host: str,
    *,
    user: str | None = None,
    port: int | None = None,
    scheme: str = "sip",
    parameters: Parameters | None = None,
) -> SipUri:
    """Compose an address from decoded parts; an IPv6 host may come without its brackets."""
    parameters = dict(parameters or {})
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    text = f"{scheme}:"
    if user is not None:
        text += escaped(user, _USER_MARKS) + "@"
    text += host if port is None else f"{host}:{port}"
    for name, value in parameters.items():
        text += f";{escaped(name, _PARAMETER_MARKS)}"
        text += "" if value is None else f"={escaped(value, _PARAMETER_MARKS)}"
    return SipUri(
        text=text,
        host=host.lower(),
        scheme=scheme,
        user=user,
        port=port,
        parameters=parameters,
    )


def _sip(text: str, hit: re.Match[str], field: str) -> SipUri:
    scheme, user, password, host, port, parameters, headers = hit.groups()
    number = int(port) if port else None
    if number is not None and not 0 < number < 65_536:
        raise BadMessage(f"{field} has a port that does not exist", field=field)
    return SipUri(
        text=text,
        host=host.lower(),
        scheme=scheme.lower(),
        user=None if user is None else unescaped(user),
        password=None if password is None else unescaped(password),
        port=number,
        parameters=_uri_parameters(parameters, field) if parameters else {},
        headers=headers or "",
    )


def _uri_parameters(text: str, field: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for part in text.split(";")[1:]:
        name, equals, value = part.partition("=")
        name = unescaped(name).lower()
        if not name or name in found:
            raise BadMessage(f"{field} has a bad parameter", field=field)
        found[name] = unescaped(value) if equals else None
    return found


def _folded(text: str | None) -> str | None:
    return None if text is None else text.lower()
