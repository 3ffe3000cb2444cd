"""Names and kinds of files (FILE-1, FILE-2)."""

import pytest

from router.model.file_names import DOWNLOAD_TYPE, clean_name, disposition, proven_type
from tests.channels.mail.samples import PNG


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("photo\u202egnp.exe", "photognp.exe"),
        (".htaccess\u200b", "htaccess"),
        ("a\u0000b\x07.txt", "ab.txt"),
        ("e\u0301te\u0301.txt", "été.txt"),
        ("../../x", "x"),
        ("photo.\u3164hta\u200b", "photo.hta"),
        ('a"b<c>.txt', "a_b_c_.txt"),
        ("two\r\nlines.txt", "two lines.txt"),
        ("a:b*c?.txt", "a_b_c_.txt"),
        ("con.txt", "file con.txt"),
        ("", "file"),
        ("...", "file"),
        ("\u202e\u200b", "file"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
        ("y" * 300, "y" * 150),
        ("报价单.pdf", "报价单.pdf"),
        ("name/", "name_"),
    ],
)
def test_file_2_a_shown_name_hides_and_turns_nothing(given: str, shown: str) -> None:
    name = clean_name(given)
    assert name == shown
    assert len(name) <= 150


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.png", PNG, "image/png"),
        ("a.PNG", PNG, "image/png"),
        ("a.jpg", b"\xff\xd8\xff\xe0JFIF", "image/jpeg"),
        ("a.gif", b"GIF89a....", "image/gif"),
        ("a.webp", b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("a.pdf", b"%PDF-1.7\n", "application/pdf"),
        ("a.txt", "Grüße".encode(), "text/plain"),
        ("a.txt", ("x" * 4_095 + "ü").encode(), "text/plain"),
        ("a.png", b"%PDF-1.7\n", DOWNLOAD_TYPE),
        ("a.exe", PNG, DOWNLOAD_TYPE),
        ("png", PNG, DOWNLOAD_TYPE),
        ("a.svg", b"<svg onload=alert(1)>", DOWNLOAD_TYPE),
        ("a.html", b"<p>x", DOWNLOAD_TYPE),
        ("a.txt", b" <script>alert(1)</script>", DOWNLOAD_TYPE),
        ("a.txt", b"a\x00b", DOWNLOAD_TYPE),
        ("a.txt", b"\xff\xfe\xff", DOWNLOAD_TYPE),
        ("a", PNG, DOWNLOAD_TYPE),
        ("a.jpg", PNG, DOWNLOAD_TYPE),
        ("a.gif", b"GIF", DOWNLOAD_TYPE),
        ("a.pdf", b"", DOWNLOAD_TYPE),
    ],
)
def test_file_1_only_what_name_and_bytes_agree_on_is_shown(
    name: str, data: bytes, kind: str
) -> None:
    assert proven_type(name, data) == kind


def test_a_disposition_cannot_be_broken_out_of() -> None:
    assert disposition('a".html\r\nX: y') == (
        "attachment; filename=\"a_.html X_ y\"; filename*=UTF-8''a_.html%20X_%20y"
    )
    assert disposition("账.pdf") == "attachment; filename=\"_.pdf\"; filename*=UTF-8''%E8%B4%A6.pdf"
