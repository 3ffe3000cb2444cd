"""RTCP: reports come back as they were sent, and the round trip is computed from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.malformed import MalformedPacket
from channels.voice.media import rtcp

BLOCK = rtcp.ReportBlock(5, 128, -3, 70_000, 40, 0x11112222, 6_554)


def test_a_senders_report_comes_back_as_it_was_sent() -> None:
    report = rtcp.Report(9, (BLOCK,), rtcp.ntp_time(1_700_000_000.5), 160, 1, 160)
    assert rtcp.parse(rtcp.serialise(report, "abc")) == (report,)


def test_a_receivers_report_and_a_farewell_share_a_packet() -> None:
    report = rtcp.Report(9, (BLOCK, BLOCK))
    data = rtcp.serialise(report, "a" * 300, leaving=True)
    assert rtcp.parse(data) == (report, rtcp.Goodbye((9,)))
    assert len(data) % 4 == 0


def test_more_lost_than_can_be_said_is_said_as_most() -> None:
    report = rtcp.Report(9, (BLOCK._replace(cumulative_lost=1 << 30),))
    found = rtcp.parse(rtcp.serialise(report, "a"))[0]
    assert isinstance(found, rtcp.Report)
    assert found.blocks[0].cumulative_lost == 0x7F_FFFF


def test_the_round_trip_is_what_passed_without_the_others_delay() -> None:
    sent = rtcp.ntp_time(1_700_000_000.0)
    block = BLOCK._replace(last_report=rtcp.middle(sent), delay=65_536 // 2)
    assert rtcp.round_trip_s(block, rtcp.ntp_time(1_700_000_000.75)) == pytest.approx(
        0.25, abs=1e-3
    )
    assert rtcp.round_trip_s(block._replace(last_report=0), sent) is None
    assert rtcp.round_trip_s(block, rtcp.ntp_time(1_700_000_000.1)) is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x80\xc9", "2 bytes"),
        (b"\x80\xc9\x00\x05" + bytes(4), "longer than the packet"),
        (b"\x40\xc9\x00\x01" + bytes(4), "wrong version"),
        (b"\x80\xca\x00\x01" + bytes(4), "first part is of type 202"),
        (b"\x81\xc9\x00\x01" + bytes(4), "shorter than its count"),
        (b"\x82\xcb\x00\x01" + bytes(4), "shorter than its count"),
        (b"\x80\xc9\x00\x01" + bytes(6), "cut off"),
    ],
)
def test_rtp_4_a_malformed_report_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedPacket, match=reason):
        rtcp.parse(data)


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda rest: b"\x81\xc8\0\x0c" + rest))
def test_rtp_4_any_bytes_are_reports_or_malformed(data: bytes) -> None:
    try:
        parts = rtcp.parse(data)
    except MalformedPacket:
        return
    assert len(parts) <= rtcp.PARTS_MAX
