"""The sockets of all legs in one epoll: plain sound straight into the arena, all else looked at.

A socket that anybody may send to is read eight times a tick at most and then left alone until the
next, so that a flood costs a bounded part of the tick, however fast it comes.
"""

import contextlib
import select
import socket
from collections.abc import Callable
from functools import partial

from channels.voice.malformed import MalformedPacket
from channels.voice.media import rtp
from channels.voice.media.exchange import Exchange
from channels.voice.media.leg import Leg
from channels.voice.media.receiving import Receiving
from channels.voice.webrtc import dtls, stun
from channels.voice.webrtc.browser import HandshakeWorker

READS_MAX = 8
EVENTS = 1_024
DATAGRAM_BYTES = 2_048

_ONCE = select.EPOLLIN | select.EPOLLONESHOT


class Lines:
    """Receives for every leg of an exchange and sends for those that need more than sound."""

    def __init__(self, exchange: Exchange, worker: HandshakeWorker) -> None:
        self.epoll = select.epoll()
        self._exchange, self._worker = exchange, worker
        self.receiving = Receiving(exchange)
        self.fast: dict[int, tuple[int, Callable[[memoryview], int]]] = {}
        """Descriptor -> row, and how to receive into a view."""
        self._open: dict[int, tuple[socket.socket, Callable[[float], None]]] = {}
        self._fired: list[int] = []
        self._of_leg: dict[int, list[int]] = {}

    def add(self, leg: Leg) -> None:
        """Begin to receive for a leg."""
        take = self._from_browser if leg.kind == "browser" else self._from_anybody
        self._watch(leg, leg.ports.rtp, partial(take, leg))
        if leg.ports.rtcp is not None:
            self._watch(leg, leg.ports.rtcp, partial(self._reports, leg))

    def remove(self, leg: Leg) -> None:
        """Receive for a leg no more; call it before its ports are closed."""
        for descriptor in self._of_leg.pop(leg.row, []):
            self._forget(descriptor)

    def learn(self, leg: Leg) -> None:
        """The other end was said anew: take from it alone if it is known, else from anybody.

        Raises OSError when there is no way to what was said.
        """
        peer = leg.ports.peer
        if peer is not None:
            self._forget(peer.fileno())
            self._of_leg[leg.row].remove(peer.fileno())
            leg.ports.disconnect()
        if leg.latch is not None and leg.latch.remote is not None:
            self._lock(leg)
        self._exchange.resteady(leg)

    def poll(
        self, wait_s: float, clock: Callable[[], float], other: Callable[[int, float], None]
    ) -> None:
        """Receive what is there, or the first that comes in time. ``other`` gets descriptors that
        are of no leg. The one loop over packets, kept as short as it can be.
        """
        arena, fast = self._exchange.arena, self.fast
        views, rows, sizes, stamps = arena.views, arena.rows, arena.sizes, arena.stamps
        ready = self.epoll.poll(wait_s, EVENTS)
        now_s = clock()
        for descriptor, _ in ready:
            found = fast.get(descriptor)
            if found is None:
                self._ready(descriptor, now_s, other)
                continue
            if arena.full:
                for batch in arena.sort(self._exchange.expecting, self.receiving.odd):
                    self._exchange.put(batch, now_s)
            try:
                size = found[1](views[len(rows)])
            except OSError:
                # The other end's port is closed, says its machine; it may open again.
                continue
            rows.append(found[0])
            sizes.append(size)
            stamps.append(now_s)

    def _ready(self, descriptor: int, now_s: float, other: Callable[[int, float], None]) -> None:
        found = self._open.get(descriptor)
        if found is None:
            other(descriptor, now_s)
        else:
            self._fired.append(descriptor)
            found[1](now_s)

    def tick(self, now_s: float) -> None:
        """One tick of the exchange, with all that has come for it."""
        exchange = self._exchange
        batches = exchange.arena.sort(exchange.expecting, self.receiving.odd)
        exchange.tick(batches, now_s, self.send)
        self._arm()

    def _arm(self) -> None:
        """Listen again where it was left alone for the rest of the last tick."""
        for descriptor in self._fired:
            if descriptor in self._open:
                self.epoll.modify(descriptor, _ONCE)
        self._fired.clear()

    def send(self, leg: Leg, packet: bytes) -> None:
        """Send RTP to a leg's other end, protected where that was agreed on."""
        address = leg.address
        if address is None:
            return
        if leg.srtp is not None:
            try:
                packet = leg.srtp.protect(packet)
            except MalformedPacket:
                # One call's keys are used up, say; the others must not notice.
                leg.unwanted += 1
                return
        elif leg.kind != "plain":
            return
        leg.ports.send(packet, address)
        leg.sent += 1

    def send_report(self, leg: Leg, report: bytes) -> None:
        """Send RTCP to a leg's other end, once it has been heard."""
        address = leg.address
        if address is None or (leg.latch is not None and not leg.latch.heard):
            return
        if leg.srtp is not None:
            try:
                report = leg.srtp.protect_rtcp(report)
            except MalformedPacket:
                leg.unwanted += 1
                return
        elif leg.kind != "plain":
            return
        leg.ports.send_rtcp(report, address)

    def _watch(self, leg: Leg, made: socket.socket, take: Callable[[float], None]) -> None:
        self._open[made.fileno()] = (made, take)
        self._of_leg.setdefault(leg.row, []).append(made.fileno())
        self.epoll.register(made.fileno(), _ONCE)

    def _forget(self, descriptor: int) -> None:
        self.fast.pop(descriptor, None)
        self._open.pop(descriptor, None)
        with contextlib.suppress(OSError):
            self.epoll.unregister(descriptor)

    def _lock(self, leg: Leg) -> None:
        if leg.latch is None or leg.latch.remote is None:
            return
        peer = leg.ports.connect(leg.latch.remote)
        if leg.kind == "plain":
            self._of_leg.setdefault(leg.row, []).append(peer.fileno())
            self.fast[peer.fileno()] = (leg.row, peer.recv_into)
            self.epoll.register(peer.fileno(), select.EPOLLIN)
        else:
            self._watch(leg, peer, partial(self._protected, leg, peer))
        self._exchange.resteady(leg)

    def _from_anybody(self, leg: Leg, now_s: float) -> None:
        for _ in range(READS_MAX):
            try:
                data, source = leg.ports.rtp.recvfrom(DATAGRAM_BYTES)
            except OSError:
                return
            if self.receiving.from_anybody(leg, data, source[:2], now_s):
                with contextlib.suppress(OSError):
                    self._lock(leg)

    def _reports(self, leg: Leg, now_s: float) -> None:
        for _ in range(READS_MAX):
            try:
                data, source = (leg.ports.rtcp or leg.ports.rtp).recvfrom(DATAGRAM_BYTES)
            except OSError:
                return
            if leg.ports.is_rtcp_source(source[:2], leg.address) and rtp.is_rtcp(data):
                self.receiving.reports(leg, data, now_s)
            elif leg.latch is not None:
                leg.latch.strangers += 1

    def _protected(self, leg: Leg, peer: socket.socket, now_s: float) -> None:
        for _ in range(READS_MAX):
            try:
                data = peer.recv(DATAGRAM_BYTES)
            except OSError:
                return
            self._open_into_arena(leg, data, now_s)

    def _open_into_arena(self, leg: Leg, data: bytes, now_s: float) -> None:
        if rtp.is_rtcp(data):
            self.receiving.reports(leg, data, now_s)
            return
        packet = self.receiving.opened(leg, data)
        if packet is not None:
            self._exchange.arena.add(leg.row, packet, now_s)

    def _from_browser(self, leg: Leg, now_s: float) -> None:
        browser = leg.browser
        for _ in range(READS_MAX):
            try:
                data, whole = leg.ports.rtp.recvfrom(DATAGRAM_BYTES)
            except OSError:
                return
            if browser is None or not data:
                continue
            source = whole[:2]
            if stun.is_stun(data[0]):
                answer = browser.check(data, source, now_s)
                if answer is not None:
                    leg.ports.send(answer, source)
            elif not browser.is_valid(source):
                continue
            elif rtp.is_media(data[0]):
                self._open_into_arena(leg, data, now_s)
            elif dtls.is_dtls(data[0]) and browser.handshake is not None:
                self._worker.give(browser.handshake, data, source)
