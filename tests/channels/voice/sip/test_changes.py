"""Changing, transferring and refreshing calls that are up, and digits beside the sound."""

from __future__ import annotations

import pytest

from channels.voice.sip.calls import Call
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.happenings import (
    CallEvent,
    Changed,
    ChangeRefused,
    Confirmed,
    Digit,
    Ended,
    Reoffered,
    Replaced,
    TransferAsked,
    TransferProgress,
)
from channels.voice.sip.message import Message, Request, respond
from router.model.errors import Refused
from tests.channels.voice.sip.world import (
    Agent,
    Stranger,
    World,
    answering,
    nothing_left,
    sound,
    two_agents,
)


def up() -> tuple[World, Agent, Agent, Call, Call]:
    """A call that is up, and what was told about it is forgotten."""
    world, ann, bob = two_agents()
    answering(bob)
    call = ann.call(bob.host, sound())
    world.settle()
    for agent in (ann, bob):
        agent.events.clear()
    world.sent.clear()
    return world, ann, bob, call, bob.calls[0]


def accepting(agent: Agent) -> None:
    def accept(call: Call, event: CallEvent) -> None:
        if isinstance(event, Reoffered):
            call.accept(sound("192.0.2.2", "recvonly"))

    agent.on_event = accept


def test_a_call_is_held_and_resumed_by_either_side() -> None:
    world, ann, bob, call, other = up()
    accepting(bob)
    accepting(ann)
    call.reinvite(sound("192.0.2.1", "sendonly"))
    world.settle()
    assert bob.events == [Reoffered(sound("192.0.2.1", "sendonly")), Confirmed(None)]
    assert ann.events == [Changed(sound("192.0.2.2", "recvonly"))]
    other.reinvite(sound("192.0.2.2"))
    world.settle()
    assert bob.events[-1] == Changed(sound("192.0.2.2", "recvonly"))
    assert world.methods() == ["INVITE", "200", "ACK"] * 2
    call.hang_up()
    nothing_left(world, ann, bob)


def test_a_refused_change_leaves_the_call_as_it_was() -> None:
    world, ann, bob, call, other = up()
    bob.on_event = lambda c, event: c.refuse(488) if isinstance(event, Reoffered) else None
    call.reinvite(sound())
    world.settle()
    assert ann.events == [ChangeRefused(488)]
    call.reinvite(sound())
    world.settle()
    assert not call.ended
    assert not other.ended


def test_a_change_nobody_answers_is_refused_after_20_s() -> None:
    world, ann, _, call, other = up()
    call.reinvite(sound())
    with pytest.raises(Refused):
        call.reinvite(sound())
    world.pass_ms(21_000)
    assert ann.events == [ChangeRefused(500)]
    assert not other.ended


def test_an_offer_asked_for_by_a_change_is_made() -> None:
    world, ann, bob, call, _ = up()
    bob.on_event = lambda c, event: (
        c.accept(sound("9.9.9.9")) if isinstance(event, Reoffered) else None
    )
    call.reinvite(None)
    world.settle()
    assert bob.events == [Reoffered(None)]
    assert ann.events == [Changed(sound("9.9.9.9"), offer=True)]
    call.acknowledge(sound("8.8.8.8"))
    world.settle()
    assert bob.events[1:] == [Confirmed(sound("8.8.8.8"))]
    assert not call.ended


def test_both_changing_at_once_are_told_491_and_both_get_their_turn() -> None:
    world, ann, bob, call, other = up()
    accepting(ann)
    accepting(bob)
    call.reinvite(sound("192.0.2.1", "sendonly"))
    other.reinvite(sound("192.0.2.2", "sendonly"))
    world.settle()
    assert world.methods().count("491") == 2
    world.pass_ms(2_050)
    assert [type(event) for event in bob.events] == [Changed]  # Who did not call waits less.
    world.pass_ms(2_050)
    assert Changed(sound("192.0.2.2", "recvonly")) in ann.events
    assert not ann.told(ChangeRefused)


