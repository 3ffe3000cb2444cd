"""RTP packets (RFC 3550, section 5.1): bytes to fields and back, with the checks of RTP-4."""

import struct
from typing import NamedTuple

from channels.voice.malformed import MalformedPacket

HEADER_BYTES = 12
PACKET_BYTES_MAX = 1_472
"""What fits into one Ethernet frame; longer datagrams are refused."""
VERSION = 2
SEQUENCES = 1 << 16
TIMESTAMPS = 1 << 32

_HEADER = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")
_RTCP_TYPES = range(192, 224)


class Packet(NamedTuple):
    """One RTP packet without what the mixer has no use for (contributors, header extension)."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False


def parse(data: bytes | memoryview) -> Packet:
    """The packet in a datagram.

    Raises MalformedPacket on a wrong version, a length outside 12 to 1,472 bytes, and on
    contributors, a header extension or padding that do not fit into the datagram.
    """
    if not HEADER_BYTES <= len(data) <= PACKET_BYTES_MAX:
        raise MalformedPacket(f"{len(data)} bytes, where 12 to {PACKET_BYTES_MAX} are allowed")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != VERSION:
        raise MalformedPacket(f"version {first >> 6}")
    if second in _RTCP_TYPES:
        raise MalformedPacket(f"payload type {second} belongs to RTCP")
    begin = HEADER_BYTES + 4 * (first & 0x0F)
    if first & 0x10:
        if begin + _EXTENSION.size > len(data):
            raise MalformedPacket("the header extension is cut off")
        begin += _EXTENSION.size + 4 * _EXTENSION.unpack_from(data, begin)[1]
    end = len(data)
    if begin > end:
        raise MalformedPacket("contributors or header extension are longer than the packet")
    if first & 0x20:
        padding = data[-1]
        if not 1 <= padding <= end - begin:
            raise MalformedPacket(f"{padding} bytes of padding in {end - begin} bytes")
        end -= padding
    payload = bytes(data[begin:end])
    return Packet(second & 0x7F, sequence, timestamp, ssrc, payload, bool(second & 0x80))


def serialise(packet: Packet) -> bytes:
    """The datagram of a packet, without contributors, extension or padding."""
    second = packet.payload_type | (0x80 if packet.marker else 0)
    return (
        _HEADER.pack(VERSION << 6, second, packet.sequence, packet.timestamp, packet.ssrc)
        + packet.payload
    )


def is_rtcp(data: bytes | memoryview) -> bool:
    """Whether a datagram of a shared port is RTCP, by its second byte (RFC 5761, section 4)."""
    return len(data) > 1 and data[1] in _RTCP_TYPES


def is_media(first_byte: int) -> bool:
    """Whether a datagram that begins so is RTP or RTCP, not STUN or DTLS (RFC 7983)."""
    return 128 <= first_byte <= 191


def sequence_ahead(newer: int, older: int) -> int:
    """How far ``newer`` is ahead of ``older``, -32,768 to 32,767, over the wrap."""
    return (newer - older + 0x8000) % SEQUENCES - 0x8000


def timestamp_ahead(newer: int, older: int) -> int:
    """How far ``newer`` is ahead of ``older`` in ticks, negative when behind, over the wrap."""
    return (newer - older + 0x8000_0000) % TIMESTAMPS - 0x8000_0000
