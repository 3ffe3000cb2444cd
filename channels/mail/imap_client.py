"""Reading an existing mailbox by IMAP (RFC 3501) on Twisted.

Messages are read with BODY.PEEK, so that nobody's unread marks change, and only deleted after
``take`` has made them durable here.
"""

import logging
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

from twisted.mail import imap4
from typing_extensions import override

from channels.mail.reaching import Greeted, logged_in, on
from channels.mail.settings import Poll
from router.model.errors import InvalidInput

log = logging.getLogger(__name__)
MESSAGE_BYTES = 25 * 1024 * 1024
"""A bigger message is not fetched; it is reported once and stays on the server (MAIL-7)."""

Take = Callable[[str, str, bytes], Awaitable[None]]
"""Makes a message durable: (validity, unique id, bytes). Raises InvalidInput to leave it."""


class TooBig(InvalidInput):
    """A literal over the bound was announced: the connection is ended instead of reading it."""


class ImapReader(Greeted, imap4.IMAP4Client):
    """A client that keeps the bytes of literals as they came, and refuses too big ones."""

    def __init__(self) -> None:
        super().__init__()
        self.literals: list[BytesIO] = []

    @override
    def serverGreeting(self, caps: Any) -> None:
        """The server is ready."""
        self.greeted.callback(None)

    @override
    def messageFile(self, octets: int) -> BytesIO:
        """Where a literal goes."""
        if octets > MESSAGE_BYTES:
            self.transport.abortConnection()
            raise TooBig(f"a literal of {octets} bytes was announced", field="message")
        file = BytesIO()
        self.literals.append(file)
        return file


async def read_mailbox(
    poll: Poll, known: set[str], validity: str, take: Take
) -> tuple[str, set[str]]:
    """Give every new message of the mailbox to ``take``, in the order of arrival.

    ``known`` are the unique ids of ``validity`` that were taken before. Returns the mailbox's
    UIDVALIDITY now and the unique ids it holds. When the validity has changed all messages are
    new. Raises StorageFailed with the reason when the server cannot be read.
    """
    async with logged_in(poll, ImapReader) as client:
        return await _read(client, poll, known, validity, take)


async def _read(
    client: ImapReader, poll: Poll, known: set[str], validity: str, take: Take
) -> tuple[str, set[str]]:
    opened = await on((client.examine if poll.keep else client.select)(poll.folder))
    valid = str(opened.get("UIDVALIDITY", ""))
    present = [str(uid) for uid in await on(client.search("ALL", uid=True))]
    new = [uid for uid in present if valid != validity or uid not in known][: poll.messages]
    for uid in new:
        raw = await _fetch(client, uid)
        if raw is None:
            continue
        try:
            await take(valid, uid, raw)
        except InvalidInput as error:
            log.warning("Message %s of %s was not taken: %s", uid, poll.user, error.message)
            continue
        if not poll.keep:
            await on(client.addFlags(uid, ("\\Deleted",), uid=True))
    if new and not poll.keep:
        await on(client.expunge())
    return valid, set(present)


async def _fetch(client: ImapReader, uid: str) -> bytes | None:
    """The message's bytes, or None when it is too big or gone."""
    sizes = await on(client.fetchSize(uid, uid=True))
    size = next((int(row["RFC822.SIZE"]) for row in sizes.values()), None)
    if size is None:
        return None
    if size > MESSAGE_BYTES:
        log.warning("Message %s of %s bytes is too big and stays on the server.", uid, size)
        return None
    client.literals.clear()
    await on(client.fetchSpecific(uid, uid=True, peek=True))
    return client.literals[-1].getvalue() if client.literals else None
