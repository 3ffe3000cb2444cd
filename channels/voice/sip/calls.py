"""A call as the rest of the voice channel sees it: what can be done with it, and what it tells."""

import secrets
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from channels.voice.sip.addresses import NameAddress, parse_name_address
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.gate import Peer
from channels.voice.sip.grammar import shown
from channels.voice.sip.happenings import CallEvent, Replaced
from channels.voice.sip.hops import Hop
from channels.voice.sip.incoming import IncomingLeg
from channels.voice.sip.message import Message, Request, Response
from channels.voice.sip.outgoing import OutgoingLeg
from channels.voice.sip.referring import DIGIT_MS
from channels.voice.sip.sdp import Description
from channels.voice.sip.uri import user_of
from router.model.errors import Refused
from router.model.ids import Instant
from router.ports import Clock

AnyLeg = IncomingLeg | OutgoingLeg
LegKind = TypeVar("LegKind", IncomingLeg, OutgoingLeg)
Listener = Callable[["Call", CallEvent], None]
"""Told everything that happens to a call, in order; must not raise."""


class Settle(Protocol):
    """What a call needs from the stack."""

    def settle(self, call: "Call") -> None:
        """Carry out what the call's leg has noted."""
        ...


class Call:
    """One call, one way or the other. Every method may be called at any time in any state.

    ``Refused`` says where the state does not allow it; nothing was done then.
    """

    def __init__(
        self, leg: AnyLeg, *, peer: Peer, stack: Settle, clock: Clock, way: Hop | None = None
    ) -> None:
        self.id = secrets.token_hex(16)
        self.leg = leg
        self.peer = peer
        self.way = way
        """Where requests of ours go whatever Contact says: the phone's own flow."""
        self.hosts: frozenset[str] = frozenset()
        """Addresses the other side of this call has spoken from."""
        self.replaces: Call | None = None
        """The call of ours whose place this one wants to take (RFC 3891): policy is not ours."""
        self.listener: Listener | None = None
        self._stack = stack
        self._clock = clock

    # -- what is known about it

    @property
    def incoming(self) -> bool:
        """Whether the other side began it."""
        return isinstance(self.leg, IncomingLeg)

    @property
    def invite(self) -> Request:
        """The INVITE it began with."""
        return self.leg.invite

    @property
    def call_id(self) -> str:
        """The Call-ID, for the log."""
        return self.invite.call_id

    @property
    def offer(self) -> Description | None:
        """What the caller proposed; None where we are to, and for calls of our own."""
        return self.leg.offer if isinstance(self.leg, IncomingLeg) else None

    @property
    def dialled(self) -> str:
        """The user or number that was called."""
        return user_of(self.invite.uri)

    @property
    def caller(self) -> NameAddress:
        """Who calls, as far as anybody can know: a claim, unless the trunk's identity is trusted.

        Taken from P-Asserted-Identity where the trunk has ``trust_identity`` (SIP-6).
        """
        trunk = self.peer.trunk
        if trunk is not None and trunk.trust_identity:
            for value in _values(self.invite, "p-asserted-identity"):
                try:
                    return parse_name_address(value, "P-Asserted-Identity")
                except BadMessage:
                    continue
        return self.invite.sender

    @property
    def caller_shown(self) -> str:
        """The caller's name and number for people's eyes, control characters written out."""
        caller = self.caller
        return shown(f"{caller.name} {caller.user}".strip())

    @property
    def ended(self) -> bool:
        """Whether it is over for both sides."""
        return self.leg.ended

    @property
    def as_replaced(self) -> Replaced:
        """This call, as Replaces at its other side must name it (RFC 3891).

        Raises Refused while there is no dialog.
        """
        dialog = self.leg.dialog
        if dialog is None or not dialog.remote_tag:
            raise Refused("this call is not up", code="call_not_up")
        return Replaced(dialog.call_id, dialog.remote_tag, dialog.local_tag)

    # -- a call that comes in

    def ring(self, description: Description | None = None, *, status: int = 180) -> None:
        """Let it ring; with a description (183) the caller hears us already."""
        self._of(IncomingLeg).ring(self._now, description=description, status=status)
        self._stack.settle(self)

    def answer(self, description: Description) -> None:
        """Take it. Confirmed is told when the caller heard so."""
        self._of(IncomingLeg).answer(description, self._now)
        self._stack.settle(self)

    def reject(
        self, status: int = 480, reason: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """Do not take it."""
        self._of(IncomingLeg).reject(self._now, status, reason=reason, headers=headers)
        self._stack.settle(self)

    # -- any call

    def hang_up(self, status: int = 200, reason: str = "") -> None:
        """End it, or cancel it, or reject it; harmless when it is over."""
        self.leg.hang_up(self._now, status=status, reason=reason)
        self._stack.settle(self)

    def reinvite(self, description: Description | None) -> None:
        """Change it; Changed or ChangeRefused is told. Hold is a change of direction."""
        self.leg.reoffer(description, self._now)
        self._stack.settle(self)

    def acknowledge(self, description: Description) -> None:
        """Answer the offer that came with Answered or Changed."""
        self.leg.acknowledge(description, self._now)
        self._stack.settle(self)

    def accept(self, description: Description | None) -> None:
        """Take the change that was Reoffered."""
        self.leg.accept(description, self._now)
        self._stack.settle(self)

    def refuse(self, status: int = 488) -> None:
        """Refuse the change that was Reoffered."""
        self.leg.refuse(self._now, status)
        self._stack.settle(self)

    def refer(self, target: str, *, replaced: Replaced | None = None) -> None:
        """Ask the other side to call somebody else instead; TransferProgress is told."""
        self.leg.refer(target, self._now, replaced=replaced)
        self._stack.settle(self)

    def take_transfer(self) -> None:
        """Agree to the transfer that was asked for."""
        self.leg.take_transfer(self._now)
        self._stack.settle(self)

    def refuse_transfer(self, status: int = 603) -> None:
        """Refuse the transfer that was asked for."""
        self.leg.refuse_transfer(self._now, status)
        self._stack.settle(self)

    def report_transfer(self, status: int) -> None:
        """Tell how the call goes that was asked for."""
        self.leg.report_transfer(status, self._now)
        self._stack.settle(self)

    def send_digit(self, digit: str, *, duration_ms: int = DIGIT_MS) -> None:
        """Send a digit beside the sound (INFO)."""
        self.leg.send_digit(digit, self._now, duration_ms=duration_ms)
        self._stack.settle(self)

    # -- for the stack

    def become(self, other: "Call") -> None:
        """Go on as another call: what was tried first did not take it."""
        self.leg, self.peer, self.way = other.leg, other.peer, other.way

    def receive_response(
        self, request: Request, response: Response, source: str, now: Instant
    ) -> None:
        """A response to a request of this call, from where it was sent."""
        self.hosts |= {source}
        self.leg.receive_response(request, response, source, now)
        self._stack.settle(self)

    def failed(self, request: Request, status: int, now: Instant) -> None:
        """A request of this call came to nothing."""
        self.leg.failed(request, status, now)
        self._stack.settle(self)

    @property
    def deadline(self) -> Instant | None:
        """When the leg wants to be called."""
        return self.leg.deadline

    @property
    def _now(self) -> Instant:
        return self._clock.now()

    def _of(self, kind: type[LegKind]) -> LegKind:
        if not isinstance(self.leg, kind):
            raise Refused("this call goes the other way", code="call_not_up")
        return self.leg


def _values(message: Message, name: str) -> list[str]:
    try:
        return message.values(name)
    except BadMessage:
        return []
