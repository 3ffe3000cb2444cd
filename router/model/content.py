"""What people say to each other, before it is sealed and after it is opened.

The log holds an entry's skeleton in clear and this content as a sealed box (PRIV-1).
"""

from enum import StrEnum

import msgspec

from router.model.ids import SubjectId


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A box that only the key of its subject opens: AES-256-GCM, see ``router.seals``."""

    subject: SubjectId
    schema: str
    box: bytes


CONTENT_SCHEMA = "content/1"
"""The schema under which a ``Content`` is sealed."""


class FileRef(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A file of an entry: its random name in the file store and what a person sees of it."""

    file_id: str
    name: str
    media_type: str
    size_bytes: int
    content_id: str = ""
    inline: bool = False


class MailHeaders(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The headers of a mail that an agent sees or that threading needs (decoded text)."""

    sender: str = ""
    sender_name: str = ""
    reply_to: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    subject: str = ""
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    date: str = ""


class Content(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The words of one entry. ``text`` is always readable plain text; ``html_file`` names the
    cleaned HTML in the file store where the message had one; ``notices`` are codes of warnings to
    show (``unverified_sender``, ``truncated``, ``remote_images_blocked`` ...)."""

    text: str = ""
    quoted: str = ""
    html_file: str = ""
    source_file: str = ""
    mail: MailHeaders | None = None
    files: tuple[FileRef, ...] = ()
    fields: dict[str, str] = {}
    notices: tuple[str, ...] = ()


class Author(StrEnum):
    """Who wrote an entry."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"


class Mark(StrEnum):
    """What became of an entry that was sent, in the order it can happen.

    ``WAITING``: it is kept to be sent and could not be yet, for the reason that stands with it.
    """

    WAITING = "waiting"
    SENT = "sent"
    DELIVERED = "delivered"
    SEEN = "seen"
    FAILED = "failed"
