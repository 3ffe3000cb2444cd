"""Trunks: whom we send calls to and take calls from, as data; and how we prove who we are there."""

import ipaddress
import secrets
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from channels.voice.sip.challenges import Network
from channels.voice.sip.digest import (
    ALGORITHMS,
    Challenge,
    parse_challenge,
    password_hash,
    prove,
)
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.message import Request, Response
from channels.voice.sip.uri import SipUri, parse_sip_uri, sip_uri


class Trunk(msgspec.Struct, frozen=True):
    """A provider or a PBX.

    ``proxy`` is where calls go (``sip:host:port;transport=tls``; names are looked up by RFC 3263),
    ``networks`` are the addresses calls may come from. With ``register`` we log on there.
    ``caller_id`` is the number shown for calls that bring none of their own.
    """

    name: str
    proxy: str
    networks: tuple[str, ...] = ()
    domain: str = ""
    register: bool = False
    user: str = ""
    password: str = ""
    realm: str = ""
    allow_md5: bool = False
    caller_id: str = ""
    trust_identity: bool = False
    calls_a_second: int = 50
    max_calls: int = 60
    expires_s: int = 600

    @property
    def uri(self) -> SipUri:
        """The proxy as an address. Raises BadMessage."""
        return parse_sip_uri(self.proxy, "proxy")

    @property
    def home(self) -> str:
        """The domain in From and To: ``domain``, else the proxy's host."""
        return self.domain or self.uri.host

    def address(self, number: str) -> SipUri:
        """A number or name at this trunk."""
        return sip_uri(self.home, user=number)


def trunk_faults(trunk: Trunk) -> list[tuple[str, str]]:
    """Every mistake in a trunk's settings, as (field, message)."""
    faults = []
    try:
        trunk.uri  # noqa: B018 -- reading it is the check
    except BadMessage as fault:
        faults.append(("proxy", fault.message))
    for text in trunk.networks:
        try:
            ipaddress.ip_network(text)
        except ValueError:
            faults.append(("networks", f"{text!r} is no network"))
    if not trunk.networks and not trunk.password:
        faults.append(("networks", "a trunk needs networks calls come from, or a password"))
    if trunk.register and not trunk.user:
        faults.append(("user", "registering needs a user"))
    if trunk.password and not trunk.realm:
        faults.append(("realm", "a password is given to one realm only: name it"))
    return faults


class TrunkDirectory:
    """All trunks: by name, and by where a message came from."""

    def __init__(self, trunks: Sequence[Trunk]) -> None:
        self._learned: dict[str, frozenset[str]] = {}
        self.adopt(trunks)

    def adopt(self, trunks: Sequence[Trunk]) -> None:
        """Know these from now on; where their proxies were found is kept for those that stay."""
        self._trunks = {trunk.name: trunk for trunk in trunks}
        self._networks: list[tuple[Network, Trunk]] = [
            (ipaddress.ip_network(text), trunk) for trunk in trunks for text in trunk.networks
        ]
        known = self._learned.items()
        self._learned = {name: hosts for name, hosts in known if name in self._trunks}

    @property
    def trunks(self) -> tuple[Trunk, ...]:
        """All of them, in the order they were given."""
        return tuple(self._trunks.values())

    def get(self, name: str) -> Trunk | None:
        """The trunk of a name."""
        return self._trunks.get(name)

    def at(self, host: str) -> Trunk | None:
        """The trunk an address belongs to by its networks; the first one where several do."""
        address = ipaddress.ip_address(host)
        for network, trunk in self._networks:
            if address in network:
                return trunk
        # Where we register, calls come from where we registered.
        for name, hosts in self._learned.items():
            if host in hosts and self._trunks[name].register:
                return self._trunks[name]
        return None

    def learn(self, name: str, hosts: Sequence[str]) -> None:
        """Where a trunk's proxy was found: our password may be proved there (SIP-7)."""
        self._learned[name] = frozenset(hosts)

    def is_proxy(self, name: str, host: str) -> bool:
        """Whether an address is where we send a trunk's calls to."""
        return host in self._learned.get(name, ())


class TrunkDigest:
    """Proves who we are to one trunk: at its proxy, for its realm, and nowhere else (SIP-7)."""

    def __init__(self, trunk: Trunk, directory: TrunkDirectory) -> None:
        self._trunk = trunk
        self._directory = directory
        self._counts: OrderedDict[str, int] = OrderedDict()

    def authorise(
        self, request: Request, response: Response, source: str
    ) -> tuple[str, str] | None:
        """Header and line of the proof, or None where there is nothing to prove or to fear."""
        trunk = self._trunk
        if not trunk.password or not self._directory.is_proxy(trunk.name, source):
            return None
        asking, answering = (
            ("www-authenticate", "authorization")
            if response.status == 401
            else ("proxy-authenticate", "proxy-authorization")
        )
        challenge = self._best(response.headers.get(asking, []))
        if challenge is None:
            return None
        count = self._counts[challenge.nonce] = self._counts.pop(challenge.nonce, 0) + 1
        if len(self._counts) > 8:
            self._counts.popitem(last=False)
        proof = prove(
            challenge,
            username=trunk.user,
            secret=password_hash(trunk.user, trunk.realm, trunk.password, challenge.algorithm),
            method=request.method,
            uri=request.target,
            nonce_count=count,
            cnonce=secrets.token_hex(8),
        )
        return answering, str(proof)

    def _best(self, lines: Sequence[str]) -> Challenge | None:
        """The strongest challenge of our realm that we may answer."""
        found: dict[str, Challenge] = {}
        for line in lines:
            try:
                challenge = parse_challenge(line)
            except BadMessage:
                continue
            if challenge is not None and challenge.realm == self._trunk.realm:
                found.setdefault(challenge.algorithm, challenge)
        allowed = ALGORITHMS if self._trunk.allow_md5 else ALGORITHMS[:1]
        return next((found[name] for name in allowed if name in found), None)
