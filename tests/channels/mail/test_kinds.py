"""Machine mail is recognised on clear signs; what is not understood stays with the agents."""

import pytest

from channels.mail.bounce_reasons import HARD, Reason, classify
from channels.mail.kinds import Kind
from channels.mail.parsing import Site, parse_mail
from tests.channels.mail.samples import mail, multipart

STATUS = (
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
    b"Final-Recipient: rfc822; gone@customer.example\r\nAction: ACTION\r\nStatus: CODE\r\n"
    b"Diagnostic-Code: smtp; WORDS\r\n"
)
ORIGINAL = (
    b"Content-Type: message/rfc822\r\n\r\nMessage-ID: <ours@centre.example>\r\n"
    b"Subject: Your order\r\n\r\nHello"
)


def delivery_report(action: str, code: str, words: str) -> bytes:
    status = STATUS.replace(b"ACTION", action.encode()).replace(b"CODE", code.encode())
    return multipart(
        "report; report-type=delivery-status",
        b"Content-Type: text/plain\r\n\r\nSorry.",
        status.replace(b"WORDS", words.encode()),
        ORIGINAL,
        **{"from": "MAILER-DAEMON@mx.example", "return_path": "<>"},
    )


def kind(raw: bytes, site: Site | None = None, envelope_sender: str | None = None) -> Kind:
    return parse_mail(raw, site=site, envelope_sender=envelope_sender).kind


def test_a_delivery_report_names_recipient_reason_and_our_mail() -> None:
    found = parse_mail(delivery_report("failed", "5.1.1", "550 5.1.1 no such user")).recognised
    assert found.kind is Kind.BOUNCE
    assert found.bounce is not None
    assert found.bounce.original_message_id == "ours@centre.example"
    (recipient,) = found.bounce.recipients
    assert (recipient.address, recipient.status) == ("gone@customer.example", "5.1.1")
    assert (recipient.reason, recipient.hard) == (Reason.NO_SUCH_USER, True)


def test_a_delay_is_soft_and_a_success_is_a_report() -> None:
    delayed = parse_mail(delivery_report("delayed", "4.4.1", "connection timed out")).recognised
    assert delayed.kind is Kind.BOUNCE
    assert delayed.bounce is not None
    assert not delayed.bounce.hard
    assert kind(delivery_report("delivered", "2.0.0", "250 ok")) is Kind.REPORT


def test_a_delivery_report_inside_a_forwarded_mail_is_a_customers_mail() -> None:
    inner = delivery_report("failed", "5.1.1", "no such user")
    raw = multipart(
        "mixed",
        b"Content-Type: text/plain\r\n\r\nWhat does this mean?",
        b"Content-Type: message/rfc822\r\n\r\n" + inner,
        boundary="outer",
    )
    assert kind(raw) is Kind.ORDINARY


QMAIL = (
    "Hi. This is the qmail-send program at mx.example.\n\n<gone@customer.example>:\n"
    "Sorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message."
    "\n\nMessage-ID: <ours@centre.example>\nSubject: x\n"
)


def test_a_bounce_in_prose_is_read() -> None:
    raw = mail(QMAIL, **{"from": "MAILER-DAEMON@mx.example"}, subject="failure notice")
    found = parse_mail(raw).recognised
    assert found.kind is Kind.BOUNCE
    assert found.bounce is not None
    assert found.bounce.original_message_id == "ours@centre.example"
    assert [entry.address for entry in found.bounce.recipients] == ["gone@customer.example"]
    assert found.bounce.hard


@pytest.mark.parametrize(
    "fields",
    [
        {"auto_submitted": "auto-replied"},
        {"auto_submitted": "auto-replied; owner-email=x@y.example"},
        {"precedence": "auto_reply"},
        {"x_autoreply": "yes"},
        {"x_autorespond": "true"},
        {"subject": "Automatic reply: Order", "x_auto_response_suppress": "All"},
        {"subject": "Abwesenheitsnotiz: Order", "return_path": "<>"},
        {"subject": "自动回复: x", "return_path": "<>"},
    ],
)
def test_automatic_replies_never_arrive_and_are_never_answered(fields: dict[str, str]) -> None:
    found = kind(mail(**fields))
    assert found is Kind.AUTO_REPLY
    assert not found.arrives
    assert not found.may_be_answered_automatically


