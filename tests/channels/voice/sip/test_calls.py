"""Calls between two stacks, without sockets: how they begin, end, and survive a bad network."""

from __future__ import annotations

import random

import pytest

from channels.voice.sip.calls import Call
from channels.voice.sip.happenings import (
    Answered,
    Confirmed,
    EarlyMedia,
    Ended,
    Ringing,
)
from channels.voice.sip.message import Message, Request, Response, respond
from router.model.errors import Refused
from tests.channels.voice.sip.world import (
    Stranger,
    World,
    answering,
    described,
    sound,
    two_agents,
)

FORTY_S = 40_000


def nothing_left(world: World, *agents: object) -> None:
    """After 40 s nothing of a call is kept (SIP-10)."""
    world.pass_ms(FORTY_S)
    for agent in agents:
        in_hand = agent.core.in_hand  # type: ignore[attr-defined]  # Agents only.
        assert in_hand["transactions"] == in_hand["calls"] == 0
        assert not +agent.gate.calls  # type: ignore[attr-defined]  # Agents only.


def test_a_call_is_made_answered_and_ended() -> None:
    world, ann, bob = two_agents()
    call = ann.call(bob.host, sound())
    world.settle()
    (incoming,) = bob.calls
    assert incoming.dialled == "200"
    assert incoming.caller_shown == "Caller 100"
    assert incoming.offer == sound()
    incoming.ring()
    incoming.answer(sound("192.0.2.2"))
    world.settle()
    assert ann.events == [Ringing(180, "Ringing"), Answered(sound("192.0.2.2"))]
    assert bob.events == [Confirmed(None)]
    call.hang_up()
    world.settle()
    assert ann.events[-1] == Ended(200, "", "us")
    assert bob.events[-1] == Ended(200, "", "them")
    assert world.methods() == ["INVITE", "180", "200", "ACK", "BYE", "200"]
    nothing_left(world, ann, bob)


def test_who_was_called_may_hang_up_too() -> None:
    world, ann, bob = two_agents()
    answering(bob)
    ann.call(bob.host, sound())
    world.settle()
    bob.calls[0].hang_up()
    world.settle()
    assert ann.events[-1] == Ended(200, "", "them")
    nothing_left(world, ann, bob)


def test_no_call_fails_though_every_tenth_message_is_lost() -> None:
    world, ann, bob = two_agents()
    answering(bob)
    chance = random.Random(7)  # noqa: S311 -- the same losses in every run
    world.drop = lambda message: chance.randrange(10) == 0
    for _ in range(150):
        call = ann.call(bob.host, sound())
        world.pass_ms(20_000)
        assert isinstance(ann.events[-1], Answered)
        call.hang_up()
        world.pass_ms(20_000)
    assert len(bob.told(Confirmed)) == 150
    assert len(bob.told(Ended)) == 150
    nothing_left(world, ann, bob)


def test_an_answer_is_repeated_until_its_ack_arrives() -> None:
    world, ann, bob = two_agents()
    answering(bob)
    lost: list[Message] = []

    def drop(message: Message) -> bool:
        if isinstance(message, Request) and message.method == "ACK" and len(lost) < 3:
            lost.append(message)
            return True
        return False

    world.drop = drop
    ann.call(bob.host, sound())
    world.pass_ms(5_000)
    assert world.methods() == ["INVITE"] + ["200", "ACK"] * 4
    assert bob.told(Confirmed) == [Confirmed(None)]
    assert ann.told(Answered) == [Answered(sound("192.0.2.2"))]


def test_sip_10_a_call_whose_ack_never_comes_ends_after_32_s() -> None:
    world, ann, bob = two_agents()
    answering(bob)
    world.drop = lambda m: isinstance(m, Request) and m.method == "ACK"
    ann.call(bob.host, sound())
    world.pass_ms(31_900)
    assert not bob.told(Ended)
    world.pass_ms(200)
    assert bob.told(Ended) == [Ended(408, "No ACK", "nobody")]
    assert ann.told(Ended) == [Ended(200, "", "them")]
    nothing_left(world, ann, bob)


def test_hanging_up_before_the_ack_waits_for_it() -> None:
    world, ann, bob = two_agents()

    def answer_and_leave(call: Call) -> None:
        call.answer(sound())
        call.hang_up()

    bob.on_call = answer_and_leave
    ann.call(bob.host, sound())
    world.settle()
    assert world.methods() == ["INVITE", "200", "ACK", "BYE", "200"]
    nothing_left(world, ann, bob)


