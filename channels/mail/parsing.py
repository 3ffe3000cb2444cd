"""Bytes of a mail to what an agent reads. Pure: no clock, no network, no file.

``parse_mail`` is what runs inside the throw-away worker (``worker.ParserPool``); nothing in the
main process should call it on bytes from outside. Everything it returns is plain data.
"""

import re
from collections.abc import Sequence
from email.utils import mktime_tz, parsedate_tz
from enum import StrEnum

import msgspec

from channels.mail.addresses import (
    Address,
    parse_addresses,
    sender_of,
    shown_name,
    without_invisible,
)
from channels.mail.attachments import (
    Attachment,
    attachments_of,
    marked_as_shown,
    take_out_pictures,
)
from channels.mail.cleaning import CleanedHtml, clean_html, is_too_deep
from channels.mail.headers import Headers
from channels.mail.html_text import html_to_text, strip_tags
from channels.mail.kinds import Kind, Recognised, recognise
from channels.mail.limits import (
    ADDRESSES_CUT,
    DEFAULT_LIMITS,
    FILES_LEFT_OUT,
    HEADERS_CUT,
    HTML_LEFT_OUT,
    NESTING_CUT,
    PARAMETERS_CUT,
    PARTS_LEFT_OUT,
    TEXT_CUT,
    Budget,
    Limits,
)
from channels.mail.mime import parse_tree
from channels.mail.quoting import split_quoted
from channels.mail.reading import (
    ENCRYPTED_PGP,
    ENCRYPTED_SMIME,
    SIGNED_SMIME,
    Reading,
    read_tree,
)
from channels.mail.signatures import dkim_queries
from router.model.content import Content, FileRef, MailHeaders
from router.model.ids import SECOND_MS, Instant

REMOTE_BLOCKED = "remote_images_blocked"
AMBIGUOUS_SENDER = "ambiguous_sender"
UNREADABLE = "unreadable"
WINMAIL = "winmail_dat"
AUTOMATIC = "automatic_mail"

NOTICES = (
    "unverified_sender",
    AMBIGUOUS_SENDER,
    AUTOMATIC,
    UNREADABLE,
    ENCRYPTED_PGP,
    ENCRYPTED_SMIME,
    SIGNED_SMIME,
    WINMAIL,
    REMOTE_BLOCKED,
    HTML_LEFT_OUT,
    TEXT_CUT,
    PARTS_LEFT_OUT,
    NESTING_CUT,
    HEADERS_CUT,
    PARAMETERS_CUT,
    ADDRESSES_CUT,
    FILES_LEFT_OUT,
)
"""Every notice that a mail can carry, the gravest ones first: the desk has words for each."""

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,500})>")
_IDS = 200
_DATE_LENGTH = 100
_SUBJECT_LENGTH = 1_000


class Depth(StrEnum):
    """How much of a mail is read: all of it, all but its HTML, or its first header fields."""

    FULL = "full"
    PLAIN = "plain"
    HEADERS = "headers"


