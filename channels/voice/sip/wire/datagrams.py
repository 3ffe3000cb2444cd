"""SIP over UDP."""

from collections.abc import Callable
from typing import Any

from twisted.internet import protocol
from typing_extensions import override

from channels.voice.sip.hops import UDP, Hop

PING = b"\r\n\r\n"


class DatagramListener(protocol.DatagramProtocol):
    """One UDP socket. Keep-alives are answered to whoever ``known`` says may be."""

    noisy = False
    transport: Any

    def __init__(self, receive: Callable[[bytes, Hop], None], known: Callable[[Hop], bool]) -> None:
        self._receive = receive
        self._known = known

    @override
    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        """A datagram; line ends alone are a keep-alive (RFC 5626, 3.5.1; phones send any)."""
        hop = Hop(UDP, addr[0], addr[1])
        if len(datagram) <= 4 and not datagram.strip(b"\r\n\x00"):
            if datagram == PING and self._known(hop):
                self.transport.write(b"\r\n", addr)
            return
        self._receive(datagram, hop)

    def send(self, data: bytes, hop: Hop) -> bool:
        """Send; False when the system refused at once."""
        try:
            self.transport.write(data, (hop.host, hop.port))
        except OSError:
            return False
        return True
