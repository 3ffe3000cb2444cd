"""Attack test 24 (MAIL-7): what leaves has the headers we meant and no other; threads are kept."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from channels.mail.composing import (
    RECIPIENTS_MAX,
    Attachment,
    Composed,
    compose,
    reply_subject,
)
from channels.mail.kinds import LOOP_HEADER
from channels.mail.replying import answer_headers
from channels.mail.settings import Mailbox
from router.model.content import FileRef, MailHeaders
from router.model.errors import InvalidInput
from router.model.ids import Instant

AT = Instant(1_704_106_800_000)
ANN = "ann@customer.example"
MAILBOX = Mailbox(address="help@centre.example", name="Help desk", signature="Yours")
HEADERS = MailHeaders(to=(ANN,), subject="Invoice")
BREAKS = ["\r\n", "\n", "\r", "\x00", "\x0b", "\x85", "\u2028", "\u2029"]
INJECTED = "Bcc: everybody@evil.example"


def composed(
    headers: MailHeaders = HEADERS, text: str = "Good day", mailbox: Mailbox = MAILBOX
) -> Composed:
    return compose(mailbox, headers, text, at=AT, message_id="m1@centre.example")


def read(message: Composed) -> EmailMessage:
    return message_from_bytes(message.data, policy=policy.default)


@pytest.mark.parametrize("line_end", BREAKS)
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"subject": "Invoice{}"}, "subject"),
        ({"to": (ANN + "{}",)}, "to"),
        ({"to": ("{}" + ANN,)}, "to"),
        ({"cc": (ANN + "{}",)}, "cc"),
        ({"bcc": (ANN + "{}",)}, "bcc"),
        ({"reply_to": ANN + "{}"}, "reply_to"),
        ({"in_reply_to": ("a@x{}b",)}, "references"),
        ({"references": ("a@x", "b{}@x")}, "references"),
    ],
)
def test_mail_7_a_line_break_in_a_header_is_refused_naming_it(
    changed: dict[str, str | tuple[str, ...]], field: str, line_end: str
) -> None:
    attack = line_end + INJECTED
    values = {
        name: value.replace("{}", attack)
        if isinstance(value, str)
        else tuple(one.replace("{}", attack) for one in value)
        for name, value in changed.items()
    }
    headers = MailHeaders(**({"to": (ANN,), "subject": "Invoice"} | values))  # type: ignore[arg-type]  # fields by name
    with pytest.raises(InvalidInput) as refused:
        composed(headers)
    assert refused.value.field == field


@pytest.mark.parametrize("line_end", BREAKS)
def test_mail_7_a_line_break_in_a_name_of_ours_or_of_a_file_is_refused(line_end: str) -> None:
    named = Mailbox(address="help@centre.example", name=f"Help{line_end}{INJECTED}")
    with pytest.raises(InvalidInput):
        composed(mailbox=named)
    ref = FileRef("f1", f"a{line_end}{INJECTED}.txt", "text/plain", 1)
    files = [Attachment(ref, b"x")]
    with pytest.raises(InvalidInput) as refused:
        compose(
            MAILBOX,
            HEADERS,
            "x",
            at=AT,
            message_id="m@x.example",
            attachments=files,
        )
    assert refused.value.field == "files"


@pytest.mark.parametrize(
    "address",
    [
        "ann@customer.example, eve@evil.example",
        "Ann <ann@customer.example>",
        '"ann@customer.example"@evil.example',
        "ann@customer.example@evil.example",
        "ann(comment)@customer.example",
        "@evil.example:ann@customer.example",
        "=?utf-8?q?ann=40customer.example=3Ceve=40evil.example=3E?=",
        "ann@[127.0.0.1]",
        "ann@localhost",
        "ann",
        "",
        "ann@customer.example\u202e",
        "a" * 65 + "@customer.example",
    ],
)
def test_mail_7_an_odd_recipient_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        composed(MailHeaders(to=(address,), subject="x"))
    assert refused.value.field == "to"


ENCODED = [
    "=?utf-8?q?a=0d=0aBcc:_eve=40evil.example?=",
    "=?utf-8?b?DQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?=",
    "x=?UTF-8?B?DQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?=",
    "=?utf-8*en?Q?=0aBcc:_eve=40evil.example?=",
]
KNOWN = {"From", "To", "Subject", "Date", "Message-ID", "Content-Type", "MIME-Version",
         "Content-Transfer-Encoding"}  # fmt: skip


@pytest.mark.parametrize("word", ENCODED)
def test_mail_7_an_encoded_word_is_refused_wherever_we_write(word: str) -> None:
    """Python's mail library decodes it and would write its line break into the head."""
    for headers in (MailHeaders(to=(ANN,), subject=word), MailHeaders(to=(f"{word}@x.example",))):
        with pytest.raises(InvalidInput):
            composed(headers)
    with pytest.raises(InvalidInput):
        composed(mailbox=Mailbox(address="help@centre.example", name=word))
    attachment = Attachment(FileRef("f", word, "text/plain", 1), b"x")
    with pytest.raises(InvalidInput):
        compose(MAILBOX, HEADERS, "x", at=AT, message_id="m@x.example", attachments=[attachment])


@pytest.mark.parametrize("word", ENCODED)
def test_mail_7_a_hostile_mail_is_answered_without_its_hidden_headers(word: str) -> None:
    """What the customer wrote encoded twice, in subject and ids, stays text."""
    their = MailHeaders(
        sender=ANN, subject=word, message_id=f"{word}@x", references=("1@c", f"{word}@y")
    )
    answer = read(composed(answer_headers(MailHeaders(), their)))
    assert set(answer.keys()) == {*KNOWN, "References"}
    assert answer["References"] == "<1@c>"
    assert answer["Subject"].startswith("Re: ")


