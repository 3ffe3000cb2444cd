"""RTCP (RFC 3550, section 6): reports of quality between the two ends of a leg."""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from channels.voice.malformed import MalformedPacket

SENDER_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION, BYE = 200, 201, 202, 203
COMPOUND_BYTES_MAX = 1_472
PARTS_MAX = 32

_HEAD = struct.Struct("!BBH")
_SENDER = struct.Struct("!IQIII")
_BLOCK = struct.Struct("!IIIIII")
_NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900, where NTP begins, to 1970."""


class ReportBlock(NamedTuple):
    """What one end has received from ``ssrc``. Jitter is in ticks of the RTP clock.

    ``delay`` is what passed at the reporter since ``last_report``, in 1/65,536 s.
    """

    ssrc: int
    fraction_lost: int
    cumulative_lost: int
    highest_sequence: int
    jitter: int
    last_report: int = 0
    delay: int = 0


class Report(NamedTuple):
    """A sender's or receiver's report; ``ntp`` is 0 in a receiver's."""

    ssrc: int
    blocks: tuple[ReportBlock, ...]
    ntp: int = 0
    timestamp: int = 0
    packets: int = 0
    octets: int = 0


class Goodbye(NamedTuple):
    """These sources have stopped."""

    ssrcs: tuple[int, ...]


def ntp_time(seconds_since_1970: float) -> int:
    """A moment as the 64 bits of NTP: whole seconds since 1900, then 2^-32 s."""
    return int((seconds_since_1970 + _NTP_EPOCH_S) * (1 << 32)) & 0xFFFF_FFFF_FFFF_FFFF


def middle(ntp: int) -> int:
    """The middle 32 bits of an NTP time, as ``last_report`` repeats them."""
    return ntp >> 16 & 0xFFFF_FFFF


def round_trip_s(block: ReportBlock, arrived_ntp: int) -> float | None:
    """The time to the other end and back, by what it says of our last report; None before one."""
    if not block.last_report:
        return None
    ticks = (middle(arrived_ntp) - block.last_report - block.delay) & 0xFFFF_FFFF
    # Clocks that step would give a day; nobody talks over ten seconds.
    return ticks / 65_536 if ticks < 10 * 65_536 else None


def parse(data: bytes) -> tuple[Report | Goodbye, ...]:
    """The reports and farewells of a compound packet; other kinds in it are passed over.

    Raises MalformedPacket when a length does not fit, a version is wrong, or the first part is
    neither a report nor a farewell (reduced-size packets are not negotiated by us).
    """
    if not 8 <= len(data) <= COMPOUND_BYTES_MAX:
        raise MalformedPacket(f"{len(data)} bytes of RTCP")
    found: list[Report | Goodbye] = []
    at = 0
    for _ in range(PARTS_MAX):
        if at == len(data):
            break
        if at + 4 > len(data):
            raise MalformedPacket("the last part is cut off")
        first, kind, words = _HEAD.unpack_from(data, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            raise MalformedPacket("a part has a wrong version or is longer than the packet")
        if at == 0 and kind not in (SENDER_REPORT, RECEIVER_REPORT, BYE):
            raise MalformedPacket(f"the first part is of type {kind}")
        body = data[at + 4 : end - (data[end - 1] if first & 0x20 and words else 0)]
        part = _part(kind, first & 0x1F, body)
        if part is not None:
            found.append(part)
        at = end
    return tuple(found)


def _part(kind: int, count: int, body: bytes) -> Report | Goodbye | None:
    if kind == BYE:
        if len(body) < 4 * count:
            raise MalformedPacket("a farewell is shorter than its count")
        return Goodbye(struct.unpack_from(f"!{count}I", body))
    if kind not in (SENDER_REPORT, RECEIVER_REPORT):
        return None
    begin = _SENDER.size if kind == SENDER_REPORT else 4
    if len(body) < begin + _BLOCK.size * count:
        raise MalformedPacket("a report is shorter than its count")
    blocks = tuple(_block(body, begin + _BLOCK.size * index) for index in range(count))
    if kind == RECEIVER_REPORT:
        return Report(int.from_bytes(body[:4], "big"), blocks)
    ssrc, ntp, timestamp, packets, octets = _SENDER.unpack_from(body)
    return Report(ssrc, blocks, ntp, timestamp, packets, octets)


def _block(body: bytes, at: int) -> ReportBlock:
    ssrc, lost, highest, jitter, last, delay = _BLOCK.unpack_from(body, at)
    cumulative = lost & 0xFF_FFFF
    if cumulative & 0x80_0000:
        cumulative -= 1 << 24
    return ReportBlock(ssrc, lost >> 24, cumulative, highest, jitter, last, delay)


def _packed(block: ReportBlock) -> bytes:
    cumulative = max(-0x80_0000, min(0x7F_FFFF, block.cumulative_lost)) & 0xFF_FFFF
    return _BLOCK.pack(
        block.ssrc,
        block.fraction_lost << 24 | cumulative,
        block.highest_sequence & 0xFFFF_FFFF,
        block.jitter & 0xFFFF_FFFF,
        block.last_report,
        block.delay & 0xFFFF_FFFF,
    )


def serialise(report: Report, name: str, *, leaving: bool = False) -> bytes:
    """A compound packet: the report, our canonical name (ASCII), and a farewell when ``leaving``.

    It is a sender's report when ``report.ntp`` is set. At most 31 blocks.
    """
    blocks = b"".join(map(_packed, report.blocks))
    count = 0x80 | len(report.blocks)
    if report.ntp:
        about = _SENDER.pack(
            report.ssrc,
            report.ntp,
            report.timestamp,
            report.packets & 0xFFFF_FFFF,
            report.octets & 0xFFFF_FFFF,
        )
        body, kind = about + blocks, SENDER_REPORT
    else:
        body, kind = struct.pack("!I", report.ssrc) + blocks, RECEIVER_REPORT
    out = _HEAD.pack(count, kind, len(body) // 4) + body
    out += _described(report.ssrc, name)
    return out + farewell([report.ssrc]) if leaving else out


def _described(ssrc: int, name: str) -> bytes:
    text = name.encode("ascii")[:255]
    chunk = struct.pack("!IBB", ssrc, 1, len(text)) + text
    # A chunk ends with at least one zero byte, at a word's end.
    chunk += bytes(4 - len(chunk) % 4)
    return _HEAD.pack(0x81, SOURCE_DESCRIPTION, len(chunk) // 4) + chunk


def farewell(ssrcs: Sequence[int]) -> bytes:
    """A BYE of these sources."""
    return _HEAD.pack(0x80 | len(ssrcs), BYE, len(ssrcs)) + struct.pack(f"!{len(ssrcs)}I", *ssrcs)
