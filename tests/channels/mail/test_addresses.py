"""Addresses: strict going out (MAIL-7), tolerant and unambiguous coming in."""

import pytest

from channels.mail.addresses import (
    Address,
    check_header_text,
    parse_addresses,
    parse_outgoing_address,
    parse_outgoing_addresses,
    sender_of,
    shown_name,
)
from channels.mail.limits import Budget
from router.model.errors import InvalidInput


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("ann@customer.example", "ann@customer.example"),
        (" Ann.O'Hara+tag@Customer.Example ", "Ann.O'Hara+tag@customer.example"),
        ("x@bücher.example", "x@xn--bcher-kva.example"),
    ],
)
def test_mail_7_a_good_address_is_sent_in_ascii(given: str, sent: str) -> None:
    assert parse_outgoing_address(given) == sent


@pytest.mark.parametrize(
    "given",
    [
        *("", "ann", "ann@", "@x.example", "a@b@c.example", "ann@localhost", "ann@1.2.3.4"),
        *("ann@x.example\r\nBcc: z@y.example", "ann@x.example\n", "ann\x00@x.example"),
        *("Ann <ann@x.example>", '"a b"@x.example', "ann(comment)@x.example", "a..b@x.example"),
        *(".a@x.example", "a.@x.example", "a@[127.0.0.1]", "a@-x.example", "a@x..example"),
        *("alice@good.example)bob@evil.example", "a@x.example,b@y.example", "a@x.example;"),
        *("=?utf-8?q?a?=@x.example\u2028", "a" * 65 + "@x.example", "a@" + "b" * 250 + ".example"),
        *(
            "x@b\u00fccher..example",
            "@route,@b:a@x.example",
            "a%b@x.example\x85",
            "ü@x.example",
            "a@x.example\u2029",
        ),
    ],
)
def test_mail_7_anything_else_is_refused_naming_the_field(given: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_outgoing_address(given, field="cc")
    assert refused.value.field == "cc"


def test_mail_7_fifty_recipients_are_the_most() -> None:
    many = [f"a{number}@x.example" for number in range(51)]
    assert len(parse_outgoing_addresses(many[:50])) == 50
    with pytest.raises(InvalidInput):
        parse_outgoing_addresses(many)


def test_line_breaks_in_a_header_text_are_refused() -> None:
    assert check_header_text("Invoice 4711", field="subject") == "Invoice 4711"
    for text in ("a\r\nb", "a\nb", "a\rb", "a\x00", "a\u2028b", "a\x85b"):
        with pytest.raises(InvalidInput):
            check_header_text(text, field="subject")


@pytest.mark.parametrize(
    ("raw", "addresses"),
    [
        (b"Ann <ann@x.example>", [Address("ann@x.example", "Ann")]),
        (
            b'"Ott, B." <b@x.example>, c@y.example',
            [Address("b@x.example", "Ott, B."), Address("c@y.example")],
        ),
        (b"a@x.example; b@x.example", [Address("a@x.example"), Address("b@x.example")]),
        (b"Team: a@x.example, b@x.example;", [Address("a@x.example"), Address("b@x.example")]),
        (b"undisclosed-recipients:;", []),
        (b'"Ann \\"A\\" B" <a@x.example>', [Address("a@x.example", 'Ann "A" B')]),
        (b"a@x.example (Ann (A.))", [Address("a@x.example", "Ann (A.")]),
        (b"=?utf-8?Q?M=C3=BCller?= <m@x.example>", [Address("m@x.example", "Müller")]),
        (b"<@r.example,@s.example:a@x.example>", [Address("a@x.example")]),
        (b"alice@good.example)bob@evil.example", []),
        (b"alice@good.example <bob@evil.example> <eve@x.example>", []),
        (
            b"=?utf-8?Q?boss=40bank.example=2C?= <x@evil.example>",
            [Address("x@evil.example", "boss@bank.example,")],
        ),
        (b'"unterminated <a@x.example>', []),
        (b"", []),
    ],
)
def test_incoming_addresses_are_read_in_one_way_only(raw: bytes, addresses: list[Address]) -> None:
    assert parse_addresses(raw) == addresses


def test_mail_2_five_hundred_addresses_are_read_and_no_more() -> None:
    budget = Budget()
    raw = b", ".join(b"a%d@x.example" % number for number in range(5_000))
    assert len(parse_addresses(raw, budget)) == 500
    assert budget.notices == ["addresses_cut"]


def test_two_authors_are_ambiguous() -> None:
    assert sender_of([b"a@x.example"]) == (Address("a@x.example"), True)
    assert sender_of([b"a@x.example, b@y.example"])[1] is False
    assert sender_of([b"a@x.example", b"b@y.example"]) == (Address("a@x.example"), False)
    assert sender_of([b"nobody"]) == (Address(""), False)
    assert sender_of([]) == (Address(""), False)


def test_a_display_name_cannot_turn_or_hide_text() -> None:
    assert shown_name("Bank\u202e elpmaxe.\u200bx") == "Bank elpmaxe.x"
    assert len(shown_name("x" * 1_000)) == 200
