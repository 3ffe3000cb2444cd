"""Asking the domain name system, for the checks of senders."""

import dns.asyncresolver
import dns.exception
import dns.resolver

from channels.mail.verdicts import Answer

LOOKUP_SECONDS = 3.0
"""One name at most; a server that does not answer makes a result "not known", not a delay."""


class SystemResolver:
    """The machine's own name servers, through dnspython."""

    def __init__(self) -> None:
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def lookup(self, name: str, kind: str) -> Answer:
        """The records of a name, or that it could not be asked."""
        try:
            if self._resolver is None:
                self._resolver = dns.asyncresolver.Resolver()
            found = await self._resolver.resolve(name, kind, lifetime=LOOKUP_SECONDS)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return Answer()
        except (dns.exception.DNSException, OSError):
            return Answer(failed=True)
        return Answer(tuple(_text(record) for record in found))


def _text(record: object) -> str:
    strings = getattr(record, "strings", None)
    if strings is not None:
        return b"".join(strings).decode("utf-8", "replace")
    return str(record)
