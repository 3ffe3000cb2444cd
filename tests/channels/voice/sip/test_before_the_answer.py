"""Offers that come late, sound that comes early, forks, and ways through proxies."""

from __future__ import annotations

from channels.voice.sip.happenings import Answered, Confirmed, EarlyMedia, Ended
from channels.voice.sip.message import Message, Request, Response, respond
from tests.channels.voice.sip.world import Stranger, answering, nothing_left, sound, two_agents


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
