"""The user agent: takes messages, lets the gate judge, finds calls, carries out what they say.

It has no sockets and no clock of its own: ``Wire``, ``Locator`` and ``Clock`` are given to it, and
``wake`` asks for a call of ``timer`` at a moment.
"""

import hmac
import logging
from collections.abc import Callable

from channels.voice.sip.calls import Call
from channels.voice.sip.checks import (
    SUPPORTED,
    body_fault,
    check_request,
    check_response,
    missing_extensions,
    refusal,
)
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.exchange import Asked, Exchange, Owner, Served
from channels.voice.sip.gate import Gate, Peer, Refusal
from channels.voice.sip.grammar import shown
from channels.voice.sip.happenings import Ask, Cancel, Pass, Replaced, Reply, Tell
from channels.voice.sip.hops import UDP, Hop, Locator, Wire
from channels.voice.sip.incoming import IncomingLeg
from channels.voice.sip.leg import ALLOW, Authorise
from channels.voice.sip.message import Message, Request, Response, respond, stamp_source
from channels.voice.sip.outgoing import OutgoingLeg
from channels.voice.sip.parsing import parse_datagram
from channels.voice.sip.referring import parse_replaces
from channels.voice.sip.refreshing import LEAST_S, too_short
from channels.voice.sip.registering import Registering
from channels.voice.sip.registrar import Registrar
from channels.voice.sip.sdp import CONTENT_TYPE
from channels.voice.sip.timetable import Timetable
from channels.voice.sip.transactions import State
from channels.voice.sip.uri import SipUri, Uri
from router.model.ids import Instant
from router.ports import Clock

log = logging.getLogger(__name__)
OnCall = Callable[[Call], None]
"""Told of a call that came in and was let in; sets its ``listener``, then rings or rejects it."""
_ELSEWHERE = frozenset({"BYE", "UPDATE", "PRACK", "INFO", "NOTIFY"})


