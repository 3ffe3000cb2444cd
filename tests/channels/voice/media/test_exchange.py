"""Calls through a node's parts, over real sockets: who hears whom, and how well."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.voice.media.answers import (
    LegFigures,
    RtpTimeout,
)
from channels.voice.media.arrangements import conference, whispering
from channels.voice.media.codings import Codec
from channels.voice.media.commands import (
    Free,
    Mix,
    SetRemote,
    Stats,
)
from tests.channels.voice.media.room import HOST, Phone, room
from tests.channels.voice.media.sounds import level_of, tone

LOW, HIGH = 440, 1_000


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (Codec.PCMU, Codec.PCMA),
        (Codec.PCMU, Codec.PCMU),
        (Codec.PCMU, Codec.G722),
        (Codec.G722, Codec.G722),
        (Codec.PCMA, Codec.OPUS),
        (Codec.OPUS, Codec.OPUS),
    ],
)
def test_both_sides_of_a_bridge_hear_each_other_whatever_they_speak(
    tmp_path: Path, one: Codec, two: Codec
) -> None:
    with room(tmp_path) as place:
        phones = [place.phone("one", one), place.phone("two", two)]
        for phone, hz in zip(phones, (LOW, HIGH), strict=True):
            phone.says = tone(hz, 1_000, phone.shape.rate_hz)
        place.bridge("one", "two")
        place.run(75)
        for phone, theirs, own in zip(phones, (HIGH, LOW), (LOW, HIGH), strict=True):
            heard, rate_hz = phone.heard(50), phone.shape.rate_hz
            assert level_of(heard, theirs, rate_hz) == pytest.approx(8_000, rel=0.25)
            assert level_of(heard, own, rate_hz) < 400
            assert [packet.sequence for packet in phone.packets] == [
                (phone.packets[0].sequence + number) % 65_536
                for number in range(len(phone.packets))
            ]


def test_the_same_codec_on_both_sides_is_passed_through_to_the_byte(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        one, two = place.phone("one", Codec.OPUS), place.phone("two", Codec.OPUS)
        place.bridge("one", "two")
        sent = [one.coded(frame) for frame in tone(LOW, 600, 16_000).reshape(-1, 320)]
        for payload in sent:
            one.send(one.packet(payload))
            place.run(1)
        place.run(3)
        passed = [packet.payload for packet in two.packets]
        assert [payload for payload in passed if payload in sent] == sent
        one.packets.clear()
        place.run(5)
        assert one.packets == []


def test_a_supervisor_who_whispers_is_heard_by_the_agent_alone(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        phones = {name: place.phone(name) for name in ("caller", "agent", "boss")}
        for phone, hz in zip(phones.values(), (LOW, HIGH, 1_700), strict=True):
            phone.says = tone(hz, 1_000, peak=4_000)
        legs = ["caller", "agent"]
        place.do(Mix([*legs, "boss"], conference(legs) + whispering("boss", "agent", legs)))
        place.run(60)
        levels = {
            name: [level_of(phone.heard(40), hz) > 3_000 for hz in (LOW, HIGH, 1_700)]
            for name, phone in phones.items()
        }
        assert levels == {
            "caller": [False, True, False],
            "agent": [True, False, True],
            "boss": [True, True, False],
        }


def test_a_leg_that_falls_silent_is_told_once_and_again_after_it_spoke(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        caller = place.phone("caller", timeout_s=2)
        caller.says = tone(LOW, 1_000)
        place.run(60)
        caller.says = None
        place.run(200)
        assert place.wait_for(RtpTimeout).silent_s >= 2
        assert not [event for event in place.events if isinstance(event, RtpTimeout)]
        caller.says = tone(LOW, 1_000)
        place.run(60)
        caller.says = None
        place.run(200)
        assert place.wait_for(RtpTimeout).leg == "caller"


def test_quality_counts_what_was_lost_and_scores_it(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        good, bad = place.phone("good"), place.phone("bad")
        for phone in (good, bad):
            phone.says = tone(LOW, 1_000)
        for number in range(300):
            if number % 10 == 0:
                bad.sequence += 1
            place.run(1)
        figures = {}
        for name in ("good", "bad"):
            told = place.perform(Stats(name))
            assert isinstance(told, LegFigures)
            figures[name] = told.quality
        assert figures["good"].lost == 0
        assert figures["good"].score > 4.3
        assert figures["bad"].lost >= 28
        assert figures["bad"].score < figures["good"].score - 0.5
        last = place.perform(Free("bad"))
        assert isinstance(last, LegFigures)
        assert last.quality.packets == 300
        assert place.refusal(Stats("bad")).code == "unknown_leg"


def test_a_re_invite_with_the_same_address_keeps_source_sequence_and_buffer(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        caller = place.phone("caller")
        caller.says = tone(LOW, 1_000)
        place.run(20)
        before = caller.packets[-1]
        said = SetRemote("caller", Codec.PCMA, 8, address=HOST, port=caller.port, known=True)
        place.do(said)
        caller.codec = Codec.PCMA
        place.run(20)
        after = caller.packets[20]
        assert after.payload_type == 8
        assert after.ssrc == before.ssrc
        assert (after.sequence - before.sequence) % 65_536 == 1


def test_a_new_address_is_learnt_anew_and_the_old_one_is_heard_no_more(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        old = place.phone("caller")
        old.says = tone(LOW, 1_000)
        place.run(20)
        new = Phone(Codec.PCMU)
        new.to, new.says, new.ssrc = old.to, tone(HIGH, 1_000), 99
        place.do(SetRemote("caller", Codec.PCMU, 0, address=HOST, port=new.port, known=True))
        place.phones["new"] = new
        place.phone("agent")
        place.bridge("caller", "agent")
        old.packets.clear()
        place.run(40)
        heard = place.phones["agent"].heard(20)
        assert level_of(heard, HIGH) > 6_000
        assert level_of(heard, LOW) < 200
        assert old.packets == []
        assert new.packets


def test_what_the_other_end_of_before_sent_last_is_not_taken_for_the_new_one(
    tmp_path: Path,
) -> None:
    """Packets that came in the tick in which signalling moved the call, or its row was given on."""
    with room(tmp_path) as place:
        old = place.phone("caller")
        old.says = tone(LOW, 1_000)
        place.run(5)
        for leg in ("caller", "next"):
            old.talk()
            place.lines.poll(0, lambda: place.now_s, lambda descriptor, now_s: None)
            assert place.exchange.arena.count == 1
            if leg == "next":
                place.perform(Free("caller"))
                place.phone(leg, known=False, signalling_host="192.0.2.1")
            else:
                place.do(SetRemote(leg, Codec.PCMU, 0, address=HOST, port=old.port + 1, known=True))
                place.do(SetRemote(leg, Codec.PCMU, 0, address=HOST, port=old.port, known=True))
            place.tick()
            latch = place.leg(leg).latch
            assert latch is not None
            assert not latch.heard
            assert place.leg(leg).sources.ssrc is None
            place.run(2 if leg == "caller" else 0)


def test_a_source_that_changes_in_the_midst_of_a_call_is_heard_once_the_first_is_silent(
    tmp_path: Path,
) -> None:
    with room(tmp_path) as place:
        caller = place.phone("caller")
        place.phone("agent")
        place.bridge("caller", "agent")
        caller.says = tone(LOW, 1_000)
        place.run(20)
        caller.says = None
        place.run(8)
        caller.ssrc, caller.sequence, caller.timestamp = 5, 100, 77
        caller.says = tone(HIGH, 1_000)
        place.run(30)
        assert level_of(place.phones["agent"].heard(15), HIGH) > 6_000


def test_packets_of_ten_and_thirty_milliseconds_are_heard(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        place.phone("agent")
        caller = place.phone("caller")
        place.bridge("caller", "agent")
        sound, at = caller.coded(tone(LOW, 960)), 0
        # Ten and thirty milliseconds by turns are as long as two frames.
        while at < len(sound):
            for size in (80, 240):
                caller.send(caller.packet(sound[at : at + size], at=50_000 + at))
                at += size
            place.run(2)
        place.run(10)
        heard = place.phones["agent"].heard()
        assert level_of(heard[1_600:6_400], LOW) == pytest.approx(8_000, rel=0.2)


def test_a_port_is_even_from_ten_thousand_on_and_ends_with_its_leg(tmp_path: Path) -> None:
    """RTP-1 and CVE-2025-54995: allocated and freed a thousand times, nothing is left."""
    with room(tmp_path) as place:
        ports = set()
        for number in range(200):
            caller = place.phone(f"leg-{number}")
            ports.add(caller.to[1])
            reply = place.perform(Free(f"leg-{number}"))
            assert isinstance(reply, LegFigures)
            place.phones.pop(f"leg-{number}").socket.close()
        assert min(ports) >= 10_000
        assert not any(port % 2 for port in ports)
        assert len(ports) > 150
        assert place.lines.fast == {}
        assert place.exchange.legs == {}
