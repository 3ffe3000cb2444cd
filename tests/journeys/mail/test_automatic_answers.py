"""Automatic answers (MAIL-5): a word to who really wrote, once, and a dead end for machines."""

import asyncio
import email.utils
import smtplib
from email.message import EmailMessage
from pathlib import Path

from channels.mail.joining import why_no_auto_reply
from channels.mail.kinds import Kind
from channels.mail.parsing import parse_mail
from channels.mail.verdicts import Authentication, DmarcResult, Result
from router.model.events import Arrived
from tests.journeys.mail.test_answer import smtp_port
from tests.journeys.mail.town import AWAY, HELP, HOME, Town, town
from tests.support import loop
from tests.support.oracles import oracle

ROOMY = "limits = { messages_a_minute_a_source = 100000, connections_a_source = 50 }"
POLITE = ("acknowledge = true",)
FORGED, TRUE = 900, 100
VERIFIED = Authentication("example.test", dmarc=DmarcResult(Result.PASS))


def a_mail(sender: str, number: int) -> bytes:
    """An ordinary question."""
    return (
        f"From: {sender}\r\nTo: {HELP}\r\nSubject: question {number}\r\n"
        f"Message-ID: <{number}.{sender}>\r\n\r\nPlease, {number}?\r\n"
    ).encode()


def pour(port: int, place: str, mails: list[tuple[str, bytes]]) -> None:
    """Hand over many mails, a hundred on a connection as a mass mailer does."""
    for start in range(0, len(mails), 100):
        with smtplib.SMTP(HOME, port, timeout=60, source_address=(place, 0)) as client:
            for sender, raw in mails[start : start + 100]:
                client.sendmail(sender, [HELP], raw)


def test_mail_5_of_a_thousand_mails_only_true_senders_are_answered_and_each_once(
    tmp_path: Path,
) -> None:
    """Forged senders get nothing at all, so that nobody can be bombed with our answers."""
    forged = [f"victim{n % 300}@example.test" for n in range(FORGED)]
    true = [f"person{n % 20}@example.test" for n in range(TRUE)]

    async def story() -> None:
        async with town(tmp_path / "centre", *POLITE, limits=ROOMY) as made:
            port = smtp_port(made.centre)
            bad = [(one, a_mail(one, n)) for n, one in enumerate(forged)]
            good = [(one, a_mail(one, n)) for n, one in enumerate(true)]
            await asyncio.gather(
                *(asyncio.to_thread(pour, port, AWAY, bad[n::3]) for n in range(3)),
                asyncio.to_thread(pour, port, HOME, good),
            )
            await made.relay.has(20)
            arrived = [one for one in await made.events() if isinstance(one, Arrived)]
            assert len(arrived) == FORGED + TRUE
            answered = sorted(str(message["To"]) for _, message in made.relay.kept)
            assert answered == sorted(set(true))

    loop.run(asyncio.wait_for(story(), 240))


def plain_mail(sender: str, to: str, text: str) -> EmailMessage:
    """What a person writes, or a program that does not say what it is."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, "Thank you"
    message["Message-ID"] = email.utils.make_msgid(domain="example.test")
    message.set_content(text)
    return message


def test_mail_5_two_mailboxes_that_answer_each_other_stop_at_one(tmp_path: Path) -> None:
    """The other side answers everything as if it were a person, at once and for ever."""
    robot = "robot@example.test"

    async def story() -> None:
        async with town(tmp_path / "centre", *POLITE, limits=ROOMY) as made:
            rounds = 0

            async def answer(sender: str, message: EmailMessage) -> None:
                nonlocal rounds
                rounds += 1
                assert sender == ""
                assert message["Auto-Submitted"] == "auto-replied"
                reply = plain_mail(robot, HELP, f"Thank you for your mail, {rounds}.")
                await made.send(reply.as_string(), sender=robot, place=HOME)

            made.relay.answering = answer
            await begin(made, robot)
            await made.relay.has(1)
            await begin(made, robot)
            assert rounds == 1
            assert len(made.relay.kept) == 1

    loop.run(asyncio.wait_for(story(), 60))


async def begin(made: Town, sender: str) -> None:
    """A mail of the robot's own; our centre is done with it when this returns."""
    await made.send(
        plain_mail(sender, HELP, "The first word.").as_string(), sender=sender, place=HOME
    )


def test_mail_5_two_centres_that_acknowledge_stop_at_one(tmp_path: Path) -> None:
    """Our acknowledgement says what it is: the other centre neither queues nor answers it."""

    async def story() -> None:
        async with (
            town(tmp_path / "one", *POLITE, limits=ROOMY) as one,
            town(tmp_path / "two", *POLITE, limits=ROOMY) as two,
        ):

            async def pass_on(sender: str, message: EmailMessage) -> None:
                message.replace_header("To", HELP)
                await two.send(message.as_string(), sender=sender, place=HOME)

            one.relay.answering = pass_on
            await begin(one, "two@other.test")
            await one.relay.has(1)
            assert [each for each in await two.events() if isinstance(each, Arrived)] == []
            assert two.relay.kept == []

    loop.run(asyncio.wait_for(story(), 60))


def test_mail_5_no_bounce_of_any_mail_server_is_answered() -> None:
    """The bounces, reports and automatic replies of a collection of real ones, one by one, even
    if their senders were proven and their envelopes named somebody."""
    folder = oracle("email-sisimai") / "maildir" / "bsd"
    paths = sorted(path for path in folder.rglob("*.eml"))
    assert len(paths) > 300
    answered = []
    for path in paths:
        mail = parse_mail(path.read_bytes(), envelope_sender="somebody@example.test")
        refusal = why_no_auto_reply(mail, VERIFIED, envelope_sender="somebody@example.test")
        if mail.kind is Kind.ORDINARY or not refusal:
            answered.append(path.name)
    assert answered == []