@pytest.mark.parametrize("status", [302, 404, 480, 486, 603])
def test_a_call_that_is_not_taken_says_why(status: int) -> None:
    world, ann, bob = two_agents()
    bob.on_call = lambda call: call.reject(status, headers={"contact": "<sip:elsewhere@h>"})
    ann.call(bob.host, sound())
    world.settle()
    (ended,) = ann.told(Ended)
    assert isinstance(ended, Ended)
    assert (ended.status, ended.by) == (status, "them")
    assert [str(c.uri) for c in ended.contacts] == (["sip:elsewhere@h"] if status == 302 else [])
    assert world.methods() == ["INVITE", str(status), "ACK"]
    nothing_left(world, ann, bob)


def test_nobody_there_is_told_after_32_s() -> None:
    world, ann, _ = two_agents()
    ann.call("10.0.0.9", sound())
    world.pass_ms(33_000)
    assert ann.events == [Ended(408, "Request Timeout", "nobody")]
    assert world.methods() == ["INVITE"] * 7
    nothing_left(world, ann)


def test_what_cannot_leave_is_told_at_once() -> None:
    world, ann, bob = two_agents()
    ann.unreachable.add(bob.host)
    ann.call(bob.host, sound())
    assert ann.events == [Ended(503, "Service Unavailable", "nobody")]
    nothing_left(world, ann)


def test_a_silent_application_does_not_make_the_caller_repeat() -> None:
    world, ann, bob = two_agents()
    ann.call(bob.host, sound())
    world.pass_ms(10_000)
    assert world.methods() == ["INVITE", "100"]
    assert not ann.events
    bob.calls[0].ring()
    world.pass_ms(170_000)
    assert world.methods() == ["INVITE", "100", "180", "180", "180"]  # Once a minute.


# -- cancelling


def test_a_ringing_call_is_cancelled() -> None:
    world, ann, bob = two_agents()
    call = ann.call(bob.host, sound())
    world.settle()
    bob.calls[0].ring()
    world.settle()
    call.hang_up()
    world.settle()
    assert world.methods() == ["INVITE", "180", "CANCEL", "200", "487", "ACK"]
    assert ann.events[-1] == Ended(487, "", "us")
    assert bob.events == [Ended(487, "Cancelled", "them")]
    nothing_left(world, ann, bob)


def test_a_cancel_waits_until_the_other_side_was_heard() -> None:
    world, ann, bob = two_agents()
    call = ann.call(bob.host, sound())
    call.hang_up()
    assert world.methods() == ["INVITE"]
    world.pass_ms(1_000)
    assert world.methods() == ["INVITE", "100", "CANCEL", "200", "487", "ACK"]
    nothing_left(world, ann, bob)


def test_an_answer_that_crosses_a_cancel_is_acknowledged_and_ended() -> None:
    world, ann, bob = two_agents()
    call = ann.call(bob.host, sound())
    world.settle()
    bob.calls[0].ring()
    world.settle()
    bob.calls[0].answer(sound())
    call.hang_up()
    world.settle()
    assert world.methods()[2:] == ["200", "CANCEL", "ACK", "BYE", "200", "200"]
    assert ann.told(Ended) == [Ended(487, "", "us")]
    assert bob.told(Ended) == [Ended(200, "", "them")]
    nothing_left(world, ann, bob)


def test_a_cancel_for_nothing_is_answered_481() -> None:
    world, _, bob = two_agents()
    hand = Stranger(world, "10.0.0.7")
    hand.say(hand.request("CANCEL", bob.host), bob.host)
    assert hand.answers() == [481]


# -- delayed offer, early media, forks


def test_an_offer_may_come_with_the_answer() -> None:
    world, ann, bob = two_agents()
    call = ann.call(bob.host, None)
    world.settle()
    assert bob.calls[0].offer is None
    bob.calls[0].answer(sound("192.0.2.2"))
    world.settle()
    assert ann.events == [Answered(sound("192.0.2.2"), offer=True)]
    assert not bob.events
    call.acknowledge(sound("192.0.2.1"))
    world.settle()
    assert bob.events == [Confirmed(sound("192.0.2.1"))]
    call.hang_up()
    nothing_left(world, ann, bob)


def test_an_offer_nobody_answers_ends_the_call() -> None:
    world, ann, bob = two_agents()
    answering(bob)
    ann.call(bob.host, None)
    world.pass_ms(20_000)
    assert ann.told(Ended) == [Ended(488, "No answer to the offer", "us")]
    nothing_left(world, ann, bob)


