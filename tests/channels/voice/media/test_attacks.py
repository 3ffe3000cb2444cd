"""Attack tests 10 and 15 on the media plane: floods, strangers, and bytes of every kind."""

from __future__ import annotations

import os
import random
import socket
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.voice.media import rtp
from channels.voice.media.answers import LegFigures
from channels.voice.media.arrangements import conference
from channels.voice.media.codings import Codec
from channels.voice.media.commands import Alloc, Mix, SetRemote, Srtp, Stats
from channels.voice.media.ticking import resident_bytes
from channels.voice.webrtc.srtp import GCM, SHA1_80, Profile, SrtpPair, new_master
from tests.channels.voice.media.room import HOST, POLLS, Phone, Room, room
from tests.channels.voice.media.sounds import level_of, tone

OTHER_HOST = "127.0.0.2"
FLOOD = int(os.environ.get("FLOOD_PACKETS", "30000"))


class Stranger:
    """Somebody who sends sound of 1,700 Hz to a port that is not theirs."""

    def __init__(self, host: str) -> None:
        self.phone = Phone(Codec.PCMU, host)
        self.phone.says = tone(1_700, 1_000)
        self.phone.ssrc = 666

    def spray(self, port: int, count: int = 3) -> None:
        self.phone.to = (HOST, port)
        for _ in range(count):
            self.phone.talk()


def quality(place: Room, name: str) -> LegFigures:
    told = place.perform(Stats(name))
    assert isinstance(told, LegFigures)
    return told


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("host", [OTHER_HOST, HOST])
def test_attack_10_a_spray_before_and_during_a_call_is_never_heard_or_answered(
    tmp_path: Path, known: bool, host: str
) -> None:
    """RTP-2: from another address, and from another port of the same one."""
    with room(tmp_path) as place:
        stranger = Stranger(host)
        caller = place.phone("caller", known=known, signalling_host=HOST)
        agent = place.phone("agent")
        place.do(Mix(["caller", "agent"], conference(["caller", "agent"])))
        if known or host != HOST:
            # From the signalling host itself nobody can tell who is first; it must be in order.
            for _ in range(10):
                stranger.spray(caller.to[1])
                place.run(1)
        caller.says = tone(440, 1_000)
        place.run(12)
        for _ in range(60):
            stranger.spray(caller.to[1])
            place.run(1)
        heard = agent.heard(50)
        assert level_of(heard, 440) == pytest.approx(8_000, rel=0.1)
        assert level_of(heard, 1_700) < 150
        assert caller.packets
        stranger.phone.listen()
        assert stranger.phone.packets == []
        told = quality(place, "caller")
        assert told.quality.strangers >= 60
        assert told.quality.lost == 0
        assert told.remote.endswith(f":{caller.port}")
        stranger.phone.socket.close()


def test_attack_10_a_stranger_who_blends_in_while_the_port_is_learnt_teaches_nothing(
    tmp_path: Path,
) -> None:
    with room(tmp_path) as place:
        stranger = Stranger(HOST)
        caller = place.phone("caller", known=False, signalling_host=HOST)
        caller.says = tone(440, 1_000)
        for _ in range(20):
            caller.talk()
            stranger.spray(caller.to[1], 1)
            place.tick()
        assert place.leg("caller").address is None
        place.run(20)
        assert place.leg("caller").address == (HOST, caller.port)
        stranger.phone.socket.close()


def hostile(rng: random.Random) -> bytes:
    """A datagram that is nearly RTP, wrong in one of many ways."""
    kind = rng.randrange(8)
    head = struct.pack(
        "!BBHII",
        0x80 | rng.choice((0, 0, 0x20, 0x10, 0x0F)),
        rng.choice((0, 0, 101, 8, 13, 200, 201, 255)),
        rng.randrange(65_536),
        rng.randrange(1 << 32),
        rng.choice((4_711, 5, rng.randrange(1 << 32))),
    )
    if kind == 0:
        return rng.randbytes(rng.randrange(1, 60))
    if kind == 1:
        return head + bytes(1_600)
    return head + rng.randbytes(rng.choice((0, 1, 4, 80, 159, 160, 161, 320, 700)))


