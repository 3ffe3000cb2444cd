"""Arbitrary bytes: never an exception, never more than a moment."""

import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.mail.addresses import parse_addresses, parse_outgoing_address
from channels.mail.charsets import decode_text
from channels.mail.cleaning import clean_html
from channels.mail.html_text import html_to_text, strip_tags
from channels.mail.parsing import Depth, parse_mail
from channels.mail.signatures import verify_signatures
from router.model.errors import InvalidInput
from router.model.file_names import NAME_LENGTH, clean_name, proven_type
from tests.channels.mail.test_cleaning import faults

CPU_S = 1.0
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)

PIECES = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n",
        b"Content-Type: multipart/alternative\r\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Type: message/delivery-status\r\n",
        b"Content-Type: text/html; charset=utf-7\r\n",
        b"Content-Type: text/plain; format=flowed; delsp=yes\r\n",
        b"Content-Type: text/plain; name*0*=utf-8''%; name*1=\"\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        b"Content-Transfer-Encoding: x-uuencode\r\nbegin 644 x\n",
        b'Content-Disposition: attachment; filename="../\\"\r\n',
        b"Content-ID: <x>\r\n",
        b"From: =?utf-8?B?/w==?= <a@b.example>, (x\r\n",
        b"From: MAILER-DAEMON\r\nSubject: failure notice\r\n",
        b"Return-Path: <>\r\n",
        b"Date: 99 99 9999\r\n",
        b"References: <a> <b\r\n",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s; h=from; bh=x; b=y; l=-1\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"--b\r\n",
        b"--b--\r\n",
        b"--\r\n",
        b"=?gb2312?Q?=FF?=",
        b"\xff\xfe",
        b"\x00",
        b"\x1b$B",
        b"<p>x<blockquote><img src=cid:x><a href=javascript:x>",
        b"> quoted\r\n",
        b"On 1 Jan 2024 10:00, X wrote:\r\n",
        b"Final-Recipient: rfc822;x\r\nStatus: 9.9.9\r\n",
        b"-- \r\n",
    ]
)
MAILS = st.lists(st.one_of(PIECES, st.binary(max_size=40)), max_size=40).map(b"".join)


@CALM
@given(MAILS, st.sampled_from(Depth), st.none() | st.just(""))
def test_any_bytes_become_a_mail(raw: bytes, depth: Depth, envelope_sender: str | None) -> None:
    before = time.process_time()
    found = parse_mail(raw, depth=depth, envelope_sender=envelope_sender)
    assert time.process_time() - before < CPU_S
    assert found.html is None or faults(found.html) == []
    for file in found.attachments:
        assert 0 < len(file.name) <= NAME_LENGTH
    for text in (found.headers.subject, found.headers.sender_name, found.headers.sender):
        assert not set(text) & set("\r\n\x00\u202e\u200b")


@CALM
@given(st.binary(max_size=2_000))
def test_bytes_without_any_structure_become_a_mail(raw: bytes) -> None:
    parse_mail(raw)
    verify_signatures(raw, {})


@CALM
@given(st.text(max_size=1_000))
def test_any_text_becomes_harmless_html_and_words(text: str) -> None:
    cleaned = clean_html(text, {"x"})
    assert faults(cleaned.html) == []
    assert isinstance(html_to_text(cleaned.html), str)
    assert isinstance(strip_tags(text), str)


@CALM
@given(st.text(max_size=400), st.binary(max_size=50))
def test_any_name_becomes_a_name(name: str, data: bytes) -> None:
    cleaned = clean_name(name)
    assert cleaned
    assert len(cleaned) <= NAME_LENGTH
    assert not set(cleaned) & set("/\\\r\n\x00\u202e\u200b\ufeff")
    assert clean_name(cleaned) == cleaned
    assert isinstance(proven_type(cleaned, data), str)


@CALM
@given(st.text(max_size=100))
def test_an_outgoing_address_is_safe_or_refused(text: str) -> None:
    try:
        address = parse_outgoing_address(text)
    except InvalidInput:
        return
    assert address.isascii()
    assert address.isprintable()
    assert " " not in address
    assert address.count("@") == 1
    (read,) = parse_addresses(address.encode())
    assert read.address == address


@CALM
@given(st.binary(max_size=500), st.text(max_size=30))
def test_any_bytes_become_text(data: bytes, label: str) -> None:
    assert isinstance(decode_text(data, label).text, str)
