"""What a medium owes, and how the folders of this package are found.

A channel is a folder with a ``CHANNEL: ChannelSpec`` in its ``__init__``. Nothing else lists it:
``discover`` scans this package, then the entry points ``carillon.channels`` of other packages.
"""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

import msgspec

import channels
from ivr.ports import FlowPorts
from router.model.errors import InvalidInput
from router.model.ids import Medium
from router.ports import Clock, Feed, Floor, Ids, Inbox, MediumPort
from router.seals import Customers, Files, Recordings, Seals


class Secrets(Protocol):
    """Where a channel gets keys of its own: stable over restarts, never in the configuration."""

    def key(self, name: str) -> bytes:
        """A 256-bit key of this name, made once and kept with the other keys."""
        ...


class ChannelContext(msgspec.Struct, frozen=True):
    """Everything a channel is given; it takes nothing from anywhere else.

    ``data_folder`` is its own folder for stores of its own; ``database_url`` is the SQLAlchemy URL
    of the centre's database for tables of its own (their names start with the channel's name).
    ``mount`` adds an ASGI application under a path of the public site (chat widgets), served on
    a host of its own. ``send_mail`` hands a notification to the mail channel, where there is one.
    ``self_service`` is what flows need; None where nobody runs any.
    """

    inbox: Inbox
    feed: Feed
    floor: Floor
    clock: Clock
    ids: Ids
    seals: Seals
    files: Files
    customers: Customers
    recordings: Recordings
    secrets: Secrets
    data_folder: Path
    database_url: str
    mount: Callable[[str, Any], None]
    send_mail: Callable[["OutgoingMail"], Awaitable[None]]
    self_service: FlowPorts | None = None


class OutgoingMail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A notification that is no reply to a case: a chat's transcript, an invitation.

    ``key`` makes it idempotent: the same key is sent once.
    """

    key: str
    to: str
    subject: str
    text: str


class Channel(MediumPort, Protocol):
    """A running medium."""

    async def start(self) -> None:
        """Open listeners and begin to poll. Raises CannotListen or StorageFailed."""
        ...

    async def stop(self) -> None:
        """Stop taking new contacts, finish what is in hand within 5 s, let go of everything."""
        ...

    async def reconfigure(self, settings: Any) -> None:
        """Take new settings live, without dropping a contact (type: the spec's settings).

        Raises CannotListen or StorageFailed; then everything is as it was.
        """
        ...

    async def retire(self) -> None:
        """Take no new contacts from now on, and go on with those in hand; ``stop`` follows later.

        Called when the channel leaves the configuration.
        """
        ...

    async def busy(self) -> bool:
        """Whether something waits to be sent that no open interaction shows."""
        ...

    def health(self) -> Mapping[str, str]:
        """Named parts of this channel that are not well, with the reason; empty when all is."""
        ...


class ChannelSpec(msgspec.Struct, frozen=True):
    """A medium's folder: its name, the type of its settings, and how it is built.

    ``settings`` is a msgspec Struct with ``forbid_unknown_fields``; the configuration's table
    ``[channels.<name>]`` is decoded into it. ``check`` names further mistakes of settings, each
    as (dotted field, message). ``flows`` gives the flows of self-service that settings name, each
    as (dotted field, name): that they exist, and run on this medium, is checked with the flows.
    """

    name: Medium
    settings: type[Any]
    build: Callable[[Any, ChannelContext], Channel]
    check: Callable[[Any], list[tuple[str, str]]] = lambda settings: []
    flows: Callable[[Any], list[tuple[str, str]]] = lambda settings: []


def discover() -> dict[Medium, ChannelSpec]:
    """All channels by name: the folders of this package, then entry points of other packages.

    Raises InvalidInput when two channels have the same name.
    """
    found: dict[Medium, ChannelSpec] = {}
    for module in pkgutil.iter_modules(channels.__path__):
        if module.ispkg:
            spec = getattr(importlib.import_module(f"channels.{module.name}"), "CHANNEL", None)
            if spec is not None:
                _add(found, spec)
    for entry_point in entry_points(group="carillon.channels"):
        _add(found, entry_point.load())
    return found


def _add(found: dict[Medium, ChannelSpec], spec: ChannelSpec) -> None:
    if spec.name in found:
        raise InvalidInput(f"two channels are named {spec.name!r}", field="channels")
    found[spec.name] = spec
