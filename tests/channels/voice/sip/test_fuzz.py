"""Hostile bytes: cut, flipped, and made up. Only declared refusals, and the next call works.

`make fuzz` runs the same for longer: CARILLON_FUZZ_EXAMPLES says how many made-up messages.
"""

from __future__ import annotations

import os
import random
import tracemalloc

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.hops import UDP, Hop
from channels.voice.sip.sdp import parse_description
from tests.channels.voice.sip.torture import torture_messages
from tests.channels.voice.sip.world import EMPTY, Agent, Stranger, World, sound, two_agents

EXAMPLES = int(os.environ.get("CARILLON_FUZZ_EXAMPLES", "300"))
STRANGER = Hop(UDP, "10.0.0.1", 5060)
WORDS = [
    b"INVITE",
    b"REGISTER",
    b"sip:200@10.0.0.2",
    b"SIP/2.0",
    b"\r\n",
    b"Via:",
    b"v:",
    b"To:",
    b"f:",
    b"CSeq: 1 INVITE",
    b"Call-ID: x",
    b"Contact: <sip:a@b>",
    b";tag=",
    b"branch=z9hG4bK",
    b'"',
    b"<",
    b">",
    b",",
    b"Content-Length: ",
    b"0",
    b"99",
    b"\r\n\r\n",
    b"v=0\r\n",
    b"m=audio 1 RTP/AVP 0",
    b" ",
    b"Authorization: Digest ",
    b"Replaces: ",
    b"Refer-To: ",
    b"Session-Expires: 9",
    b"RAck: 1 1 INVITE",
    b"\x00",
    b"\xff",
    b"%",
    b":",
    b"=",
    b"Require: 100rel",
    b"l: 0",
]


def still_works(world: World, ann: Agent, bob: Agent) -> None:
    world.sent.clear()
    before = len(bob.calls)
    call = ann.call(bob.host, sound())
    world.settle()
    assert len(bob.calls) == before + 1
    call.hang_up()
    world.pass_ms(200_000)


def test_attack_4_torture_messages_cut_and_flipped_harm_nothing() -> None:
    """Each cut every 16 bytes and flipped 200 times: no exception, and the next call is taken."""
    world, ann, bob = two_agents()
    bob.on_call = lambda call: call.reject(486)
    chance = random.Random(4475)  # noqa: S311 -- the same flips in every run
    for torture in torture_messages().values():
        variants = [torture.data[:end] for end in range(0, len(torture.data), 16)]
        for _ in range(200):
            flipped = bytearray(torture.data)
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
            variants.append(bytes(flipped))
        for data in variants:
            bob.core.take_datagram(data, STRANGER)
        world.pass_ms(40_000)
    still_works(world, ann, bob)


@given(st.lists(st.sampled_from(WORDS) | st.binary(max_size=6), max_size=60).map(b"".join))
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.differing_executors]
)
def test_attack_15_made_up_messages_are_answered_or_dropped(data: bytes) -> None:
    world, ann, bob = two_agents()
    bob.core.take_datagram(b"INVITE sip:200@10.0.0.2 SIP/2.0\r\n" + data, STRANGER)
    bob.core.take_datagram(data, STRANGER)
    still_works(world, ann, bob)


@given(st.lists(st.sampled_from(WORDS) | st.binary(max_size=6), max_size=40).map(b"".join))
@settings(max_examples=EXAMPLES, deadline=None)
def test_attack_15_made_up_descriptions_raise_nothing_else(data: bytes) -> None:
    for body in (data, b"v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 1.2.3.4\r\n" + data):
        try:
            found = parse_description(body)
        except BadMessage:
            continue
        for media in found.media:
            media.codecs()
            media.candidates()
            media.crypto()
        parse_description(found.encode())


def test_memory_stays_flat_whatever_strangers_send() -> None:
    """3,000 requests of 3,000 sources leave next to nothing (CVE-2020-28327)."""
    world, _, bob = two_agents()
    hand = Stranger(world, "10.9.9.9")
    request = hand.request("INVITE", bob.host, body=sound()).encode()

    def flood(first: int) -> None:
        for number in range(first, first + 3_000):
            source = Hop(UDP, f"172.16.{number >> 8 & 255}.{number & 255}", 5060)
            bob.core.take_datagram(request.replace(b"by-hand", b"%d" % number), source)
        world.sent.clear()
        world.pass_ms(60_000)

    flood(0)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    flood(20_000)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 8 * 1024 * 1024
    assert bob.core.in_hand == EMPTY


def test_sip_10_a_thousand_abandoned_calls_leave_nothing_after_40_s() -> None:
    """Attack 14: INVITEs without ACK, answered and not, and BYEs that get lost."""
    world, _, bob = two_agents()
    hand = Stranger(world, "10.0.0.1")
    bob.on_call = lambda call: call.answer(sound())
    for number in range(1_000):
        body = {} if number % 3 == 0 else {"body": sound()}
        hand.say(hand.request("INVITE", bob.host, call_id=f"c{number}", **body), bob.host)
    assert len(bob.calls) == 1_000
    world.pass_ms(72_000)
    assert bob.core.in_hand == EMPTY
    assert not +bob.gate.calls