def test_early_media_arrives_reliably_and_a_later_180_does_not_silence_it() -> None:
    world, ann, bob = two_agents()
    ann.call(bob.host, sound())
    world.settle()
    lost: list[Message] = []

    def drop(message: Message) -> bool:
        if isinstance(message, Response) and message.status == 183 and len(lost) < 2:
            lost.append(message)
            return True
        return False

    world.drop = drop
    bob.calls[0].ring(sound("192.0.2.2"), status=183)
    bob.calls[0].ring()
    world.pass_ms(3_000)
    assert world.methods() == ["INVITE", "183", "183", "183", "PRACK", "200", "180"] or (
        world.methods() == ["INVITE", "183", "180", "183", "183", "PRACK", "200"]
    )
    assert [event for event in ann.events if isinstance(event, EarlyMedia)] == [
        EarlyMedia(sound("192.0.2.2"), bob.calls[0].leg.tag)
    ]
    bob.calls[0].answer(sound("192.0.2.2"))
    world.settle()
    assert isinstance(ann.events[-1], Answered)


def test_the_answer_waits_for_what_was_said_reliably_before() -> None:
    world, ann, bob = two_agents()
    ann.call(bob.host, sound())
    world.settle()
    bob.calls[0].ring(sound(), status=183)
    bob.calls[0].answer(sound())
    world.settle()
    assert world.methods() == ["INVITE", "183", "PRACK", "200", "200", "ACK"]


def test_a_caller_that_never_confirms_early_media_is_given_up() -> None:
    world, ann, bob = two_agents()
    world.drop = lambda m: isinstance(m, Request) and m.method == "PRACK"
    ann.call(bob.host, sound())
    world.settle()
    bob.calls[0].ring(sound(), status=183)
    world.pass_ms(35_000)
    assert bob.told(Ended) == [Ended(408, "No PRACK", "nobody")]
    assert ann.told(Ended) == [Ended(504, "No PRACK", "them")]


def test_a_prack_for_nothing_is_refused() -> None:
    world, _, bob = two_agents()
    hand = Stranger(world, "10.0.0.7")
    hand.say(hand.request("INVITE", bob.host, body=sound(), require="100rel"), bob.host)
    bob.calls[0].ring()
    world.settle()
    (ringing,) = [m for m in hand.heard if isinstance(m, Response) and m.status == 180]
    assert ringing.first("require") == "100rel"
    to = ringing.headers["to"][0]
    for rack, status in (("1 1 INVITE", 481), ("nonsense", 400)):
        cseq = f"{3 + (status == 400)} PRACK"
        hand.say(hand.request("PRACK", bob.host, to=to, cseq=cseq, rack=rack), bob.host)
        assert hand.answers()[-1] == status
    rack = f"{ringing.first('rseq')} 1 INVITE"
    hand.say(hand.request("PRACK", bob.host, to=to, cseq="5 PRACK", rack=rack), bob.host)
    assert hand.answers()[-1] == 200


def test_a_forked_call_switches_early_media_and_keeps_only_one_answer() -> None:
    world, ann, _ = two_agents()
    hand = Stranger(world, "10.0.0.2")  # In Bob's place.
    ann.call(hand.host, sound())
    world.settle()
    (invite,) = hand.asked("INVITE")
    contact = {"contact": "<sip:here@10.0.0.2>"}

    def say(status: int, tag: str, address: str = "") -> None:
        body = sound(address).encode() if address else b""
        answer = respond(invite, status, tag=tag, headers=contact)
        answer.body = body
        answer.put("content-type", "application/sdp")
        hand.say(answer, ann.host)

    say(183, "one", "192.0.2.11")
    say(180, "one")
    say(183, "two", "192.0.2.12")
    say(200, "two", "192.0.2.12")
    say(200, "one", "192.0.2.11")
    assert ann.events == [
        EarlyMedia(sound("192.0.2.11"), "one"),
        EarlyMedia(sound("192.0.2.12"), "two"),
        Answered(sound("192.0.2.12")),
    ]
    byes = hand.asked("BYE")
    assert [bye.recipient.tag for bye in byes] == ["one"]
    assert [ack.recipient.tag for ack in hand.asked("ACK")] == ["two", "one"]
    hand.say(respond(byes[0], 200), ann.host)
    assert not ann.told(Ended)
    assert not ann.calls[0].ended


def test_record_route_is_followed_by_both_sides() -> None:
    world, _, bob = two_agents()
    proxy = Stranger(world, "10.0.0.5")
    hand = Stranger(world, "10.0.0.7")
    invite = hand.request("INVITE", bob.host, body=sound(), record_route="<sip:10.0.0.5;lr>")
    hand.say(invite, bob.host)
    bob.calls[0].answer(sound())
    world.settle()
    answer = next(m for m in hand.heard if isinstance(m, Response) and m.status == 200)
    assert answer.values("record-route") == ["<sip:10.0.0.5;lr>"]
    to = answer.headers["to"][0]
    hand.say(hand.request("ACK", bob.host, to=to), bob.host)
    bob.calls[0].hang_up()
    world.settle()
    (bye,) = proxy.asked("BYE")
    assert (bye.target, bye.values("route")) == ("sip:100@10.0.0.7", ["<sip:10.0.0.5;lr>"])


