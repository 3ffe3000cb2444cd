"""Digits beside the sound (RFC 4733): received once each, sent so that a lost packet loses none."""

import struct
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from channels.voice.malformed import MalformedPacket
from channels.voice.media.rtp import Packet, timestamp_ahead

DIGITS = "0123456789*#ABCD"
VOLUME = 10
"""The tone's level below 0 dBm0, in dB."""
END_PACKETS = 3
LONGEST_TICKS = 0xFFFF
QUEUED_MAX = 64
LOST_END_S = 0.5
"""A digit of which nothing came for so long has ended, though its end was lost."""

_EVENT = struct.Struct("!BBH")
_REMEMBERED = 8


class Digit(NamedTuple):
    """A digit that began (``ended`` false), or ended after ``ticks`` of the RTP clock."""

    digit: str
    ended: bool
    ticks: int


class EventReceiver:
    """The digits of one leg. A digit is known by source and timestamp, never by the marker."""

    def __init__(self) -> None:
        self._current: tuple[int, int] | None = None
        self._digit = ""
        self._ticks = 0
        self._heard_s = 0.0
        self._done: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)

    def feed(self, packet: Packet, now_s: float) -> Iterator[Digit]:
        """What this packet tells that was not known.

        Raises MalformedPacket when it holds no whole event. Events beyond the sixteen digits
        (flash, tones) are passed over.
        """
        if len(packet.payload) < _EVENT.size:
            raise MalformedPacket(f"a telephone event of {len(packet.payload)} bytes")
        event, flags, ticks = _EVENT.unpack_from(packet.payload)
        if event >= len(DIGITS):
            return
        key = (packet.ssrc, packet.timestamp)
        if key in self._done:
            return
        if key != self._current and not self._goes_on(packet, DIGITS[event]):
            if self._stale(packet):
                return
            yield from self.end()
            self._current, self._digit, self._ticks = key, DIGITS[event], 0
            yield Digit(self._digit, ended=False, ticks=0)
        self._heard_s = now_s
        self._ticks = max(self._ticks, ticks)
        if flags & 0x80:
            yield from self.end()

    def expire(self, now_s: float) -> Iterator[Digit]:
        """End a digit whose end was lost."""
        if self._current is not None and now_s - self._heard_s > LOST_END_S:
            yield from self.end()

    def end(self) -> Iterator[Digit]:
        """End the digit that is being pressed, if one is."""
        if self._current is not None:
            self._done.append(self._current)
            self._current = None
            yield Digit(self._digit, ended=True, ticks=self._ticks)

    def _goes_on(self, packet: Packet, digit: str) -> bool:
        """A press too long for 16 bits goes on under a new timestamp (RFC 4733, 2.5.1.3)."""
        if self._current is None or digit != self._digit:
            return False
        ssrc, began = self._current
        if packet.ssrc != ssrc or timestamp_ahead(packet.timestamp, began) != LONGEST_TICKS:
            return False
        self._current = (ssrc, packet.timestamp)
        return True

    def _stale(self, packet: Packet) -> bool:
        """A packet of an earlier digit that was overtaken."""
        last = self._current or (self._done[-1] if self._done else None)
        if last is None or last[0] != packet.ssrc:
            return False
        return -8 * LONGEST_TICKS < timestamp_ahead(packet.timestamp, last[1]) < 0


class Outgoing(NamedTuple):
    """One packet of a digit: it carries the timestamp at which the digit began."""

    payload: bytes
    timestamp: int
    marker: bool


class EventSender:
    """Digits to send on one leg, one packet a tick, the last one three times."""

    def __init__(self, frame_ticks: int) -> None:
        self._frame_ticks = frame_ticks
        self._queue: deque[tuple[int, int, int]] = deque()
        self._began = 0
        self._frames = 0
        self._pause = 0

    def press(self, digits: str, tone_ms: int = 100, gap_ms: int = 60) -> None:
        """Queue digits. Raises ValueError for other characters or over 64 waiting digits."""
        if len(self._queue) + len(digits) > QUEUED_MAX:
            raise ValueError(f"more than {QUEUED_MAX} digits wait to be sent")
        codes = [DIGITS.find(digit) for digit in digits.upper()]
        if -1 in codes or not digits:
            raise ValueError(f"digits are {DIGITS}")
        frames, gap = max(2, round(tone_ms / 20)), max(2, round(gap_ms / 20))
        self._queue.extend((code, frames, gap) for code in codes)

    @property
    def busy(self) -> bool:
        """Whether a digit or the pause behind it is being sent: no sound is sent meanwhile."""
        return bool(self._queue) or self._pause > 0

    def next(self, timestamp: int) -> list[Outgoing]:
        """The packets of this tick; ``timestamp`` is where the sound would be."""
        if self._pause:
            self._pause -= 1
            return []
        if not self._queue:
            return []
        code, frames, gap = self._queue[0]
        if self._frames == 0:
            self._began = timestamp
        self._frames += 1
        ticks = min(self._frames * self._frame_ticks, LONGEST_TICKS)
        ended = self._frames >= frames
        payload = _EVENT.pack(code, (0x80 if ended else 0) | VOLUME, ticks)
        first = self._frames == 1
        if not ended:
            return [Outgoing(payload, self._began, marker=first)]
        self._queue.popleft()
        self._frames, self._pause = 0, gap
        return [Outgoing(payload, self._began, marker=False)] * END_PACKETS