def test_a_change_while_another_is_being_answered_comes_back_later() -> None:
    world, _, bob, call, other = up()
    hand = Stranger(world, "10.0.0.1")  # In Ann's place from now on.
    dialog = call.leg.dialog
    assert dialog is not None
    first, second = dialog.request("INVITE"), dialog.request("INVITE")
    for request in (first, second):
        request.put("via", f"SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK{request.cseq[0]}")
        request.put("contact", "<sip:x@10.0.0.1>")
        hand.say(request, bob.host)
    assert hand.answers() == [500]
    assert hand.last.number("retry-after", 0) in range(1, 11)
    assert bob.told(Reoffered) == [Reoffered(None)]
    other.refuse()


def test_an_update_changes_an_early_or_a_standing_call() -> None:
    world, _, bob, call, _ = up()
    accepting(bob)
    dialog = call.leg.dialog
    assert dialog is not None
    hand = Stranger(world, "10.0.0.1")
    for body in (sound("192.0.2.9"), None):
        update = dialog.request("UPDATE")
        update.put("via", f"SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK{update.cseq[0]}")
        update.put("contact", "<sip:moved@10.0.0.1>")
        if body is not None:
            update.body = body.encode()
            update.put("content-type", "application/sdp")
        hand.say(update, bob.host)
        assert hand.answers()[-1] == 200
        assert bool(hand.last.body) == (body is not None)
    assert bob.told(Reoffered) == [Reoffered(sound("192.0.2.9"))]
    theirs = bob.calls[0].leg.dialog
    assert theirs is not None
    assert theirs.target == "sip:moved@10.0.0.1"  # The Contact of a change is where we go now.


# -- session timers


def test_a_standing_call_is_refreshed_at_half_its_interval() -> None:
    world, ann, bob, call, other = up()
    world.pass_ms(3_600_000)
    assert world.methods() == ["UPDATE", "200"] * 4
    assert not call.ended
    assert not other.ended
    assert not ann.events
    assert not bob.events


def test_sip_10_a_call_whose_other_side_vanished_ends() -> None:
    world, ann, bob, _, _ = up()
    world.drop = lambda message: True
    world.pass_ms(1_801_000)
    assert [type(event) for event in ann.events] == [Ended]
    assert bob.events == [Ended(408, "Session expired", "nobody")]
    nothing_left(world, ann, bob)


def test_a_phone_without_session_timers_is_refreshed_by_us() -> None:
    world, _, bob = two_agents()
    answering(bob)
    hand = Stranger(world, "10.0.0.7")
    hand.say(hand.request("INVITE", bob.host, body=sound()), bob.host)
    assert "session-expires" not in hand.last.headers
    hand.say(hand.request("ACK", bob.host, to=hand.last.headers["to"][0]), bob.host)
    world.pass_ms(900_000)
    refresh = hand.asked("INVITE")
    assert refresh
    assert refresh[0].body == sound("192.0.2.2").encode()


def test_an_interval_that_is_too_short_is_refused_with_the_shortest_we_take() -> None:
    world, _, bob = two_agents()
    hand = Stranger(world, "10.0.0.7")
    hand.say(hand.request("INVITE", bob.host, session_expires="30", supported="timer"), bob.host)
    assert hand.answers() == [422]
    assert hand.last.first("min-se") == "90"
    assert not bob.calls


def test_an_interval_the_other_side_finds_too_short_is_asked_for_again() -> None:
    world, ann, _ = two_agents()
    hand = Stranger(world, "10.0.0.2")
    ann.call(hand.host, sound())
    world.settle()
    hand.say(respond(hand.asked("INVITE")[0], 422, tag="x", headers={"min-se": "3600"}), ann.host)
    again = hand.asked("INVITE")[1]
    assert (again.first("session-expires"), again.first("min-se")) == ("3600", "3600")
    assert again.cseq[0] == hand.asked("INVITE")[0].cseq[0] + 1


# -- transfers


def test_a_blind_transfer_is_asked_for_taken_and_told_about() -> None:
    world, ann, bob, call, other = up()
    other.refer("sip:300@10.0.0.9")
    world.settle()
    (asked,) = ann.events
    assert isinstance(asked, TransferAsked)
    assert (asked.target.user, asked.replaces) == ("300", None)
    with pytest.raises(Refused):
        other.refer("sip:300@10.0.0.9")
    call.take_transfer()
    world.settle()
    call.report_transfer(180)
    call.report_transfer(200)
    call.report_transfer(200)
    world.settle()
    assert bob.events == [
        TransferProgress(202, final=False),
        TransferProgress(100, final=False),
        TransferProgress(180, final=False),
        TransferProgress(200, final=True),
    ]
    notifies = [m for m in world.sent if isinstance(m, Request) and m.method == "NOTIFY"]
    assert [n.first("subscription-state") for n in notifies] == [
        "active;expires=60",
        "active;expires=60",
        "terminated;reason=noresource",
    ]
    assert notifies[-1].body == b"SIP/2.0 200 OK\r\n"