class Core:
    """SIP without wires. Every public method may be called from the one loop only."""

    def __init__(
        self,
        *,
        wire: Wire,
        locator: Locator,
        clock: Clock,
        gate: Gate,
        registrar: Registrar,
        key: bytes,
        on_call: OnCall,
        wake: Callable[[Instant], None],
    ) -> None:
        self._wire = wire
        self._clock = clock
        self._gate = gate
        self._registrar = registrar
        self._key = key
        self._on_call = on_call
        self._timetable = Timetable(wake)
        self._exchange = Exchange(
            wire=wire, locator=locator, clock=clock, timetable=self._timetable
        )
        self._calls: dict[tuple[str, str], Call] = {}
        self._arrived: dict[tuple[str, str, int], Call] = {}
        self._authorise: Callable[[Peer], Authorise | None] = lambda peer: None

    @property
    def in_hand(self) -> dict[str, int]:
        """How much is kept: transactions, calls, bindings."""
        return {
            "transactions": self._exchange.in_hand,
            "calls": len(self._calls),
            "bindings": self._registrar.count(),
            "deadlines": len(self._timetable),
        }

    def authorise_by(self, choose: Callable[[Peer], Authorise | None]) -> None:
        """How requests of ours inside a call of a peer prove who we are."""
        self._authorise = choose

    # -- from the wire

    def take_datagram(self, data: bytes, hop: Hop) -> None:
        """What a datagram brought."""
        try:
            message = parse_datagram(data)
        except BadMessage as fault:
            self.take_fault(fault, hop)
            return
        self.take(message, hop)

    def take_fault(self, fault: BadMessage, hop: Hop) -> None:
        """A message that could not be read: those we know are told, strangers are not (SIP-5)."""
        now = self._clock.now()
        known = self._gate.knows(hop, now)
        self._gate.counts["malformed"] += 1
        if known:
            partial = fault.partial
            call_id = partial.first("call-id") if isinstance(partial, Message) else None
            log.warning(
                "Bad SIP message from %s (Call-ID %s): %s",
                hop.host,
                shown(call_id or "-")[:200],
                fault.message,
            )
            answer = refusal(fault, self._tag(str(call_id)))
            if answer is not None:
                self._wire.send(answer.encode(), hop)

    def take(self, message: Message, hop: Hop) -> None:
        """A message that could be read, whole, from somewhere."""
        now = self._clock.now()
        try:
            if isinstance(message, Response):
                check_response(message)
                self._exchange.take_response(message, now)
            elif isinstance(message, Request):
                check_request(message)
                stamp_source(message, hop.host, hop.port)
                self._request(message, hop, now)
        except BadMessage as fault:
            fault.partial = fault.partial or message
            self.take_fault(fault, hop)

    def timer(self) -> None:
        """Do what is due now."""
        now = self._clock.now()
        for one in self._timetable.due(now):
            if isinstance(one, Call):
                one.leg.timer(now)
                self.settle(one)
            elif isinstance(one, Asked | Served):
                self._exchange.timer(one, now)
            elif isinstance(one, Registering):
                one.timer(now)
                self._timetable.note(one)

    # -- to the wire

    def add(self, call: Call) -> None:
        """Take a call of ours in hand; what its leg has noted is carried out."""
        self._keep(call)
        self.settle(call)

    def ask(self, request: Request, owner: Owner | None, to: Hop | Uri) -> None:
        """Send a request that belongs to no call (REGISTER, OPTIONS)."""
        self._exchange.ask(request, owner, to)

    def keep_registered(self, registering: Registering) -> None:
        """Call a registration of ours when it wants to be."""
        self._timetable.note(registering)

    @property
    def calls(self) -> list[Call]:
        """All calls in hand."""
        return list(self._calls.values())

    def contact(self, hop: Hop) -> str:
        """The address at which a hop reaches us."""
        host, port = self._wire.here(hop)
        return f"sip:{host}:{port}" + (
            "" if hop.transport == UDP else f";transport={hop.transport.lower()}"
        )

    def settle(self, call: Call) -> None:
        """Carry out what a call's leg has noted, and look at its time."""
        now = self._clock.now()
        leg = call.leg
        for order in leg.drain():
            match order:
                case Ask(request):
                    self._exchange.ask(request, call, call.way or _next_hop(request))
                case Pass(request):
                    self._exchange.send_ack(request, call.way or _next_hop(request))
                case Reply(request, response):
                    self._exchange.reply(request, response, now)
                case Cancel(request):
                    self._exchange.cancel(request)
                case Tell(event) if call.listener is not None:
                    call.listener(call, event)
                case _:
                    pass
        if leg.over:
            self._forget(call, leg)
        else:
            self._timetable.note(call)

    def find(self, replaced: Replaced) -> Call | None:
        """The call a Replaces names."""
        call = self._calls.get((replaced.call_id, replaced.to_tag))
        dialog = call.leg.dialog if call is not None else None
        return call if dialog is not None and dialog.remote_tag == replaced.from_tag else None

    # -- requests

    def _request(self, request: Request, hop: Hop, now: Instant) -> None:
        served = self._exchange.serving(request)
        if served is not None and served.hop.host == hop.host:
            ack_of_success = request.method == "ACK" and served.machine.state is State.ACCEPTED
            if not ack_of_success:
                self._exchange.repeated(served, request, now)
                return
        if request.method == "CANCEL":
            self._cancel(request, hop, now)
            return
        call = self._calls.get((request.call_id, request.recipient.tag))
        if call is not None and self._same_peer(call, hop):
            self._in_call(call, request, hop, now)
            return
        if request.method == "ACK":
            return
        verdict = self._gate.admit(request, hop, now)
        if verdict is None:
            return
        if isinstance(verdict, Refusal):
            self._refuse(request, hop, verdict)
        elif self._exchange.serve(request, hop, now):
            if call is not None and verdict == call.peer:
                self._in_call(call, request, hop, now, begun=True)
            else:
                self._begin(request, verdict, hop, now)

    def _same_peer(self, call: Call, hop: Hop) -> bool:
        return hop.host in call.hosts

    def _in_call(
        self, call: Call, request: Request, hop: Hop, now: Instant, *, begun: bool = False
    ) -> None:
        if request.method != "ACK" and not begun and not self._exchange.serve(request, hop, now):
            return
        dialog = call.leg.dialog
        if dialog is None or request.sender.tag != dialog.remote_tag:
            self._answer(request, 481)
            return
        call.hosts |= {hop.host}
        if call.way is not None:
            call.way = hop  # A phone behind a router may have moved.
        call.leg.receive(request, now)
        self.settle(call)

    def _begin(self, request: Request, peer: Peer, hop: Hop, now: Instant) -> None:
        missing = missing_extensions(request)
        if missing:
            self._answer(request, 420, {"unsupported": ", ".join(missing)})
        elif request.recipient.tag or request.method in _ELSEWHERE:
            self._answer(request, 481)
        elif request.method == "INVITE":
            self._invited(request, peer, hop, now)
        elif request.method == "OPTIONS":
            known = {"allow": ALLOW, "accept": CONTENT_TYPE, "supported": SUPPORTED}
            self._answer(request, 200, known)
        elif request.method == "REGISTER":
            try:
                response = self._registrar.register(request, peer.name, hop, now)
            except BadMessage as refused:
                self._answer(request, refused.status, reason=refused.message)
            else:
                self._exchange.reply(request, response, now)
        elif request.method == "REFER":
            self._answer(request, 403)
        else:
            self._answer(request, 405, {"allow": ALLOW})

    def _invited(self, request: Request, peer: Peer, hop: Hop, now: Instant) -> None:
        identity = (request.call_id, request.sender.tag, request.cseq[0])
        if identity in self._arrived:
            self._answer(request, 482)  # The same call by another way (RFC 3261, 8.2.2.2).
            return
        fault = body_fault(request)
        if fault:
            self._answer(
                request, fault, {"accept": CONTENT_TYPE, "warning": '399 - "only SDP is spoken"'}
            )
            return
        if too_short(request):
            self._answer(request, 422, {"min-se": str(LEAST_S)})
            return
        try:
            replaces = self._replaced(request)
            leg = IncomingLeg(request, contact=self.contact(hop), authorise=self._authorise(peer))
        except BadMessage as refused:
            self._answer(request, refused.status, reason=refused.message)
            return
        way = hop if peer.kind == "phone" else None
        call = Call(leg, peer=peer, stack=self, clock=self._clock, way=way)
        call.replaces = replaces
        call.hosts = frozenset({hop.host})
        self._keep(call)
        self._arrived[identity] = call
        self._on_call(call)
        if call.listener is None:
            call.reject(480)
        self.settle(call)

    def _replaced(self, request: Request) -> Call | None:
        """The call an INVITE wants to take the place of. Raises BadMessage (RFC 3891, 3)."""
        lines = request.headers.get("replaces")
        if not lines:
            return None
        if len(lines) > 1:
            raise BadMessage("Replaces stands twice", field="Replaces")
        replaced = parse_replaces(lines[0])
        call = self.find(replaced)
        if call is None:
            raise BadMessage("", status=481)
        if call.ended:
            raise BadMessage("", status=603)
        if replaced.early_only and getattr(call.leg, "answered", True):
            raise BadMessage("", status=486)
        return call

    def _cancel(self, request: Request, hop: Hop, now: Instant) -> None:
        served = self._exchange.serving(request, method="INVITE")
        if served is None or served.hop.host != hop.host:
            verdict = self._gate.admit(request, hop, now)
            if isinstance(verdict, Peer) and self._exchange.serve(request, hop, now):
                self._answer(request, 481)
            return
        if not self._exchange.serve(request, hop, now):
            return
        self._answer(request, 200)
        invite = served.machine.request
        call = self._arrived.get((invite.call_id, invite.sender.tag, invite.cseq[0]))
        if call is not None and isinstance(call.leg, IncomingLeg):
            call.leg.cancelled(now)
            self.settle(call)

    # -- small words

    def _answer(
        self,
        request: Request,
        status: int,
        headers: dict[str, str] | None = None,
        *,
        reason: str = "",
    ) -> None:
        if request.method == "ACK":
            return
        response = respond(
            request, status, reason=reason, tag=self._tag(request.call_id), headers=headers
        )
        self._exchange.reply(request, response, self._clock.now())

    def _refuse(self, request: Request, hop: Hop, refused: Refusal) -> None:
        """Answer without remembering anything; repeats get the same tag (RFC 3261, 8.2.7)."""
        response = respond(
            request,
            refused.status,
            reason=refused.reason,
            tag=self._tag(request.call_id),
            headers=refused.headers,
        )
        self._wire.send(response.encode(), hop)

    def _tag(self, call_id: str) -> str:
        return hmac.digest(self._key, call_id.encode("utf-8", "surrogateescape"), "sha256").hex()[
            :16
        ]

    def _keep(self, call: Call) -> None:
        self._calls[(call.call_id, call.leg.tag)] = call
        if call.peer.kind == "trunk":
            self._gate.calls[call.peer.name] += 1

    def _forget(self, call: Call, leg: IncomingLeg | OutgoingLeg) -> None:
        self._timetable.drop(call)
        invite = leg.invite
        kept = self._calls.pop((invite.call_id, leg.tag), None)
        if kept is None:
            return
        self._timetable.drop(kept)
        if call.peer.kind == "trunk":
            self._gate.calls[call.peer.name] -= 1
        if isinstance(leg, IncomingLeg):
            self._arrived.pop((invite.call_id, invite.sender.tag, invite.cseq[0]), None)


def _next_hop(request: Request) -> Uri:
    """Where a request of ours goes: its first route, where that is a loose one, or its target."""
    for route in request.addresses("route")[:1]:
        if isinstance(route.uri, SipUri) and route.uri.loose:
            return route.uri
    return request.uri
