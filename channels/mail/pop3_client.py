"""Reading an existing mailbox by POP3 (RFC 1939) on Twisted, with UIDL to know what is new."""

import logging
from typing import Any

from twisted.internet import endpoints, protocol, reactor, ssl
from twisted.internet.defer import Deferred
from twisted.mail import pop3
from typing_extensions import override

from channels.mail.imap_client import CONNECT_SECONDS, MESSAGE_BYTES, Take
from channels.mail.settings import Poll
from router.model.errors import InvalidInput, StorageFailed

log = logging.getLogger(__name__)
VALIDITY = "pop3"
"""POP3's unique ids are unique for ever (RFC 1939, UIDL), so there is one validity."""


class PopReader(pop3.AdvancedPOP3Client):
    """A client that can be waited for."""

    timeout = 60
    MAX_LENGTH = 1024 * 1024
    greeted: Deferred[None]

    def __init__(self) -> None:
        self.greeted = Deferred()

    @override
    def serverGreeting(self, greeting: Any) -> None:
        """The server is ready."""
        super().serverGreeting(greeting)
        self.greeted.callback(None)

    @override
    def connectionLost(self, reason: Any = protocol.connectionDone) -> None:
        """Fail whoever waits for the greeting, then all commands under way."""
        if not self.greeted.called:
            self.greeted.errback(reason)
        super().connectionLost(reason)


async def read_mailbox(
    poll: Poll, known: set[str], _validity: str, take: Take
) -> tuple[str, set[str]]:
    """Give every new message of the mailbox to ``take``; as ``imap_client.read_mailbox``."""
    try:
        client = await _connected(poll)
        try:
            return VALIDITY, await _read(client, poll, known, take)
        finally:
            client.transport.loseConnection()
    except (pop3.POP3ClientError, OSError) as error:
        raise StorageFailed(f"POP3 at {poll.host}: {error}") from error
    except Exception as error:
        # Twisted ends with many kinds of its own (timeouts, TLS, lost connections).
        if type(error).__module__.startswith(("twisted.", "OpenSSL.")):
            raise StorageFailed(f"POP3 at {poll.host}: {error}") from error
        raise


async def _connected(poll: Poll) -> PopReader:
    where: Any = endpoints.HostnameEndpoint(
        reactor, poll.host, poll.effective_port, timeout=CONNECT_SECONDS
    )
    trust = ssl.optionsForClientTLS(poll.host) if poll.security != "none" else None
    if poll.security == "tls":
        where = endpoints.wrapClientTLS(trust, where)
    client: PopReader = await where.connect(protocol.Factory.forProtocol(PopReader))
    # Without APOP a password goes over the wire: only where the line is encrypted or local.
    client.allowInsecureLogin = True
    await client.greeted
    if poll.security == "starttls":
        await client.startTLS(trust)
    await client.login(poll.user.encode(), poll.password.reveal().encode())
    return client


async def _read(client: PopReader, poll: Poll, known: set[str], take: Take) -> set[str]:
    ids = [uid.decode("ascii", "replace") for uid in await client.listUID()]
    sizes = await client.listSize()
    new = [(index, uid) for index, uid in enumerate(ids) if uid not in known]
    for index, uid in new[: poll.messages]:
        if sizes[index] > MESSAGE_BYTES:
            log.warning("Message %s of %s bytes is too big and stays.", uid, sizes[index])
            continue
        lines = await client.retrieve(index)
        try:
            await take(VALIDITY, uid, b"".join(line + b"\r\n" for line in lines))
        except InvalidInput as error:
            log.warning("Message %s of %s was not taken: %s", uid, poll.user, error.message)
            continue
        if not poll.keep:
            await client.delete(index)
    await client.quit()
    return set(ids)
