"""A whole mail as an agent reads it."""

import base64
from pathlib import Path

import pytest

from channels.mail.parsing import NOTICES, Depth, ParsedMail, message_ids, parse_mail, sent_at
from router.model.content import FileRef
from router.model.file_names import DOWNLOAD_TYPE
from tests.channels.mail.samples import PNG, mail, multipart, nested, part


def test_headers_text_and_quotation_come_apart() -> None:
    raw = mail(
        "Where is it?\r\n\r\n-- \r\nAnn\r\n\r\nOn 1 Jan 2024 10:00, Help wrote:\r\n> Sent today.",
        subject="=?utf-8?Q?Re:_Gr=C3=BC=C3=9Fe?=",
        message_id="<b@customer.example>",
        in_reply_to="<a@centre.example>",
        references="<z@centre.example> <a@centre.example>",
        cc="Bob <bob@customer.example>",
        reply_to="ann@home.example",
        date="Mon, 1 Jan 2024 12:00:00 +0100",
    )
    found = parse_mail(raw)
    assert (found.text, found.signature) == ("Where is it?", "-- \nAnn")
    assert found.quoted == "On 1 Jan 2024 10:00, Help wrote:\n> Sent today."
    headers = found.headers
    assert (headers.sender, headers.sender_name) == ("ann@customer.example", "Ann")
    assert headers.subject == "Re: Grüße"
    assert headers.message_id == "b@customer.example"
    assert headers.in_reply_to == ("a@centre.example",)
    assert headers.references == ("z@centre.example", "a@centre.example")
    assert headers.cc == ("bob@customer.example",)
    assert headers.reply_to == "ann@home.example"
    assert found.sent_at == 1_704_106_800_000
    assert found.notices == ()


def test_plain_text_is_read_and_html_is_shown_cleaned() -> None:
    html = b'<p>Hello <b>there</b></p><script>x</script><img src="https://t.example/x.png">'
    raw = multipart("alternative", part(b"Hello there"), part(html, "text/html; charset=utf-8"))
    found = parse_mail(raw)
    assert found.text == "Hello there"
    assert found.html is not None
    assert "script" not in found.html
    assert found.blocked_remote == 1
    assert found.notices == ("remote_images_blocked",)


def test_html_alone_becomes_text_with_its_quotation_folded() -> None:
    html = (
        b"<div>It broke.<br>Ann</div><div class=gmail_quote>On Mon, 1 Jan 2024 at 10:00, Help "
        b"&lt;help@centre.example&gt; wrote:<blockquote>Enjoy your phone!</blockquote></div>"
    )
    found = parse_mail(mail(html, content_type="text/html"))
    assert found.text == "It broke.\nAnn"
    assert "> Enjoy your phone!" in found.quoted


def test_a_plain_part_that_only_points_to_the_html_is_passed_over() -> None:
    html = b"<p>" + b"Real words of the customer. " * 20 + b"</p>"
    stub = b"Your mail program does not support HTML."
    found = parse_mail(multipart("alternative", part(stub), part(html, "text/html")))
    assert found.text.startswith("Real words")


def test_attached_and_shown_pictures_are_told_apart() -> None:
    body = nested(
        "related",
        part(b'<p>See <img src="cid:shown@x"></p>', "text/html"),
        part(PNG, 'image/png; name="a.png"', content_id="<shown@x>"),
        part(PNG, "image/png", content_id="<unused@x>"),
        boundary="inner",
    )
    raw = multipart(
        "mixed", body, part(b"%PDF-1.7 x", "application/pdf; name=../invoice.pdf"), boundary="o"
    )
    shown, unused, invoice = parse_mail(raw).attachments
    assert (shown.inline, shown.content_id, shown.media_type) == (True, "shown@x", "image/png")
    assert shown.data == PNG
    assert (unused.inline, unused.name) == (False, "file 2.png")
    assert (invoice.name, invoice.media_type) == ("invoice.pdf", "application/pdf")


def test_pictures_written_into_the_html_become_files_it_shows() -> None:
    inside = base64.b64encode(PNG).decode()
    html = f'<p>Look: <img src="data:image/png;base64,{inside}"> again '
    html += f"<img src='data:image/png;base64,{inside}'>"
    program = base64.b64encode(b"MZ" * 40).decode()
    html += f'<img src="data:image/gif;base64,{program}"><img src="data:image/svg+xml;base64,PHN2">'
    found = parse_mail(mail(html, content_type="text/html"))
    (picture,) = found.attachments
    assert (picture.data, picture.media_type, picture.inline) == (PNG, "image/png", True)
    assert found.html is not None
    assert found.html.count(f'src="cid:{picture.content_id}"') == 2
    assert "data:" not in found.html


def test_a_file_is_what_its_bytes_say_not_what_the_sender_declares() -> None:
    raw = multipart("mixed", part(b"x"), part(b"MZ\x90", "image/png; name=photo.png"))
    (file,) = parse_mail(raw).attachments
    assert file.media_type == DOWNLOAD_TYPE
    assert file.declared_type == "image/png"


def test_a_forwarded_message_is_attached_and_read_when_there_is_nothing_else() -> None:
    inner = mail("The words that matter", subject="Invoice: 4711")
    alone = parse_mail(multipart("mixed", part(inner, "message/rfc822")))
    assert alone.text == "The words that matter"
    assert [file.name for file in alone.attachments] == ["Invoice_ 4711.eml"]
    beside = parse_mail(multipart("mixed", part(b"FYI"), part(inner, "message/rfc822")))
    assert beside.text == "FYI"
    assert beside.attachments[0].data == inner


