"""Who is heard at all: strangers get silence or a challenge that costs nothing (SIP-2 to SIP-6).

Nothing is remembered, reserved or started for a request before it has passed here. A caller id
passes nobody: only an address of a trunk, a digest of a phone, or a call that is already up.
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping

import msgspec

from channels.voice.sip.challenges import REMEMBERED, Challenger, Verdict
from channels.voice.sip.digest import parse_credentials
from channels.voice.sip.grammar import shown
from channels.voice.sip.hops import Hop
from channels.voice.sip.message import Request
from channels.voice.sip.rates import Bucket, SourceRates
from channels.voice.sip.registrar import Registrar
from channels.voice.sip.trunks import Trunk, TrunkDirectory
from channels.voice.sip.uri import SipUri
from router.model.ids import Instant


class GateLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bounds of SIP-3."""

    source_rate: float = 20
    source_burst: float = 40
    whole_rate: float = 500


class Peer(msgspec.Struct, frozen=True):
    """Somebody who was let in: a trunk by its address, or a phone by its digest.

    ``name`` is the trunk's name, or the phone's account.
    """

    kind: str
    name: str
    trunk: Trunk | None = None


class Refusal(msgspec.Struct, frozen=True):
    """The answer to a request that was not let in."""

    status: int
    reason: str = ""
    headers: Mapping[str, str | list[str]] = {}


class Gate:
    """Judges requests that begin something. What passes is counted for ``health`` pages."""

    def __init__(
        self,
        *,
        trunks: TrunkDirectory,
        challenger: Challenger,
        registrar: Registrar,
        limits: GateLimits | None = None,
    ) -> None:
        limits = limits or GateLimits()
        self._trunks = trunks
        self._challenger = challenger
        self._registrar = registrar
        self._strangers = SourceRates(
            rate=limits.source_rate, burst=limits.source_burst, whole_rate=limits.whole_rate
        )
        self._arrivals: OrderedDict[str, Bucket] = OrderedDict()
        self.calls: Counter[str] = Counter()
        """Calls in hand by trunk; whoever begins and ends them counts here."""
        self.counts: Counter[str] = Counter()
        """What became of requests, by a word for it."""

    def knows(self, hop: Hop, now: Instant) -> bool:
        """Whether an address may be told that its message was malformed, or that we are here."""
        return (
            self._trunks.at(hop.host) is not None
            or self._registrar.account_at(hop, now) is not None
        )

    def admit(self, request: Request, hop: Hop, now: Instant) -> Peer | Refusal | None:
        """The peer a request comes from, the refusal it gets, or None for silence."""
        trunk = self._trunks.at(hop.host)
        if trunk is not None and request.method != "REGISTER":
            return self._of_trunk(request, trunk, now)
        if self._challenger.silenced(hop.host, now) or not self._strangers.take(hop.host, now):
            self.counts["silenced"] += 1
            return None
        if request.method == "OPTIONS" and "authorization" not in request.headers:
            account = self._registrar.account_at(hop, now)
            self.counts["scanned" if account is None else "kept_alive"] += 1
            return None if account is None else Peer("phone", account)
        return self._of_phone(request, hop, lockable=trunk is None, now=now)

    def _of_trunk(self, request: Request, trunk: Trunk, now: Instant) -> Peer | Refusal:
        if request.method == "INVITE":
            bucket = self._arrivals.get(trunk.name)
            if bucket is None:
                rate = trunk.calls_a_second
                bucket = self._arrivals[trunk.name] = Bucket(rate, rate, now)
                if len(self._arrivals) > REMEMBERED:
                    self._arrivals.popitem(last=False)
            if self.calls[trunk.name] >= trunk.max_calls or not bucket.take(now):
                self.counts["trunk_full"] += 1
                return Refusal(503, headers={"retry-after": "5"})
        return Peer("trunk", trunk.name, trunk)

    def _of_phone(
        self, request: Request, hop: Hop, *, lockable: bool, now: Instant
    ) -> Peer | Refusal | None:
        proofs = [parse_credentials(line) for line in request.headers.get("authorization", ())[:1]]
        proof = proofs[0] if proofs else None
        if proof is None:
            return self._challenge(hop.host, now)
        verdict = self._challenger.judge(
            proof, source=hop.host, method=request.method, lockable=lockable, now=now
        )
        if verdict is Verdict.SILENCE:
            self.counts["locked_out"] += 1
            return None
        if verdict is not Verdict.PROVED:
            return self._challenge(hop.host, now, stale=verdict is Verdict.STALE)
        self._strangers.give_back(hop.host, now)
        if not _is_identity(request, proof.username):
            self.counts["forged"] += 1
            return Refusal(403)
        return Peer("phone", proof.username)

    def _challenge(self, source: str, now: Instant, *, stale: bool = False) -> Refusal:
        self.counts["challenged"] += 1
        lines = self._challenger.challenges(source, now, stale=stale)
        return Refusal(401, headers={"www-authenticate": lines})


def _is_identity(request: Request, username: str) -> bool:
    """Digest user, From, and at REGISTER the address of record are the same (SIP-6)."""
    claimed = [request.sender]
    if request.method == "REGISTER":
        claimed.append(request.recipient)
    return shown(username) == username and all(
        isinstance(address.uri, SipUri) and address.uri.user == username for address in claimed
    )
