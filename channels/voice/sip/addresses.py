"""Header values with a form of their own: name and address, and Via."""

import re
from collections.abc import Mapping

import msgspec
from typing_extensions import override

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.grammar import (
    QUOTED,
    Parameters,
    format_parameters,
    parse_parameters,
    quoted,
    unquoted,
    whole_number,
)
from channels.voice.sip.uri import Uri, parse_uri, user_of

# Words of a name without quotes. Letters beyond ASCII are no tokens, and telephones send them.
_BARE_NAME = re.compile(r"[A-Za-z0-9\-.!%*_+`'~\s\u0080-\uffff]*")
_VIA = re.compile(
    r"\s*SIP\s*/\s*2\.0\s*/\s*([A-Za-z0-9\-.!%*_+`'~]+)\s+"
    r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.\-]+)\s*(?::\s*([0-9]{1,5}))?\s*(;.*)?",
    re.S | re.I,
)
COOKIE = "z9hG4bK"
"""The beginning of every branch that RFC 3261 made unique."""


class NameAddress(msgspec.Struct, frozen=True):
    """``"Name" <uri>;parameters``: From, To, Contact, Route, Refer-To and others.

    ``name`` is decoded, and nothing but a claim of whoever sent it.
    """

    uri: Uri
    name: str = ""
    parameters: Mapping[str, str | None] = {}

    @override
    def __str__(self) -> str:
        name = f"{quoted(self.name)} " if self.name else ""
        return f"{name}<{self.uri}>{format_parameters(self.parameters)}"

    @property
    def tag(self) -> str:
        """The tag parameter, empty when there is none."""
        return self.parameters.get("tag") or ""

    @property
    def user(self) -> str:
        """The user of a SIP address, the number of a telephone address; else empty."""
        return user_of(self.uri)


def parse_name_address(text: str, field: str) -> NameAddress:
    """Read one value. Raises BadMessage naming ``field``.

    Without angle brackets, parameters belong to the header, not to the address (RFC 3261, 20.10).
    """
    text = text.strip()
    name = ""
    if text.startswith('"'):
        hit = QUOTED.match(text)
        if hit is None:
            raise BadMessage(f"{field} has a quote that does not end", field=field)
        name = unquoted(hit[0])
        text = text[hit.end() :].lstrip()
        if not text.startswith("<"):
            raise BadMessage(f"{field} has no address behind the name", field=field)
    before, bracket, rest = text.partition("<")
    if not bracket:
        address, semicolon, parameters = text.partition(";")
        address = address.rstrip()
        if "?" in address or "," in address:
            raise BadMessage(f"{field} needs angle brackets", field=field)
        return NameAddress(
            uri=parse_uri(address, field),
            parameters=parse_parameters(semicolon + parameters, field),
        )
    if not _BARE_NAME.fullmatch(before):
        raise BadMessage(f"{field} has a name that needs quotes", field=field)
    address, bracket, parameters = rest.partition(">")
    if not bracket:
        raise BadMessage(f"{field} has an angle bracket that does not close", field=field)
    return NameAddress(
        uri=parse_uri(address, field),
        name=name or before.strip(),
        parameters=parse_parameters(parameters, field),
    )


class Via(msgspec.Struct, frozen=True):
    """One hop a request took, and where its response goes back to."""

    transport: str
    host: str
    port: int | None = None
    parameters: Mapping[str, str | None] = {}

    @override
    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{format_parameters(self.parameters)}"

    @property
    def branch(self) -> str:
        """The branch, empty when there is none."""
        return self.parameters.get("branch") or ""

    @property
    def unique(self) -> bool:
        """Whether the branch identifies the transaction (RFC 3261) or cannot (RFC 2543)."""
        return self.branch.startswith(COOKIE) and len(self.branch) > len(COOKIE)

    @property
    def sent_by(self) -> str:
        """Host and port, as the key of a transaction needs them."""
        return f"{self.host}:{self.port}" if self.port else self.host

    def with_parameters(self, more: Parameters) -> "Via":
        """The same hop with parameters added or replaced."""
        return Via(self.transport, self.host, self.port, {**self.parameters, **more})


def parse_via(text: str) -> Via:
    """Read one value of Via. Raises BadMessage."""
    hit = _VIA.fullmatch(text)
    if hit is None:
        raise BadMessage("Via is malformed", field="Via")
    transport, host, port, parameters = hit.groups()
    return Via(
        transport=transport.upper(),
        host=host.lower(),
        port=whole_number(port, 65_536, "Via") if port else None,
        parameters=parse_parameters(parameters or "", "Via"),
    )
