"""The mail sets nobody here made: scores that must not fall."""

import email.utils
import json
import re
from collections import Counter
from pathlib import Path

from channels.mail.cleaning import clean_html
from channels.mail.html_text import html_to_text
from channels.mail.kinds import Kind
from channels.mail.limits import Budget
from channels.mail.mime import parse_tree
from channels.mail.parsing import ParsedMail, message_ids, parse_mail
from channels.mail.quoting import split_quoted
from channels.mail.threads import (
    Thread,
    Threadable,
    references_of,
    thread_by_references,
    thread_by_subject,
)
from tests.support.oracles import oracle

MALFORMED = {
    "basic-plain-with-bad-header-separator": "very simple message with a simple body",
    "malformedHeader-nocrlfcrlf": "Body text",
    "malformedHeader-noheader": "The whole text should be recognized as body.",
    "malformedHeaderStartsBody-nocrlfcrlf": "Body text",
    "malformedHeaderStartsBody-noheader": "The whole text should be recognized as body.",
    "missing-boundary": "AAA",
    "missing-inner-boundary": "AAA",
    "missing-inner-start-boundary": "AAA",
}
"""Messages whose structure is broken, and words an agent must be able to read in them."""


def leaves_of(path: Path) -> list[bytes]:
    """The leaf bodies that the set expects, in order."""
    tree = path.with_name(f"{path.stem}_decoded.xml").read_text()
    names = re.findall(r'<(?:text|binary)-body name="([^"]+)"', tree)
    return [(path.parent / name).read_bytes() for name in names]


def test_every_mime4j_message_keeps_its_bytes_or_its_readable_text() -> None:
    """No crash on any of 32; leaf bytes equal on the sound ones, text visible on the others."""
    paths = sorted((oracle("email-mime4j") / "testmsgs").glob("*.msg"))
    assert len(paths) == 32
    exact = 0
    for path in paths:
        mail = parse_mail(path.read_bytes())
        found = [leaf.decoded() for leaf in parse_tree(path.read_bytes(), Budget()).leaves()]
        if path.stem in MALFORMED:
            assert MALFORMED[path.stem] in mail.text, path.stem
        else:
            assert found == leaves_of(path), path.stem
            exact += 1
    assert exact == 24


