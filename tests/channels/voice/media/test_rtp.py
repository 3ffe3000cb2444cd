"""RTP-4: what is no RTP is told apart; what is, comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.malformed import MalformedPacket
from channels.voice.media import rtp

PLAIN = rtp.Packet(0, 65_535, 0xFFFF_FFFF, 7, b"\xff" * 160)


def test_a_packet_comes_back_as_it_was_sent() -> None:
    assert rtp.parse(rtp.serialise(PLAIN)) == PLAIN
    marked = PLAIN._replace(marker=True, payload_type=101)
    assert rtp.parse(rtp.serialise(marked)) == marked


def test_contributors_extension_and_padding_are_taken_off() -> None:
    plain = rtp.serialise(PLAIN)
    head = bytes([0x80 | 0x20 | 0x10 | 2]) + plain[1:12]
    contributors, extension = bytes(8), b"\xbe\xde\x00\x01abcd"
    assert rtp.parse(head + contributors + extension + plain[12:] + b"\0\0\3") == PLAIN


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "0 bytes"),
        (rtp.serialise(PLAIN)[:11], "11 bytes"),
        (b"\x80" + bytes(1_472), "1473 bytes"),
        (b"\x40" + bytes(20), "version 1"),
        (b"\x80\xc8" + bytes(20), "RTCP"),
        (b"\x8f" + bytes(12), "longer than the packet"),
        (b"\x90" + bytes(12), "cut off"),
        (b"\x90" + bytes(11) + b"\0\0\xff\xff", "longer than the packet"),
        (b"\xa0" + bytes(11) + b"ab\0", "0 bytes of padding"),
        (b"\xa0" + bytes(11) + b"ab\4", "4 bytes of padding"),
        (b"\xa0" + bytes(11), "padding in 0 bytes"),
    ],
)
def test_rtp_4_a_malformed_packet_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedPacket, match=reason):
        rtp.parse(data)


@given(st.binary(max_size=1_600))
def test_rtp_4_any_bytes_are_a_packet_or_malformed(data: bytes) -> None:
    try:
        packet = rtp.parse(data)
    except MalformedPacket:
        return
    assert len(packet.payload) <= len(data) - 12


def test_numbers_are_compared_over_their_wrap() -> None:
    assert rtp.sequence_ahead(0, 65_535) == 1
    assert rtp.sequence_ahead(65_535, 0) == -1
    assert rtp.timestamp_ahead(100, 0xFFFF_FFFF) == 101
    assert rtp.timestamp_ahead(0xFFFF_FFFF, 100) == -101


def test_a_shared_port_tells_its_protocols_apart() -> None:
    assert rtp.is_rtcp(b"\x80\xc8")
    assert not rtp.is_rtcp(b"\x80\x00")
    assert not rtp.is_rtcp(b"\x80")
    assert rtp.is_media(0x80)
    assert not rtp.is_media(0x16)
    assert not rtp.is_media(0x00)
