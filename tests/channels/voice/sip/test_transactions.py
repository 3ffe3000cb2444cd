"""The four machines, state by state, with time that is set (RFC 3261, 17; RFC 6026)."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import pytest

from channels.voice.sip.message import Request, Response, respond
from channels.voice.sip.timetable import Timetable
from channels.voice.sip.transactions import (
    Action,
    ClientInvite,
    ClientOther,
    Deliver,
    Failed,
    ServerInvite,
    ServerOther,
    State,
    Transaction,
    Transmit,
    cancellation,
    client_key,
    server_key,
)
from router.model.ids import Instant

T0 = Instant(1_000_000)


def request(method: str = "INVITE") -> Request:
    return Request(
        method,
        "sip:b@h",
        {
            "via": ["SIP/2.0/UDP a;branch=z9hG4bK1"],
            "from": ["<sip:a@a>;tag=1"],
            "to": ["<sip:b@h>"],
            "call-id": ["c"],
            "cseq": [f"1 {method}"],
            "route": ["<sip:p;lr>"],
        },
    )


def answer(of: Request, status: int) -> Response:
    return respond(of, status, tag="t")


def let_pass(machine: Transaction, until_ms: int) -> list[tuple[int, str]]:
    """What a machine does by itself, with the moments."""
    done = []
    while machine.deadline is not None and machine.deadline <= T0 + until_ms:
        at = machine.deadline
        done += [(at - T0, said(action)) for action in machine.timer(at)]
    return done


def said(action: Action) -> str:
    match action:
        case Transmit(message) | Deliver(message):
            word = message.method if isinstance(message, Request) else str(message.status)  # type: ignore[attr-defined]  # One of the two.
            return word if isinstance(action, Transmit) else f"told {word}"
        case Failed(why):
            return why


def words(actions: Sequence[Action]) -> list[str]:
    return [said(action) for action in actions]


def test_an_invite_is_repeated_ever_more_slowly_and_given_up_after_32_s() -> None:
    machine = ClientInvite(request(), reliable=False)
    assert words(machine.start(T0)) == ["INVITE"]
    done = let_pass(machine, 60_000)
    assert done == [
        (500, "INVITE"),
        (1_500, "INVITE"),
        (3_500, "INVITE"),
        (7_500, "INVITE"),
        (15_500, "INVITE"),
        (31_500, "INVITE"),
        (32_000, "timeout"),
    ]
    assert machine.over


def test_by_tcp_nothing_is_repeated() -> None:
    for machine in (
        ClientInvite(request(), reliable=True),
        ClientOther(request("BYE"), reliable=True),
    ):
        machine.start(T0)
        assert let_pass(machine, 60_000) == [(32_000, "timeout")]


def test_once_heard_an_invite_waits_for_ever_and_its_refusal_is_acknowledged_each_time() -> None:
    machine = ClientInvite(request(), reliable=False)
    machine.start(T0)
    assert words(machine.receive(answer(request(), 180), T0)) == ["told 180"]
    assert machine.deadline is None
    assert words(machine.receive(answer(request(), 486), T0)) == ["ACK", "told 486"]
    assert words(machine.receive(answer(request(), 486), T0)) == ["ACK"]
    assert words(machine.receive(answer(request(), 180), T0)) == []
    assert let_pass(machine, 40_000) == []
    assert machine.over
    assert machine.receive(answer(request(), 486), T0) == []


def test_every_success_is_told_while_the_machine_lingers() -> None:
    machine = ClientInvite(request(), reliable=False)
    machine.start(T0)
    assert words(machine.receive(answer(request(), 200), T0)) == ["told 200"]
    assert words(machine.receive(answer(request(), 200), T0)) == ["told 200"]
    assert words(machine.receive(answer(request(), 486), T0)) == []
    assert let_pass(machine, 40_000) == []
    assert machine.over


def test_another_request_is_repeated_every_4_s_at_most() -> None:
    machine = ClientOther(request("BYE"), reliable=False)
    machine.start(T0)
    moments = [at for at, word in let_pass(machine, 60_000) if word == "BYE"]
    assert moments[:5] == [500, 1_500, 3_500, 7_500, 11_500]
    assert machine.over
    machine = ClientOther(request("BYE"), reliable=False)
    machine.start(T0)
    assert words(machine.receive(answer(request("BYE"), 100), T0)) == ["told 100"]
    assert words(machine.receive(answer(request("BYE"), 200), T0)) == ["told 200"]
    assert words(machine.receive(answer(request("BYE"), 200), T0)) == []
    assert let_pass(machine, 10_000) == []
    assert machine.over


@pytest.mark.parametrize("kind", [ClientInvite, ClientOther])
def test_what_could_not_leave_is_told_once(kind: type[ClientInvite] | type[ClientOther]) -> None:
    machine = kind(request(), reliable=True)
    machine.start(T0)
    assert words(machine.transport_failed()) == ["transport"]
    assert machine.transport_failed() == []


def test_an_invite_of_others_hears_100_and_repeats_hear_the_latest() -> None:
    machine = ServerInvite(request(), reliable=False)
    assert words(machine.start(T0)) == ["told INVITE"]
    assert let_pass(machine, 1_000) == [(200, "100")]
    assert words(machine.respond(answer(request(), 180), T0)) == ["180"]
    assert words(machine.receive(request(), T0)) == ["180"]
    early = ServerInvite(request(), reliable=False)
    early.start(T0)
    assert words(early.receive(request(), T0)) == ["100"]


def test_a_refusal_is_repeated_until_its_ack() -> None:
    machine = ServerInvite(request(), reliable=False)
    machine.start(T0)
    assert words(machine.respond(answer(request(), 486), T0)) == ["486"]
    assert machine.respond(answer(request(), 200), T0) == []
    assert [word for _, word in let_pass(machine, 3_500)] == ["486", "486", "486"]
    assert machine.receive(request("ACK"), T0) == []
    assert machine.state is State.CONFIRMED
    assert machine.receive(request(), T0) == []
    assert let_pass(machine, 60_000) == []
    assert machine.over
    alone = ServerInvite(request(), reliable=False)
    alone.start(T0)
    alone.respond(answer(request(), 486), T0)
    assert let_pass(alone, 60_000)[-1] == (32_000, "timeout")


def test_a_success_is_repeated_by_its_user_only() -> None:
    machine = ServerInvite(request(), reliable=False)
    machine.start(T0)
    assert words(machine.respond(answer(request(), 200), T0)) == ["200"]
    assert machine.receive(request(), T0) == []
    assert words(machine.respond(answer(request(), 200), T0)) == ["200"]
    assert machine.respond(answer(request(), 180), T0) == []
    assert let_pass(machine, 60_000) == []
    assert machine.over


def test_another_request_of_others_is_answered_once_and_repeats_hear_it() -> None:
    machine = ServerOther(request("BYE"), reliable=False)
    assert words(machine.start(T0)) == ["told BYE"]
    assert machine.receive(request("BYE"), T0) == []
    assert words(machine.respond(answer(request("BYE"), 100), T0)) == ["100"]
    assert words(machine.respond(answer(request("BYE"), 200), T0)) == ["200"]
    assert machine.respond(answer(request("BYE"), 500), T0) == []
    assert words(machine.receive(request("BYE"), T0)) == ["200"]
    let_pass(machine, 60_000)
    assert machine.over
    forgotten = ServerOther(request("BYE"), reliable=False)
    forgotten.start(T0)
    let_pass(forgotten, 32_000)
    assert forgotten.over


def test_messages_of_one_transaction_share_a_key() -> None:
    invite = request()
    assert client_key(invite) == client_key(answer(invite, 200))
    assert server_key(invite) == server_key(request("ACK"))
    assert server_key(request("CANCEL"), method="INVITE") == server_key(invite)
    assert server_key(request("CANCEL")) != server_key(invite)
    old, other = request(), request()
    for one in (old, other):
        one.put("via", "SIP/2.0/UDP a")
    assert server_key(old) == server_key(other)
    other.put("call-id", "d")
    assert server_key(old) != server_key(other)


def test_a_cancel_takes_the_way_of_its_invite() -> None:
    cancel = cancellation(request())
    assert (cancel.cseq, cancel.via, cancel.target) == ((1, "CANCEL"), request().via, "sip:b@h")
    assert cancel.values("route") == ["<sip:p;lr>"]


def test_a_timetable_calls_everybody_once_when_due() -> None:
    class One:
        deadline: Instant | None = None

    asked: list[int] = []
    table = Timetable(asked.append)
    first, second, third = One(), One(), One()
    first.deadline, second.deadline = Instant(30), Instant(20)
    for one in (first, second, third):
        table.note(one)
    assert asked == [30, 20]
    second.deadline = Instant(40)
    table.note(second)
    assert table.due(Instant(30)) == [first]
    assert table.due(Instant(35)) == []
    assert table.due(Instant(40)) == [second]
    assert table.due(Instant(99)) == []
    for one in (first, second):
        one.deadline = Instant(200)
        table.note(one)
    table.drop(first)
    second.deadline = None
    table.note(second)
    assert len(table) == 0
    assert table.due(Instant(300)) == []


def test_a_timetable_keeps_nothing_of_what_was_dropped() -> None:
    class One:
        deadline = Instant(10_000)

    table = Timetable(lambda at: None)
    ones = [One() for _ in range(5_000)]
    known = [weakref.ref(one) for one in ones]
    any(map(table.note, ones))
    any(map(table.drop, ones[:-1]))
    last = ones[-1]
    ones.clear()
    assert sum(ref() is not None for ref in known) == 1
    assert table.due(Instant(10_000)) == [last]
