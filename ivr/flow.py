"""A flow as data: its nodes by name, where it starts and in which languages it speaks."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from ivr.nodes.ask import Ask
from ivr.nodes.branch import Branch
from ivr.nodes.callback import Callback
from ivr.nodes.enqueue import Enqueue
from ivr.nodes.fax import Fax
from ivr.nodes.hang_up import HangUp
from ivr.nodes.hours import Hours
from ivr.nodes.language import Language
from ivr.nodes.look_up import LookUp
from ivr.nodes.menu import Menu
from ivr.nodes.play import Play
from ivr.nodes.return_ import Return
from ivr.nodes.say import Say
from ivr.nodes.set import Set
from ivr.nodes.subflow import Subflow
from ivr.nodes.transfer import Transfer
from ivr.nodes.voicemail import Voicemail
from ivr.prompts import fields_of
from router.model.secret import Secret

_PARAMETER = re.compile(r"(?<!:):([A-Za-z_]\w*)")

AnyNode = (
    Ask
    | Branch
    | Callback
    | Enqueue
    | Fax
    | HangUp
    | Hours
    | Language
    | LookUp
    | Menu
    | Play
    | Return
    | Say
    | Set
    | Subflow
    | Transfer
    | Voicemail
)
"""Every kind of node; a new one is a new file of ``ivr.nodes`` and a line here."""


class Flow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One self-service. ``languages`` are language tags, the first one is spoken first.

    A session that goes on for too long, or meets a fault of its own, goes on at ``on_fault``; where
    that is empty the customer goes to the queue that the rules choose. It is never just dropped.
    """

    start: str
    node: Annotated[dict[str, AnyNode], Meta(max_length=500)]
    languages: tuple[str, ...] = ("en",)
    title: str = ""
    on_fault: str = ""


class HttpLookUp(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag="http",
    tag_field="by",
):
    """A look-up by HTTP (IVR-1): scheme, host and port stand here and never come from a caller.

    ``{name}`` in the path or query of ``url`` puts in a value, percent-encoded; ``body`` is sent
    as JSON with its texts filled. ``take`` says which value is taken from where in the JSON answer
    (``{ status = "order.status" }``). 404 is ``not_found``, everything else but 2xx is ``failed``.
    """

    url: str
    take: dict[str, str] = {}
    method: Literal["GET", "POST", "PUT"] = "GET"
    body: dict[str, str] = {}
    headers: dict[str, Secret] = {}
    limit_ms: Annotated[int, Meta(ge=100, le=10_000)] = 3_000

    def gives(self) -> tuple[str, ...]:
        """The values an answer sets."""
        return tuple(self.take)

    def asks(self) -> frozenset[str]:
        """The values that go into the request."""
        texts = (self.url, *self.body.values())
        return frozenset(name for text in texts for name, _ in fields_of(text))

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """What cannot be, as (field, sentence)."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            yield "url", "is an address such as https://shop.example/orders/{order}"
        if any(brace in f"{parts.scheme}{parts.netloc}" for brace in "{}@"):
            yield "url", "has a fixed host: a caller's answer may not choose whom we ask"
        if self.body and self.method == "GET":
            yield "body", 'is sent with method = "POST" or "PUT"'


class SqlLookUp(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="sql", tag_field="by"
):
    """A look-up by SQL (IVR-2): a fixed statement with bound ``:name`` parameters.

    Of the first row the columns named in ``take`` become values of the session; no row is
    ``not_found``. ``database`` is the SQLAlchemy URL of a read-only account (unless ``write``);
    ``file`` instead names an SQLite file of the configuration's folder, opened for reading only.
    """

    statement: str
    database: Secret | None = None
    file: str = ""
    take: tuple[str, ...] = ()
    write: bool = False
    limit_ms: Annotated[int, Meta(ge=100, le=10_000)] = 2_000

    def gives(self) -> tuple[str, ...]:
        """The values an answer sets."""
        return self.take

    def asks(self) -> frozenset[str]:
        """The parameters of the statement."""
        return frozenset(_PARAMETER.findall(self.statement))

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """What cannot be, as (field, sentence)."""
        if (self.database is None) == (self.file == ""):
            yield "database", 'name a "database" or a "file", one of both'
        if self.file and (self.write or self.file.startswith("/") or ".." in self.file):
            yield "file", "is a file within the configuration's folder, for reading only"
        if "{" in self.statement or "%" in self.statement:
            yield "statement", "values go in as parameters such as :account, never as { } or %"
        if ";" in self.statement.rstrip().rstrip(";"):
            yield "statement", "is one statement, not several"


AnyLookUp = HttpLookUp | SqlLookUp
