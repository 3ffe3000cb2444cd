"""Addresses, headers and messages: read, written, bounded, and never able to smuggle a line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.voice.sip.addresses import NameAddress, parse_name_address, parse_via
from channels.voice.sip.checks import check_request, check_response, refusal
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.framing import StreamReader
from channels.voice.sip.grammar import parse_parameters, shown, split_list
from channels.voice.sip.limits import DATAGRAM_BYTES, STREAM_BYTES
from channels.voice.sip.message import Message, Request, Response, respond, stamp_source
from channels.voice.sip.parsing import parse_datagram
from channels.voice.sip.uri import OtherUri, SipUri, TelUri, parse_sip_uri, parse_uri, sip_uri

OPTIONS = (
    b"OPTIONS sip:us@127.0.0.1 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:5070;rport;branch=z9hG4bKabc\r\n"
    b"Max-Forwards: 70\r\n"
    b"From: <sip:them@127.0.0.1>;tag=1\r\n"
    b"To: <sip:us@127.0.0.1>\r\n"
    b"Call-ID: call-1\r\n"
    b"CSeq: 7 OPTIONS\r\n"
    b"Content-Length: 0\r\n\r\n"
)


def request_of(data: bytes) -> Request:
    message = parse_datagram(data)
    assert isinstance(message, Request)
    return message


def refused(data: bytes) -> tuple[int, str]:
    with pytest.raises(BadMessage) as caught:
        check_request(request_of(data))
    return caught.value.status, caught.value.message


@pytest.mark.parametrize(
    ("text", "user", "host", "port"),
    [
        ("sip:alice@example.com", "alice", "example.com", None),
        ("SIPS:%61lice@EXAMPLE.com:5061", "alice", "example.com", 5061),
        ("sip:+49;phone-context=x@[2001::1]:5060", "+49;phone-context=x", "[2001::1]", 5060),
        ("sip:*72#@pbx_1.example", "*72#", "pbx_1.example", None),
        ("sip:example.com;transport=tcp;lr", None, "example.com", None),
        ("sip:a:secret@h", "a", "h", None),
    ],
)
def test_a_sip_address_is_read(text: str, user: str | None, host: str, port: int | None) -> None:
    uri = parse_sip_uri(text)
    assert (uri.user, uri.host, uri.port) == (user, host, port)
    assert str(uri) == text


@pytest.mark.parametrize(
    "text",
    [
        "sip:",
        "sip:@h",
        "sip:a b@h",
        "sip:a@h:70000",
        "sip:a@h;x;x",
        "sip:a@b@c",
        "sip:a@h;",
        "nothing",
        "sip:a@h\r\nX: y",
        "tel:",
        "tel:abcxyz",
        "sip:a%4@h",
        "sip:[::1",
        "<sip:a@h>",
    ],
)
def test_an_address_that_breaks_the_rules_is_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        parse_uri(text)


def test_a_telephone_number_is_read_without_its_separators() -> None:
    uri = parse_uri("tel:+49-(30)-12.34;ext=5")
    assert isinstance(uri, TelUri)
    assert (uri.number, dict(uri.parameters)) == ("+49301234", {"ext": "5"})
    assert uri.same_as(parse_uri("tel:+49301234;ext=5"))
    assert not uri.same_as(parse_uri("tel:+49301234"))
    assert isinstance(parse_uri("http://x.example"), OtherUri)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [  # RFC 3261, 19.1.4
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", True),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", True),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            True,
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            True,
        ),
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", False),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", False),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", False),
        ("sip:carol@chicago.com", "tel:+1", False),
    ],
)
def test_addresses_compare_as_the_rfc_says(one: str, other: str, same: bool) -> None:
    assert parse_uri(one).same_as(parse_uri(other)) is same


USERS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(USERS)
def test_any_user_survives_being_written_and_read(user: str) -> None:
    assert parse_sip_uri(str(sip_uri("example.com", user=user, port=5080))).user == user


@given(USERS.filter(lambda name: name.strip() == name and not set("\r\n") & set(name)))
def test_any_name_survives_being_written_and_read(name: str) -> None:
    address = NameAddress(sip_uri("h", user="u"), name, {"tag": "x", "note": 'a "quoted", one'})
    again = parse_name_address(str(address), "From")
    assert (again.name, again.tag, again.parameters["note"]) == (name, "x", 'a "quoted", one')


NAMES = st.from_regex(r"[a-z][a-z0-9\-]{0,8}", fullmatch=True)
VALUES = st.none() | st.from_regex(r"[A-Za-z0-9.:\[\]]{0,8}", fullmatch=True)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_a_via_survives_being_written_and_read(parameters: dict[str, str | None]) -> None:
    via = parse_via("SIP/2.0/TLS [::1]:5061").with_parameters(parameters)
    assert parse_via(str(via)) == via


@pytest.mark.parametrize(
    "text",
    [
        '"open <sip:a@h>',
        "<sip:a@h",
        "Bell, A <sip:a@h>",
        "sip:a@h?x=y",
        '"x" sip:a@h',
        "<sip:a@h>;;",
        "<sip:a@h> junk",
        "<sip:a@h>;tag=1;tag=2",
        '<sip:a@h>;x="open',
        "<>",
    ],
)
def test_a_malformed_name_or_address_is_refused(text: str) -> None:
    with pytest.raises(BadMessage) as caught:
        parse_name_address(text, "From")
    assert caught.value.field == "From"


def test_lists_are_split_between_their_values_only() -> None:
    text = '"a, b" <sip:x@h?y=1,2>, <sip:z@h>;q="1,2" , sip:w@h'
    assert split_list(text, "Contact") == [
        '"a, b" <sip:x@h?y=1,2>',
        '<sip:z@h>;q="1,2"',
        "sip:w@h",
    ]
    for bad in ("a,,b", ",a", "a,", 'a,"open'):
        with pytest.raises(BadMessage):
            split_list(bad, "Contact")
    with pytest.raises(BadMessage):
        parse_parameters("x;y", "Via")


def test_text_of_strangers_is_shown_without_its_control_characters() -> None:
    assert shown("a\x00\r\nb\x1b[2J\udcff") == "a\\x00\\x0d\\x0ab\\x1b[2J?"


def test_a_request_is_read_and_written_without_loss() -> None:
    request = request_of(OPTIONS)
    check_request(request)
    again = request_of(request.encode())
    assert (again.headers, again.body) == (request.headers, request.body)
    assert request.values("supported") == []
    assert request.contact is None


def test_compact_names_folded_lines_and_odd_case_mean_the_same() -> None:
    data = (
        OPTIONS.replace(b"From:", b"f :")
        .replace(b"Call-ID:", b"I:")
        .replace(b"7 OPTIONS", b"7\r\n\tOPTIONS")
    )
    request = request_of(data)
    check_request(request)
    assert (request.call_id, request.cseq) == ("call-1", (7, "OPTIONS"))


def test_a_response_repeats_what_it_must_and_adds_our_tag_once() -> None:
    request = request_of(OPTIONS)
    response = respond(
        request, 200, tag="us", headers={"allow": ["A", "B"]}, body=b"x", content_type="text/plain"
    )
    again = parse_datagram(response.encode())
    assert isinstance(again, Response)
    check_response(again)
    assert again.recipient.tag == "us"
    assert again.values("allow") == ["A", "B"]
    assert again.content_type == "text/plain"
    assert respond(request, 100, tag="us").recipient.tag == ""
    request.put("to", "<sip:us@127.0.0.1>;TAG=them")
    assert respond(request, 200, tag="us").recipient.tag == "them"


def test_the_topmost_via_learns_where_the_request_came_from() -> None:
    request = request_of(
        OPTIONS.replace(b"SIP/2.0/UDP 127", b"SIP/2.0/UDP h.example, SIP/2.0/UDP 127")
    )
    stamp_source(request, "192.0.2.7", 4711)
    assert request.via.parameters["received"] == "192.0.2.7"
    assert "rport" not in request.via.parameters
    assert len(request_of(request.encode()).vias) == 2
    request = request_of(OPTIONS)
    stamp_source(request, "127.0.0.1", 4711)
    again = request_of(request.encode())
    assert again.via.parameters["rport"] == "4711"
    untouched = request_of(OPTIONS.replace(b";rport", b""))
    stamp_source(untouched, "127.0.0.1", 4711)
    assert untouched.encode() == OPTIONS.replace(b";rport", b"")


def test_sip_1_a_header_with_a_line_break_is_never_sent() -> None:
    request = request_of(OPTIONS)
    for evil in ("x\r\nEvil: y", "x\ny", "x\ry"):
        request.put("subject", evil)
        with pytest.raises(ValueError, match="line break"):
            request.encode()


@pytest.mark.parametrize(
    ("old", "new", "status", "words"),
    [
        (b"CSeq: 7", b"CSeq: 2147483648", 400, "CSeq is too large"),
        (b"CSeq: 7", b"CSeq: -7", 400, "CSeq is malformed"),
        (b"CSeq: 7 OPTIONS\r\n", b"", 400, "CSeq is missing"),
        (b"Max-Forwards: 70", b"Max-Forwards: x", 400, "Max-Forwards is no number"),
        (b"Max-Forwards: 70", b"Call-ID: 2", 400, "Call-ID stands twice"),
        (b"Max-Forwards: 70", b"no header here", 400, "a line is no header"),
        (b"Max-Forwards: 70", b"Subject: a\x00b", 400, "a control character"),
        (b"Max-Forwards: 70", b"Subject: a\nEvil: b", 400, "a control character"),
        (b"Max-Forwards: 70", b"Subject: " + b"x" * 8200, 400, "a header is too long"),
        (b"Max-Forwards: 70", b"\r\n".join([b"X: y"] * 130), 400, "too many headers"),
        (
            b"Max-Forwards: 70",
            b"Route: " + b",".join([b"<sip:h>"] * 41),
            400,
            "too many values of Route",
        ),
        (b"SIP/2.0\r\n", b"SIP/3.0\r\n", 505, "another version of SIP"),
        (b"Content-Length: 0", b"Content-Length: 1", 400, "Content-Length is beyond the end"),
        (b"Content-Length: 0", b"Content-Length: 0\r\nl: 0", 400, "Content-Length is malformed"),
        (b"sip:us@127.0.0.1 ", b"sip:us@127.0.0.1?a=b ", 400, "headers inside the Request-URI"),
        (b"sip:us@127.0.0.1 ", b"isbn:1 ", 416, "this kind of address is unknown here"),
        (b"OPTIONS", b"DANCE", 501, "unknown method"),
        (b"7 OPTIONS", b"7 INVITE", 400, "CSeq names another method"),
        (b"\r\n\r\n", b"\r\n", 400, "the headers do not end with an empty line"),
    ],
)
def test_sip_1_a_request_over_the_bounds_is_refused_by_name(
    old: bytes, new: bytes, status: int, words: str
) -> None:
    assert refused(OPTIONS.replace(old, new)) in {
        (status, words),
        (status, "a line is no header"),  # A cut-off end is seen as a broken line first.
    }


def test_sip_1_a_datagram_that_is_too_large_is_answered_513() -> None:
    with pytest.raises(BadMessage) as caught:
        parse_datagram(OPTIONS + b"x" * DATAGRAM_BYTES)
    assert caught.value.status == 513
    answer = refusal(caught.value, "t")
    assert answer is not None
    assert answer.encode().startswith(b"SIP/2.0 513 Message Too Large\r\n")


@pytest.mark.parametrize(
    "data", [b"", b"\r\n\r\n", b"\x00" * 50, b"GET / HTTP/1.1\r\n\r\n", b"hello\r\n\r\n"]
)
def test_what_is_not_sip_is_not_answered(data: bytes) -> None:
    with pytest.raises(BadMessage) as caught:
        parse_datagram(data)
    assert refusal(caught.value) is None


def test_a_refusal_repeats_nothing_that_would_break_it() -> None:
    with pytest.raises(BadMessage) as caught:
        parse_datagram(OPTIONS.replace(b"call-1", b"call\n-1"))
    answer = refusal(caught.value, "t")
    assert answer is not None
    assert b"Call-ID: call?-1\r\n" in answer.encode()


def all_of(reader: StreamReader) -> list[Message]:
    found = []
    while (message := reader.next_message()) is not None:
        found.append(message)
    return found


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4), st.integers(1, 60))
@settings(max_examples=50)
def test_a_stream_is_cut_into_its_messages_wherever_it_is_torn(
    bodies: list[bytes], step: int
) -> None:
    request = request_of(OPTIONS)
    stream = b""
    for body in bodies:
        request.body = body
        stream += b"\r\n\r\n" + request.encode()
    reader = StreamReader()
    found: list[Message] = []
    for start in range(0, len(stream), step):
        reader.feed(stream[start : start + step])
        found += all_of(reader)
    assert [message.body for message in found] == bodies
    assert reader.pings == len(bodies)
    assert not reader.unfinished


def test_behind_a_broken_message_nothing_is_read_from_a_stream() -> None:
    reader = StreamReader()
    reader.feed(OPTIONS.replace(b"Length: 0", b"Length: x") + OPTIONS)
    with pytest.raises(BadMessage):
        reader.next_message()
    reader.feed(OPTIONS)
    assert reader.deaf
    assert reader.next_message() is None


def test_a_stream_message_without_a_length_is_the_last_one() -> None:
    reader = StreamReader()
    reader.feed(OPTIONS.replace(b"Content-Length: 0\r\n", b"") + OPTIONS)
    message = reader.next_message()
    assert message is not None
    assert message.body == b""
    assert reader.deaf
    assert reader.next_message() is None


@pytest.mark.parametrize(
    "data",
    [
        OPTIONS.replace(b"Length: 0", b"Length: 65536"),
        OPTIONS[:-4] + b"\r\nX: " + b"y" * STREAM_BYTES,
    ],
)
def test_sip_1_a_stream_message_that_is_too_large_is_refused_early(data: bytes) -> None:
    reader = StreamReader()
    reader.feed(data)
    with pytest.raises(BadMessage) as caught:
        reader.next_message()
    assert caught.value.partial is not None


def test_uris_are_values() -> None:
    uri = parse_sip_uri("sips:a@h:5061;transport=TLS;lr")
    assert (uri.secure, uri.transport, uri.loose) == (True, "tls", True)
    assert uri.bare() == SipUri(text="sips:a@h", host="h", scheme="sips", user="a")
