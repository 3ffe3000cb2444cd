"""The domain name system, asked by dnspython on the running loop."""

import dns.asyncresolver
import dns.exception
import dns.resolver
from typing_extensions import override

from channels.mail.verdicts import RECORD_LENGTH, RECORDS, Answer, Resolver

_KINDS = frozenset({"TXT", "A", "AAAA", "MX", "PTR"})


class DnsResolver(Resolver):
    """Asks the system's name servers, or those given (addresses, all at ``port``).

    One question takes ``wait_s`` at most, all retries included; whatever goes wrong is an answer
    that failed.
    """

    def __init__(
        self, nameservers: tuple[str, ...] = (), *, port: int = 53, wait_s: float = 4.0
    ) -> None:
        self._wait_s = wait_s
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=not nameservers)
        except dns.resolver.NoResolverConfiguration:
            self._resolver = dns.asyncresolver.Resolver(configure=False)
        if nameservers:
            self._resolver.nameservers = list(nameservers)
            self._resolver.port = port

    @override
    async def lookup(self, name: str, kind: str) -> Answer:
        """Records of ``kind`` (TXT, A, AAAA, MX, PTR); never raises."""
        if kind not in _KINDS:
            return Answer(failed=True)
        try:
            found = await self._resolver.resolve(
                name, kind, lifetime=self._wait_s, search=False, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return Answer()
        except (dns.exception.DNSException, OSError, ValueError):
            return Answer(failed=True)
        records = [_text(record, kind) for record in (found.rrset or ())]
        return Answer(tuple(sorted(records))[:RECORDS])


def _text(record: dns.rdata.Rdata, kind: str) -> str:
    if kind == "TXT":
        strings: tuple[bytes, ...] = getattr(record, "strings", ())
        return b"".join(strings).decode("utf-8", "replace")[:RECORD_LENGTH]
    return record.to_text().rstrip(".")