def words(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def test_replies_in_thirteen_languages_lose_their_quotations_and_no_customer_text() -> None:
    folder = oracle("email-reply-trimmer") / "test"
    exact = lost = 0
    paths = sorted((folder / "emails").glob("*.txt"))
    for path in paths:
        wanted = (folder / "trimmed" / path.name).read_bytes().decode().replace("\r\n", "\n")
        own = split_quoted(path.read_bytes().decode()).own
        exact += own.strip() == wanted.strip()
        lost += any(line not in words(own) for line in words(wanted))
    assert len(paths) == 32
    assert lost == 0
    assert exact >= 31


def test_replies_of_twelve_mail_programs_come_down_to_what_was_written() -> None:
    folder = oracle("email-talon") / "standard_replies"
    paths = sorted(folder.glob("*.eml"))
    assert len(paths) == 12
    for path in paths:
        special = path.with_name(f"{path.stem}_reply_text")
        wanted = special.read_text() if special.exists() else "Hello"
        mail = parse_mail(path.read_bytes())
        shown = f"{mail.text}\n{mail.signature}"
        assert "".join(shown.split()) == "".join(wanted.split()), path.name


def test_the_html_of_those_programs_comes_down_to_the_same_words() -> None:
    """A mail without its plain part must read the same; Outlook's HTML says other words."""
    checked = 0
    for path in sorted((oracle("email-talon") / "standard_replies").glob("*.eml")):
        for leaf in parse_tree(path.read_bytes(), Budget()).leaves():
            if leaf.media_type != "text/html":
                continue
            text = html_to_text(clean_html(leaf.decoded().decode()).html)
            wanted = "Allo! Follow up MIME!" if path.stem == "outlook" else "Hello"
            assert words(split_quoted(text).own) == [wanted], path.name
            checked += 1
    assert checked == 7


def test_machine_mail_is_recognised_and_ordinary_mail_never_discarded() -> None:
    folder = oracle("email-sisimai")
    for path in sorted((folder / "maildir" / "bsd").glob("*.eml")):
        kind = parse_mail(path.read_bytes()).kind
        assert not kind.arrives, (path.name, kind)
        assert not kind.may_be_answered_automatically, (path.name, kind)
    for path in sorted((folder / "maildir" / "not").glob("*.eml")):
        assert parse_mail(path.read_bytes()).kind.arrives, path.name


def test_no_mail_of_the_other_sets_is_taken_for_machine_mail() -> None:
    paths = [
        *(oracle("email-talon") / "standard_replies").glob("*.eml"),
        *(oracle("email-mime4j") / "testmsgs").glob("*.msg"),
    ]
    assert len(paths) == 44
    for path in paths:
        assert parse_mail(path.read_bytes()).kind.arrives, path.name


def hardness(mail: ParsedMail) -> Counter[bool]:
    bounce = mail.recognised.bounce
    if bounce is None or not bounce.recipients:
        return Counter([False])
    return Counter(recipient.hard for recipient in bounce.recipients)


def test_at_least_nine_of_ten_bounces_are_hard_or_soft_as_expected() -> None:
    folder = oracle("email-sisimai")
    expected = json.loads((folder / "expected.json").read_text())
    right = 0
    for name, entries in expected.items():
        mail = parse_mail((folder / "maildir" / "bsd" / name).read_bytes())
        wanted = Counter(bool(entry["hardbounce"]) for entry in entries)
        if len(entries) == 1:
            right += (hardness(mail)[True] > 0) == (wanted[True] > 0)
        else:
            right += hardness(mail) == wanted
    assert right >= 0.91 * len(expected)


def test_auto_replies_and_reports_of_that_set_are_told_apart_from_bounces() -> None:
    folder = oracle("email-sisimai") / "maildir" / "bsd"
    for path in sorted(folder.glob("rfc3834-*.eml")):
        assert parse_mail(path.read_bytes()).kind is Kind.AUTO_REPLY, path.name
    for path in sorted(folder.glob("arf-*.eml")):
        assert parse_mail(path.read_bytes()).kind is Kind.REPORT, path.name


def mailbox(name: str) -> list[Threadable]:
    """The mails of an mbox of the threading set, dated by their separator lines."""
    raw = (oracle("email-threading-imaptest") / f"{name}.mbox").read_bytes()
    pieces = re.split(rb"^From user@domain +(.*)\n", raw, flags=re.MULTILINE)[1:]
    mails = []
    for number in range(0, len(pieces), 2):
        day = pieces[number].decode().split()
        zone = day[5] if len(day) > 5 else "+0000"
        date = f"{day[0]}, {day[2]} {day[1]} {day[4]} {day[3]} {zone}"
        moment = email.utils.parsedate_to_datetime(date).timestamp()
        headers = parse_tree(pieces[number + 1], Budget()).headers
        ids = message_ids(headers.text("message-id"))
        ancestors = references_of(
            message_ids(headers.text("references")), message_ids(headers.text("in-reply-to"))
        )
        subject = headers.text("subject")
        own = ids[0] if ids else ""
        key = number // 2 + 1
        mails.append(Threadable(key, own, ancestors, subject, int(moment * 1_000)))
    return mails


def shown(threads: list[Thread]) -> str:
    """Threads as IMAP writes them (RFC 5256, 5)."""

    def line(thread: Thread) -> str:
        own = str(thread.key) if thread.key is not None else ""
        if len(thread.children) == 1:
            return f"{own} {line(thread.children[0])}".strip()
        return f"{own} {shown(thread.children)}".strip() if thread.children else own

    return "".join(f"({line(thread)})" for thread in threads)


def expected_threads(name: str) -> list[str]:
    text = (oracle("email-threading-imaptest") / name).read_text()
    return [line[len("* thread ") :] for line in text.splitlines() if line.startswith("* ")]


def test_thread_trees_are_exact() -> None:
    for name in ("thread2", "thread3", "thread4"):
        assert [shown(thread_by_references(mailbox(name)))] == expected_threads(name)
    assert [shown(thread_by_subject(mailbox("thread-orderedsubject")))] == expected_threads(
        "thread-orderedsubject"
    )


def test_a_thread_stays_right_when_its_first_mail_is_deleted() -> None:
    before, after = expected_threads("thread")
    mails = mailbox("thread")
    assert shown(thread_by_references(mails)) == before
    left = [
        Threadable(number, mail.message_id, mail.references, mail.subject, mail.at_ms)
        for number, mail in enumerate(mails[1:], start=1)
    ]
    assert shown(thread_by_references(left)) == after