def test_rtp_4_hostile_packets_of_the_callers_own_address_cost_no_memory_and_end_nothing(
    tmp_path: Path,
) -> None:
    """The worst case: the attacker has the caller's address and guesses its source."""
    rng = random.Random(4)  # noqa: S311 -- a repeatable flood, not a secret
    with room(tmp_path) as place:
        caller, agent = place.phone("caller"), place.phone("agent")
        place.do(Mix(["caller", "agent"], conference(["caller", "agent"])))
        caller.says = agent.says = tone(440, 1_000)
        place.run(20)
        caller.says = None
        for number in range(FLOOD // 4):
            caller.socket.sendto(hostile(rng), caller.to)
            if number % POLLS == 0:
                place.run(1)
        agent.packets.clear()
        before = resident_bytes()
        for number in range(FLOOD):
            caller.socket.sendto(hostile(rng), caller.to)
            if number % POLLS == 0:
                place.run(1)
                agent.packets.clear()
        assert resident_bytes() - before < 10 * 2**20
        place.run(60)
        caller.ssrc, caller.says = 99, tone(440, 1_000)
        place.run(60)
        assert level_of(agent.heard(30), 440) == pytest.approx(8_000, rel=0.1)
        assert quality(place, "caller").quality.malformed > FLOOD // 50


@pytest.mark.parametrize("profile", [GCM, SHA1_80])
def test_attack_13_an_encrypted_phone_is_heard_through_forged_and_repeated_packets(
    tmp_path: Path, profile: Profile
) -> None:
    """RTP-6 and RTP-7: nothing in clear is heard or sent on a leg that was encrypted."""
    with room(tmp_path) as place:
        ours, theirs = new_master(profile), new_master(profile)
        caller, agent = Phone(Codec.PCMU), place.phone("agent")
        place.phones["caller"] = caller
        at = place.alloc(Alloc("caller", kind="sdes"))
        caller.to = (HOST, at.port)
        said = SetRemote(
            "caller",
            Codec.PCMU,
            0,
            address=HOST,
            port=caller.port,
            signalling_host=HOST,
            srtp=Srtp(profile.sdes, ours, theirs),
        )
        place.do(said, Mix(["caller", "agent"], conference(["caller", "agent"])))
        agent.says = tone(1_000, 1_000)
        caller.says = tone(1_700, 1_000)
        place.run(10)
        assert place.leg("caller").address is None
        caller.srtp = SrtpPair(profile, theirs, ours)
        caller.says = tone(440, 1_000)
        place.run(20)
        replayed = caller.srtp.protect(caller.packet(bytes(160)))
        for _ in range(50):
            for _ in range(4):
                caller.socket.sendto(replayed[:-1] + bytes([replayed[-1] ^ 1]), caller.to)
            caller.socket.sendto(caller.packet(b"\x80" * 160), caller.to)
            place.run(1)
        told = quality(place, "caller")
        assert told.secure_media
        assert told.quality.unauthentic >= 250
        assert level_of(agent.heard(40), 440) == pytest.approx(8_000, rel=0.1)
        assert level_of(agent.heard(40), 1_700) < 150
        assert level_of(caller.heard(40), 1_000) == pytest.approx(8_000, rel=0.1)
        assert (
            place.refusal(SetRemote("caller", Codec.PCMU, 0, address=HOST, port=caller.port)).field
            == "srtp"
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(rtp.serialise(rtp.Packet(0, 1, 1, 1, bytes(160))), caller.to)
        place.run(2)
        assert quality(place, "caller").quality.strangers >= 1


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=30), st.integers(0, 3))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
def test_attack_15_any_datagrams_to_any_kind_of_leg_are_survived(
    tmp_path: Path, datagrams: list[bytes], which: int
) -> None:
    with room(tmp_path) as place:
        names = ["plain", "known", "sdes", "browser"]
        place.phone("plain", known=False, signalling_host=HOST)
        place.phone("known")
        place.alloc(Alloc("sdes", kind="sdes"))
        place.alloc(Alloc("browser", kind="browser"))
        port = place.leg(names[which]).ports.port
        sender = place.phones["known"].socket
        for number, datagram in enumerate(datagrams):
            sender.sendto(datagram, (HOST, port))
            if number % 5 == 4:
                place.run(1)
        place.run(3)
        assert sorted(place.exchange.legs) == sorted(names)
