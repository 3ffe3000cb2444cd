"""Requests and responses as objects. Headers stay text until somebody asks what they mean."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from typing_extensions import override

from channels.voice.sip.addresses import NameAddress, Via, parse_name_address, parse_via
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.grammar import split_list, whole_number
from channels.voice.sip.limits import CSEQ_LIMIT, LIST_VALUES
from channels.voice.sip.names import REASONS, canonical, written
from channels.voice.sip.uri import Uri, parse_uri

Headers = dict[str, list[str]]
"""Canonical name -> one text per line it stood on, in the order they came."""

Value = TypeVar("Value")
_CSEQ = re.compile(r"\s*([0-9]+)\s+([A-Za-z0-9\-.!%*_+`'~]+)\s*")
COPIED = ("via", "from", "to", "call-id", "cseq")
"""What every response repeats from its request (RFC 3261, 8.2.6.2)."""


class Message:
    """What both kinds share. Whoever changes headers does it before anybody reads them typed."""

    __slots__ = ("_typed", "body", "headers")

    def __init__(self, headers: Headers, body: bytes = b"") -> None:
        self.headers = headers
        self.body = body
        self._typed: dict[str, Any] = {}

    # -- headers as text

    def first(self, name: str) -> str | None:
        """The first line of a header (canonical name), or None."""
        lines = self.headers.get(name)
        return lines[0] if lines else None

    def values(self, name: str) -> list[str]:
        """The values of a header that is a list, over all its lines. Raises BadMessage."""
        found = [value for line in self.headers.get(name, ()) for value in split_list(line, name)]
        return [] if found == [""] else found

    def tokens(self, name: str) -> frozenset[str]:
        """The values of a list of tokens, in lower case (Supported, Require, Allow)."""
        return frozenset(value.strip().lower() for value in self.values(name))

    def put(self, name: str, *lines: str) -> None:
        """Set a header, or remove it when no line is given."""
        name = canonical(name)
        self._typed.clear()
        if lines:
            self.headers[name] = list(lines)
        else:
            self.headers.pop(name, None)

    def add(self, name: str, line: str) -> None:
        """Add a line of a header behind those that are there."""
        self._typed.clear()
        self.headers.setdefault(canonical(name), []).append(line)

    def push(self, name: str, line: str) -> None:
        """Add a line of a header before those that are there (Via, Record-Route)."""
        self._typed.clear()
        self.headers.setdefault(canonical(name), []).insert(0, line)

    # -- headers with a meaning; each raises BadMessage when it has none

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self._required("call-id")

    @property
    def cseq(self) -> tuple[int, str]:
        """Number and method of CSeq."""
        cached: tuple[int, str] | None = self._typed.get("cseq")
        if cached is None:
            hit = _CSEQ.fullmatch(self._required("cseq"))
            if hit is None:
                raise BadMessage("CSeq is malformed", field="CSeq")
            cached = (whole_number(hit[1], CSEQ_LIMIT, "CSeq"), hit[2])
            self._typed["cseq"] = cached
        return cached

    @property
    def vias(self) -> list[Via]:
        """The hops, the latest first."""
        cached: list[Via] | None = self._typed.get("via")
        if cached is None:
            cached = self._typed["via"] = [parse_via(value) for value in self._list("via")]
        return cached

    @property
    def via(self) -> Via:
        """The topmost hop."""
        vias = self.vias
        if not vias:
            raise BadMessage("Via is missing", field="Via")
        return vias[0]

    @property
    def sender(self) -> NameAddress:
        """From."""
        return self._address("from")

    @property
    def recipient(self) -> NameAddress:
        """To."""
        return self._address("to")

    def addresses(self, name: str) -> list[NameAddress]:
        """The values of a list of addresses (Contact without ``*``, Route, Path)."""
        cached: list[NameAddress] | None = self._typed.get(name)
        if cached is None:
            found = [parse_name_address(value, written(name)) for value in self._list(name)]
            cached = self._typed[name] = found
        return cached

    @property
    def contact(self) -> NameAddress | None:
        """The first Contact, None when there is none or it is ``*``."""
        if (self.first("contact") or "*").strip() == "*":
            return None
        return self.addresses("contact")[0]

    @property
    def content_type(self) -> str:
        """Type and subtype of the body in lower case, without parameters; empty when unsaid."""
        return (self.first("content-type") or "").partition(";")[0].strip().lower()

    def number(self, name: str, default: int, limit: int = 2**32) -> int:
        """The number a header holds, or ``default`` without it. Parameters are left aside."""
        text = self.first(name)
        if text is None:
            return default
        return whole_number(text.partition(";")[0], limit, written(name))

    def _required(self, name: str) -> str:
        text = self.first(name)
        if not text:
            raise BadMessage(f"{written(name)} is missing", field=written(name))
        return text

    def _list(self, name: str) -> list[str]:
        found = self.values(name)
        if len(found) > LIST_VALUES:
            raise BadMessage(f"too many values of {written(name)}", field=written(name))
        return found

    def _address(self, name: str) -> NameAddress:
        cached: NameAddress | None = self._typed.get(name)
        if cached is None:
            cached = parse_name_address(self._required(name), written(name))
            self._typed[name] = cached
        return cached

    # -- to the wire

    def start_line(self) -> str:
        """The first line."""
        raise NotImplementedError  # Abstract: a request and a response each have their own.

    def encode(self) -> bytes:
        """As it is sent, with the true Content-Length.

        Raises ValueError when a header would break the line it stands on: nothing that came from
        outside can add headers to what we send.
        """
        lines = [self.start_line()]
        for name, values in self.headers.items():
            if name != "content-length":
                label = written(name)
                lines.extend(f"{label}: {value}" for value in values)
        lines.append(f"Content-Length: {len(self.body)}")
        head = "\r\n".join(lines)
        if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
            raise ValueError("a header contains a line break")
        return f"{head}\r\n\r\n".encode("utf-8", "surrogateescape") + self.body


class Request(Message):
    """A request. ``target`` is the Request-URI as it was written."""

    __slots__ = ("method", "target")

    def __init__(self, method: str, target: str, headers: Headers, body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.method = method
        self.target = target

    @override
    def start_line(self) -> str:
        return f"{self.method} {self.target} SIP/2.0"

    @property
    def uri(self) -> Uri:
        """The Request-URI, read. Raises BadMessage."""
        cached: Uri | None = self._typed.get("uri")
        if cached is None:
            cached = self._typed["uri"] = parse_uri(self.target, "Request-URI")
        return cached

    def copy(self) -> "Request":
        """A request of the same text that can be changed apart."""
        headers = {name: list(lines) for name, lines in self.headers.items()}
        return Request(self.method, self.target, headers, self.body)


class Response(Message):
    """A response."""

    __slots__ = ("reason", "status")

    def __init__(self, status: int, reason: str, headers: Headers, body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.status = status
        self.reason = reason

    @override
    def start_line(self) -> str:
        return f"SIP/2.0 {self.status} {self.reason}"


def respond(
    request: Request,
    status: int,
    *,
    reason: str = "",
    tag: str = "",
    headers: Mapping[str, str | Iterable[str]] | None = None,
    body: bytes = b"",
    content_type: str = "",
) -> Response:
    """The response to a request: what must be repeated is, and ``tag`` is ours where To has none.

    A header may be given as one line or as several.
    """
    copied: Headers = {name: request.headers[name] for name in COPIED if name in request.headers}
    if tag and status > 100 and "to" in copied and "tag=" not in copied["to"][0].lower():
        copied["to"] = [f"{copied['to'][0]};tag={tag}"]
    response = Response(status, reason or REASONS.get(status, ""), copied, body)
    for name, lines in (headers or {}).items():
        response.put(name, *((lines,) if isinstance(lines, str) else lines))
    if body:
        response.put("content-type", content_type)
    return response


def stamp_source(request: Request, host: str, port: int) -> None:
    """Write into the topmost Via where the request came from (RFC 3261, 18.2.1; RFC 3581)."""
    via = request.via
    if via.host == host and "rport" not in via.parameters:
        return
    more: dict[str, str | None] = {"received": host}
    if "rport" in via.parameters:
        more["rport"] = str(port)
    lines = request.headers["via"]
    rest = split_list(lines[0], "Via")[1:]
    request.headers["via"] = [", ".join([str(via.with_parameters(more)), *rest]), *lines[1:]]
    # Everything else that was read stays as it was.
    request.vias[0] = via.with_parameters(more)