def test_the_envelope_says_more_than_a_header() -> None:
    away = mail(subject="Out of office: x")
    assert kind(away) is Kind.ORDINARY
    assert kind(away, envelope_sender="") is Kind.AUTO_REPLY
    assert kind(mail(return_path="<>"), envelope_sender="ann@customer.example") is Kind.ORDINARY


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"auto_submitted": "no"},
        {"subject": "Out of office chairs: where is my order?"},
        {"subject": "Undeliverable parcel"},
        {"subject": "My mail could not be delivered"},
        {"x_auto_response_suppress": "OOF"},
        {"x_autoreply": "no"},
        {"x_ms_exchange_inbox_rules_loop": "ann@customer.example"},
        {"from": "Postmann Peter <peter@customer.example>"},
    ],
)
def test_a_persons_mail_stays_a_persons_mail(fields: dict[str, str]) -> None:
    assert kind(mail("I got: user unknown. Why?", **fields)) is Kind.ORDINARY


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"list_id": "<news.shop.example>"}, Kind.LIST),
        ({"list_unsubscribe": "<https://shop.example>"}, Kind.LIST),
        ({"precedence": "bulk"}, Kind.NOTICE),
        ({"auto_submitted": "auto-generated"}, Kind.NOTICE),
        ({"from": "postmaster@customer.example", "subject": "Question"}, Kind.NOTICE),
        ({"from": "<>"}, Kind.NOTICE),
    ],
)
def test_machine_mail_that_is_not_understood_arrives_and_is_not_answered(
    fields: dict[str, str], found: Kind
) -> None:
    assert kind(mail("Please call me", **fields)) is found
    assert found.arrives
    assert not found.may_be_answered_automatically


def test_a_mail_that_comes_back_to_us_is_a_loop() -> None:
    site = Site(loop_mark="mark-1", own_addresses=("help@centre.example",))
    assert kind(mail(x_carillon_loop="mark-1"), site) is Kind.LOOP
    assert kind(mail(x_carillon_loop="other"), site) is Kind.ORDINARY
    assert kind(mail(**{"from": "Help <Help@Centre.example>"}), site) is Kind.NOTICE
    hops = b"Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\n" * 51
    assert kind(hops + mail()) is Kind.LOOP
    assert not Kind.LOOP.arrives


@pytest.mark.parametrize(
    ("part", "report_type"),
    [
        (b"Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse", "feedback-report"),
        (
            b"Content-Type: message/disposition-notification\r\n\r\nDisposition: displayed",
            "disposition-notification",
        ),
    ],
)
def test_complaints_and_read_receipts_are_reports(part: bytes, report_type: str) -> None:
    text = b"Content-Type: text/plain\r\n\r\nA report."
    assert kind(multipart(f"report; report-type={report_type}", text, part)) is Kind.REPORT


@pytest.mark.parametrize(
    ("status", "words", "reason"),
    [
        (
            "5.1.1",
            "550 5.1.1 <x@y.example>: Recipient address rejected: User unknown",
            "no_such_user",
        ),
        ("5.0.0", "550 Requested action not taken: mailbox not found", "no_such_user"),
        ("5.1.2", "Host or domain name not found. Name service error", "no_such_domain"),
        ("5.1.10", "domain has a Null MX record", "takes_no_mail"),
        ("5.2.2", "552 5.2.2 Over quota", "mailbox_full"),
        ("5.2.1", "550 5.2.1 The email account is disabled", "mailbox_disabled"),
        ("5.7.1", "550 5.7.1 blocked using a blocklist", "refused_by_policy"),
        ("5.7.1", "550 5.7.1 <x@y.example>: User unknown", "refused_by_policy"),
        ("5.1.8", "sender address has no DNS", "sender_refused"),
        ("5.3.4", "message size exceeds fixed limit", "too_large"),
        ("4.4.1", "connection timed out", "try_later"),
        ("4.1.1", "User unknown, try again", "try_later"),
        ("5.4.1", "Recipient address rejected: Access denied", "no_such_user"),
        ("", "", "unknown"),
    ],
)
def test_reasons_follow_the_words_and_then_the_status(status: str, words: str, reason: str) -> None:
    found = classify(status, words)
    assert found.value == reason
    assert (found in HARD) == (reason in ("no_such_user", "no_such_domain", "takes_no_mail"))
