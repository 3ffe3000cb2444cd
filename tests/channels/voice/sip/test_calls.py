"""Calls between two stacks, without sockets: how they begin, end, and survive a bad network."""

from __future__ import annotations

import random

import pytest

from channels.voice.sip.calls import Call
from channels.voice.sip.happenings import (
    Answered,
    Confirmed,
    Ended,
    Ringing,
)
from channels.voice.sip.message import Message, Request, respond
from router.model.errors import Refused
from tests.channels.voice.sip.world import (
    Stranger,
    answering,
    described,
    nothing_left,
    sound,
    two_agents,
)


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
