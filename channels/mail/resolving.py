"""Asking the domain name system, for the checks of senders."""

from collections.abc import Sequence

import dns.asyncresolver
import dns.exception
import dns.rdata
import dns.resolver
from dns.nameserver import Do53Nameserver
from typing_extensions import override

from channels.mail.verdicts import RECORD_LENGTH, RECORDS, Answer, Resolver

LOOKUP_SECONDS = 3.0
"""One name at most; a server that does not answer makes a result "not known", not a delay."""
_KINDS = frozenset({"TXT", "A", "AAAA", "MX", "PTR"})


class SystemResolver(Resolver):
    """The machine's own name servers, or those given (address and port), by dnspython."""

    def __init__(
        self, nameservers: Sequence[tuple[str, int]] = (), *, wait_s: float = LOOKUP_SECONDS
    ) -> None:
        self._nameservers = tuple(nameservers)
        self._wait_s = wait_s
        self._resolver: dns.asyncresolver.Resolver | None = None

    @override
    async def lookup(self, name: str, kind: str) -> Answer:
        """The records of a name, or that it could not be asked; never raises."""
        if kind not in _KINDS:
            return Answer(failed=True)
        try:
            if self._resolver is None:
                self._resolver = self._open()
            found = await self._resolver.resolve(
                name, kind, lifetime=self._wait_s, search=False, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return Answer()
        except (dns.exception.DNSException, OSError, ValueError):
            return Answer(failed=True)
        records = [_text(record, kind) for record in (found.rrset or ())]
        return Answer(tuple(sorted(records))[:RECORDS])

    def _open(self) -> dns.asyncresolver.Resolver:
        resolver = dns.asyncresolver.Resolver(configure=not self._nameservers)
        if self._nameservers:
            resolver.nameservers = [
                Do53Nameserver(address, port) for address, port in self._nameservers
            ]
        return resolver


def _text(record: dns.rdata.Rdata, kind: str) -> str:
    if kind == "TXT":
        strings: tuple[bytes, ...] = getattr(record, "strings", ())
        return b"".join(strings).decode("utf-8", "replace")[:RECORD_LENGTH]
    return record.to_text().rstrip(".")
