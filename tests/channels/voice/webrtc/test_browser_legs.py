"""RTP-5 and RTP-6, attack tests 12 and 13: who gets into a browser's leg, and who cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.malformed import MalformedPacket
from channels.voice.media import g711, rtp
from channels.voice.media.answers import LegFigures
from channels.voice.media.arrangements import conference
from channels.voice.media.codings import Codec
from channels.voice.media.commands import Alloc, Browser, Mix, SetRemote, Stats
from channels.voice.webrtc import dtls, stun
from channels.voice.webrtc.srtp import GCM, SHA1_80
from tests.channels.voice.media.room import Room, room
from tests.channels.voice.media.sounds import level_of, tone
from tests.channels.voice.webrtc.stand_in import StandIn

WRONG = "00:" * 31 + "00"


def allocated(place: Room, name: str, end: StandIn, fingerprint: str = "") -> None:
    end.to(place.alloc(Alloc(name, kind="browser")))
    said = end.browser()
    if fingerprint:
        said = Browser(said.ufrag, said.password, fingerprint)
    place.do(SetRemote(name, Codec.PCMU, 0, browser=said))


def settle(place: Room, end: StandIn, rounds: int = 60) -> None:
    """Let the handshake go on until the node has said how it ended."""
    before = len(place.states)
    for _ in range(rounds):
        place.run(1)
        end.receive()
        if len(place.states) > before and (end.keys is not None or end.refused):
            return


def connected(place: Room, name: str) -> StandIn:
    end = StandIn()
    allocated(place, name, end)
    end.check()
    place.run(1)
    end.receive()
    end.hello()
    settle(place, end)
    assert end.keys is not None, end.refused
    return end


def say(end: StandIn, sequence: int, payload: bytes = b"\xff" * 160) -> bytes:
    assert end.keys is not None
    packet = rtp.serialise(rtp.Packet(0, sequence, sequence * 160, 5, payload))
    return end.keys.protect(packet)


def figures(place: Room, name: str) -> LegFigures:
    told = place.perform(Stats(name))
    assert isinstance(told, LegFigures)
    return told


@pytest.mark.parametrize(
    ("profiles", "agreed"),
    [
        (b"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM", GCM),
        (b"SRTP_AES128_CM_SHA1_80", SHA1_80),
        (b"SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80", SHA1_80),
    ],
)
def test_rtp_6_a_browser_gets_the_strongest_profile_both_know(
    tmp_path: Path, profiles: bytes, agreed: object
) -> None:
    with room(tmp_path) as place:
        end = StandIn(profiles)
        allocated(place, "desk", end)
        end.check()
        place.run(1)
        end.receive()
        assert end.answers == 1
        end.hello()
        settle(place, end)
        assert place.states == [("desk", "connected", "")]
        assert end.profile is agreed
        assert figures(place, "desk").secure_media
        end.close()


def test_sound_flows_both_ways_between_a_browser_and_a_phone(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        end = connected(place, "desk")
        caller = place.phone("caller", Codec.PCMA)
        caller.says = tone(440, 1_000)
        place.do(Mix(["desk", "caller"], conference(["desk", "caller"])))
        frames = g711.encode_ulaw(tone(1_000, 1_000)).reshape(-1, 160)
        for number, frame in enumerate(frames):
            end.send(say(end, number, frame.tobytes()))
            place.run(1)
        assert level_of(caller.heard(30), 1_000) == pytest.approx(8_000, rel=0.1)
        end.receive()
        assert end.keys is not None
        heard = b"".join(
            rtp.parse(end.keys.open(data)).payload for data in end.media if data[1] < 128
        )
        samples = g711.ULAW_TO_LINEAR[list(heard[-160 * 30 :])]
        assert level_of(samples, 440) == pytest.approx(8_000, rel=0.1)
        end.close()


def test_rtp_5_nothing_is_sent_before_the_handshake_is_done(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        end = StandIn()
        allocated(place, "desk", end)
        end.check()
        place.run(20)
        end.receive()
        assert end.media == []
        end.close()


def test_attack_12_hellos_from_strangers_end_no_session_and_get_no_answer(tmp_path: Path) -> None:
    """RTP-5: a ClientHello race, as in CVE-2023-49786, before and during the set-up."""
    with room(tmp_path) as place:
        for number in range(12):
            name = f"desk-{number}"
            end, spray = StandIn(), StandIn(ciphers=b"ALL:COMPLEMENTOFALL:@SECLEVEL=0")
            allocated(place, name, end)
            spray.to(end.at)
            spray.hello()
            place.run(1)
            end.check()
            place.run(1)
            spray.hello()
            for _ in range(20):
                spray.send(b"\x16\xfe\xfd" + bytes(60))
            end.receive()
            end.hello()
            settle(place, end)
            assert end.keys is not None, (number, end.refused)
            spray.receive()
            assert not spray.keys
            assert spray.media == []
            assert figures(place, name).secure_media
            browser = place.leg(name).browser
            assert browser is not None
            assert browser.stray >= 8
            for used in (end, spray):
                used.close()
        assert [state for _, state, _ in place.states] == ["connected"] * 12


@pytest.mark.parametrize("fault", ["fingerprint", "profile", "version"])
def test_attack_12_a_wrong_certificate_profile_or_version_is_refused(
    tmp_path: Path, fault: str
) -> None:
    with room(tmp_path) as place:
        if fault == "profile":
            end = StandIn(b"SRTP_AES128_CM_SHA1_32")
        elif fault == "version":
            end = StandIn(only_version=0xFEFF, ciphers=b"ALL:@SECLEVEL=0")
        else:
            end = StandIn()
        allocated(place, "desk", end, WRONG if fault == "fingerprint" else "")
        end.check()
        place.run(1)
        end.receive()
        end.hello()
        for _ in range(60):
            if place.states:
                break
            place.run(1)
            end.receive()
        assert [state for _, state, _ in place.states] == ["failed"]
        assert not figures(place, "desk").secure_media
        end.media.clear()
        place.run(5)
        end.receive()
        assert end.media == []
        end.close()


def test_attack_13_bad_srtp_replays_and_forged_checks_are_counted_and_the_call_lives(
    tmp_path: Path,
) -> None:
    with room(tmp_path) as place:
        end = connected(place, "desk")
        first = say(end, 1)
        end.send(first)
        place.run(1)
        for number in range(250):
            forged = bytearray(say(end, 2 + number))
            forged[-1] ^= 1
            for _ in range(4):
                end.send(bytes(forged))
            place.run(1)
        for _ in range(100):
            end.send(first)
            if _ % 8 == 7:
                place.run(1)
        place.run(2)
        browser = place.leg("desk").browser
        assert browser is not None
        checks = browser.checks
        for number in range(1_000):
            end.check(password="x" * 24)
            if number % 8 == 7:
                place.run(1)
        place.run(2)
        assert browser.forged == 1_000
        assert browser.checks == checks
        assert figures(place, "desk").quality.unauthentic == 1_100
        end.send(say(end, 300))
        place.run(2)
        assert figures(place, "desk").quality.packets == 2
        end.check()
        place.run(1)
        assert browser.checks == checks + 1
        end.close()


def test_rtp_5_a_certificate_is_for_a_day_and_legs_keep_the_one_they_were_told(
    tmp_path: Path,
) -> None:
    with room(tmp_path) as place:
        first = place.worker.identity
        early, late = StandIn(), StandIn()
        allocated(place, "early", early)
        place.worker.renew(first.expires - dtls.LIFETIME * 0.6)
        assert place.worker.identity is first
        place.worker.renew(first.expires - dtls.LIFETIME * 0.4)
        assert place.worker.identity.fingerprint != first.fingerprint
        allocated(place, "late", late)
        assert early.at.fingerprint == first.fingerprint
        assert late.at.fingerprint == place.worker.identity.fingerprint
        for end in (early, late):
            end.check()
            place.run(1)
            end.receive()
            end.hello()
            settle(place, end)
            shown = end.connection.get_peer_certificate(as_cryptography=True)
            assert shown is not None
            assert dtls.fingerprint_of(shown) == end.at.fingerprint
            lasts = shown.not_valid_after_utc - shown.not_valid_before_utc
            assert lasts <= dtls.LIFETIME + dtls.EARLY
            end.close()


def test_rtp_5_a_stranger_without_the_password_cannot_move_the_sound(tmp_path: Path) -> None:
    with room(tmp_path) as place:
        end = connected(place, "desk")
        thief = StandIn()
        thief.to(end.at)
        thief.check(password="x" * 24)
        place.run(5)
        assert place.leg("desk").address == end.socket.getsockname()
        moved = StandIn()
        moved.to(end.at)
        moved.check()
        place.run(5)
        # The browser itself may move: it knows the password.
        assert place.leg("desk").address == moved.socket.getsockname()
        for used in (end, thief, moved):
            used.close()


def request() -> bytes:
    return stun.request("ours:theirs", "secret-of-sixteen")


def test_a_check_of_a_leading_end_is_read_and_answered() -> None:
    check = stun.read_check(request(), "ours", "secret-of-sixteen")
    assert (check.nominates, check.controlled) == (True, False)
    answer = stun.success(check, ("192.0.2.1", 50_000), "secret-of-sixteen")
    assert answer[:2] == b"\x01\x01"
    assert answer[8:20] == check.transaction
    # XOR-MAPPED-ADDRESS of RFC 8489, 14.2.
    assert answer[20:32] == b"\0\x20\0\x08\0\1" + bytes([0xC3 ^ 0x21, 0x50 ^ 0x12]) + bytes(
        [192 ^ 0x21, 0 ^ 0x12, 2 ^ 0xA4, 1 ^ 0x42]
    )
    assert len(stun.success(check, ("2001:db8::1", 5), "p")) == len(answer) + 12
    assert stun.role_conflict(check, "p")[:2] == b"\x01\x11"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (request()[:19], "19 bytes"),
        (b"\1\1" + request()[2:], "not a binding request"),
        (request()[:-1], "not a binding request"),
        (stun.request("other:theirs", "secret-of-sixteen"), "somebody else"),
        (stun.request("ours:theirs", "another"), "does not hold"),
        (b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12), "no MESSAGE-INTEGRITY"),
        (b"\0\1\0\4\x21\x12\xa4\x42" + bytes(12) + b"\0\6\0\x09", "cut off"),
    ],
    # Requests are random, and every process must collect the same names.
    ids=["cut", "response", "shorter", "other", "password", "unsigned", "half-attribute"],
)
def test_rtp_5_a_check_that_does_not_hold_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedPacket, match=reason):
        stun.read_check(data, "ours", "secret-of-sixteen")


@given(st.binary(max_size=200), st.integers(0, 100))
def test_attack_15_any_bytes_are_a_check_of_ours_or_malformed(junk: bytes, at: int) -> None:
    whole = request()
    for data in (junk, whole[:at] + junk + whole[at + len(junk) :]):
        try:
            check = stun.read_check(data, "ours", "secret-of-sixteen")
        except MalformedPacket:
            continue
        assert len(check.transaction) == 12
