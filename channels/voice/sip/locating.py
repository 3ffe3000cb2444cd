"""Where a SIP address is served (RFC 3263): transport, address and port, in the order to try."""

import asyncio
import ipaddress
import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from channels.voice.sip.hops import DEFAULT_PORT, TCP, TLS, UDP, Hop, is_address
from channels.voice.sip.uri import SipUri, Uri

log = logging.getLogger(__name__)
HOPS = 8
"""So many places are tried at most."""
LOOK_UP_S = 8.0
_SERVICES = {"SIP+D2U": UDP, "SIP+D2T": TCP, "SIPS+D2T": TLS}
_LABELS = {UDP: "_sip._udp.", TCP: "_sip._tcp.", TLS: "_sips._tcp."}


class Pointer(msgspec.Struct, frozen=True):
    """A NAPTR record that leads to an SRV name."""

    order: int
    preference: int
    service: str
    name: str


class Server(msgspec.Struct, frozen=True):
    """An SRV record."""

    priority: int
    weight: int
    port: int
    name: str


class Names(Protocol):
    """The domain name system. No records is an empty answer, whatever the reason."""

    async def pointers(self, name: str) -> Sequence[Pointer]:
        """The NAPTR records of a name."""
        ...

    async def servers(self, name: str) -> Sequence[Server]:
        """The SRV records of a name."""
        ...

    async def addresses(self, name: str) -> Sequence[str]:
        """The addresses of a name, IPv4 first."""
        ...


class DnsLocator:
    """Finds hops; ``offers`` says which transports we can send by."""

    def __init__(self, names: Names, offers: Callable[[str], bool]) -> None:
        self._names = names
        self._offers = offers
        self._tasks: set[asyncio.Task[None]] = set()

    def known(self, uri: Uri) -> list[Hop] | None:
        """The hop of an address written in numbers; none for what is no SIP address."""
        if not isinstance(uri, SipUri):
            return []
        if not is_address(uri.host):
            return None
        transport = _asked_transport(uri) or UDP
        host = str(ipaddress.ip_address(uri.host.strip("[]")))
        return [Hop(transport, host, uri.port or DEFAULT_PORT[transport], name=host)]

    def look_up(self, uri: Uri, then: Callable[[list[Hop]], None]) -> None:
        """Ask in the background; ``then`` is called once, within 8 s."""

        async def ask() -> None:
            hops: list[Hop] = []
            try:
                async with asyncio.timeout(LOOK_UP_S):
                    hops = await self.hops(uri)
            except TimeoutError:
                log.warning("No answer about the host %s within %.0f s", uri, LOOK_UP_S)
            then(hops)

        task = asyncio.get_running_loop().create_task(ask())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def hops(self, uri: Uri) -> list[Hop]:
        """The hops of an address, the first to be tried first."""
        known = self.known(uri)
        if known is not None or not isinstance(uri, SipUri):
            return known or []
        transport = _asked_transport(uri)
        if uri.port is not None:
            return await self._at(uri.host, transport or UDP, uri.port, uri.host)
        found: list[Hop] = []
        for label, by in await self._service_names(uri, transport):
            for server in _in_order(await self._names.servers(label)):
                found += await self._at(server.name, by, server.port, uri.host)
        if not found:
            by = transport or UDP
            found = await self._at(uri.host, by, DEFAULT_PORT[by], uri.host)
        return found[:HOPS]

    async def stop(self) -> None:
        """Stop asking."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _service_names(self, uri: SipUri, transport: str) -> list[tuple[str, str]]:
        if transport:
            return [(_LABELS[transport] + uri.host, transport)]
        pointers = sorted(
            await self._names.pointers(uri.host), key=lambda p: (p.order, p.preference)
        )
        found = [
            (pointer.name, _SERVICES[pointer.service.upper()])
            for pointer in pointers
            if pointer.service.upper() in _SERVICES
        ]
        found = found or [(_LABELS[by] + uri.host, by) for by in (UDP, TCP)]
        return [(name, by) for name, by in found if self._offers(by)]

    async def _at(self, name: str, transport: str, port: int, certified: str) -> list[Hop]:
        addresses = [name] if is_address(name) else await self._names.addresses(name)
        return [Hop(transport, address, port, name=certified) for address in addresses]


def _asked_transport(uri: SipUri) -> str:
    """The transport an address leaves no choice about; empty when it leaves one."""
    if uri.secure or uri.transport == "tls":
        return TLS
    return {"tcp": TCP, "udp": UDP}.get(uri.transport, "")


def _in_order(servers: Sequence[Server]) -> list[Server]:
    """By priority; within one, by chance in the proportion of the weights (RFC 2782)."""
    left = [server for server in servers if server.name not in {"", "."}]
    ordered: list[Server] = []
    while left:
        best = min(server.priority for server in left)
        group = [server for server in left if server.priority == best]
        pick = secrets.randbelow(sum(server.weight for server in group) + 1)
        for server in sorted(group, key=lambda one: one.weight != 0):
            pick -= server.weight
            if pick <= 0:
                ordered.append(server)
                left.remove(server)
                break
    return ordered
