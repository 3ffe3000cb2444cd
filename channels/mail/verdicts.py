"""What is known about a mail's sender, as data, and how names are asked for (MAIL-3)."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol

import msgspec

LOOKUPS = 60
"""Names looked up for one mail at most, all three methods together."""
RECORDS = 50
"""Records read of one answer."""
RECORD_LENGTH = 8_192
"""Characters read of one record."""


class Result(StrEnum):
    """The outcome of a check, in the words of RFC 8601."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - the word of RFC 8601 for a check that succeeded
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    POLICY = "policy"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Answer(msgspec.Struct, frozen=True):
    """What a name server says: records as text (TXT joined, MX as ``10 host``), none for a name
    without any; ``failed`` when it could not be asked."""

    records: tuple[str, ...] = ()
    failed: bool = False


class Resolver(Protocol):
    """Asks the domain name system."""

    async def lookup(self, name: str, kind: str) -> Answer:
        """Records of ``kind`` (TXT, A, AAAA, MX, PTR); never raises, waits at most seconds."""
        ...


class SpfResult(msgspec.Struct, frozen=True):
    """SPF for the envelope sender's domain (or the greeting name for the null sender)."""

    result: Result = Result.NONE
    domain: str = ""


class DkimResult(msgspec.Struct, frozen=True):
    """One signature. ``detail`` says why it does not count."""

    result: Result
    domain: str
    selector: str = ""
    detail: str = ""


class DmarcResult(msgspec.Struct, frozen=True):
    """DMARC for the author's domain. ``policy`` is what that domain asks for on failure."""

    result: Result = Result.NONE
    policy: str = ""
    organisation: str = ""


class Authentication(msgspec.Struct, frozen=True):
    """What our own check found out about a mail. Foreign results play no part in it."""

    from_domain: str = ""
    spf: SpfResult = SpfResult()
    dkim: tuple[DkimResult, ...] = ()
    dmarc: DmarcResult = DmarcResult()

    @property
    def verified(self) -> bool:
        """Whether the author's domain vouches for this mail.

        DMARC passed; for a domain without DMARC, SPF or DKIM passed for exactly that domain.
        """
        if self.dmarc.result is Result.PASS:
            return True
        return (
            self.dmarc.result is Result.NONE
            and bool(self.from_domain)
            and (
                (self.spf.result is Result.PASS and self.spf.domain == self.from_domain)
                or any(
                    signature.result is Result.PASS and signature.domain == self.from_domain
                    for signature in self.dkim
                )
            )
        )

    @property
    def must_be_verified(self) -> bool:
        """Whether the author's domain publishes DMARC, or may do so: it could not be asked."""
        return self.dmarc.result is not Result.NONE


class Envelope(msgspec.Struct, frozen=True):
    """What the SMTP dialogue said: the client's address, its greeting name, MAIL FROM."""

    client: str
    greeting: str
    sender: str


Ask = Callable[[str, str], Awaitable[Answer]]
"""Asks for a name and a kind of record; each name once, all of a mail within a bound."""


def domain_of(address: str) -> str:
    """The domain of an address (or a bare domain) in lower case and ASCII; empty for none."""
    domain = address.rpartition("@")[2].lower().rstrip(".")
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
