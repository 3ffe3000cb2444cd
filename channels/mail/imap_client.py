"""Reading an existing mailbox by IMAP (RFC 3501) on Twisted.

Messages are read with BODY.PEEK, so that nobody's unread marks change, and only deleted after
``take`` has made them durable here.
"""

import logging
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

from twisted.internet import endpoints, protocol, reactor, ssl
from twisted.internet.defer import Deferred
from twisted.mail import imap4
from typing_extensions import override

from channels.mail.settings import Poll
from router.model.errors import InvalidInput, StorageFailed

log = logging.getLogger(__name__)
MESSAGE_BYTES = 25 * 1024 * 1024
"""A bigger message is not fetched; it is reported once and stays on the server (MAIL-7)."""
CONNECT_SECONDS = 20

Take = Callable[[str, str, bytes], Awaitable[None]]
"""Makes a message durable: (validity, unique id, bytes). Raises InvalidInput to leave it."""


class TooBig(InvalidInput):
    """A literal over the bound was announced: the connection is ended instead of reading it."""


class ImapReader(imap4.IMAP4Client):
    """A client that keeps the bytes of literals as they came, and refuses too big ones."""

    timeout = 60

    def __init__(self) -> None:
        super().__init__()
        self.greeted: Deferred[None] = Deferred()
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

    @override
    def connectionLost(self, reason: Any = protocol.connectionDone) -> None:
        """Fail whoever waits for the greeting, then all commands under way."""
        if not self.greeted.called:
            self.greeted.errback(reason)
        super().connectionLost(reason)


async def read_mailbox(
    poll: Poll, known: set[str], validity: str, take: Take
) -> tuple[str, set[str]]:
    """Give every new message of the mailbox to ``take``, in the order of arrival.

    ``known`` are the unique ids of ``validity`` that were taken before. Returns the mailbox's
    UIDVALIDITY now and the unique ids it holds. When the validity has changed all messages are
    new. Raises StorageFailed with the reason when the server cannot be read.
    """
    try:
        client = await _connected(poll)
        try:
            return await _read(client, poll, known, validity, take)
        finally:
            client.transport.loseConnection()
    except (imap4.IMAP4Exception, OSError) as error:
        raise StorageFailed(f"IMAP at {poll.host}: {error}") from error
    except Exception as error:
        # Twisted ends with many kinds of its own (timeouts, TLS, lost connections).
        if type(error).__module__.startswith(("twisted.", "OpenSSL.")):
            raise StorageFailed(f"IMAP at {poll.host}: {error}") from error
        raise


async def _connected(poll: Poll) -> ImapReader:
    where: Any = endpoints.HostnameEndpoint(
        reactor, poll.host, poll.effective_port, timeout=CONNECT_SECONDS
    )
    trust = ssl.optionsForClientTLS(poll.host) if poll.security != "none" else None
    if poll.security == "tls":
        where = endpoints.wrapClientTLS(trust, where)
    client: ImapReader = await where.connect(protocol.Factory.forProtocol(ImapReader))
    await client.greeted
    if poll.security == "starttls":
        await client.startTLS(trust)
    await client.login(poll.user.encode(), poll.password.reveal().encode())
    return client


async def _read(
    client: ImapReader, poll: Poll, known: set[str], validity: str, take: Take
) -> tuple[str, set[str]]:
    opened = await (client.examine if poll.keep else client.select)(poll.folder)
    valid = str(opened.get("UIDVALIDITY", ""))
    present = [str(uid) for uid in await client.search("ALL", uid=True)]
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
            await client.addFlags(uid, ("\\Deleted",), uid=True)
    if new and not poll.keep:
        await client.expunge()
    return valid, set(present)


async def _fetch(client: ImapReader, uid: str) -> bytes | None:
    """The message's bytes, or None when it is too big or gone."""
    sizes = await client.fetchSize(uid, uid=True)
    size = next((int(row["RFC822.SIZE"]) for row in sizes.values()), None)
    if size is None:
        return None
    if size > MESSAGE_BYTES:
        log.warning("Message %s of %s bytes is too big and stays on the server.", uid, size)
        return None
    client.literals.clear()
    await client.fetchSpecific(uid, uid=True, peek=True)
    return client.literals[-1].getvalue() if client.literals else None
