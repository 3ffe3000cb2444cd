"""RTP-6: two profiles, no weaker one; what is forged or repeated is told and changes nothing."""

from __future__ import annotations

import pytest

from channels.voice.malformed import MalformedPacket
from channels.voice.media import rtp
from channels.voice.webrtc import srtp


def pair(profile: srtp.Profile) -> tuple[srtp.SrtpPair, srtp.SrtpPair]:
    one, two = srtp.new_master(profile), srtp.new_master(profile)
    return srtp.SrtpPair(profile, one, two), srtp.SrtpPair(profile, two, one)


def packet(sequence: int) -> bytes:
    return rtp.serialise(rtp.Packet(0, sequence, sequence * 160, 7, b"\x55" * 160))


@pytest.mark.parametrize("profile", srtp.PROFILES)
def test_what_one_end_protects_the_other_opens(profile: srtp.Profile) -> None:
    ours, theirs = pair(profile)
    for sequence in (65_534, 65_535, 0, 1):
        protected = ours.protect(packet(sequence))
        assert packet(sequence)[12:] not in protected
        assert theirs.open(protected) == packet(sequence)
    report = b"\x80\xc9\x00\x01\x00\x00\x00\x07"
    assert theirs.open_rtcp(ours.protect_rtcp(report)) == report


@pytest.mark.parametrize("profile", srtp.PROFILES)
def test_rtp_6_a_forged_or_repeated_packet_is_refused_and_the_next_is_heard(
    profile: srtp.Profile,
) -> None:
    ours, theirs = pair(profile)
    first = ours.protect(packet(1))
    theirs.open(first)
    forged = bytearray(ours.protect(packet(2)))
    forged[40] ^= 1
    for bad in (first, bytes(forged), packet(3), b"\x80\x00", b"", bytes(1_480)):
        with pytest.raises(MalformedPacket):
            theirs.open(bad)
    with pytest.raises(MalformedPacket):
        theirs.open_rtcp(bytes(40))
    assert theirs.open(ours.protect(packet(4))) == packet(4)
    with pytest.raises(MalformedPacket):
        ours.protect(packet(4))


def test_rtp_6_a_packet_older_than_the_window_of_128_is_refused() -> None:
    ours, theirs = pair(srtp.GCM)
    kept = [ours.protect(packet(sequence)) for sequence in range(200)]
    theirs.open(kept[199])
    assert theirs.open(kept[199 - 127]) == packet(199 - 127)
    with pytest.raises(MalformedPacket):
        theirs.open(kept[199 - 128])


@pytest.mark.parametrize(
    "name", ["NULL_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "F8_128_HMAC_SHA1_80"]
)
def test_rtp_6_weaker_suites_are_not_spoken(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is not spoken"):
        srtp.by_sdes_name(name)


def test_keys_of_a_wrong_length_are_refused() -> None:
    assert srtp.by_sdes_name("AEAD_AES_128_GCM") is srtp.GCM
    with pytest.raises(ValueError, match="28 bytes"):
        srtp.SrtpPair(srtp.GCM, bytes(30), bytes(28))