def test_a_strict_router_finds_itself_in_the_request_line() -> None:
    world, _, bob = two_agents()
    proxy = Stranger(world, "10.0.0.5")
    hand = Stranger(world, "10.0.0.7")
    hand.say(
        hand.request("INVITE", bob.host, body=sound(), record_route="<sip:10.0.0.5>"), bob.host
    )
    bob.calls[0].answer(sound())
    world.settle()
    to = hand.last.headers["to"][0]
    hand.say(hand.request("ACK", bob.host, to=to), bob.host)
    bob.calls[0].hang_up()
    world.settle()
    (bye,) = proxy.asked("BYE")
    assert (bye.target, bye.values("route")) == ("sip:10.0.0.5", ["<sip:100@10.0.0.7>"])


# -- what must not work


def test_a_call_is_left_in_peace_by_requests_that_are_not_its_own() -> None:
    world, ann, bob = two_agents()
    answering(bob)
    ann.call(bob.host, sound())
    world.settle()
    call = bob.calls[0]
    dialog = call.leg.dialog
    assert dialog is not None
    hand = Stranger(world, "10.0.0.7")
    guess = {"call_id": call.call_id, "from": "<sip:x@h>;tag=wrong"}
    for to in (f"<sip:y@h>;tag={dialog.local_tag}", "<sip:y@h>;tag=wrong", "<sip:y@h>"):
        hand.say(hand.request("BYE", bob.host, to=to, **guess), bob.host)
    assert hand.answers() == [481, 481, 481]
    assert not bob.told(Ended)


def test_requests_out_of_order_and_unknown_ones_are_refused() -> None:
    world, _, bob = two_agents()
    answering(bob)
    hand = Stranger(world, "10.0.0.7")
    hand.say(hand.request("INVITE", bob.host, body=sound(), cseq="10 INVITE"), bob.host)
    to = hand.last.headers["to"][0]
    hand.say(hand.request("ACK", bob.host, to=to, cseq="10 ACK"), bob.host)
    for number, method, more, status in (
        (9, "INFO", {}, 500),
        (11, "MESSAGE", {}, 405),
        (12, "INFO", {"require": "magic"}, 420),
        (13, "OPTIONS", {}, 200),
        (14, "PRACK", {"rack": "1 1 INVITE"}, 481),
        (15, "NOTIFY", {"event": "presence"}, 489),
        (16, "REFER", {}, 400),
    ):
        request = hand.request(method, bob.host, to=to, cseq=f"{number} {method}", **more)
        hand.say(request, bob.host)
        assert hand.answers()[-1] == status, method
    assert not bob.calls[0].ended


def test_the_same_call_by_a_second_way_is_refused_482() -> None:
    world, _, bob = two_agents()
    hand = Stranger(world, "10.0.0.7")
    hand.say(hand.request("INVITE", bob.host, body=sound()), bob.host)
    hand.say(hand.request("INVITE", bob.host, body=sound()), bob.host)
    assert hand.answers() == [482]
    assert len(bob.calls) == 1


def test_methods_are_refused_in_a_state_that_does_not_allow_them() -> None:
    world, ann, bob = two_agents()
    call = ann.call(bob.host, sound())
    world.settle()
    with pytest.raises(Refused):
        call.ring()
    with pytest.raises(Refused):
        call.reinvite(sound())
    with pytest.raises(Refused):
        call.acknowledge(sound())
    with pytest.raises(Refused):
        _ = call.as_replaced
    bob.calls[0].answer(sound())
    with pytest.raises(Refused):
        bob.calls[0].answer(sound())
    with pytest.raises(Refused):
        bob.calls[0].acknowledge(sound())
    world.settle()
    call.hang_up()
    call.hang_up()
    world.settle()
    with pytest.raises(Refused):
        call.send_digit("1")
    assert world.methods().count("BYE") == 1


def test_an_unreadable_answer_ends_the_call_properly() -> None:
    world, ann, _ = two_agents()
    hand = Stranger(world, "10.0.0.2")
    ann.call(hand.host, sound())
    world.settle()
    (invite,) = hand.asked("INVITE")
    assert described(invite) == sound()
    contact = {"contact": "<sip:here@10.0.0.2>"}
    answer = respond(
        invite, 200, tag="x", headers=contact, body=b"junk", content_type="application/sdp"
    )
    hand.say(answer, ann.host)
    (ended,) = ann.told(Ended)
    assert isinstance(ended, Ended)
    assert ended.status == 400
    assert [m.method for m in hand.heard if isinstance(m, Request)] == ["INVITE", "ACK", "BYE"]
