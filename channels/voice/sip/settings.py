"""What SIP is told about its surroundings, and every mistake in that at once."""

import ipaddress
from collections.abc import Iterable, Sequence

import msgspec
from typing_extensions import override

from channels.voice.sip.challenges import Accounts, ChallengeLimits, Network
from channels.voice.sip.digest import ALGORITHMS, password_hash
from channels.voice.sip.gate import GateLimits
from channels.voice.sip.hops import is_address
from channels.voice.sip.trunks import Trunk, trunk_faults
from channels.voice.sip.wire.carrier import Listening
from channels.voice.sip.wire.streams import StreamLimits

PASSWORD_LENGTH = 22
"""128 random bits, written in base 64 (SIP-4)."""


class Phone(msgspec.Struct, frozen=True):
    """A telephone that may register and call. Its password is generated, never chosen."""

    account: str
    password: str
    networks: tuple[str, ...] = ()


class SipSettings(msgspec.Struct, frozen=True):
    """Everything an endpoint needs to know.

    ``algorithms`` are those phones are challenged with, the first one preferred. Old phones give up
    when they see SHA-256 at all: for them it must be MD5 alone.
    """

    realm: str
    listening: Listening = Listening()
    trunks: tuple[Trunk, ...] = ()
    phones: tuple[Phone, ...] = ()
    algorithms: tuple[str, ...] = ALGORITHMS[:1]
    certificate_file: str = ""
    key_file: str = ""
    name_servers: tuple[tuple[str, int], ...] = ()
    gate: GateLimits = GateLimits()
    challenges: ChallengeLimits = ChallengeLimits()
    streams: StreamLimits = StreamLimits()


def setting_faults(settings: SipSettings) -> list[tuple[str, str]]:
    """Every mistake, as (dotted field, message)."""
    faults = [("realm", "a realm is needed")] if not settings.realm.strip() else []
    for place, trunk in enumerate(settings.trunks):
        faults += [(f"trunks.{place}.{field}", text) for field, text in trunk_faults(trunk)]
    names = [trunk.name for trunk in settings.trunks]
    faults += [("trunks", f"two trunks are named {n!r}") for n in sorted(_doubles(names))]
    for place, phone in enumerate(settings.phones):
        if len(phone.password) < PASSWORD_LENGTH:
            faults.append((f"phones.{place}.password", "it must be generated: 22 characters"))
        for text in phone.networks:
            if _network(text) is None:
                faults.append((f"phones.{place}.networks", f"{text!r} is no network"))
    if not settings.algorithms or set(settings.algorithms) - set(ALGORITHMS):
        faults.append(("algorithms", f"it must be some of {', '.join(ALGORITHMS)}"))
    accounts = [phone.account for phone in settings.phones]
    faults += [("phones", f"two phones are named {n!r}") for n in sorted(_doubles(accounts))]
    if not is_address(settings.listening.host):
        faults.append(("listening.host", "it must be an address, not a name"))
    if settings.listening.tls_port is not None and not settings.certificate_file:
        faults.append(("certificate_file", "TLS needs a certificate and its key"))
    return faults


class PhoneBook(Accounts):
    """The telephones' accounts, for the one realm we challenge with."""

    def __init__(self, realm: str, phones: Sequence[Phone], algorithms: tuple[str, ...]) -> None:
        self._realm = realm
        self.algorithms = algorithms
        self.adopt(phones)

    def adopt(self, phones: Sequence[Phone]) -> None:
        """Know these telephones from now on."""
        self._phones = {phone.account: phone for phone in phones}

    @property
    def accounts(self) -> frozenset[str]:
        """All accounts."""
        return frozenset(self._phones)

    @override
    def secret(self, username: str, algorithm: str) -> str | None:
        """The HA1, made from the password each time: it is not kept."""
        if algorithm not in self.algorithms:
            return None
        phone = self._phones.get(username)
        # Made for those nobody has as well, so that they take as long (SIP-5).
        made = password_hash(
            username, self._realm, phone.password if phone is not None else "", algorithm
        )
        return made if phone is not None else None

    @override
    def networks(self, username: str) -> Iterable[Network]:
        """Where the account is known to be."""
        phone = self._phones.get(username)
        found = [_network(text) for text in phone.networks] if phone is not None else []
        return [network for network in found if network is not None]


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _doubles(names: Sequence[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}