class ParsedMail(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mail as data. Message ids stand without their angle brackets, everywhere.

    ``text`` is what the customer wrote, ``signature`` how they sign, ``quoted`` what they repeat;
    ``html`` is cleaned HTML or None. ``blocked_remote`` counts what the HTML would have loaded.
    ``sender_clear``: exactly one author is named, so authentication may speak about them.
    ``delivered_to`` are the addresses that delivering servers noted; ``return_path`` is the
    envelope sender, as the dialogue or a delivering server gave it ("" for the null sender, None
    when nobody did).
    ``sent_at`` is the Date field, which the sender chose. ``dkim_queries`` are the names of the
    keys its signatures need; ``authentication_results`` is the topmost such field, which counts
    only for a server trusted by configuration. ``notices`` are codes for the desk.
    """

    headers: MailHeaders
    recognised: Recognised
    text: str = ""
    signature: str = ""
    quoted: str = ""
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    notices: tuple[str, ...] = ()
    blocked_remote: int = 0
    sender_clear: bool = True
    delivered_to: tuple[str, ...] = ()
    return_path: str | None = None
    sent_at: Instant | None = None
    dkim_queries: tuple[str, ...] = ()
    authentication_results: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """What kind of mail this is."""
        return self.recognised.kind

    def to_content(
        self, files: Sequence[FileRef] = (), *, html_file: str = "", source_file: str = ""
    ) -> Content:
        """The content of an entry, once the attachments, the HTML and the source are stored.

        The signature is folded with the quotations.
        """
        folded = "\n\n".join(part for part in (self.signature, self.quoted) if part)
        return Content(
            text=self.text,
            quoted=folded,
            html_file=html_file,
            source_file=source_file,
            mail=self.headers,
            files=tuple(files),
            notices=self.notices,
        )


class Site(msgspec.Struct, frozen=True):
    """What a reader must know of the centre: its loop mark and the mailboxes it sends from."""

    loop_mark: str = ""
    own_addresses: tuple[str, ...] = ()


def parse_mail(
    raw: bytes,
    *,
    limits: Limits = DEFAULT_LIMITS,
    site: Site | None = None,
    depth: Depth = Depth.FULL,
    envelope_sender: str | None = None,
) -> ParsedMail:
    """Read a mail. Any bytes give a result; what was left out is named in its notices.

    ``envelope_sender`` is that of the SMTP dialogue (empty for the null sender); None for a
    fetched mail, whose Return-Path field is asked instead.
    ``depth`` is lowered after a reading that took too much: PLAIN leaves HTML uncleaned (its
    words are shown, the HTML is not), HEADERS reads the first 64 KiB of header fields only.
    """
    budget = Budget(limits)
    if depth is Depth.HEADERS:
        raw = raw[:65_536].partition(b"\r\n\r\n")[0].partition(b"\n\n")[0]
        budget.note(UNREADABLE)
    root = parse_tree(raw, budget)
    reading = read_tree(root, budget)
    attachments = attachments_of(reading.files, budget)
    words, cleaned = _words(reading, attachments, depth, budget)
    site = site or Site()
    returned = envelope_sender if envelope_sender is not None else _return_path(root.headers)
    recognised = recognise(
        root,
        words,
        null_sender=None if returned is None else not returned.strip("<> "),
        loop_mark=site.loop_mark,
        own_addresses=frozenset(site.own_addresses),
    )
    if len(words) > limits.text_characters:
        words = words[: limits.text_characters]
        budget.note(TEXT_CUT)
    sender, clear = sender_of(root.headers.all_raw("from"), budget)
    headers = _mail_headers(root.headers, sender, budget)
    split = split_quoted(words)
    return ParsedMail(
        headers=headers,
        recognised=recognised,
        text=split.own,
        signature=split.signature,
        quoted=split.quoted,
        html=cleaned.html if cleaned is not None and cleaned.html.strip() else None,
        attachments=marked_as_shown(attachments, cleaned.content_ids if cleaned else ()),
        notices=_notices(reading, cleaned, recognised, budget, clear=clear),
        blocked_remote=cleaned.blocked if cleaned is not None else 0,
        sender_clear=clear,
        delivered_to=_delivered_to(root.headers, budget),
        return_path=returned,
        sent_at=sent_at(root.headers.text("date")),
        dkim_queries=dkim_queries(root.headers),
        authentication_results=tuple(root.headers.all_text("authentication-results")[:1]),
    )


def _words(
    reading: Reading, attachments: list[Attachment], depth: Depth, budget: Budget
) -> tuple[str, CleanedHtml | None]:
    """The readable text and the cleaned HTML; text comes from the HTML where there is no other.

    Pictures that the HTML holds in itself join ``attachments``.
    """
    source = "\n<hr>\n".join(html for html in reading.htmls if html.strip())
    if not source:
        return reading.plain, None
    source = take_out_pictures(source, attachments, budget)
    if depth is Depth.PLAIN or len(source) > budget.limits.html_characters or is_too_deep(source):
        budget.note(HTML_LEFT_OUT)
        return reading.plain or strip_tags(source[: budget.limits.html_characters]), None
    content_ids = [file.content_id for file in attachments if file.content_id]
    cleaned = clean_html(source, content_ids)
    return reading.plain or html_to_text(cleaned.html), cleaned


def _notices(
    reading: Reading,
    cleaned: CleanedHtml | None,
    recognised: Recognised,
    budget: Budget,
    *,
    clear: bool,
) -> tuple[str, ...]:
    if cleaned is not None and cleaned.blocked:
        budget.note(REMOTE_BLOCKED)
    if reading.locked:
        budget.note(reading.locked)
    if not clear:
        budget.note(AMBIGUOUS_SENDER)
    if recognised.kind is Kind.NOTICE:
        budget.note(AUTOMATIC)
    if any(leaf.is_winmail and (not leaf.packed or leaf.packed.locked) for leaf in reading.files):
        budget.note(WINMAIL)
    return tuple(budget.notices)


def _mail_headers(headers: Headers, sender: Address, budget: Budget) -> MailHeaders:
    name = sender.name or ("" if sender.address else shown_name(headers.text("from")))
    reply_to = _addresses(headers, "reply-to", budget)
    return MailHeaders(
        sender=sender.address,
        sender_name=name,
        reply_to=reply_to[0] if reply_to else "",
        to=_addresses(headers, "to", budget),
        cc=_addresses(headers, "cc", budget),
        bcc=_addresses(headers, "bcc", budget),
        subject=without_invisible(headers.text("subject"))[:_SUBJECT_LENGTH],
        message_id=next(iter(message_ids(headers.text("message-id"))), ""),
        in_reply_to=message_ids(headers.text("in-reply-to")),
        references=message_ids(headers.text("references")),
        date=headers.text("date")[:_DATE_LENGTH],
    )


def message_ids(value: str) -> tuple[str, ...]:
    """The message ids of a field, without brackets, at most 200: the first one and the last."""
    found = _MESSAGE_ID.findall(value)
    if len(found) > _IDS:
        found = [found[0], *found[1 - _IDS :]]
    return tuple(dict.fromkeys(found))


def _addresses(headers: Headers, name: str, budget: Budget) -> tuple[str, ...]:
    return tuple(
        address.address
        for value in headers.all_raw(name)
        for address in parse_addresses(value, budget)
    )


def _delivered_to(headers: Headers, budget: Budget) -> tuple[str, ...]:
    names = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
    return tuple(
        dict.fromkeys(address for name in names for address in _addresses(headers, name, budget))
    )


def _return_path(headers: Headers) -> str | None:
    if "return-path" not in headers:
        return None
    return headers.text("return-path").strip("<> ")[:254]


def sent_at(date: str) -> Instant | None:
    """The moment a Date field names; None where it names none that can be."""
    try:
        parsed = parsedate_tz(date[:_DATE_LENGTH])
        seconds = mktime_tz(parsed) if parsed is not None else 0
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return Instant(seconds * SECOND_MS) if 0 < seconds < 32_503_680_000 else None
