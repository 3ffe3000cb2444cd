"""RFC 4733: each digit once, whatever is lost, repeated or overtaken."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.malformed import MalformedPacket
from channels.voice.media.rtp import Packet
from channels.voice.media.telephone_events import DIGITS, Digit, EventReceiver, EventSender


def event(digit: str, timestamp: int, ticks: int, *, end: bool = False, ssrc: int = 1) -> Packet:
    payload = struct.pack("!BBH", DIGITS.index(digit), 0x80 * end | 10, ticks)
    return Packet(101, 0, timestamp, ssrc, payload)


def told(receiver: EventReceiver, *packets: Packet) -> list[Digit]:
    return [digit for packet in packets for digit in receiver.feed(packet, 0.0)]


def press(digit: str, timestamp: int) -> list[Packet]:
    going = [event(digit, timestamp, ticks) for ticks in (160, 320, 480)]
    return [*going, *[event(digit, timestamp, 640, end=True)] * 3]


PRESSED_5 = [Digit("5", False, 0), Digit("5", True, 640)]


def test_a_press_is_told_when_it_begins_and_when_it_ends() -> None:
    assert told(EventReceiver(), *press("5", 1_000)) == PRESSED_5


@pytest.mark.parametrize("lost", [{0}, {0, 1, 2}, {3, 4}, {1, 2, 3, 5}])
def test_lost_packets_lose_no_digit_and_make_none(lost: set[int]) -> None:
    """The marker is on the first packet only; it must not matter."""
    packets = [packet for at, packet in enumerate(press("5", 1_000)) if at not in lost]
    assert told(EventReceiver(), *packets) == PRESSED_5


def test_an_end_that_is_lost_ends_by_time_or_by_the_next_digit() -> None:
    receiver = EventReceiver()
    assert told(receiver, *press("5", 1_000)[:3]) == [Digit("5", False, 0)]
    assert list(receiver.expire(0.4)) == []
    assert list(receiver.expire(0.6)) == [Digit("5", True, 480)]
    assert told(receiver, *press("6", 3_000)[:1]) == [Digit("6", False, 0)]
    assert told(receiver, *press("6", 9_000)[:1]) == [Digit("6", True, 160), Digit("6", False, 0)]


def test_the_same_digit_at_another_timestamp_is_another_press() -> None:
    assert told(EventReceiver(), *press("5", 1_000), *press("5", 2_000)) == PRESSED_5 * 2


def test_an_overtaken_packet_of_an_earlier_digit_is_no_digit() -> None:
    receiver = EventReceiver()
    told(receiver, *press("5", 1_000), *press("6", 2_000)[:1])
    assert told(receiver, event("5", 1_000, 640, end=True), event("4", 500, 160)) == []


def test_a_press_longer_than_sixteen_bits_is_one_press() -> None:
    receiver = EventReceiver()
    found = told(
        receiver,
        event("1", 1_000, 0xFFFF),
        event("1", 1_000 + 0xFFFF, 800),
        event("1", 1_000 + 0xFFFF, 1_600, end=True),
    )
    assert [digit.ended for digit in found] == [False, True]


def test_a_flash_is_no_digit_and_half_an_event_is_malformed() -> None:
    receiver = EventReceiver()
    assert told(receiver, Packet(101, 0, 0, 1, bytes([16, 0x8A, 0, 160]))) == []
    with pytest.raises(MalformedPacket):
        told(receiver, Packet(101, 0, 0, 1, b"\1\2\3"))


@given(
    st.text(DIGITS, min_size=1, max_size=12),
    st.sampled_from([40, 100, 250]),
    st.sets(st.integers(0, 400)),
)
def test_what_is_sent_is_received_though_packets_are_lost(
    digits: str, tone_ms: int, lost: set[int]
) -> None:
    """As long as of each press one packet arrives, the digits are exact."""
    sender, receiver = EventSender(160), EventReceiver()
    sender.press(digits, tone_ms=tone_ms)
    found: list[Digit] = []
    number, arrived = 0, set()
    timestamp = 0
    while sender.busy:
        for outgoing in sender.next(timestamp):
            if number not in lost or (
                outgoing.payload[1] & 0x80 and outgoing.timestamp not in arrived
            ):
                arrived.add(outgoing.timestamp)
                packet = Packet(101, number, outgoing.timestamp, 1, outgoing.payload)
                found += receiver.feed(packet, 0.0)
            number += 1
        timestamp += 160
    assert "".join(digit.digit for digit in found if not digit.ended) == digits
    assert "".join(digit.digit for digit in found if digit.ended) == digits


def test_a_press_has_one_marker_one_timestamp_and_three_ends() -> None:
    sender = EventSender(160)
    sender.press("7", tone_ms=60)
    packets = [outgoing for tick in range(10) for outgoing in sender.next(tick * 160)]
    assert [packet.marker for packet in packets] == [True, False, False, False, False]
    assert {packet.timestamp for packet in packets} == {0}
    ends = [packet.payload for packet in packets if packet.payload[1] & 0x80]
    assert ends == [struct.pack("!BBH", 7, 0x8A, 480)] * 3


def test_digits_wait_up_to_a_bound_and_others_are_refused() -> None:
    sender = EventSender(160)
    sender.press("1" * 64)
    with pytest.raises(ValueError, match="more than 64"):
        sender.press("1")
    with pytest.raises(ValueError, match="digits are"):
        EventSender(160).press("x")
