"""From sound to packets: what every leg hears in this tick, coded, headed and sent."""

import struct
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from channels.voice.media import g711, rtp
from channels.voice.media.codings import Codec
from channels.voice.media.hearing import Hearing
from channels.voice.media.leg import Leg
from channels.voice.media.planning import Plan
from channels.voice.media.resampling import Resampler

Samples = NDArray[np.int16]

_HEADER = struct.Struct("!BBHII")
_PACKET = np.dtype(
    [
        ("version", "u1"),
        ("type", "u1"),
        ("sequence", ">u2"),
        ("timestamp", ">u4"),
        ("ssrc", ">u4"),
        ("payload", "u1", (160,)),
    ]
)


class Speaking:
    """Outgoing sound by row, and the packets that carry it."""

    def __init__(self, rows: int) -> None:
        self.narrow: Samples = np.zeros((rows, 160), np.int16)
        self.wide: Samples = np.zeros((rows, 320), np.int16)
        self.sequence = np.zeros(rows, np.int64)
        self.timestamp = np.zeros(rows, np.int64)
        self.frame_ticks = np.zeros(rows, np.int64)
        self._packets = np.zeros(rows, _PACKET)
        self._packets["version"] = 0x80
        flat = self._packets.view(np.uint8).data
        size = _PACKET.itemsize
        self._views = [flat[row * size : (row + 1) * size] for row in range(rows)]
        self._lower = Resampler(rows, up=False)
        self._steady: dict[int, tuple[Callable[[memoryview], object], Leg]] = {}
        self._steady_rows: NDArray[np.intp] | None = np.zeros(0, np.intp)

    def begin(self, row: int, sequence: int, timestamp: int, ssrc: int) -> None:
        """A leg begins in this row, with random numbers (RTP-1)."""
        self.sequence[row], self.timestamp[row] = sequence, timestamp
        self._packets["ssrc"][row] = ssrc
        self._lower.forget(row)

    def code(self, leg: Leg) -> None:
        """A leg's codec was agreed on."""
        if leg.remote is not None:
            self.frame_ticks[leg.row] = leg.shape.frame_ticks
            self._packets["type"][leg.row] = leg.remote.payload_type

    def steady(self, leg: Leg, *, on: bool) -> None:
        """Whether only sound, in packets of one size, goes to this leg, by a socket of its own."""
        if on and leg.ports.peer is not None:
            self._steady[leg.row] = (leg.ports.peer.send, leg)
        else:
            self._steady.pop(leg.row, None)
        self._steady_rows = None

    def is_steady(self, row: int) -> bool:
        """Whether ``send`` sends for this row."""
        return row in self._steady

    def mix(self, plan: Plan, hearing: Hearing) -> None:
        """What every leg hears."""
        self.narrow[: plan.used] = plan.narrow.mix(hearing.narrow[: plan.used])
        if plan.coded:
            self.wide[: plan.used] = plan.wide.mix(hearing.wide[: plan.used])
            if len(plan.lifted):
                self.narrow[plan.lifted] = self._lower(plan.lifted, self.wide[plan.lifted])

    def play(self, legs: Iterable[Leg]) -> None:
        """Put what is played to these legs into what they hear."""
        for leg in legs:
            playing = leg.playing
            if playing is None:
                continue
            frame = playing.next(leg.shape.rate_hz)
            heard = self.narrow if leg.narrow else self.wide
            if not playing.over:
                heard[leg.row] = 0 if frame is None else frame
            elif frame is not None:
                both = heard[leg.row].astype(np.int32) + frame
                heard[leg.row] = np.clip(both, -32_768, 32_767)

    def encode(self, plan: Plan) -> None:
        """Code the narrow legs, all at once, and head their packets."""
        payload = self._packets["payload"]
        for places, table in (
            (plan.ulaw, g711.LINEAR_TO_ULAW),
            (plan.alaw, g711.LINEAR_TO_ALAW),
        ):
            if len(places):
                rows = plan.rows[places]
                payload[rows] = table[self.narrow[rows].view(np.uint16)]
        self.timestamp[plan.rows] += self.frame_ticks[plan.rows]

    def send(self) -> None:
        """Send to all steady legs: the one loop over packets, kept as short as it can be."""
        rows = self._steady_rows
        if rows is None:
            rows = self._steady_rows = np.fromiter(self._steady, np.intp, len(self._steady))
        if not len(rows):
            return
        self.sequence[rows] += 1
        self._packets["sequence"][rows] = self.sequence[rows] & 0xFFFF
        self._packets["timestamp"][rows] = self.timestamp[rows] & 0xFFFF_FFFF
        views = self._views
        for row, (send, leg) in self._steady.items():
            try:
                send(views[row])
            except OSError:
                continue
            leg.sent += 1

    def payload(self, plan: Plan, leg: Leg, hearing: Hearing) -> bytes | None:
        """The payload for a leg that is not steady; None where nothing is sent in this tick."""
        row = leg.row
        if leg.coder is None:
            return bytes(self._packets["payload"][row])
        source = plan.passed.get(row)
        if source is not None and leg.playing is None:
            # Where the source sent nothing, a packet less is silence; its own sound is not decoded.
            return hearing.payloads.get(source)
        return leg.coder.encode(self.wide[row])

    def packet(
        self,
        leg: Leg,
        payload: bytes,
        *,
        marker: bool = False,
        kind: int | None = None,
        timestamp: int | None = None,
    ) -> bytes:
        """The next packet of a leg that is not steady."""
        row = leg.row
        self.sequence[row] += 1
        at = int(self.timestamp[row]) if timestamp is None else timestamp
        second = int(self._packets["type"][row]) if kind is None else kind
        return (
            _HEADER.pack(
                0x80,
                second | 0x80 * marker,
                int(self.sequence[row]) % rtp.SEQUENCES,
                at % rtp.TIMESTAMPS,
                leg.ssrc,
            )
            + payload
        )


def can_be_steady(leg: Leg) -> bool:
    """Whether a leg's packets all have one size, go in clear, and to an end that has answered."""
    remote, latch = leg.remote, leg.latch
    return (
        remote is not None
        and remote.sends
        and leg.kind == "plain"
        and leg.codec in (Codec.PCMU, Codec.PCMA)
        and latch is not None
        and latch.heard
        and leg.ports.peer is not None
        and not (leg.presses is not None and leg.presses.busy)
    )
