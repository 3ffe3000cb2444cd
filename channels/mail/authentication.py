"""Who really sent a mail: SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489) as data (MAIL-3).

Names are looked up through a port, so that everything here can be decided from a table. SPF and
DMARC work on names and addresses only; signatures are checked in the throw-away worker, which has
no network and is given the keys it asked for (``ParsedMail.dkim_queries``).
"""

import contextlib
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol

import authres  # type: ignore[import-untyped]  # the package has no types
import msgspec

from channels.mail.dmarc_check import check_dmarc
from channels.mail.spf_check import check_spf
from channels.mail.verdicts import (
    LOOKUPS,
    RECORD_LENGTH,
    RECORDS,
    Answer,
    Authentication,
    DkimResult,
    DmarcResult,
    Envelope,
    Resolver,
    Result,
    SpfResult,
    domain_of,
)


class SignatureCheck(Protocol):
    """Checks signatures somewhere safe; ``keys`` maps each wanted name to its TXT record."""

    def __call__(self, raw: bytes, keys: Mapping[str, str]) -> Awaitable[tuple[DkimResult, ...]]:
        """One result for each signature, from the top; a bounded number of them."""
        ...


class _Names:
    """Answers gathered for one mail, each name asked once and all of them bounded."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self.answers: dict[tuple[str, str], Answer] = {}

    async def ask(self, name: str, kind: str) -> Answer:
        key = (name.lower().rstrip("."), kind)
        if key not in self.answers:
            if len(self.answers) >= LOOKUPS or len(key[0]) > 253:
                return Answer(failed=True)
            self.answers[key] = await self._resolver.lookup(*key)
        return self.answers[key]


async def check_authentication(
    raw: bytes,
    *,
    from_address: str,
    envelope: Envelope | None,
    dkim_queries: Sequence[str],
    resolver: Resolver,
    check_signatures: SignatureCheck,
) -> Authentication:
    """Check a mail. ``from_address`` is the single author (empty for an ambiguous one: nothing
    passes then), ``envelope`` None for a fetched mail (SPF is left out)."""
    names = _Names(resolver)
    from_domain = domain_of(from_address)
    spf_result = SpfResult()
    if envelope is not None:
        spf_result = await check_spf(envelope, names.ask)
    keys: dict[str, str] = {}
    failed: list[str] = []
    for query in dkim_queries:
        answer = await names.ask(query, "TXT")
        if answer.failed:
            failed.append(query)
        elif answer.records:
            keys[query] = answer.records[0]
    signatures = await check_signatures(raw, keys) if dkim_queries else ()
    signatures = tuple(_with_failed_lookup(signature, failed) for signature in signatures)
    dmarc = await check_dmarc(from_domain, spf_result, signatures, names.ask)
    return Authentication(from_domain, spf_result, signatures, dmarc)


def _with_failed_lookup(signature: DkimResult, failed: Sequence[str]) -> DkimResult:
    name = f"{signature.selector}._domainkey.{signature.domain}"
    if name in failed:
        return msgspec.structs.replace(
            signature, result=Result.TEMPERROR, detail="no answer from its name servers"
        )
    return signature


def trusted_results(values: Sequence[str], server: str, from_address: str) -> Authentication | None:
    """The results of a server in front of us that we trust by configuration, as our own data.

    Only the topmost Authentication-Results field counts, and only if it bears exactly that
    server's name and speaks of this author; every other one is somebody's claim. None when there
    is no such field.
    """
    found = _results_of(values, server)
    domain = domain_of(from_address)
    if found is None or not domain or found.from_domain not in ("", domain):
        return None
    return msgspec.structs.replace(found, from_domain=domain)


def _results_of(values: Sequence[str], server: str) -> Authentication | None:
    if not values or not server:
        return None
    with contextlib.suppress(Exception):  # any error of the parser: the field is not believed
        header = authres.AuthenticationResultsHeader.parse_value(values[0][:RECORD_LENGTH])
        if str(header.authserv_id).lower() == server.lower():
            return _from_fields(header.results)
    return None


def _from_fields(results: Sequence[Any]) -> Authentication:
    spf_result, dmarc, from_domain = SpfResult(), DmarcResult(), ""
    dkim: list[DkimResult] = []
    for entry in results[:RECORDS]:
        word = str(entry.result).lower()
        result = Result(word) if word in set(Result) else Result.NEUTRAL
        values = {f"{item.type}.{item.name}": str(item.value) for item in entry.properties}
        if entry.method == "spf":
            sender = values.get("smtp.mailfrom") or values.get("smtp.helo") or ""
            spf_result = SpfResult(result, domain_of(sender))
        elif entry.method == "dkim":
            domain = values.get("header.d") or values.get("header.i", "")
            dkim.append(DkimResult(result, domain_of(domain), values.get("header.s", "")))
        elif entry.method == "dmarc":
            from_domain = domain_of(values.get("header.from", ""))
            dmarc = DmarcResult(result, organisation=from_domain)
    return Authentication(from_domain, spf_result, tuple(dkim), dmarc)