def test_an_attended_transfer_names_the_call_to_replace() -> None:
    world, ann, _, _, other = up()
    other.refer("sip:300@10.0.0.9", replaced=Replaced("c@d", "to1", "from"))
    world.settle()
    (asked,) = ann.events
    assert isinstance(asked, TransferAsked)
    assert asked.replaces == Replaced("c@d", "to1", "from")
    assert not getattr(asked.target.uri, "headers", "")


def test_a_transfer_may_be_refused_or_forgotten() -> None:
    world, _, bob, call, other = up()
    other.refer("sip:300@10.0.0.9")
    world.settle()
    call.refuse_transfer()
    world.settle()
    assert bob.events == [TransferProgress(603, final=True)]
    other.refer("sip:300@10.0.0.9")
    world.pass_ms(21_000)
    assert bob.events[1:] == [TransferProgress(480, final=True)]
    with pytest.raises(BadMessage):
        other.refer("not an address")


def test_a_call_takes_the_place_of_another() -> None:
    """RFC 3891: the new INVITE names the dialog as the one who receives it sees it."""
    world, ann, bob, call, other = up()
    third = Agent(world, "10.0.0.3")
    header = f"{other.call_id};to-tag={other.leg.tag};from-tag={call.leg.tag}"
    third.call(bob.host, sound(), headers={"replaces": header})
    world.settle()
    assert bob.calls[1].replaces is other
    assert call.as_replaced == Replaced(call.call_id, other.leg.tag, call.leg.tag)
    for bad, status in (("x;to-tag=a;from-tag=b", 481), ("x", 400), (f"{header};early-only", 486)):
        ann.events.clear()
        ann.call(bob.host, sound(), headers={"replaces": bad})
        world.settle()
        assert [getattr(event, "status", 0) for event in ann.events] == [status]


# -- digits


@pytest.mark.parametrize(
    ("kind", "body", "digit", "duration"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=250\r\n", "5", 250),
        ("application/dtmf-relay", b"signal= 11\r\n", "#", 160),
        ("application/dtmf", b"*", "*", 160),
    ],
)
def test_digits_by_info_are_told(kind: str, body: bytes, digit: str, duration: int) -> None:
    world, _, bob, call, _ = up()
    assert said(world, call, bob, kind, body) == 200
    assert bob.events == [Digit(digit, duration)]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/dtmf-relay", b"nothing", 400),
        ("application/dtmf", b"55", 400),
        ("text/plain", b"hello", 415),
        ("", b"", 200),
    ],
)
def test_info_without_a_digit_is_answered_properly(kind: str, body: bytes, status: int) -> None:
    world, _, bob, call, _ = up()
    assert said(world, call, bob, kind, body) == status
    assert not bob.events


def said(world: World, call: Call, bob: Agent, kind: str, body: bytes) -> int:
    dialog = call.leg.dialog
    assert dialog is not None
    hand = Stranger(world, "10.0.0.1")
    info = dialog.request("INFO")
    info.put("via", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKinfo")
    info.body = body
    if kind:
        info.put("content-type", kind)
    hand.say(info, bob.host)
    return hand.answers()[-1]


def test_digits_are_sent() -> None:
    world, _, bob, call, _ = up()
    call.send_digit("7", duration_ms=120)
    world.settle()
    assert bob.events == [Digit("7", 120)]
    with pytest.raises(BadMessage):
        call.send_digit("77")


def test_a_lost_change_is_repeated() -> None:
    world, ann, bob, call, _ = up()
    accepting(bob)
    lost: list[Message] = []

    def drop(message: Message) -> bool:
        lost.append(message)
        return len(lost) % 2 == 1

    world.drop = drop
    call.reinvite(sound("192.0.2.1", "sendonly"))
    world.pass_ms(30_000)
    assert ann.events == [Changed(sound("192.0.2.2", "recvonly"))]
    assert bob.told(Reoffered) == [Reoffered(sound("192.0.2.1", "sendonly"))]
