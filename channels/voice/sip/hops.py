"""Where bytes come from and go to, and the port through which the stack sends them."""

import ipaddress
from collections.abc import Callable
from typing import Protocol

import msgspec

from channels.voice.sip.uri import Uri

UDP, TCP, TLS = "UDP", "TCP", "TLS"
DEFAULT_PORT = {UDP: 5060, TCP: 5060, TLS: 5061}


class Hop(msgspec.Struct, frozen=True):
    """The next one on the way: transport, address and port.

    ``connection`` is the number of an open connection, 0 for none in particular. ``name`` is what
    its certificate must say (TLS that we open).
    """

    transport: str
    host: str
    port: int
    connection: int = 0
    name: str = ""

    @property
    def reliable(self) -> bool:
        """Whether the transport repeats by itself."""
        return self.transport != UDP


class Wire(Protocol):
    """Carries bytes. Nothing is promised about their arrival."""

    def send(self, data: bytes, hop: Hop, failed: Callable[[], None] | None = None) -> None:
        """Send a message; ``failed`` is called, later, when it surely could not leave."""
        ...

    def soon(self, then: Callable[[], None]) -> None:
        """Call ``then`` a little later, never before this returns."""
        ...

    def here(self, hop: Hop) -> tuple[str, int]:
        """Address and port at which that hop can reach us by its transport."""
        ...

    def offers(self, transport: str) -> bool:
        """Whether we can send by a transport."""
        ...


class Locator(Protocol):
    """Finds where an address is served (RFC 3263)."""

    def known(self, uri: Uri) -> list[Hop] | None:
        """The hops of an address that needs no question to anybody; None for others."""
        ...

    def look_up(self, uri: Uri, then: Callable[[list[Hop]], None]) -> None:
        """Ask, and call ``then`` with the hops to try in order; with none when there are none."""
        ...


def is_address(host: str) -> bool:
    """Whether a host is an address rather than a name; brackets of IPv6 may be there."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