@pytest.mark.parametrize(
    "subject", ["Grüße " * 60, "x" * 900, "a: b: Bcc: eve@evil.example", "发票" * 80, "what =?"]
)
def test_mail_7_a_long_or_odd_subject_arrives_as_it_was_written(subject: str) -> None:
    message = composed(MailHeaders(to=(ANN,), subject=subject))
    assert set(read(message).keys()) == KNOWN
    assert read(message)["Subject"].strip() == subject.strip()
    assert max(len(line) for line in message.data.split(b"\r\n")) <= 998


def test_mail_7_fifty_recipients_are_sent_to_and_no_more() -> None:
    def to(count: int) -> MailHeaders:
        people = tuple(f"p{number}@customer.example" for number in range(count))
        return MailHeaders(to=people[:1], cc=people[1:40], bcc=people[40:], subject="x")

    message = composed(to(RECIPIENTS_MAX))
    assert len(message.recipients) == RECIPIENTS_MAX == 50
    assert b"p45@" not in message.data
    with pytest.raises(InvalidInput, match="50"):
        composed(to(RECIPIENTS_MAX + 1))
    with pytest.raises(InvalidInput, match="recipient"):
        composed(MailHeaders(subject="x"))


def test_a_person_named_twice_gets_one_message() -> None:
    assert composed(MailHeaders(to=(ANN,), cc=(ANN,), subject="x")).recipients == (ANN,)


def test_an_answer_keeps_the_thread_whoever_it_goes_to() -> None:
    their = MailHeaders(
        sender=ANN,
        reply_to="office@customer.example",
        subject="Invoice",
        message_id="3@c",
        in_reply_to=("2@c",),
        references=("1@c", "2@c"),
    )
    answer = read(composed(answer_headers(MailHeaders(), their)))
    assert answer["To"] == "office@customer.example"
    assert answer["Subject"] == "Re: Invoice"
    assert answer["In-Reply-To"] == "<3@c>"
    assert answer["References"] == "<1@c> <2@c> <3@c>"
    forwarded = read(
        composed(answer_headers(MailHeaders(to=("expert@other.example",), subject="?"), their))
    )
    assert (forwarded["To"], forwarded["Subject"]) == ("expert@other.example", "?")
    assert forwarded["References"] == "<1@c> <2@c> <3@c>"


def test_the_customers_cc_is_no_recipient_until_an_agent_says_so() -> None:
    """MAIL-4: an incoming Cc gives nobody access."""
    their = MailHeaders(sender=ANN, cc=("eve@evil.example",), message_id="1@c")
    assert composed(answer_headers(MailHeaders(), their)).recipients == (ANN,)


def test_a_very_long_thread_keeps_its_first_and_its_last_messages() -> None:
    ids = tuple(f"{number}@c" for number in range(60))
    kept = read(composed(MailHeaders(to=(ANN,), subject="x", references=ids)))["References"].split()
    assert kept[0] == "<0@c>"
    assert kept[1:] == [f"<{number}@c>" for number in range(41, 60)]


@pytest.mark.parametrize(
    ("subject", "reply"),
    [("", "Re:"), ("Invoice", "Re: Invoice"), ("RE: x", "RE: x"), ("AW: x", "AW: x"),
     ("回复：x", "回复：x"), ("Reagent", "Re: Reagent")],
)  # fmt: skip
def test_a_reply_is_called_one_once(subject: str, reply: str) -> None:
    assert reply_subject(subject) == reply


def test_attachments_leave_as_they_are_and_as_nothing_that_is_shown() -> None:
    files = [
        Attachment(FileRef("1", "Grüße.pdf", "application/pdf", 4), b"%PDF"),
        Attachment(FileRef("2", "page.html", "text/html", 3), b"<b>"),
        Attachment(FileRef("3", "x", "no type", 2), b"\x00\xff"),
        Attachment(FileRef("4", "mail.eml", "message/rfc822", 5), b"A: b\n"),
    ]
    message = read(
        compose(MAILBOX, HEADERS, "see", at=AT, message_id="m@x.example", attachments=files)
    )
    found = list(message.iter_attachments())
    assert [part.get_filename() for part in found] == ["Grüße.pdf", "page.html", "x", "mail.eml"]
    assert [part.get_content_type() for part in found] == [
        "application/pdf",
        *["application/octet-stream"] * 3,
    ]
    assert [part.get_content() for part in found] == [b"%PDF", b"<b>", b"\x00\xff", b"A: b\n"]


def test_the_words_survive_in_any_script() -> None:
    text = "Grüße\r\n.\nFrom me\n" + "长" * 2_000
    message = composed(text=text)
    body = read(message).get_content().replace("\r\n", "\n")
    assert body == text.replace("\r\n", "\n") + "\n"
    assert b"\n" not in message.data.replace(b"\r\n", b"")


def test_mail_5_an_automatic_message_says_so_and_has_a_null_return_path() -> None:
    message = compose(
        MAILBOX, HEADERS, "x", at=AT, message_id="m@x.example", automatic=True, loop_mark="ours"
    )
    assert message.sender == ""
    assert read(message)["Auto-Submitted"] == "auto-replied"
    assert read(message)[LOOP_HEADER] == "ours"
    assert composed().sender == "help@centre.example"
    assert read(composed())["Auto-Submitted"] is None
