"""RTP-2 and RTP-3: whose sound is heard, and to whom is sent."""

from __future__ import annotations

from channels.voice.media.latching import UNANSWERED_PACKETS_MAX, Expected, Latch, SourceLock
from channels.voice.media.rtp import Packet

SAID, PHONE, STRANGER = ("192.0.2.1", 4_000), ("198.51.100.7", 5_000), ("203.0.113.9", 6_000)


def packet(sequence: int, ssrc: int = 1) -> Packet:
    return Packet(0, sequence % 65_536, 0, ssrc, b"")


def behind_nat() -> Latch:
    return Latch(Expected(SAID, PHONE[0], known=False))


def test_rtp_2_five_packets_in_order_from_the_signalling_host_teach_the_port() -> None:
    latch = behind_nat()
    admitted = [latch.admit(PHONE, packet(65_533 + number)) for number in range(6)]
    assert admitted == [False] * 4 + [True] * 2
    assert latch.remote == PHONE


def test_rtp_2_another_host_teaches_nothing_and_is_counted() -> None:
    latch = behind_nat()
    assert not any(latch.admit(STRANGER, packet(number)) for number in range(50))
    assert latch.remote is None
    assert latch.strangers == 50


def test_rtp_2_two_senders_that_blend_teach_nothing() -> None:
    """Another port of the same host, or another source, begins the count again."""
    latch = behind_nat()
    other = (PHONE[0], 5_002)
    for number in range(40):
        assert not latch.admit(PHONE if number % 3 else other, packet(number))
    assert not any(latch.admit(PHONE, packet(number, ssrc=number % 2)) for number in range(40))
    assert not any(latch.admit(PHONE, packet(number * 2)) for number in range(40))


def test_rtp_2_once_locked_nobody_else_is_heard() -> None:
    latch = behind_nat()
    for number in range(5):
        latch.admit(PHONE, packet(number))
    assert not any(latch.admit((PHONE[0], 5_002), packet(number)) for number in range(100))
    assert latch.strangers == 100
    assert latch.admit(PHONE, packet(5))


def test_rtp_3_nothing_is_sent_to_an_address_that_was_only_said() -> None:
    latch = behind_nat()
    assert not latch.may_send()
    for number in range(5):
        latch.admit(PHONE, packet(number))
    assert all(latch.may_send() for _ in range(1_000))


def test_rtp_3_a_trunk_gets_250_packets_before_it_must_have_sent_one() -> None:
    latch = Latch(Expected(SAID, PHONE[0], known=True))
    assert sum(latch.may_send() for _ in range(1_000)) == UNANSWERED_PACKETS_MAX == 250
    assert not latch.admit(PHONE, packet(0))
    assert not latch.may_send()
    assert latch.admit(SAID, packet(0))
    assert latch.may_send()


def test_a_second_source_is_not_heard_beside_the_first() -> None:
    lock = SourceLock()
    assert lock.admit(1, 0, 0.0)
    for number in range(200):
        assert not lock.admit(2, number, number * 0.02)
        assert lock.admit(1, number, number * 0.02)
    assert lock.foreign == 200


def test_a_source_that_follows_a_silent_one_in_order_is_heard() -> None:
    lock = SourceLock()
    lock.admit(1, 0, 0.0)
    assert [lock.admit(2, number, 0.2 + number * 0.02) for number in range(6)] == [
        *[False] * 4,
        True,
        True,
    ]
    assert lock.ssrc == 2


def test_sources_that_take_turns_never_take_over() -> None:
    lock = SourceLock()
    lock.admit(1, 0, 0.0)
    assert not any(lock.admit(2 + number % 2, number, 5.0) for number in range(100))
