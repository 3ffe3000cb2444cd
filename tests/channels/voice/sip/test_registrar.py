"""Where phones are: bindings, their ends, their order, and requests that came late."""

from __future__ import annotations

import pytest

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.hops import TCP, UDP, Hop
from channels.voice.sip.message import Request
from channels.voice.sip.parsing import parse_datagram
from channels.voice.sip.registrar import Registrar
from router.model.ids import Instant
from tests.channels.voice.sip.torture import torture_messages

NOW = Instant(1_800_000_000_000)
FLOW = Hop(UDP, "192.0.2.9", 5060)


def register(contact: str | None, *, cseq: int = 1, call_id: str = "c", **headers: str) -> Request:
    lines = {
        "via": ["SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx"],
        "from": ["<sip:100@h>;tag=a"],
        "to": ["<sip:100@h>"],
        "call-id": [call_id],
        "cseq": [f"{cseq} REGISTER"],
    }
    if contact is not None:
        lines["contact"] = [contact]
    for name, line in headers.items():
        lines[name] = [line]
    return Request("REGISTER", "sip:h", lines)


def contacts(registrar: Registrar, at: int = NOW) -> list[str]:
    return [str(b.contact.uri) for b in registrar.bindings("100", Instant(at))]


def test_bindings_end_by_themselves_and_are_bounded_in_time() -> None:
    """SIP-1: Expires is taken between 60 and 3,600 s, whatever was asked for."""
    for asked, seconds in (("30", 60), ("600", 600), ("99999999999999999999999", 3600), ("x", 600)):
        registrar = Registrar()
        response = registrar.register(register("<sip:100@a>", expires=asked), "100", FLOW, NOW)
        assert response.first("contact") == f"<sip:100@a>;expires={seconds}"
        assert contacts(registrar, NOW + seconds * 1_000 - 1) == ["sip:100@a"]
        assert registrar.account_at(FLOW, Instant(NOW + seconds * 1_000)) is None
        assert registrar.count() == 0


def test_several_devices_are_kept_in_the_order_they_are_wanted() -> None:
    registrar = Registrar()
    registrar.register(
        register("<sip:100@a>;q=0.2, <sip:100@b>;q=0.9, <sip:100@c>;q=x"), "100", FLOW, NOW
    )
    assert contacts(registrar) == ["sip:100@c", "sip:100@b", "sip:100@a"]
    registrar.register(register("<sip:100@B>;expires=0", cseq=2), "100", FLOW, NOW)
    assert contacts(registrar) == ["sip:100@c", "sip:100@a"]
    too_many = ", ".join(f"<sip:100@h{number}>" for number in range(10))
    assert registrar.register(register(too_many, cseq=3), "100", FLOW, NOW).status == 403
    assert contacts(registrar) == ["sip:100@c", "sip:100@a"]
    fetched = registrar.register(register(None, cseq=4), "100", FLOW, NOW)
    assert len(fetched.addresses("contact")) == 2
    registrar.register(register("*", cseq=5, expires="0"), "100", FLOW, NOW)
    assert contacts(registrar) == []


def test_a_late_repeat_changes_nothing() -> None:
    registrar = Registrar()
    registrar.register(register("<sip:100@a>", cseq=5), "100", FLOW, NOW)
    with pytest.raises(BadMessage) as caught:
        registrar.register(register("<sip:100@a>;expires=0", cseq=4), "100", FLOW, NOW)
    assert caught.value.status == 500
    assert contacts(registrar) == ["sip:100@a"]
    registrar.register(
        register("<sip:100@a>;expires=0", cseq=1, call_id="restarted"), "100", FLOW, NOW
    )
    assert contacts(registrar) == []


@pytest.mark.parametrize(
    ("contact", "headers"),
    [("*", {}), ("*", {"expires": "60"}), ("<name:John>", {}), ("<sip:100@a>", {"to": "isbn:1"})],
)
def test_what_cannot_be_a_registration_is_refused(contact: str, headers: dict[str, str]) -> None:
    request = register(contact)
    for name, line in headers.items():
        request.put(name, line)
    with pytest.raises(BadMessage):
        Registrar().register(request, "100", FLOW, NOW)


def test_a_path_is_kept_and_repeated() -> None:
    registrar = Registrar()
    request = register("<sip:100@a>", path="<sip:edge.example;lr>")
    response = registrar.register(request, "100", FLOW, NOW)
    assert response.values("path") == ["<sip:edge.example;lr>"]
    assert registrar.bindings("100", NOW)[0].path == ("<sip:edge.example;lr>",)


def test_who_came_by_a_connection_is_gone_with_it() -> None:
    registrar = Registrar()
    by_tcp = Hop(TCP, "192.0.2.9", 40_000, connection=7)
    registrar.register(register("<sip:100@a>"), "100", FLOW, NOW)
    registrar.register(register("<sip:100@b>", call_id="d"), "100", by_tcp, NOW)
    assert registrar.account_at(by_tcp, NOW) == "100"
    registrar.forget_connection(7)
    assert contacts(registrar) == ["sip:100@a"]
    assert registrar.account_at(by_tcp, NOW) is None


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("escnull", ["sip:%00%00@host5.example.com", "sip:%00@host5.example.com"]),
        ("cparam01", ["sip:+19725552222@gw1.example.net"]),
        ("cparam02", ["sip:+19725552222@gw1.example.net;unknownparam"]),
        ("regescrt", ["sip:user@example.com?Route=%3Csip:sip.example.com%3E"]),
    ],
)
def test_torture_registrations_are_bound_and_fetched_to_the_letter(
    name: str, bound: list[str]
) -> None:
    request = parse_datagram(torture_messages()[name].data)
    assert isinstance(request, Request)
    registrar = Registrar()
    response = registrar.register(request, "100", FLOW, NOW)
    assert response.status == 200
    assert sorted(str(contact.uri) for contact in response.addresses("contact")) == sorted(bound)
    if name == "cparam01":
        assert "unknownparam" in response.addresses("contact")[0].parameters
