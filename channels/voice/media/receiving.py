"""The closer look at packets that are not plain sound of a known source: what they are, who sent
them, and what they change. Bytes come from strangers: nothing here raises, whatever they are.
"""

import numpy as np

from channels.voice.malformed import MalformedPacket
from channels.voice.media import rtcp, rtp
from channels.voice.media.arena import Batch
from channels.voice.media.buffering import PAYLOAD_BYTES
from channels.voice.media.exchange import Exchange
from channels.voice.media.latching import Address
from channels.voice.media.leg import Leg
from channels.voice.media.rtp import Packet


class Receiving:
    """What comes in for the legs of one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def from_anybody(self, leg: Leg, data: bytes, source: Address, now_s: float) -> bool:
        """A datagram at a leg's open socket; true when it taught us the other end's address."""
        latch = leg.latch
        if latch is None or leg.remote is None or not data:
            leg.unwanted += 1
            return False
        if rtp.is_rtcp(data):
            if leg.ports.is_rtcp_source(source, leg.address):
                self.reports(leg, data, now_s)
            else:
                latch.strangers += 1
            return False
        known = latch.remote is not None
        host = latch.expected.signalling_host
        if source != latch.remote if known else source[0] != host:
            # Not worth decrypting: it can be nobody we wait for.
            latch.strangers += 1
            return False
        opened = self.opened(leg, data)
        if opened is None:
            return False
        try:
            packet = rtp.parse(opened)
        except MalformedPacket:
            leg.malformed += 1
            return False
        if packet.payload_type not in (leg.receive_type, leg.event_type):
            leg.unwanted += 1
            return False
        if not latch.admit(source, packet):
            return False
        self._packet(leg, packet, now_s)
        return not known

    def opened(self, leg: Leg, data: bytes) -> bytes | None:
        """The packet in clear; None when it is not authentic, which ends nothing (RTP-6)."""
        if leg.srtp is None:
            if leg.kind == "plain":
                return data
            leg.unwanted += 1
            return None
        try:
            return leg.srtp.open(data)
        except MalformedPacket:
            leg.unauthentic += 1
            return None

    def odd(self, row: int, data: bytes, now_s: float) -> None:
        """A packet of the locked address that did not have the expected form."""
        leg = self._exchange.by_row.get(row)
        if leg is None or leg.remote is None or not data:
            return
        if rtp.is_rtcp(data):
            self.reports(leg, data, now_s)
            return
        try:
            packet = rtp.parse(data)
        except MalformedPacket:
            leg.malformed += 1
            return
        if leg.latch is not None and not leg.latch.heard:
            leg.latch.heard = True
            self._exchange.resteady(leg)
        self._packet(leg, packet, now_s)

    def _packet(self, leg: Leg, packet: Packet, now_s: float) -> None:
        exchange = self._exchange
        if not packet.payload or packet.payload_type not in (leg.receive_type, leg.event_type):
            leg.unwanted += 1
            return
        before = leg.sources.ssrc
        if not leg.sources.admit(packet.ssrc, packet.sequence, now_s):
            leg.unwanted += 1
            return
        if leg.sources.ssrc != before:
            self._new_source(leg)
        exchange.was_heard(leg.row, now_s)
        if packet.payload_type == leg.event_type:
            self._event(leg, packet, now_s)
            return
        one = np.array([leg.row], np.intp)
        sequences = np.array([packet.sequence], np.int64)
        timestamps = np.array([packet.timestamp], np.int64)
        if len(packet.payload) == leg.shape.payload_bytes or (
            not leg.shape.payload_bytes and len(packet.payload) <= PAYLOAD_BYTES
        ):
            payload = np.frombuffer(packet.payload, np.uint8)[None]
            lengths = np.array([len(packet.payload)], np.int32)
            marks = np.array([packet.marker])
            stamps = np.array([now_s])
            exchange.put(Batch(one, marks, sequences, timestamps, lengths, stamps, payload), now_s)
        elif leg.shape.payload_bytes:
            exchange.reception.count(one, sequences, timestamps, np.array([now_s]))
            exchange.buffers.put_bytes(
                leg.row, packet.timestamp, packet.payload, marker=packet.marker
            )
        else:
            leg.malformed += 1

    def _new_source(self, leg: Leg) -> None:
        exchange, shape = self._exchange, leg.shape
        exchange.expecting.ssrc[leg.row] = -1 if leg.sources.ssrc is None else leg.sources.ssrc
        adaptive = leg.remote is None or leg.remote.adaptive
        exchange.buffers.begin(leg.row, shape.frame_ticks, shape.silence, adaptive=adaptive)
        exchange.reception.begin(leg.row, shape.clock_hz)

    def _event(self, leg: Leg, packet: Packet, now_s: float) -> None:
        one = np.array([leg.row], np.intp)
        self._exchange.reception.count(
            one,
            np.array([packet.sequence], np.int64),
            np.array([packet.timestamp], np.int64),
            np.array([now_s]),
        )
        try:
            for digit in leg.events.feed(packet, now_s):
                (self._exchange.pressing.discard if digit.ended else self._exchange.pressing.add)(
                    leg
                )
                self._exchange.digit(leg, digit, "event", now_s)
        except MalformedPacket:
            leg.malformed += 1
        except ValueError:
            # So many digits wait for a listener already that one more is none.
            leg.unwanted += 1

    def reports(self, leg: Leg, data: bytes, now_s: float) -> None:
        """RTCP of a leg's other end."""
        if leg.kind != "plain":
            if leg.srtp is None:
                return
            try:
                data = leg.srtp.open_rtcp(data)
            except MalformedPacket:
                leg.unauthentic += 1
                return
        try:
            parts = rtcp.parse(data)
        except MalformedPacket:
            leg.malformed += 1
            return
        for part in parts:
            if isinstance(part, rtcp.Report):
                self._report(leg, part, now_s)

    def _report(self, leg: Leg, report: rtcp.Report, now_s: float) -> None:
        if report.ntp:
            leg.last_report, leg.last_report_s = rtcp.middle(report.ntp), now_s
        for block in report.blocks:
            if block.ssrc == leg.ssrc:
                leg.remote_loss = block.fraction_lost / 256
                trip = rtcp.round_trip_s(block, rtcp.ntp_time(now_s))
                if trip is not None:
                    leg.round_trip_ms = trip * 1_000
