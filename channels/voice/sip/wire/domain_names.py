"""The domain name system, asked by Twisted."""

import asyncio
import ipaddress
import logging
from collections.abc import Sequence
from typing import Any

from twisted.names import client, dns
from typing_extensions import override

from channels.voice.sip.locating import Names, Pointer, Server

log = logging.getLogger(__name__)
_client: Any = client
"""Carries no types."""
TIMEOUTS_S = (1, 2)
RECORDS = 16


class TwistedNames(Names):
    """Asks the machine's name servers, or those given as (address, port)."""

    def __init__(self, servers: Sequence[tuple[str, int]] = ()) -> None:
        self._servers = list(servers)
        self._resolver: Any = None

    @override
    async def pointers(self, name: str) -> Sequence[Pointer]:
        found = await self._ask("lookupNamingAuthorityPointer", name)
        return [
            Pointer(
                record.order,
                record.preference,
                _string(record.service),
                _text(record.replacement),
            )
            for record in found
            if isinstance(record, dns.Record_NAPTR) and _string(record.flags).lower() == "s"
        ][:RECORDS]

    @override
    async def servers(self, name: str) -> Sequence[Server]:
        found = await self._ask("lookupService", name)
        return [
            Server(record.priority, record.weight, record.port, _text(record.target))
            for record in found
            if isinstance(record, dns.Record_SRV)
        ][:RECORDS]

    @override
    async def addresses(self, name: str) -> Sequence[str]:
        four, six = await asyncio.gather(
            self._ask("lookupAddress", name), self._ask("lookupIPV6Address", name)
        )
        records = [r for r in (*four, *six) if isinstance(r, dns.Record_A | dns.Record_AAAA)]
        return [str(ipaddress.ip_address(r.address)) for r in records[:RECORDS] if r.address]

    async def _ask(self, question: str, name: str) -> list[Any]:
        if self._resolver is None:
            self._resolver = (
                _client.Resolver(servers=self._servers)
                if self._servers
                else _client.createResolver()
            )
        try:
            asked = getattr(self._resolver, question)(name.encode("idna"), timeout=TIMEOUTS_S)
            answers, _, _ = await asked.asFuture(asyncio.get_running_loop())
        except Exception as reason:
            # Whatever goes wrong in asking: there is no answer, and other places may be tried.
            log.debug("No answer about %s: %r", name, reason)
            return []
        return [answer.payload for answer in answers]


def _text(name: dns.Name) -> str:
    return name.name.decode("ascii", "replace").rstrip(".")


def _string(text: Any) -> str:
    return bytes(text.string).decode("ascii", "replace")
