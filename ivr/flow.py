"""A flow as data: its nodes by name, where it starts and in which languages it speaks."""

from typing import Annotated

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
from router.model.secret import Secret

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

    ``{name}`` in ``url`` and ``body`` puts in a value of the look-up, percent-encoded or as JSON.
    ``take`` says which value of the session is taken from where in the JSON answer
    (``{ status = "order.status" }``). 404 is ``not_found``; everything but 200 else is ``failed``.
    """

    url: str
    take: dict[str, str]
    method: str = "GET"
    body: dict[str, str] = {}
    headers: dict[str, Secret] = {}
    limit_ms: Annotated[int, Meta(ge=100, le=10_000)] = 3_000

    def gives(self) -> tuple[str, ...]:
        """The values an answer sets."""
        return tuple(self.take)


class SqlLookUp(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="sql", tag_field="by"
):
    """A look-up by SQL (IVR-2): a fixed statement with bound ``:name`` parameters.

    Of the first row the columns named in ``take`` become values of the session; no row is
    ``not_found``. ``database`` is the SQLAlchemy URL of a read-only account, unless ``write``.
    """

    database: Secret
    statement: str
    take: tuple[str, ...] = ()
    write: bool = False
    limit_ms: Annotated[int, Meta(ge=100, le=10_000)] = 2_000

    def gives(self) -> tuple[str, ...]:
        """The values an answer sets."""
        return self.take


AnyLookUp = HttpLookUp | SqlLookUp
