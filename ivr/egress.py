"""The one client through which anything is fetched from outside (IVR-1).

Look-ups of flows, webhooks, company sign-in: each would otherwise let a stranger's input choose
what a server inside the company's network answers. So a name is resolved once, every address of it
must be a public one, the connection goes to that very address, and no redirect is followed.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from router.model.errors import CarillonError
from router.model.ids import SECOND_MS, Instant
from router.ports import Clock

CONNECT_MS = 1_000
TOTAL_MS = 3_000
BODY_BYTES_MAX = 256 * 1024
PARALLEL_MAX = 20
FAILURES_MAX = 5
OPEN_MS = 30 * SECOND_MS
"""Time to connect and in all, bytes of an answer once inflated, requests a host at once, and for
how long a host that failed five times in a row is left alone."""

HOSTS_MAX = 1_000

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class EgressFailed(CarillonError):
    """Nothing came back. ``code``: ``refused`` (not allowed there), ``unreachable``, ``too_slow``,
    ``too_large``, ``resting`` (it failed too often) or ``busy`` (too many at once)."""

    code = "egress"


class Answer(msgspec.Struct, frozen=True):
    """What a server answered, whatever its status."""

    status: int
    media_type: str
    body: bytes


class _Host(msgspec.Struct):
    failures: int = 0
    resting_until: Instant = Instant(0)
    inside: int = 0


class GuardedClient:
    """Sends requests to the hosts the configuration names. Close it when done.

    ``internal`` are ``host:port`` within the company that may be asked too, also without TLS.
    """

    def __init__(self, clock: Clock, internal: Collection[str] = (), *, verify: Any = True) -> None:
        self._clock = clock
        self._internal = frozenset(internal)
        self._hosts: dict[str, _Host] = {}
        self._client = httpx.AsyncClient(
            verify=verify,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=0),
        )

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        limit_ms: int = TOTAL_MS,
    ) -> Answer:
        """One request, one answer. Raises EgressFailed."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise EgressFailed("this is no address that may be asked", code="refused")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        place = f"{parts.hostname}:{port}"
        if parts.scheme == "http" and place not in self._internal:
            raise EgressFailed(f"{place} may be asked by https only", code="refused")
        host = self._host(place)
        if host.resting_until > self._clock.now():
            raise EgressFailed(f"{place} failed too often and rests", code="resting")
        if host.inside >= PARALLEL_MAX:
            raise EgressFailed(f"{place} is asked too often at once", code="busy")
        host.inside += 1
        try:
            async with asyncio.timeout(limit_ms / 1_000):
                address = await self._resolved(parts.hostname, port)
                answer = await self._exchange(method, url, address, headers or {}, body)
        except TimeoutError:
            self._failed(host)
            raise EgressFailed(f"{place} took longer than {limit_ms} ms", code="too_slow") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._failed(host)
            raise EgressFailed(f"{place}: {type(error).__name__}", code="unreachable") from None
        finally:
            host.inside -= 1
        host.failures = 0 if answer.status < 500 else host.failures
        if answer.status >= 500:
            self._failed(host)
        return answer

    async def close(self) -> None:
        """Let go of every connection."""
        await self._client.aclose()

    def _host(self, place: str) -> _Host:
        if place not in self._hosts and len(self._hosts) >= HOSTS_MAX:
            del self._hosts[next(iter(self._hosts))]
        return self._hosts.setdefault(place, _Host())

    def _failed(self, host: _Host) -> None:
        host.failures += 1
        if host.failures >= FAILURES_MAX:
            host.failures = 0
            host.resting_until = Instant(self._clock.now() + OPEN_MS)

    async def _resolved(self, name: str, port: int) -> str:
        """The one address to connect to; refused when any address of the name is not public."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_MS / 1_000):
                found = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise EgressFailed(f"{name} is not resolved in time", code="too_slow") from None
        except (OSError, UnicodeError):
            raise EgressFailed(f"there is no host {name}", code="unreachable") from None
        addresses = [str(each[4][0]) for each in found]
        if f"{name}:{port}" not in self._internal:
            for each in addresses:
                if not is_public(each):
                    raise EgressFailed(f"{name} lies within the network", code="refused")
        return addresses[0]

    async def _exchange(
        self, method: str, url: str, address: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        original = httpx.URL(url)
        request = self._client.build_request(
            method,
            original.copy_with(host=address),
            headers={**headers, "Host": original.netloc.decode("ascii")},
            content=body or None,
            timeout=httpx.Timeout(TOTAL_MS / 1_000, connect=CONNECT_MS / 1_000, read=None),
            extensions={"sni_hostname": original.host},
        )
        response = await self._client.send(request, stream=True)
        try:
            kept = bytearray()
            async for piece in response.aiter_bytes(16_384):
                kept += piece
                if len(kept) > BODY_BYTES_MAX:
                    raise EgressFailed(f"more than {BODY_BYTES_MAX} bytes came", code="too_large")
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Answer(response.status_code, media_type, bytes(kept))
        finally:
            await response.aclose()


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, whatever way it is written.

    Private, loopback, link-local, shared (RFC 6598), unique local, multicast and documentation
    addresses are not, nor are IPv6 addresses that carry such an IPv4 one.
    """
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return all(each.is_global and not each.is_multicast for each in _faces(parsed))


def _faces(address: Address) -> list[Address]:
    """The address and every IPv4 address that is packed within it."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]  # Mapped is never global by itself, and may be public.
    faces: list[Address] = [address]
    if address.sixtofour is not None:
        faces.append(address.sixtofour)
    if address.teredo is not None:
        faces += address.teredo
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)]
    return faces
