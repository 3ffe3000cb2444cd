"""RFC 4475 read: each message is understood to the letter, or refused with the right status."""

from __future__ import annotations

import pytest

from channels.voice.sip.checks import (
    body_fault,
    check_request,
    check_response,
    missing_extensions,
    refusal,
)
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.message import Request, Response
from channels.voice.sip.parsing import parse_datagram
from channels.voice.sip.uri import SipUri
from tests.channels.voice.sip.torture import torture_messages

REFUSED = {
    "badinv01": 400,
    "clerr": 400,
    "ncl": 400,
    "scalar02": 400,
    "quotbal": 400,
    "ltgtruri": 400,
    "lwsruri": 400,
    "lwsstart": 400,
    "trws": 400,
    "escruri": 400,
    "regbadct": 400,
    "badaspec": 400,
    "baddn": 400,
    "badvers": 505,
    "mismatch01": 400,
    "mismatch02": 501,
    "intmeth": 501,
    "esc02": 501,
    "insuf": 400,
    "unksm2": 400,
    "unkscm": 416,
    "novelsc": 416,
    "bext01": 420,
    "invut": 415,
    "multi01": 400,
    "mcl01": 400,
    "sdp01": 406,
}
DROPPED = {"scalarlg", "bigcode", "bcast"}


def judged(data: bytes) -> int:
    """The status a message earns before anybody looks at who sent it; 0 for one that is fine."""
    try:
        message = parse_datagram(data)
        if isinstance(message, Response):
            check_response(message)
            return 0
        assert isinstance(message, Request)
        check_request(message)
        return 420 if missing_extensions(message) else body_fault(message)
    except BadMessage as fault:
        return answered(fault)


def answered(fault: BadMessage) -> int:
    answer = refusal(fault, "tag")
    if answer is None:
        return -1
    assert answer.encode().startswith(b"SIP/2.0 %d " % fault.status)
    return fault.status


def test_every_message_is_judged_as_the_list_says() -> None:
    found = {name: judged(message.data) for name, message in torture_messages().items()}
    expected = {name: -1 if name in DROPPED else REFUSED.get(name, 0) for name in found}
    assert found == expected
    assert len(found) >= 48


def request(name: str) -> Request:
    message = parse_datagram(torture_messages()[name].data)
    assert isinstance(message, Request)
    return message


def sip(uri: object) -> SipUri:
    assert isinstance(uri, SipUri)
    return uri


def test_a_short_tortuous_invite() -> None:
    message = request("wsinv")
    assert message.method == "INVITE"
    assert message.target == "sip:vivekg@chair-dnrc.example.com;unknownparam"
    assert message.recipient.tag == "1918181833n"
    assert message.sender.name == 'J Rosenberg \\"'
    assert message.sender.tag == "98asjd8"
    assert message.number("max-forwards", 70) == 68
    assert message.cseq == (9, "INVITE")
    assert message.call_id == "wsinv.ndaksdj@192.0.2.1"
    assert len(message.body) == 150
    assert [via.host for via in message.vias] == [
        "192.0.2.2",
        "spindle.example.com",
        "192.168.255.111",
    ]
    assert message.via.branch == "390skdjuw"
    assert message.first("subject") == ""
    assert message.first("unknownheaderwithunusualvalue") == ";;,,;;,;"
    (route,) = message.addresses("route")
    assert sip(route.uri).host == "services.example.com"
    assert dict(sip(route.uri).parameters) == {
        "lr": None,
        "unknownwith": "value",
        "unknown-no-value": None,
    }
    (contact,) = message.addresses("contact")
    assert contact.name == 'Quoted string ""'
    assert dict(contact.parameters) == {"newparam": "newvalue", "secondparam": None, "q": "0.33"}


def test_a_wide_range_of_valid_characters() -> None:
    message = request("intmeth")
    assert message.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert message.recipient.name == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert message.sender.parameters["fromparam''~+*_!.-%"] == "работающий"
    assert message.call_id == "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"


def test_escapes_are_decoded_once() -> None:
    message = request("esc01")
    assert sip(message.uri).user == "sips:user@example.com"
    assert sip(message.uri).host == "example.net"
    assert message.recipient.user == "user"
    assert message.sender.user == "I have spaces"
    (contact,) = message.addresses("contact")
    assert dict(sip(contact.uri).parameters) == {"lr": None, "name": "value%41"}


def test_escaped_nulls_cut_nothing_off() -> None:
    message = request("escnull")
    assert message.recipient.user == "null-\x00-null"
    assert [contact.user for contact in message.addresses("contact")] == ["\x00", "\x00\x00"]


def test_a_percent_sign_is_no_escape_in_methods_names_and_headers() -> None:
    message = request("esc02")
    assert message.method == "RE%47IST%45R"
    assert (message.sender.name, message.recipient.name) == ("%Z%45", "%Z%45")
    assert len(message.addresses("contact")) == 2
    assert message.first("c%6fntact") is not None


def test_no_white_space_is_needed_before_an_angle_bracket() -> None:
    sender = request("lwsdisp").sender
    assert (sender.name, str(sender.uri)) == ("caller", "sip:caller@example.com")


def test_long_values_are_kept_whole() -> None:
    message = request("longreq")
    assert message.recipient.name.startswith("I have a user name of extreme")
    assert message.sender.tag.encode() in torture_messages()["longreq"].data
    assert len(message.sender.tag) == 155
    assert len(message.vias) == 34
    assert message.call_id.endswith("reallylongcallid")
    assert message.encode().count(b"extreme") == torture_messages()["longreq"].data.count(
        b"extreme"
    )


def test_one_datagram_is_one_request() -> None:
    message = request("dblreq")
    assert (message.method, message.body) == ("REGISTER", b"")


def test_semicolons_before_the_at_sign_belong_to_the_user() -> None:
    uri = sip(request("semiuri").uri)
    assert uri.user == "user;par=u@example.net"
    assert not uri.parameters


def test_unknown_transports_are_read() -> None:
    vias = request("transports").vias
    assert [via.transport for via in vias] == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]


def test_a_binary_body_is_intact() -> None:
    message = request("mpart01")
    data = torture_messages()["mpart01"].data
    assert len(message.body) == 553
    assert data.endswith(message.body)


@pytest.mark.parametrize(("name", "status"), [("unreason", 200), ("noreason", 100)])
def test_any_reason_phrase_will_do(name: str, status: int) -> None:
    message = parse_datagram(torture_messages()[name].data)
    assert isinstance(message, Response)
    assert message.status == status
    if name == "unreason":
        assert message.reason == "= 2**3 * 5**2 но сто девяносто девять - простое"
    else:
        assert message.reason == ""


def test_parameters_stay_where_they_were_written() -> None:
    """Without angle brackets they are the binding's, within them the address's."""
    (outside,) = request("cparam01").addresses("contact")
    (inside,) = request("cparam02").addresses("contact")
    assert dict(outside.parameters) == {"unknownparam": None}
    assert not sip(outside.uri).parameters
    assert not inside.parameters
    assert str(inside.uri) == "sip:+19725552222@gw1.example.net;unknownparam"
    (escaped,) = request("regescrt").addresses("contact")
    assert str(escaped.uri) == "sip:user@example.com?Route=%3Csip:sip.example.com%3E"


def test_an_invite_of_the_first_rfc_is_understood() -> None:
    message = request("inv2543")
    assert not message.via.unique
    assert message.sender.tag == ""
    assert dict(message.recipient.parameters) == {"user": "phone"}
    assert message.body.startswith(b"v=0")
