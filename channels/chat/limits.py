"""Abuse bounds that count by source or by conversation (CHAT-4). Pure: time comes in."""

import ipaddress
from collections import OrderedDict, deque

from router.model.ids import Instant

SOURCES_MAX = 100_000
"""Sources remembered at once; the one unused for longest is forgotten first."""


def source_of(host: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


class Window:
    """At most ``limit`` happenings in any ``span_ms`` for one key."""

    def __init__(self, limit: int, span_ms: int) -> None:
        self.limit = limit
        self.span_ms = span_ms
        self._times: OrderedDict[str, deque[Instant]] = OrderedDict()

    def take(self, key: str, now: Instant) -> int:
        """Count one; 0 when it is allowed, else how many milliseconds to wait."""
        times = self._times.setdefault(key, deque())
        self._times.move_to_end(key)
        while len(self._times) > SOURCES_MAX:
            self._times.popitem(last=False)
        while times and now - times[0] >= self.span_ms:
            times.popleft()
        if len(times) >= self.limit:
            return self.span_ms - (now - times[0]) if times else self.span_ms
        times.append(now)
        return 0

    def forget(self, key: str) -> None:
        """Drop what was counted for a key."""
        self._times.pop(key, None)


class Held:
    """At most ``limit`` things held at the same time for one key."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._held: dict[str, int] = {}

    def take(self, key: str) -> bool:
        """Hold one more; False when the bound is reached."""
        held = self._held.get(key, 0)
        if held >= self.limit:
            return False
        self._held[key] = held + 1
        return True

    def give_back(self, key: str) -> None:
        """Hold one less."""
        held = self._held.get(key, 0)
        if held <= 1:
            self._held.pop(key, None)
        else:
            self._held[key] = held - 1


class Bucket:
    """A token bucket for one socket: ``rate`` a second, ``burst`` at once."""

    def __init__(self, rate: float, burst: int, now: Instant) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._level = float(burst)
        self._at = now

    def take(self, now: Instant) -> bool:
        """Take one; False when the bucket is empty."""
        self._level = min(self._burst, self._level + (now - self._at) * self._rate / 1000)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True
