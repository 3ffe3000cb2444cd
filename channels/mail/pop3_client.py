"""Reading an existing mailbox by POP3 (RFC 1939) on Twisted, with UIDL to know what is new."""

import logging
from typing import Any

from twisted.mail import pop3
from typing_extensions import override

from channels.mail.imap_client import MESSAGE_BYTES, Take
from channels.mail.reaching import Greeted, logged_in, on
from channels.mail.settings import Poll
from router.model.errors import InvalidInput

log = logging.getLogger(__name__)
VALIDITY = "pop3"
"""POP3's unique ids are unique for ever (RFC 1939, UIDL), so there is one validity."""


class PopReader(Greeted, pop3.AdvancedPOP3Client):
    """A client that can be waited for."""

    MAX_LENGTH = 1024 * 1024
    # Without APOP the password is sent: the line is encrypted, or it is this machine's own.
    allowInsecureLogin = True

    @override
    def serverGreeting(self, greeting: Any) -> None:
        """The server is ready."""
        super().serverGreeting(greeting)
        self.greeted.callback(None)


async def read_mailbox(
    poll: Poll, known: set[str], _validity: str, take: Take
) -> tuple[str, set[str]]:
    """Give every new message of the mailbox to ``take``; as ``imap_client.read_mailbox``."""
    async with logged_in(poll, PopReader) as client:
        return VALIDITY, await _read(client, poll, known, take)


async def _read(client: PopReader, poll: Poll, known: set[str], take: Take) -> set[str]:
    ids = [uid.decode("ascii", "replace") for uid in await on(client.listUID())]
    sizes = await on(client.listSize())
    new = [(index, uid) for index, uid in enumerate(ids) if uid not in known]
    for index, uid in new[: poll.messages]:
        if sizes[index] > MESSAGE_BYTES:
            log.warning("Message %s of %s bytes is too big and stays.", uid, sizes[index])
            continue
        lines = await on(client.retrieve(index))
        try:
            await take(VALIDITY, uid, b"".join(line + b"\r\n" for line in lines))
        except InvalidInput as error:
            log.warning("Message %s of %s was not taken: %s", uid, poll.user, error.message)
            continue
        if not poll.keep:
            await on(client.delete(index))
    await on(client.quit())
    return set(ids)
