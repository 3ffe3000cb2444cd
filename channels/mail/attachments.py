"""The files of a mail: attached ones, and pictures that its HTML holds in itself."""

import binascii
import hashlib
import re
from collections.abc import Collection

import msgspec

from channels.mail.limits import FILES_LEFT_OUT, Budget
from channels.mail.reading import Leaf
from channels.mail.tnef import PackedFile
from router.model.file_names import DOWNLOAD_TYPE, clean_name, extension_of, proven_type

_EXTENSIONS = {
    "text/plain": "txt",
    "text/html": "html",
    "text/calendar": "ics",
    "message/rfc822": "eml",
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
}
_DATA_PICTURE = re.compile(
    r"data:(image/(?:png|jpeg|jpg|gif|webp));base64,([A-Za-z0-9+/=\s]{40,})", re.IGNORECASE
)
_CONTENT_ID_LENGTH = 500


class Attachment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of a mail.

    ``media_type`` is what it may be served as: a kind proved by extension and first bytes, else
    ``application/octet-stream``. ``declared_type`` is only the sender's word. ``inline``: the
    HTML shows it by ``content_id``.
    """

    name: str
    media_type: str
    data: bytes
    declared_type: str = ""
    content_id: str = ""
    inline: bool = False


def attachments_of(files: list[Leaf], budget: Budget) -> list[Attachment]:
    """The files under their cleaned names; those beyond the budget are left out and noted.

    An opened ``winmail.dat`` gives what was inside, and stays itself where words in it do not.
    """
    found: list[Attachment] = []
    counts = {True: 0, False: 0}
    allowed = {True: budget.limits.inline_files, False: budget.limits.files}
    for leaf in files:
        for file in leaf.packed.files if leaf.packed is not None else ():
            inline = bool(file.content_id)
            counts[inline] += 1
            if counts[inline] > allowed[inline]:
                budget.note(FILES_LEFT_OUT)
                continue
            found.append(_packed(file, len(found) + 1))
        if leaf.packed is not None and not leaf.packed.locked:
            continue
        counts[leaf.inline] += 1
        if counts[leaf.inline] > allowed[leaf.inline]:
            budget.note(FILES_LEFT_OUT)
            continue
        found.append(_attachment(leaf, len(found) + 1))
    return found


def _packed(file: PackedFile, number: int) -> Attachment:
    name = clean_name(file.name, fallback=f"file {number}")
    return Attachment(
        name=name,
        media_type=proven_type(name, file.data),
        data=file.data,
        declared_type=file.media_type[:_CONTENT_ID_LENGTH],
        content_id=file.content_id.strip("<>")[:_CONTENT_ID_LENGTH],
        inline=bool(file.content_id),
    )


def _attachment(leaf: Leaf, number: int) -> Attachment:
    part = leaf.part
    data = part.encoded() if part.is_message else part.decoded()
    name = part.file_name
    if not name and part.is_message:
        name = part.children[0].headers.text("subject") if part.children else ""
    name = clean_name(name, fallback=f"file {number}")
    extension = _EXTENSIONS.get(part.media_type)
    if extension and not extension_of(name):
        name = clean_name(f"{name}.{extension}")
    return Attachment(
        name=name,
        media_type=proven_type(name, data),
        data=data,
        declared_type=part.media_type,
        content_id=part.content_id[:_CONTENT_ID_LENGTH],
        inline=leaf.inline,
    )


def take_out_pictures(html: str, attachments: list[Attachment], budget: Budget) -> str:
    """Turn pictures written into the HTML (``data:`` addresses) into files it shows by id.

    Only what really is a picture of the named kind is taken out; the rest stays for the cleaning
    to remove. The files join ``attachments``, at most as many as the budget allows.
    """
    taken: dict[str, str] = {}

    def replace(found: re.Match[str]) -> str:
        kind = found.group(1).lower()
        data = _decoded(found.group(2))
        content_id = f"{hashlib.sha256(data).hexdigest()[:32]}@inside.invalid"
        if content_id in taken:
            return taken[content_id]
        name = f"picture {len(taken) + 1}.{_EXTENSIONS[kind]}"
        media_type = proven_type(name, data)
        if media_type == DOWNLOAD_TYPE:
            return found.group(0)
        if len(taken) >= budget.limits.inline_files:
            budget.note(FILES_LEFT_OUT)
            return ""
        taken[content_id] = f"cid:{content_id}"
        attachments.append(Attachment(name, media_type, data, kind, content_id, inline=True))
        return taken[content_id]

    return _DATA_PICTURE.sub(replace, html)


def _decoded(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text)
    except binascii.Error:
        return b""


def marked_as_shown(
    attachments: Collection[Attachment], content_ids: Collection[str]
) -> tuple[Attachment, ...]:
    """A file is inline only if the HTML that is shown really shows it."""
    shown = set(content_ids)
    return tuple(
        msgspec.structs.replace(file, inline=bool(file.content_id) and file.content_id in shown)
        for file in attachments
    )
