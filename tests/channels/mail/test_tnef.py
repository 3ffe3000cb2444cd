"""``winmail.dat``: what Outlook packed comes out as files and words, whatever the bytes."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.mail.parsing import WINMAIL, parse_mail
from channels.mail.tnef import unpack
from router.model.file_names import DOWNLOAD_TYPE
from tests.channels.mail.samples import PNG, multipart, part

MESSAGE_PROPERTIES, BODY, CODE_PAGE = 0x69003, 0x2800C, 0x69007
RENDERING, TITLE, DATA, FILE_PROPERTIES = 0x69002, 0x18010, 0x6800F, 0x69005
INTERFACE = bytes.fromhex("0703020000000000c000000000000046")


def attribute(level: int, name: int, value: bytes) -> bytes:
    """As [MS-OXTNEF] 2.1.3 writes one, with the checksum behind it."""
    return (
        struct.pack("<BII", level, name, len(value))
        + value
        + struct.pack("<H", sum(value) & 0xFFFF)
    )


def properties(*each: bytes) -> bytes:
    return struct.pack("<I", len(each)) + b"".join(each)


def prop(kind: int, number: int, value: bytes, named: bytes = b"") -> bytes:
    """One property with a value of variable length, padded to four bytes."""
    padding = b"\0" * (-len(value) % 4)
    head = struct.pack("<HH", kind, number) + named
    return head + struct.pack("<II", 1, len(value)) + value + padding


def words(number: int, text: str) -> bytes:
    return prop(0x1F, number, (text + "\0").encode("utf-16-le"))


def number(identity: int, value: int) -> bytes:
    return struct.pack("<HHI", 3, identity, value)


def a_file(title: str, data: bytes, *more: bytes) -> bytes:
    found = attribute(2, RENDERING, bytes(14)) + attribute(2, TITLE, title.encode("cp1252") + b"\0")
    found += attribute(2, DATA, data)
    return found + (attribute(2, FILE_PROPERTIES, properties(*more)) if more else b"")


def winmail(*attributes: bytes) -> bytes:
    page = attribute(1, CODE_PAGE, struct.pack("<II", 1252, 0))
    return struct.pack("<IH", 0x223E9F78, 7) + page + b"".join(attributes)


def a_mail(data: bytes, *parts: bytes) -> bytes:
    packed = part(data, "application/ms-tnef; name=winmail.dat")
    return multipart("mixed", *parts, packed)


def test_files_come_out_under_their_long_names_with_a_proven_kind() -> None:
    long_name = words(0x3707, "Grüße 账单 mit einem langen Namen.png")
    guid = bytes(16) + struct.pack("<II", 1, 8) + "key\0".encode("utf-16-le")
    odd = prop(0x1E, 0x8001, b"of nobody's concern", named=guid)
    data = winmail(
        a_file("GRUSSE~1.PNG", PNG, odd, number(0x0E20, 7), long_name),
        a_file("Angebot für Sie.pdf", b"no pdf at all"),
    )
    parsed = parse_mail(a_mail(data, part(b"See the files.")))
    assert parsed.text == "See the files."
    assert [(file.name, file.media_type, file.data) for file in parsed.attachments] == [
        ("Grüße 账单 mit einem langen Namen.png", "image/png", PNG),
        ("Angebot für Sie.pdf", DOWNLOAD_TYPE, b"no pdf at all"),
    ]
    assert WINMAIL not in parsed.notices


def test_words_that_stand_only_inside_are_read() -> None:
    html = "<p>Über <b>alles</b></p>".encode("cp1252")
    inside = properties(number(0x3FDE, 1252), prop(0x102, 0x1013, html))
    assert (
        parse_mail(a_mail(winmail(attribute(1, MESSAGE_PROPERTIES, inside)))).text == "Über alles"
    )
    plain = winmail(attribute(1, BODY, "Schöne Grüße\0".encode("cp1252")))
    assert parse_mail(a_mail(plain)).text == "Schöne Grüße"
    assert parse_mail(a_mail(plain, part(b"Outside."))).text == "Outside."


def test_a_picture_the_text_shows_stands_in_it() -> None:
    html = prop(0x102, 0x1013, b'<p>Look <img src="cid:p1@x"></p>')
    shown = a_file("p.png", PNG, words(0x3712, "p1@x"))
    parsed = parse_mail(a_mail(winmail(attribute(1, MESSAGE_PROPERTIES, properties(html)), shown)))
    assert parsed.html is not None
    assert "cid:p1@x" in parsed.html
    assert [(file.inline, file.media_type) for file in parsed.attachments] == [(True, "image/png")]


def test_a_message_inside_gives_its_words_and_its_files() -> None:
    inner = winmail(attribute(1, BODY, b"The older mail\0"), a_file("old.txt", b"old"))
    packed = prop(0x0D, 0x3701, INTERFACE + inner)
    outer = attribute(2, RENDERING, bytes(14)) + attribute(2, FILE_PROPERTIES, properties(packed))
    found = unpack(winmail(outer))
    assert found is not None
    assert [(file.name, file.data) for file in found.files] == [
        ("message.txt", b"The older mail"),
        ("old.txt", b"old"),
    ]


def test_words_in_a_form_nobody_reads_keep_the_file_and_say_so() -> None:
    rich = attribute(1, MESSAGE_PROPERTIES, properties(prop(0x102, 0x1009, b"LZFu")))
    parsed = parse_mail(a_mail(winmail(rich, a_file("a.txt", b"a"))))
    assert [file.name for file in parsed.attachments] == ["a.txt", "winmail.dat"]
    assert WINMAIL in parsed.notices


WHOLE = winmail(a_file("a.txt", b"some words", words(0x3707, "long name.txt")))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x\x9f>\x22",
        b"PK\x03\x04 no such thing",
        winmail(),
        WHOLE[:60],
        WHOLE[:-20],
        winmail(*(a_file("a", b"") for _ in range(101))),
        winmail(attribute(1, MESSAGE_PROPERTIES, struct.pack("<I", 2**31))),
        winmail(attribute(1, MESSAGE_PROPERTIES, properties(struct.pack("<HH", 0x77, 1)))),
        winmail(
            attribute(1, MESSAGE_PROPERTIES, properties(struct.pack("<HHI", 0x101F, 1, 2**31)))
        ),
    ],
)
def test_what_is_not_whole_stays_the_file_it_is(data: bytes) -> None:
    assert unpack(data) is None
    parsed = parse_mail(a_mail(data, part(b"Words.")))
    assert parsed.text == "Words."
    assert [file.name for file in parsed.attachments] == ["winmail.dat"]
    assert WINMAIL in parsed.notices


def test_messages_within_messages_are_opened_three_deep() -> None:
    data = winmail(a_file("deep.txt", b"deep"))
    for _ in range(5):
        packed = prop(0x0D, 0x3701, INTERFACE + data)
        inside = attribute(2, FILE_PROPERTIES, properties(packed))
        data = winmail(attribute(2, RENDERING, bytes(14)) + inside)
    found = unpack(data)
    assert found is not None
    assert len(found.files) == 1
    assert found.files[0].name == ""


@settings(deadline=None, max_examples=200)
@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=6))
def test_mail_2_any_bytes_are_survived(place: int, bytes_: bytes) -> None:
    """MAIL-2: whatever stands in the file, reading it ends with what is inside or with nothing."""
    found = unpack(WHOLE[:place] + bytes_ + WHOLE[place + len(bytes_) :])
    assert found is None or all(isinstance(file.data, bytes) for file in found.files)