def test_several_texts_are_read_one_after_the_other() -> None:
    raw = multipart("mixed", part(b"one"), part(PNG, "image/png; name=a.png"), part(b"two"))
    assert parse_mail(raw).text == "one\n\ntwo"


def test_a_named_text_is_a_file() -> None:
    raw = multipart("mixed", part(b"words"), part(b"log", "text/plain; name=error.txt"))
    found = parse_mail(raw)
    assert found.text == "words"
    assert [file.media_type for file in found.attachments] == ["text/plain"]


def test_flowed_text_is_joined_again() -> None:
    body = "One long line \r\nthat was broken.\r\n> quoted \r\n> too\r\n-- \r\nAnn\r\n"
    found = parse_mail(mail(body, content_type="text/plain; format=flowed"))
    assert found.text == "One long line that was broken."
    assert found.signature == "-- \nAnn"
    assert found.quoted == "> quoted too"


@pytest.mark.parametrize(
    ("kind", "notice"),
    [
        ("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "encrypted_smime"),
        ("application/x-pkcs7-mime; name=smime.p7m", "encrypted_smime"),
        ("application/pkcs7-mime; smime-type=Signed-Data; name=smime.p7m", "signed_smime"),
    ],
)
def test_words_locked_in_by_smime_are_told_apart(kind: str, notice: str) -> None:
    raw = f"From: a@x.example\r\nContent-Type: {kind}\r\n\r\nMIAGCSqGSIb3DQEHA6CA\r\n".encode()
    assert notice in parse_mail(raw).notices


def test_encrypted_mail_says_so() -> None:
    raw = multipart(
        'encrypted; protocol="application/pgp-encrypted"',
        part(b"Version: 1", "application/pgp-encrypted"),
        part(b"-----BEGIN PGP MESSAGE-----", "application/octet-stream; name=encrypted.asc"),
    )
    assert "encrypted_pgp" in parse_mail(raw).notices


def test_two_authors_are_shown_with_a_warning() -> None:
    found = parse_mail(b"From: eve@evil.example\r\n" + mail())
    assert not found.sender_clear
    assert "ambiguous_sender" in found.notices


def test_an_author_that_is_no_address_is_still_shown() -> None:
    found = parse_mail(mail(**{"from": "Front desk"}))
    assert (found.headers.sender, found.headers.sender_name) == ("", "Front desk")


def test_file_1_twenty_files_are_handed_on_and_the_rest_is_said() -> None:
    raw = multipart("mixed", part(b"x"), *[part(b"f", "application/x; name=f")] * 30)
    found = parse_mail(raw)
    assert len(found.attachments) == 20
    assert found.notices == ("files_left_out",)


def test_html_that_is_too_large_or_too_deep_is_read_as_words() -> None:
    for html in (b"<p>words</p>" + b"<br>" * 600_000, b"<div>" * 3_000 + b"words"):
        found = parse_mail(mail(html, content_type="text/html"))
        assert found.text == "words"
        assert found.html is None
        assert "html_left_out" in found.notices


def test_less_of_a_mail_can_be_read() -> None:
    raw = multipart("mixed", part(b"<p>words</p>", "text/html"), subject="Hi")
    plain = parse_mail(raw, depth=Depth.PLAIN)
    assert (plain.text, plain.html, plain.headers.subject) == ("words", None, "Hi")
    headers = parse_mail(raw, depth=Depth.HEADERS)
    assert (headers.text, headers.headers.subject) == ("", "Hi")
    assert "unreadable" in headers.notices


def test_a_parsed_mail_becomes_the_content_of_an_entry() -> None:
    found = parse_mail(mail("Hello\r\n\r\n-- \r\nAnn\r\n\r\n> old\r\n"))
    file = FileRef(file_id="f1", name="a.png", media_type="image/png", size_bytes=1)
    content = found.to_content((file,), html_file="h1", source_file="s1")
    assert content.text == "Hello"
    assert content.quoted == "-- \nAnn\n\n> old"
    assert content.mail == found.headers
    assert (content.html_file, content.source_file, content.files) == ("h1", "s1", (file,))


def test_many_references_keep_the_first_and_the_last() -> None:
    ids = message_ids(" ".join(f"<{number}@x>" for number in range(1_000)))
    assert len(ids) == 200
    assert (ids[0], ids[-1]) == ("0@x", "999@x")


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Mon, 1 Jan 2024 12:00:00 +0100", 1_704_106_800_000),
        ("1 Jan 2024 12:00 GMT", 1_704_110_400_000),
        ("yesterday", None),
        ("", None),
        ("Mon, 99 Foo 2024 99:99:99 +9999", None),
        ("1 Jan 99999 00:00 +0000", None),
    ],
)
def test_dates_are_read_where_they_are_dates(date: str, moment: int | None) -> None:
    assert sent_at(date) == moment


def test_foreign_results_of_authentication_say_nothing() -> None:
    """MAIL-3: they are carried for a trusted server's sake, and believed by nothing here."""
    found = parse_mail(mail(authentication_results="mx.evil.example; dmarc=pass"))
    assert isinstance(found, ParsedMail)
    assert found.notices == ()


def test_the_manual_names_every_notice() -> None:
    page = (Path(__file__).parents[3] / "docs" / "mail.md").read_text(encoding="utf-8")
    assert [notice for notice in NOTICES if f"`{notice}`" not in page] == []
