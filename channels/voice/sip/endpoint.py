"""SIP as the rest of the voice channel uses it: calls come, calls are made, phones and trunks.

``on_call`` is told of every call that was let in. ``call_trunk``, ``call_phone`` and
``call_address`` make calls; what happens to a call is told to its ``listener``.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from channels.voice.sip.addresses import NameAddress
from channels.voice.sip.attempts import Attempt, Caller
from channels.voice.sip.calls import Call, Listener
from channels.voice.sip.challenges import Challenger
from channels.voice.sip.core import Core, OnCall
from channels.voice.sip.gate import Gate, Peer
from channels.voice.sip.hops import TCP, TLS, UDP, Hop
from channels.voice.sip.leg import Authorise
from channels.voice.sip.locating import DnsLocator, Names
from channels.voice.sip.message import Request
from channels.voice.sip.outgoing import OutgoingLeg
from channels.voice.sip.registering import Registering
from channels.voice.sip.registrar import Binding, Registrar
from channels.voice.sip.sdp import Description
from channels.voice.sip.settings import PhoneBook, SipSettings, setting_faults
from channels.voice.sip.trunk_locating import TrunkLocator
from channels.voice.sip.trunks import Trunk, TrunkDigest, TrunkDirectory
from channels.voice.sip.uri import parse_sip_uri, sip_uri
from channels.voice.sip.wire.carrier import Carrier
from channels.voice.sip.wire.domain_names import TwistedNames
from channels.voice.sip.wire.secure import server_options
from router.model.errors import InvalidInput, Refused
from router.model.ids import SECOND_MS, Instant
from router.ports import Clock

log = logging.getLogger(__name__)
DOWN_MS = 30 * SECOND_MS
"""A trunk that did not answer is tried last for so long."""
STOP_MS = 1_000
"""So long is waited for answers to our last words."""


class SipEndpoint:
    """Server, registrar and both ends of calls, on Twisted's reactor.

    ``key`` is secret and stable over restarts: nonces are made with it. Raises InvalidInput when
    the settings have a mistake.
    """

    def __init__(
        self,
        settings: SipSettings,
        *,
        clock: Clock,
        key: bytes,
        on_call: OnCall,
        names: Names | None = None,
    ) -> None:
        for field, text in setting_faults(settings):
            raise InvalidInput(text, field=field)
        self._clock = clock
        self._settings = settings
        self.registrar = Registrar()
        self._trunks = TrunkDirectory(settings.trunks)
        self._digests = {one.name: TrunkDigest(one, self._trunks) for one in settings.trunks}
        phones = self._phones = PhoneBook(settings.realm, settings.phones, settings.algorithms)
        challenger = Challenger(
            realm=settings.realm,
            key=key,
            accounts=phones,
            algorithms=phones.algorithms,
            limits=settings.challenges,
        )
        self.gate = Gate(
            trunks=self._trunks,
            challenger=challenger,
            registrar=self.registrar,
            limits=settings.gate,
        )
        self.carrier = self._make_carrier()
        dns = DnsLocator(names or TwistedNames(settings.name_servers), self.carrier.offers)
        self._dns = dns
        self.core = Core(
            wire=self.carrier,
            locator=TrunkLocator(dns, self._trunks),
            clock=clock,
            gate=self.gate,
            registrar=self.registrar,
            key=key,
            on_call=on_call,
            wake=self._wake,
        )
        self.core.authorise_by(self._authorise)
        self.registrations: dict[str, Registering] = {}
        self._down_until: dict[str, Instant] = {}
        self._timer: asyncio.TimerHandle | None = None

    # -- life

    async def start(self) -> None:
        """Listen and register. Raises OSError, or Twisted's CannotListenError."""
        self.carrier.listen()
        for trunk in self._settings.trunks:
            if trunk.register:
                self._register(trunk)

    async def stop(self) -> None:
        """End every call, take registrations back, let go of every socket."""
        for call in self.core.calls:
            call.hang_up(503 if call.incoming else 200)
        for registering in self.registrations.values():
            registering.stop()
        # What was said last should be heard; whoever is gone is not waited for.
        for _ in range(STOP_MS // 10):
            leaving = any(one.leaving for one in self.registrations.values())
            if not leaving and not self.core.in_hand["calls"]:
                break
            await asyncio.sleep(0.01)
        await self._dns.stop()
        await self.carrier.close()
        if self._timer is not None:
            self._timer.cancel()

    def port(self, transport: str = UDP) -> int:
        """The port we listen at by a transport."""
        return self.carrier.port(transport)

    def health(self) -> dict[str, str]:
        """What is not well, by name: trunks that did not take our registration."""
        return {
            f"trunk {name}": registering.trouble
            for name, registering in self.registrations.items()
            if registering.trouble
        }

    def adopt(self, settings: SipSettings) -> None:
        """Take new trunks and phones; calls in hand go on. Where we listen stays as it is.

        Raises InvalidInput when the settings have a mistake; then nothing was taken.
        """
        for field, text in setting_faults(settings):
            raise InvalidInput(text, field=field)
        former = {trunk.name: trunk for trunk in self._settings.trunks}
        wanted = {trunk.name: trunk for trunk in settings.trunks}
        for name, trunk in former.items():
            if wanted.get(name) != trunk and name in self.registrations:
                self.registrations.pop(name).stop()
        self._trunks.adopt(settings.trunks)
        self._digests = {one.name: TrunkDigest(one, self._trunks) for one in settings.trunks}
        self._phones.adopt(settings.phones)
        for gone in {p.account for p in self._settings.phones} - self._phones.accounts:
            self.registrar.forget_account(gone)
        self._settings = settings
        for name, trunk in wanted.items():
            if trunk.register and former.get(name) != trunk:
                self._register(trunk)

    # -- calls of ours

    def call_trunk(
        self,
        number: str,
        description: Description | None,
        *,
        trunks: Sequence[str],
        listener: Listener,
        caller: Caller | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Call:
        """Call a number by the first of these trunks that takes it.

        The next one is tried where one is full, does not answer or is overloaded. Who may dial
        what was decided before (SIP-8). Raises Refused when no trunk is left.
        """
        now = self._clock.now()
        found = [trunk for name in trunks if (trunk := self._trunks.get(name)) is not None]
        found.sort(key=lambda trunk: self._down_until.get(trunk.name, 0) > now)
        attempt = Attempt(self, number, description, caller or Caller(), dict(headers or {}))
        attempt.left = found
        attempt.listener = listener
        call = attempt.next_call()
        if call is None:
            raise Refused("no trunk can take this call now", code="no_trunk")
        return call

    def call_phone(
        self,
        account: str,
        description: Description | None,
        *,
        listener: Listener,
        caller: Caller | None = None,
        headers: Mapping[str, str] | None = None,
        device: Binding | None = None,
    ) -> Call:
        """Call a registered phone; of several devices the most wanted one, or ``device``.

        Raises Refused when it is not registered.
        """
        bindings = self.devices(account)
        binding = device or (bindings[0] if bindings else None)
        if binding is None:
            raise Refused("this phone is not registered", code="phone_not_registered")
        uri = binding.contact.uri
        route = {"route": ", ".join(binding.path)} if binding.path else {}
        return self._call(
            str(uri),
            NameAddress(sip_uri(self._settings.realm, user=account)),
            self._from(caller or Caller()),
            binding.flow,
            description,
            listener,
            Peer("phone", account),
            {**(headers or {}), **route},
        )

    def call_address(
        self,
        address: str,
        description: Description | None,
        *,
        listener: Listener,
        caller: Caller | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Call:
        """Call a phone at a fixed address of the configuration. Raises BadMessage."""
        uri = parse_sip_uri(address)
        caller = caller or Caller()
        to = NameAddress(uri)
        return self._call(
            str(uri), to, self._from(caller), None, description, listener, Peer("phone", address),
            headers or {},
        )  # fmt: skip

    def devices(self, account: str) -> list[Binding]:
        """Where a phone is registered now, the most wanted first."""
        return self.registrar.bindings(account, self._clock.now())

    # -- inside

    def _call(
        self,
        target: str,
        to: NameAddress,
        sender: NameAddress,
        way: Hop | None,
        description: Description | None,
        listener: Listener,
        peer: Peer,
        headers: Mapping[str, str],
    ) -> Call:
        transport = way.transport if way is not None else _transport_of(target)
        leg = OutgoingLeg(
            target=target,
            sender=sender,
            recipient=to,
            contact=self._contact(transport, way),
            authorise=self._authorise(peer),
            headers=headers,
        )
        call = Call(leg, peer=peer, stack=self.core, clock=self._clock, way=way)
        call.listener = listener
        leg.start(description, self._clock.now())
        self.core.add(call)
        return call

    def trunk_call(self, trunk: Trunk, attempt: Attempt) -> Call:
        """Call by one trunk."""
        caller = attempt.caller
        number = caller.number or trunk.caller_id or trunk.user or "anonymous"
        sender = NameAddress(trunk.address(number), caller.name)
        headers = dict(attempt.headers)
        proxy = trunk.uri
        target = sip_uri(proxy.host, user=attempt.number, port=proxy.port, scheme=proxy.scheme,
                         parameters=proxy.parameters)  # fmt: skip
        if trunk.home != proxy.host:
            target = trunk.address(attempt.number)
            headers["route"] = f"<{proxy}>" if proxy.loose else f"<{proxy};lr>"
        to = NameAddress(trunk.address(attempt.number))
        return self._call(
            str(target), to, sender, None, attempt.description, attempt.heard,
            Peer("trunk", trunk.name, trunk), headers,
        )  # fmt: skip

    def full(self, trunk: Trunk) -> bool:
        """Whether a trunk has as many calls as it may."""
        return self.gate.calls[trunk.name] >= trunk.max_calls

    def mark_down(self, name: str) -> None:
        """A trunk did not answer: others come first for a while."""
        self._down_until[name] = Instant(self._clock.now() + DOWN_MS)

    def _from(self, caller: Caller) -> NameAddress:
        return NameAddress(
            sip_uri(self._settings.realm, user=caller.number or "anonymous"), caller.name
        )

    def _contact(self, transport: str, way: Hop | None) -> str:
        hop = way or Hop(transport, self._settings.listening.host, 5060)
        return self.core.contact(hop)

    def _authorise(self, peer: Peer) -> Authorise | None:
        digest = self._digests.get(peer.name) if peer.kind == "trunk" else None
        return digest.authorise if digest is not None else None

    def _register(self, trunk: Trunk) -> None:
        def ask(request: Request) -> None:
            self.core.ask(request, registering, trunk.uri)
            self.core.keep_registered(registering)

        contact = parse_sip_uri(self._contact(_transport_of(trunk.proxy), None))
        named = sip_uri(
            contact.host, user=trunk.user, port=contact.port, parameters=contact.parameters
        )
        registering = self.registrations[trunk.name] = Registering(
            trunk, authorise=self._digests[trunk.name].authorise, ask=ask, contact=str(named)
        )
        registering.start()

    def _make_carrier(self) -> Carrier:
        settings = self._settings
        tls = (
            server_options(settings.certificate_file, settings.key_file)
            if settings.certificate_file
            else None
        )
        return Carrier(
            settings.listening,
            take_datagram=lambda data, hop: self.core.take_datagram(data, hop),
            take=lambda message, hop: self.core.take(message, hop),
            take_fault=lambda fault, hop: self.core.take_fault(fault, hop),
            known=lambda hop: self.gate.knows(hop, self._clock.now()),
            gone=self.registrar.forget_connection,
            limits=settings.streams,
            tls=tls,
        )

    def _wake(self, at: Instant) -> None:
        if self._timer is not None:
            self._timer.cancel()
        wait_s = max(0, at - self._clock.now()) / SECOND_MS
        self._timer = asyncio.get_running_loop().call_later(wait_s, self.core.timer)


def _transport_of(target: str) -> str:
    uri = parse_sip_uri(target)
    if uri.secure or uri.transport == "tls":
        return TLS
    return TCP if uri.transport == "tcp" else UDP
