"""How much anybody may ask of us in a second (SIP-3)."""

import ipaddress
from collections import OrderedDict

from router.model.ids import SECOND_MS, Instant

SOURCES = 10_000
"""Sources that are counted one by one at a time; those not heard of for longest are let go."""


class Bucket:
    """Fills by ``rate`` tokens a second up to ``burst``."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: Instant) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def take(self, now: Instant) -> bool:
        """Take a token; False when there is none."""
        self._fill(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def give_back(self) -> None:
        """Undo a ``take``."""
        self._tokens = min(self._burst, self._tokens + 1)

    def _fill(self, now: Instant) -> None:
        passed_s = max(0, now - self._at) / SECOND_MS
        self._tokens = min(self._burst, self._tokens + passed_s * self._rate)
        self._at = now


class SourceRates:
    """A bucket for each source, and one for all of them together."""

    def __init__(self, *, rate: float, burst: float, whole_rate: float) -> None:
        self._rate = rate
        self._burst = burst
        self._whole_rate = whole_rate
        self._whole: Bucket | None = None
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, source: str, now: Instant) -> bool:
        """Count a request of a source; False when it, or everybody, had their share."""
        bucket = self._bucket(source, now)
        if not bucket.take(now):
            return False
        if self._whole is None:
            self._whole = Bucket(self._whole_rate, self._whole_rate, now)
        if not self._whole.take(now):
            bucket.give_back()
            return False
        return True

    def give_back(self, source: str, now: Instant) -> None:
        """A request turned out to be of somebody we know: it is not counted."""
        self._bucket(source, now).give_back()
        if self._whole is not None:
            self._whole.give_back()

    def _bucket(self, source: str, now: Instant) -> Bucket:
        name = network_of(source)
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = Bucket(self._rate, self._burst, now)
            if len(self._buckets) > SOURCES:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(name)
        return bucket


def network_of(source: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 an IPv6 address is in."""
    address = ipaddress.ip_address(source)
    if address.version == 4:
        return source
    return str(ipaddress.ip_network((source, 64), strict=False))
