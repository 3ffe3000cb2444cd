"""All transports together: the stack's ``Wire``."""

import asyncio
import ipaddress
import itertools
import logging
import socket
from collections.abc import Callable
from typing import Any

import msgspec
from twisted.internet import endpoints, protocol
from typing_extensions import override

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.hops import TCP, TLS, UDP, Hop, Wire
from channels.voice.sip.message import Message
from channels.voice.sip.wire.datagrams import DatagramListener
from channels.voice.sip.wire.secure import client_options
from channels.voice.sip.wire.streams import Line, LineFactory, Lines, Opening, StreamLimits

log = logging.getLogger(__name__)
_ROUTES = 256
RECEIVE_BYTES = 4 * 1_048_576
"""Room for datagrams that wait for us."""


class Listening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where we listen. Port 0 takes a free one; None leaves a transport out.

    ``public_host`` is what others must use to reach us, where that is not ``host`` (NAT).
    ``authority_file`` is whom we believe about certificates of others, instead of the system's.
    """

    host: str = "127.0.0.1"
    udp_port: int | None = 5060
    tcp_port: int | None = 5060
    tls_port: int | None = None
    public_host: str = ""
    authority_file: str = ""


class Carrier(Wire):
    """UDP, TCP and TLS of one address. ``listen`` opens, ``close`` lets go of everything."""

    def __init__(
        self,
        listening: Listening,
        *,
        take_datagram: Callable[[bytes, Hop], None],
        take: Callable[[Message, Hop], None],
        take_fault: Callable[[BadMessage, Hop], None],
        known: Callable[[Hop], bool],
        gone: Callable[[int], None],
        limits: StreamLimits | None = None,
        tls: Any = None,
    ) -> None:
        self._listening = listening
        self._limits = limits or StreamLimits()
        self._tls = tls
        self._known = known
        self._take_datagram = take_datagram
        numbers = itertools.count(1).__next__
        self._lines = {
            transport: Lines(
                transport,
                receive=take,
                fault=take_fault,
                known=known,
                gone=gone,
                limits=self._limits,
                numbers=numbers,
            )
            for transport in (TCP, TLS)
        }
        self._udp: DatagramListener | None = None
        self._ports: list[Any] = []
        self._numbers: dict[str, int] = {}
        self._opening: dict[Hop, Opening] = {}
        self._routes: dict[str, str] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    # -- opening and closing

    def listen(self) -> None:
        """Open the sockets. Raises OSError, or Twisted's CannotListenError, with the reason."""
        from twisted.internet import reactor

        where: Any = reactor
        self._loop = asyncio.get_running_loop()
        host = self._listening.host
        if self._listening.udp_port is not None:
            self._udp = DatagramListener(self._take_datagram, self._known)
            port = where.listenUDP(self._listening.udp_port, self._udp, interface=host)
            # A moment without a processor must not lose messages; the system may grant less.
            port.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
            self._open(UDP, port)
        if self._listening.tcp_port is not None:
            factory = LineFactory(self._lines[TCP])
            port = where.listenTCP(self._listening.tcp_port, factory, interface=host)
            self._open(TCP, port)
        if self._listening.tls_port is not None:
            if self._tls is None:
                raise ValueError("TLS needs a certificate")
            factory = LineFactory(self._lines[TLS])
            port = where.listenSSL(self._listening.tls_port, factory, self._tls, interface=host)
            self._open(TLS, port)

    def _open(self, transport: str, port: Any) -> None:
        self._ports.append(port)
        self._numbers[transport] = port.getHost().port

    async def close(self) -> None:
        """Close every socket and connection."""
        for lines in self._lines.values():
            lines.close()
        for port in self._ports:
            stopped = port.stopListening()
            if stopped is not None:
                await stopped.asFuture(asyncio.get_running_loop())
        self._ports.clear()

    def port(self, transport: str) -> int:
        """The port we listen at by a transport."""
        return self._numbers[transport]

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return sum(lines.count for lines in self._lines.values())

    # -- the stack's side

    @override
    def offers(self, transport: str) -> bool:
        return transport in self._numbers or (transport == TLS and TCP in self._numbers)

    @override
    def here(self, hop: Hop) -> tuple[str, int]:
        port = self._numbers.get(hop.transport) or next(iter(self._numbers.values()), 5060)
        host = self._listening.public_host or self._own_address(hop.host)
        return (f"[{host}]" if ":" in host else host), port

    @override
    def send(self, data: bytes, hop: Hop, failed: Callable[[], None] | None = None) -> None:
        if hop.transport == UDP:
            if self._udp is None or not self._udp.send(data, hop):
                self._soon(failed)
            return
        line = self._lines[hop.transport].find(hop)
        if line is not None:
            line.send(data)
        elif hop.connection:
            self._soon(failed)  # It is gone, and nobody listens where it came from.
        else:
            self._open_and_send(data, hop, failed)

    @override
    def soon(self, then: Callable[[], None]) -> None:
        if self._loop is not None:
            self._loop.call_soon(then)

    def _soon(self, failed: Callable[[], None] | None) -> None:
        if failed is not None:
            self.soon(failed)

    def _open_and_send(self, data: bytes, hop: Hop, failed: Callable[[], None] | None) -> None:
        opening = self._opening.get(hop)
        if opening is not None:
            if not opening.add(data, failed):
                self._soon(failed)
            return
        opening = self._opening[hop] = Opening()
        opening.add(data, failed)
        opener = _Opener(self, hop)
        try:
            connecting = self._endpoint(hop).connect(_OneLine(self._lines[hop.transport], opener))
        except (OSError, ValueError) as reason:
            opener.not_opened(str(reason))
            return
        # Success is told by the line itself, once TLS is up as well.
        connecting.addErrback(lambda why: opener.not_opened(str(why.value)))

    def _endpoint(self, hop: Hop) -> Any:
        from twisted.internet import reactor

        where: Any = reactor
        kind = endpoints.TCP6ClientEndpoint if ":" in hop.host else endpoints.TCP4ClientEndpoint
        plain: Any = kind(where, hop.host, hop.port, timeout=self._limits.connect_s)
        if hop.transport != TLS:
            return plain
        options = client_options(hop.name or hop.host, self._listening.authority_file)
        return endpoints.wrapClientTLS(options, plain)

    def opened(self, hop: Hop, line: Line) -> None:
        """A connection of ours is up: what waited for it leaves."""
        opening = self._opening.pop(hop, None)
        if opening is not None:
            opening.opened(line)

    def not_opened(self, hop: Hop, reason: str) -> None:
        """A connection of ours will not be: whoever waited for it is told."""
        opening = self._opening.pop(hop, None)
        if opening is not None and self._loop is not None:
            log.warning("No %s line to %s:%s: %s", hop.transport, hop.host, hop.port, reason)
            self._loop.call_soon(opening.failed)

    def _own_address(self, towards: str) -> str:
        """The address of ours that packets to somebody leave from."""
        host = self._listening.host
        if not ipaddress.ip_address(host).is_unspecified:
            return host
        if ipaddress.ip_address(towards).is_unspecified:
            # Nobody in particular yet: the address strangers of the Internet see.
            towards = "2001:db8::1" if ":" in towards else "192.0.2.1"
        known = self._routes.get(towards)
        if known is None:
            family = socket.AF_INET6 if ":" in towards else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                try:
                    probe.connect((towards, 9))  # Nothing is sent: the system picks an address.
                    known = str(probe.getsockname()[0])
                except OSError:
                    known = host
            if len(self._routes) >= _ROUTES:
                self._routes.clear()
            self._routes[towards] = known
        return known


class _Opener:
    """Waits for one connection."""

    def __init__(self, carrier: Carrier, hop: Hop) -> None:
        self._carrier = carrier
        self.hop = hop

    def opened(self, line: Line) -> None:
        self._carrier.opened(self.hop, line)

    def not_opened(self, reason: str) -> None:
        self._carrier.not_opened(self.hop, reason)


class _OneLine(protocol.ClientFactory):
    """Makes the line of a connection we open."""

    noisy = False

    def __init__(self, lines: Lines, opener: _Opener) -> None:
        self._lines = lines
        self._opener = opener

    @override
    def buildProtocol(self, addr: Any) -> Line:
        hop = self._opener.hop
        return Line(self._lines, place=(hop.host, hop.port), opener=self._opener)
