"""The sockets of one leg. Two share its port once the other end is known: the kernel gives what
that end sends to the connected one, and all else to the other, where it is counted and thrown away.
So a flood from strangers neither delays nor displaces what the caller says.
"""

import contextlib
import secrets
import socket
from collections.abc import Callable

PORT_MIN, PORT_MAX = 10_000, 59_998
"""Ports are even, for RTP; the next one is for RTCP (RFC 3550, section 11)."""
TRIES = 200
STRANGER_BUFFER_BYTES = 32 * 1024
MEDIA_BUFFER_BYTES = 256 * 1024

Address = tuple[str, int]


class NoPort(OSError):
    """No free pair of ports was found."""


def _bound(host: str, port: int, buffer_bytes: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        # Only processes of our own user may share the port; and only we know which it is.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        made.settimeout(0)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


def _taken(host: str, port: int) -> bool:
    """Whether somebody has this port: a shared one would let us bind it beside them."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


class LegPorts:
    """The RTP socket of a leg, its RTCP socket unless both share one, and the connected one."""

    def __init__(self, host: str, *, shared: bool, pick: Callable[[int], int] = secrets.randbelow):
        """Bind at a random even port of 10,000 or more (RTP-1). Raises NoPort."""
        self.host = host
        self.peer: socket.socket | None = None
        self.rtcp: socket.socket | None = None
        self._rtcp_remote: Address | None = None
        for _ in range(TRIES):
            self.port = PORT_MIN + 2 * pick((PORT_MAX - PORT_MIN) // 2 + 1)
            if _taken(host, self.port) or (not shared and _taken(host, self.port + 1)):
                continue
            with contextlib.suppress(OSError):
                self.rtp = _bound(host, self.port, STRANGER_BUFFER_BYTES)
                break
        else:
            raise NoPort(f"no free pair of ports at {host}")
        if not shared:
            try:
                self.rtcp = _bound(host, self.port + 1, STRANGER_BUFFER_BYTES)
            except OSError as problem:
                self.close()
                raise NoPort(f"no free pair of ports at {host}") from problem

    @property
    def rtcp_port(self) -> int:
        """Where RTCP is received."""
        return self.port if self.rtcp is None else self.port + 1

    def connect(self, remote: Address) -> socket.socket:
        """Take media from this address only, by a socket of its own, which is returned."""
        self.disconnect()
        peer = _bound(self.host, self.port, MEDIA_BUFFER_BYTES)
        try:
            peer.connect(remote)
        except OSError:
            peer.close()
            raise
        self._drain(peer)
        self.peer = peer
        return peer

    @staticmethod
    def _drain(peer: socket.socket) -> None:
        """What came between binding and connecting may be anybody's."""
        with contextlib.suppress(OSError):
            for _ in range(64):
                peer.recv(1)

    def disconnect(self) -> None:
        """Take from anybody again, to learn anew."""
        if self.peer is not None:
            self.peer.close()
            self.peer = None

    def rtcp_to(self, remote: Address | None) -> None:
        """Where reports go and may come from."""
        self._rtcp_remote = remote

    def send(self, data: bytes, remote: Address) -> None:
        """Send RTP (or what shares its port). What the network refuses is lost, as on its way."""
        with contextlib.suppress(OSError):
            if self.peer is not None:
                self.peer.send(data)
            else:
                self.rtp.sendto(data, remote)

    def send_rtcp(self, data: bytes, remote: Address) -> None:
        """Send reports to where they belong."""
        if self.rtcp is None:
            self.send(data, remote)
            return
        with contextlib.suppress(OSError):
            self.rtcp.sendto(data, self._rtcp_remote or (remote[0], remote[1] + 1))

    def is_rtcp_source(self, source: Address, remote: Address | None) -> bool:
        """Whether reports from here are believed: the media's host, as its port may be any."""
        known = self._rtcp_remote or remote
        return known is not None and source[0] == known[0]

    def close(self) -> None:
        """Give the ports back."""
        self.disconnect()
        self.rtp.close()
        if self.rtcp is not None:
            self.rtcp.close()
