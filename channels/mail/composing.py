"""Outgoing messages: from an entry's words to bytes for SMTP. Pure.

Headers go through Python's SMTP policy, which refuses CR and LF in a value but decodes encoded
words and writes out the line breaks it finds in them: those are refused before (MAIL-7).
"""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.utils import format_datetime

import msgspec

from channels.mail.addresses import (
    check_header_text,
    has_encoded_word,
    parse_outgoing_address,
)
from channels.mail.kinds import LOOP_HEADER
from channels.mail.settings import Mailbox
from router.model.content import FileRef, MailHeaders
from router.model.errors import InvalidInput
from router.model.ids import Instant

RECIPIENTS_MAX = 50
"""Recipients of one outgoing message at most (MAIL-7)."""


class Attachment(msgspec.Struct, frozen=True):
    """A file of the message with its bytes."""

    ref: FileRef
    data: bytes


class Composed(msgspec.Struct, frozen=True):
    """A message as it leaves: envelope, author and bytes."""

    sender: str
    author: str
    recipients: tuple[str, ...]
    message_id: str
    data: bytes


def reply_subject(subject: str) -> str:
    """``Re: `` before a subject that has none (in any common language's form).

    What would be read as an encoded word once more is taken apart.
    """
    if has_encoded_word(subject):
        subject = subject.replace("=?", "= ?")
    plain = unicodedata.normalize("NFKC", subject).lower()
    if plain.startswith(("re:", "re :", "aw:", "sv:", "回复:", "答复:")):
        return subject
    return f"Re: {subject}" if subject else "Re:"


def compose(
    mailbox: Mailbox,
    headers: MailHeaders,
    text: str,
    *,
    at: Instant,
    message_id: str,
    attachments: Sequence[Attachment] = (),
    automatic: bool = False,
    loop_mark: str = "",
) -> Composed:
    """The message from a mailbox of ours.

    ``headers`` holds recipients, subject, ``in_reply_to`` and ``references``. An ``automatic``
    message has a null return path and says what it is (RFC 3834), so that no machine answers it.
    Raises InvalidInput naming the header that cannot be sent.
    """
    to, cc, bcc = (
        _addresses(values, field)
        for values, field in ((headers.to, "to"), (headers.cc, "cc"), (headers.bcc, "bcc"))
    )
    recipients = tuple(dict.fromkeys((*to, *cc, *bcc)))
    if not recipients:
        raise InvalidInput("a message needs a recipient", field="to")
    if len(recipients) > RECIPIENTS_MAX:
        raise InvalidInput(f"more than {RECIPIENTS_MAX} recipients", field="to")
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = _named(mailbox)
    message["To"] = ", ".join(to)
    if cc:
        message["Cc"] = ", ".join(cc)
    message["Subject"] = check_header_text(headers.subject, field="subject")
    if headers.reply_to:
        message["Reply-To"] = parse_outgoing_address(headers.reply_to, field="reply_to")
    message["Date"] = format_datetime(datetime.fromtimestamp(at / 1_000, UTC))
    message["Message-ID"] = f"<{message_id}>"
    for name, thread in (("In-Reply-To", headers.in_reply_to), ("References", headers.references)):
        if ids := _ids(thread):
            message[name] = ids
    if loop_mark:
        message[LOOP_HEADER] = loop_mark
    if automatic:
        message["Auto-Submitted"] = "auto-replied"
        message["X-Auto-Response-Suppress"] = "All"
    message.set_content(_body(text), cte="quoted-printable")
    for attachment in attachments:
        _attach(message, attachment)
    return Composed(
        sender="" if automatic else mailbox.address,
        author=mailbox.address,
        recipients=recipients,
        message_id=message_id,
        data=message.as_bytes(),
    )


def _addresses(values: Sequence[str], field: str) -> list[str]:
    return [parse_outgoing_address(value, field=field) for value in values]


def _named(mailbox: Mailbox) -> HeaderAddress:
    name = check_header_text(mailbox.name, field="name")
    return HeaderAddress(display_name=name, addr_spec=mailbox.address)


def _ids(message_ids: Sequence[str]) -> str:
    """Message ids in angle brackets; the first and the last nineteen of a long thread.

    Foreign ids that hold an encoded word are left out: the thread loses a link, not a header.
    """
    message_ids = [one for one in message_ids if not has_encoded_word(one)]
    kept = message_ids if len(message_ids) <= 20 else (message_ids[0], *message_ids[-19:])
    return " ".join(f"<{check_header_text(one.strip('<> '), field='references')}>" for one in kept)


def _body(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    maintype, _, subtype = attachment.ref.media_type.partition("/")
    if not maintype.isalnum() or not subtype:
        maintype, subtype = "application", "octet-stream"
    name = check_header_text(attachment.ref.name, field="files")
    if maintype in ("text", "message", "multipart"):
        maintype, subtype = "application", "octet-stream"
    message.add_attachment(attachment.data, maintype=maintype, subtype=subtype, filename=name)
