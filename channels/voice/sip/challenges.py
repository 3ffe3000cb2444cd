"""The server's side of digest: challenges that cost no memory, proofs, and who is locked out.

A nonce is a MAC over its time, the source it was given to and the realm (SIP-2), so that strangers
leave nothing behind. What is remembered is bounded, and only about those who answered a nonce that
was given to them: a forged source can lock out nobody (SIP-4).
"""

import base64
import hmac
import ipaddress
import secrets
from collections import OrderedDict, deque
from collections.abc import Iterable
from enum import Enum
from typing import Protocol, TypeVar

import msgspec

from channels.voice.sip.digest import (
    Challenge,
    Credentials,
    password_hash,
    proves,
)
from router.model.ids import HOUR_MS, MINUTE_MS, Instant

REMEMBERED = 10_000
"""Sources, accounts and nonces that are remembered at most; the oldest are forgotten."""

Value = TypeVar("Value")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Accounts(Protocol):
    """The telephones that may prove themselves."""

    def secret(self, username: str, algorithm: str) -> str | None:
        """The HA1 for the realm we challenge with, or None when there is no such account.

        None as well when the account does not allow this algorithm.
        """
        ...

    def networks(self, username: str) -> Iterable[Network]:
        """Where this account is known to be, for the time it is being guessed at."""
        ...


class Verdict(Enum):
    """What a proof is worth."""

    PROVED = "proved"
    UNPROVED = "unproved"
    STALE = "stale"
    SILENCE = "silence"


class ChallengeLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bounds of SIP-2 and SIP-4."""

    nonce_ms: int = MINUTE_MS
    source_failures: int = 10
    source_window_ms: int = 5 * MINUTE_MS
    source_silence_ms: int = HOUR_MS
    account_failures: int = 20
    account_window_ms: int = HOUR_MS


class Challenger:
    """Gives challenges and judges proofs, for one realm."""

    def __init__(
        self,
        *,
        realm: str,
        key: bytes,
        accounts: Accounts,
        algorithms: tuple[str, ...] = ("SHA-256",),
        limits: ChallengeLimits | None = None,
    ) -> None:
        self._realm = realm
        self._key = key
        self._accounts = accounts
        self._algorithms = algorithms
        self._limits = limits or ChallengeLimits()
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._failed_sources = _Failures(
            self._limits.source_failures, self._limits.source_window_ms
        )
        self._failed_accounts = _Failures(
            self._limits.account_failures, self._limits.account_window_ms
        )
        self._silent: OrderedDict[str, Instant] = OrderedDict()
        self._seen_at: OrderedDict[str, frozenset[str]] = OrderedDict()
        # The time for an unknown user must be that for a known one (SIP-5).
        self._nobody = {a: password_hash("", realm, key.hex(), a) for a in algorithms}

    def challenges(self, source: str, now: Instant, *, stale: bool = False) -> list[str]:
        """The WWW-Authenticate lines for a source, the strongest algorithm first."""
        nonce = self._nonce(source, now)
        return [
            str(Challenge(self._realm, nonce, algorithm=algorithm, stale=stale))
            for algorithm in self._algorithms
        ]

    def silenced(self, source: str, now: Instant) -> bool:
        """Whether nothing at all is said to this source now."""
        until = self._silent.get(source)
        if until is None:
            return False
        if now >= until:
            del self._silent[source]
            return False
        return True

    def judge(
        self, proof: Credentials, *, source: str, method: str, lockable: bool, now: Instant
    ) -> Verdict:
        """What a proof from a source is worth; ``lockable`` is False for addresses of trunks."""
        if proof.realm != self._realm or proof.algorithm not in self._algorithms or not proof.qop:
            return Verdict.UNPROVED
        age_ms = self._age_ms(proof.nonce, source, now)
        if age_ms is None:
            return Verdict.UNPROVED
        secret = self._accounts.secret(proof.username, proof.algorithm)
        right = proves(proof, secret or self._nobody[proof.algorithm], method)
        if secret is None or not right:
            return self._failed(proof.username, source, now, lockable=lockable)
        if not self._welcome(proof.username, source, now):
            return Verdict.UNPROVED
        last = self._counts.get(proof.nonce, 0)
        if age_ms > self._limits.nonce_ms or proof.nonce_count <= last:
            return Verdict.STALE
        _remember(self._counts, proof.nonce, proof.nonce_count)
        known = self._seen_at.get(proof.username, frozenset())
        _remember(self._seen_at, proof.username, frozenset([*sorted(known)[:15], source]))
        return Verdict.PROVED

    def _failed(self, username: str, source: str, now: Instant, *, lockable: bool) -> Verdict:
        if self._accounts.secret(username, self._algorithms[0]) is not None:
            self._failed_accounts.count(username, now)
        if lockable and self._failed_sources.count(source, now):
            _remember(self._silent, source, Instant(now + self._limits.source_silence_ms))
            return Verdict.SILENCE
        return Verdict.UNPROVED

    def _welcome(self, username: str, source: str, now: Instant) -> bool:
        """While an account is being guessed at, only where it is known to be."""
        if not self._failed_accounts.reached(username, now):
            return True
        if source in self._seen_at.get(username, frozenset()):
            return True
        address = ipaddress.ip_address(source)
        return any(address in network for network in self._accounts.networks(username))

    def _nonce(self, source: str, now: Instant) -> str:
        # Two phones behind one router may ask in the same moment: each gets a nonce of its own.
        stamp = int(now).to_bytes(8, "big") + secrets.token_bytes(4)
        return base64.urlsafe_b64encode(stamp + self._mac(stamp, source)).decode()

    def _age_ms(self, nonce: str, source: str, now: Instant) -> int | None:
        """How old a nonce of ours is; None when it was not given to this source."""
        try:
            raw = base64.urlsafe_b64decode(nonce.encode())
        except ValueError:
            return None
        if len(raw) != 28 or not hmac.compare_digest(raw[12:], self._mac(raw[:12], source)):
            return None
        return now - int.from_bytes(raw[:8], "big")

    def _mac(self, stamp: bytes, source: str) -> bytes:
        text = f"{source}\0{self._realm}".encode()
        return hmac.digest(self._key, stamp + text, "sha256")[:16]


class _Failures:
    """Moments of failure by name, within a window."""

    def __init__(self, limit: int, window_ms: int) -> None:
        self._limit = limit
        self._window_ms = window_ms
        self._moments: OrderedDict[str, deque[Instant]] = OrderedDict()

    def count(self, name: str, now: Instant) -> bool:
        """Count one; returns whether the limit is reached."""
        moments = self._moments.get(name) or deque(maxlen=self._limit)
        moments.append(now)
        _remember(self._moments, name, moments)
        return self.reached(name, now)

    def reached(self, name: str, now: Instant) -> bool:
        moments = self._moments.get(name, ())
        return sum(moment > now - self._window_ms for moment in moments) >= self._limit


def _remember(known: OrderedDict[str, Value], name: str, value: Value) -> None:
    known[name] = value
    known.move_to_end(name)
    if len(known) > REMEMBERED:
        known.popitem(last=False)
