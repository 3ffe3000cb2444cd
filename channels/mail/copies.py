"""One mail on several ways: to two mailboxes of ours, or handed over twice by different servers.

A queue gets a mail once, whichever of our addresses it was sent to; each further queue that is
written to gets an interaction of its own, and both are shown as belonging together. A mail that
joins a case joins it once.
"""

import asyncio
import hashlib

from channels.mail.parsing import ParsedMail
from channels.mail.verdicts import Authentication

_STRIPES = 64


class Turns:
    """Lets copies of one mail come in one after the other, and different mails side by side."""

    def __init__(self) -> None:
        self._locks = [asyncio.Lock() for _ in range(_STRIPES)]

    def of(self, copy: str) -> asyncio.Lock:
        """The lock of a mail's fingerprint (hexadecimal)."""
        return self._locks[int(copy[:8], 16) % _STRIPES]


def fingerprint(raw: bytes, mail: ParsedMail, authentication: Authentication) -> str:
    """What all copies of one mail share, whichever servers passed them on; for a keyed digest.

    Only copies of equal standing count as one: what somebody replays without proof does not keep
    the proven original out.
    """
    headers = mail.headers
    body = raw.partition(b"\r\n\r\n")[2]
    named = headers.message_id or headers.date
    # Without an id and a date two letters of the same words may well be two letters.
    rest = hashlib.sha256(body if named else raw).hexdigest()
    facts = (headers.message_id, headers.date, headers.sender, headers.subject, rest)
    return "\0".join(("copy", str(authentication.verified), *facts))
