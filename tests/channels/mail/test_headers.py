"""Header fields: every odd form is read, none costs more than its length."""

import pytest

from channels.mail.headers import (
    declared_charset,
    decode_words,
    read_content_value,
    read_headers,
)
from channels.mail.limits import Budget, Limits


def content(raw: bytes) -> dict[str, str]:
    return read_content_value(raw, Budget()).parameters


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
        (b"=?utf-8?Q?Gr=C3=BC=C3=9Fe_an_alle?=", "Grüße an alle"),
        (b"=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße"),
        (b"=?utf-8?Q?a?=\r\n =?utf-8?Q?b?= c", "ab c"),
        (b"x =?utf-8*en?Q?y?= z", "x y z"),
        (b"=?x-unknown?Q?Gr=FC=DFe?=", "Grüße"),
        (b"=?gb2312?B?xOO6ww==?=", "你好"),
        (b"=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),
        (b"=?utf-8?B?!?=", ""),
        (b"=?broken", "=?broken"),
        ("Grüße".encode("latin-1"), "Grüße"),
        ("Grüße".encode(), "Grüße"),
        (b"a\x00b\tc\r\n d", "ab c d"),
        (b"=?utf-8?Q?a=0D=0ABcc:_x@y.example?=", "a Bcc: x@y.example"),
    ],
)
def test_a_field_reads_as_text_on_one_line(raw: bytes, text: str) -> None:
    assert decode_words(raw) == text


@pytest.mark.parametrize(
    ("raw", "name", "value"),
    [
        (b"text/plain; charset=utf-8", "charset", "utf-8"),
        (b'text/plain; name="a;b.txt"; x=y', "name", "a;b.txt"),
        (b'x; name="say \\"hi\\".txt"', "name", 'say "hi".txt'),
        (b'x; name="C:\\docs\\a.txt"', "name", "C:\\docs\\a.txt"),
        (b'x; name="unclosed', "name", "unclosed"),
        (b"x; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf", "filename", "Grüße.pdf"),
        (b"x; filename*0=long; filename*1=er.pdf", "filename", "longer.pdf"),
        (b"x; f*1*=%C3%9F; f*0*=utf-8''Gr%C3%BC", "f", "Grüß"),
        (b"x; filename==?koi8-r?B?89DJ08/LLmRvYw==?=", "filename", "Список.doc"),
        (b"x; name=my file.pdf", "name", "my file.pdf"),
        (b"x; name=one; name=two", "name", "one"),
        (b"x; filename*=x-none''t%FCr", "filename", "tür"),
    ],
)
def test_a_parameter_is_read_however_it_is_written(raw: bytes, name: str, value: str) -> None:
    assert content(raw)[name] == value


def test_the_blanks_of_a_quoted_boundary_count() -> None:
    assert content(b'multipart/mixed; boundary="a=?  "')["boundary"] == "a=?  "


def test_mail_2_the_hundredth_parameter_is_the_last() -> None:
    budget = Budget()
    raw = b"text/plain" + b"".join(b"; p%d=x" % number for number in range(8_000))
    assert len(read_content_value(raw, budget).parameters) == 100
    assert budget.notices == ["parameters_cut"]


def test_mail_2_header_bytes_are_bounded_and_the_body_is_still_found() -> None:
    budget = Budget(Limits(header_bytes=50))
    raw = b"Subject: kept\r\n" + b"X-Long: " + b"x" * 100 + b"\r\n\r\nbody"
    headers, start = read_headers(raw, 0, len(raw), budget)
    assert headers.text("subject") == "kept"
    assert raw[start:] == b"body"
    assert budget.notices == ["headers_cut"]


def test_a_line_that_is_no_field_begins_the_text() -> None:
    raw = b"Subject: x\nHello there\nmore"
    headers, start = read_headers(raw, 0, len(raw), Budget())
    assert raw[start:] == b"Hello there\nmore"
    assert headers.text("subject") == "x"


def test_folded_and_odd_fields_are_read() -> None:
    raw = b"From x@y Mon\nSubject : a\n \n b\nIn\xffvalid: z\nTo:c\n\n"
    headers, _ = read_headers(raw, 0, len(raw), Budget())
    assert headers.text("subject") == "a b"
    assert headers.text("to") == "c"
    assert "in\xffvalid" not in headers


def test_the_character_set_of_a_field_is_a_hint() -> None:
    assert declared_charset(b"Re: =?iso-2022-jp?B?GyRC?=") == "iso-2022-jp"
    assert declared_charset(b"Re: hello") == ""
