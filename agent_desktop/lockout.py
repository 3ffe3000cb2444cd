"""What failed log-ins lead to (WEB-3): delays, then locks, never for an owner's own device.

Everything is counted by digests of names and addresses, so unknown users look as known ones do.
"""

import hashlib
from ipaddress import IPv6Address, ip_address

import msgspec

from agent_desktop.settings import InForce
from agent_desktop.store.failures import FailureRows
from router.model.errors import CarillonError
from router.model.ids import MINUTE_MS, Instant
from router.ports import Clock, Ids

WINDOW_MS = 15 * MINUTE_MS
FREE_FAILURES = 5
SOURCE_FAILURES_MAX = 30
DELAY_MS_MAX = 60_000


class TooManyTries(CarillonError):
    """Try again after ``wait_ms``; whether the user exists cannot be told from it."""

    code = "too_many_tries"

    def __init__(self, wait_ms: int) -> None:
        super().__init__("too many tries, wait and try again")
        self.wait_ms = wait_ms


class Try(msgspec.Struct, frozen=True):
    """One log-in that is counted as failed until it proves right."""

    id: str
    account: str
    source: str
    number: int


class Lockout:
    """Counts tries over the tables of failures and locks."""

    def __init__(self, rows: FailureRows, clock: Clock, ids: Ids, in_force: InForce) -> None:
        self._in_force = in_force
        self._rows = rows
        self._clock = clock
        self._ids = ids

    async def begin(self, user: str, address: str, device: str, *, lock_account: bool) -> Try:
        """Count a try; raises TooManyTries when it comes too early or to a locked place.

        ``device`` is the digest of a device this user has signed in from, or empty. Such a device
        has its own count and does not share its address's, so that a storm from elsewhere keeps
        nobody out. With ``lock_account`` all devices share the account's count.
        """
        now = self._clock.now()
        account = _digest("account", user, "" if lock_account else device)
        source = "" if device else _digest("source", network(address))
        locked = await self._rows.locked_until((account, source))
        if locked > now:
            raise TooManyTries(locked - now)
        tried = self._ids.new()
        number, before = await self._rows.note(tried, account, now, Instant(now - WINDOW_MS))
        allowed = before + _delay_ms(number - 1)
        if now < allowed:
            await self._rows.take_back(tried)
            raise TooManyTries(allowed - now)
        return Try(tried, account, source, number)

    async def failed(self, tried: Try) -> bool:
        """It was wrong. Whether this locked something.

        The address is counted only now: a whole office signs in from one address in the morning.
        """
        now = self._clock.now()
        policy = self._in_force.policy
        over = [tried.account] if tried.number >= policy.failures_until_locked else []
        if tried.source:
            number, _ = await self._rows.note(
                self._ids.new(), tried.source, now, Instant(now - WINDOW_MS)
            )
            over += [tried.source] if number >= SOURCE_FAILURES_MAX else []
        for key in over:
            await self._rows.lock(key, Instant(now + policy.locked_ms))
        return bool(over)

    async def unchecked(self, tried: Try) -> None:
        """Whether it was right was never found out: it does not count."""
        await self._rows.take_back(tried.id)

    async def succeeded(self, tried: Try) -> None:
        """It was right: the account's count starts anew."""
        await self._rows.clear(tried.account)

    async def prune(self) -> None:
        """Forget what no longer counts."""
        await self._rows.prune(Instant(self._clock.now() - WINDOW_MS))


def network(address: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)


def _delay_ms(failures: int) -> int:
    """How long after the last of so many failures the next try must wait."""
    if failures < FREE_FAILURES:
        return 0
    return min(DELAY_MS_MAX, 1_000 << min(failures - FREE_FAILURES, 10))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
