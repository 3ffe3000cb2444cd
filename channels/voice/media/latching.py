"""From where a leg takes sound, and where it sends (RTP-2, RTP-3): learn little, then lock."""

from typing import NamedTuple

from channels.voice.media.rtp import Packet, sequence_ahead

LEARN_PACKETS = 5
UNANSWERED_PACKETS_MAX = 250
"""What is sent to an address that was only said, until it has sent something valid itself."""
OTHER_SOURCE_SILENT_S = 0.1

Address = tuple[str, int]


class Expected(NamedTuple):
    """What signalling said of the other end.

    ``said`` is the SDP's address; it is believed when ``known`` (a trunk's media networks, or the
    result of an ICE check). Otherwise only ``signalling_host`` may send, from a port to be learnt.
    """

    said: Address
    signalling_host: str
    known: bool


class Latch:
    """The address of the other end: said or learnt, then locked until the SDP changes."""

    def __init__(self, expected: Expected) -> None:
        self.expected = expected
        self.remote: Address | None = expected.said if expected.known else None
        self.heard = False
        self.sent_unanswered = 0
        self.strangers = 0
        self._candidate: tuple[Address, int, int] | None = None
        self._in_order = 0

    def may_send(self) -> bool:
        """Whether one more packet may go to ``remote`` now; counts it when it may."""
        if self.remote is None:
            return False
        if not self.heard:
            if self.sent_unanswered >= UNANSWERED_PACKETS_MAX:
                return False
            self.sent_unanswered += 1
        return True

    def admit(self, source: Address, packet: Packet) -> bool:
        """Whether a packet with a negotiated payload type is of the other end.

        Five in order with one source teach the port; the fifth is the first that is admitted.
        """
        if self.remote is not None:
            if source != self.remote:
                self.strangers += 1
                return False
            self.heard = True
            return True
        if source[0] != self.expected.signalling_host:
            self.strangers += 1
            return False
        if self._follows(source, packet):
            self._in_order += 1
        else:
            self._in_order = 1
        self._candidate = (source, packet.ssrc, packet.sequence)
        if self._in_order < LEARN_PACKETS:
            return False
        self.remote, self.heard = source, True
        return True

    def _follows(self, source: Address, packet: Packet) -> bool:
        if self._candidate is None:
            return False
        before, ssrc, sequence = self._candidate
        ahead = sequence_ahead(packet.sequence, sequence)
        return (source, packet.ssrc, ahead) == (before, ssrc, 1)


class SourceLock:
    """The one SSRC a leg listens to. Another takes over only in order and when the first is silent,
    because exchanges change it in the midst of a call while a second sender must not blend in.
    """

    def __init__(self) -> None:
        self.ssrc: int | None = None
        self.foreign = 0
        self._heard_s = 0.0
        self._candidate: tuple[int, int] | None = None
        self._in_order = 0

    def admit(self, ssrc: int, sequence: int, now_s: float) -> bool:
        """Whether a packet of the locked address is of the locked source."""
        if self.ssrc is None:
            self.ssrc = ssrc
        if ssrc == self.ssrc:
            self._heard_s = now_s
            self._candidate = None
            return True
        self.foreign += 1
        if now_s - self._heard_s < OTHER_SOURCE_SILENT_S:
            self._candidate = None
            return False
        before, last = self._candidate or (ssrc, sequence - 1)
        follows = before == ssrc and sequence_ahead(sequence, last) == 1
        self._in_order = self._in_order + 1 if follows and self._candidate else 1
        self._candidate = (ssrc, sequence)
        if self._in_order < LEARN_PACKETS:
            return False
        self.ssrc, self._heard_s, self._candidate = ssrc, now_s, None
        return True
