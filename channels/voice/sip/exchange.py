"""All transactions in hand: finds the machine of a message, sends what it says, tries other ways.

Requests of ours go to the first of several places; where one cannot be reached or is overloaded,
the next is tried (RFC 3263, 4.3). Large ones leave UDP for TCP (RFC 3261, 18.1.1).
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Protocol

from channels.voice.sip.addresses import COOKIE
from channels.voice.sip.hops import TCP, UDP, Hop, Locator, Wire
from channels.voice.sip.limits import MTU_BYTES
from channels.voice.sip.message import Request, Response, respond
from channels.voice.sip.timetable import Timetable
from channels.voice.sip.transactions import (
    TIMEOUT,
    Action,
    Client,
    ClientInvite,
    Deliver,
    Failed,
    Key,
    Server,
    State,
    Transmit,
    cancellation,
    client,
    client_key,
    server,
    server_key,
)
from channels.voice.sip.uri import Uri
from router.model.ids import Instant
from router.ports import Clock

TRANSACTIONS = 100_000
"""So many are in hand at most on either side; beyond it requests are answered 503."""


class Owner(Protocol):
    """Whoever asked, and hears what came of it."""

    def receive_response(
        self, request: Request, response: Response, source: str, now: Instant
    ) -> None:
        """A response to its request, from an address."""
        ...

    def failed(self, request: Request, status: int, now: Instant) -> None:
        """Its request came to nothing: 408 or 503."""
        ...


class Asked:
    """A request of ours on its way."""

    def __init__(self, request: Request, owner: Owner | None, hops: Sequence[Hop]) -> None:
        self.request = request
        self.owner = owner
        self.hops = list(hops)
        self.machine: Client = client(request, reliable=hops[0].reliable)
        self.key: Key = ()

    @property
    def deadline(self) -> Instant | None:
        """When its machine wants to be called."""
        return self.machine.deadline


class Served:
    """A request of somebody else in hand."""

    def __init__(self, request: Request, hop: Hop) -> None:
        self.hop = hop
        self.key = server_key(request)
        self.machine: Server = server(request, reliable=hop.reliable)

    @property
    def deadline(self) -> Instant | None:
        """When its machine wants to be called."""
        return self.machine.deadline


class Exchange:
    """The tables of both sides."""

    def __init__(self, *, wire: Wire, locator: Locator, clock: Clock, timetable: Timetable) -> None:
        self._wire = wire
        self._locator = locator
        self._clock = clock
        self._timetable = timetable
        self._asked: dict[Key, Asked] = {}
        self._served: dict[Key, Served] = {}

    @property
    def in_hand(self) -> int:
        """How many transactions are kept."""
        return len(self._asked) + len(self._served)

    # -- requests of others

    def serving(self, request: Request, *, method: str = "") -> Served | None:
        """The transaction a request belongs to (with ``method``: that of its INVITE)."""
        return self._served.get(server_key(request, method=method))

    def serve(self, request: Request, hop: Hop, now: Instant) -> bool:
        """Begin a transaction for a request; False when there are too many, and it was told so."""
        if len(self._served) >= TRANSACTIONS:
            busy = respond(request, 503, tag=secrets.token_hex(8), headers={"retry-after": "5"})
            self._wire.send(busy.encode(), hop)
            return False
        served = Served(request, hop)
        self._served[served.key] = served
        served.machine.start(now)
        self._timetable.note(served)
        return True

    def repeated(self, served: Served, request: Request, now: Instant) -> None:
        """A request came again, or the ACK of a refusal."""
        self._carry_out_served(served, served.machine.receive(request, now))

    def reply(self, request: Request, response: Response, now: Instant) -> None:
        """Answer a request in hand; when it is not any more, nobody waits for it."""
        served = self._served.get(server_key(request))
        if served is not None:
            self._carry_out_served(served, served.machine.respond(response, now))

    # -- requests of ours

    def ask(self, request: Request, owner: Owner | None, to: Hop | Uri) -> None:
        """Send a request to a hop, or to wherever an address is served."""
        if isinstance(to, Hop):
            self._begin(request, owner, [to])
        else:
            self._find(to, lambda hops: self._begin(request, owner, self._by_size(request, hops)))

    def send_ack(self, request: Request, to: Hop | Uri) -> None:
        """Send the ACK of a 2xx: it has no transaction and is not waited for."""

        def leave(hops: list[Hop]) -> None:
            if hops:
                self._stamp(request, hops[0])
                self._wire.send(request.encode(), hops[0])

        if isinstance(to, Hop):
            leave([to])
        else:
            self._find(to, lambda hops: leave(self._by_size(request, hops)))

    def cancel(self, request: Request) -> None:
        """Cancel a request of ours that was not answered yet."""
        asked = self._asked.get(client_key(request)) if "via" in request.headers else None
        if asked is not None and asked.machine.state in {State.TRYING, State.PROCEEDING}:
            self._attempt(Asked(cancellation(request), None, asked.hops), stamped=True)

    def take_response(self, response: Response, now: Instant) -> bool:
        """A response; False when nobody asked."""
        asked = self._asked.get(client_key(response))
        if asked is None:
            return False
        self._carry_out_asked(asked, asked.machine.receive(response, now), now, asked.hops[0].host)
        return True

    # -- time

    def timer(self, one: Asked | Served, now: Instant) -> None:
        """Do what is due for one of them."""
        if isinstance(one, Served):
            self._carry_out_served(one, one.machine.timer(now))
        else:
            self._carry_out_asked(one, one.machine.timer(now), now, one.hops[0].host)

    # -- inside

    def _find(self, uri: Uri, then: Callable[[list[Hop]], None]) -> None:
        known = self._locator.known(uri)
        if known is None:
            self._locator.look_up(uri, then)
        else:
            then(known)

    def _by_size(self, request: Request, hops: Sequence[Hop]) -> list[Hop]:
        if not self._wire.offers(TCP) or len(request.encode()) <= MTU_BYTES - 200:
            return list(hops)
        found: list[Hop] = []
        for hop in hops:
            if hop.transport == UDP:
                found.append(Hop(TCP, hop.host, hop.port))
            found.append(hop)
        return found

    def _begin(self, request: Request, owner: Owner | None, hops: list[Hop]) -> None:
        usable = [hop for hop in hops if self._wire.offers(hop.transport)]
        if not usable or len(self._asked) >= TRANSACTIONS:
            if owner is not None:
                self._wire.soon(lambda: owner.failed(request, 503, self._clock.now()))
            return
        self._attempt(Asked(request, owner, usable))

    def _attempt(self, asked: Asked, *, stamped: bool = False) -> None:
        hop = asked.hops[0]
        if not stamped:
            self._stamp(asked.request, hop)
        asked.machine = client(asked.request, reliable=hop.reliable)
        asked.key = client_key(asked.request)
        self._asked[asked.key] = asked
        now = self._clock.now()
        self._carry_out_asked(asked, asked.machine.start(now), now, hop.host)

    def _stamp(self, request: Request, hop: Hop) -> None:
        host, port = self._wire.here(hop)
        branch = COOKIE + secrets.token_hex(8)
        request.put("via", f"SIP/2.0/{hop.transport} {host}:{port};branch={branch};rport")

    def _carry_out_asked(
        self, asked: Asked, actions: list[Action], now: Instant, source: str
    ) -> None:
        machine = asked.machine
        for action in actions:
            match action:
                case Transmit(message):
                    self._wire.send(
                        message.encode(), asked.hops[0], lambda: self._unsent(asked, machine)
                    )
                case Deliver(message) if isinstance(message, Response):
                    if message.status == 503 and len(asked.hops) > 1:
                        self._next_way(asked)
                    elif asked.owner is not None:
                        asked.owner.receive_response(asked.request, message, source, now)
                case Failed(why):
                    if len(asked.hops) > 1 and not self._given_up(asked):
                        self._next_way(asked)
                    elif asked.owner is not None:
                        asked.owner.failed(asked.request, 408 if why == TIMEOUT else 503, now)
                case _:
                    pass
        if machine.over and asked.machine is machine:
            self._timetable.drop(asked)
            if self._asked.get(asked.key) is asked:
                del self._asked[asked.key]
        else:
            self._timetable.note(asked)

    def _given_up(self, asked: Asked) -> bool:
        """Whether whoever asked does not want it any more: an INVITE that was ended meanwhile."""
        return isinstance(asked.machine, ClientInvite) and getattr(asked.owner, "ended", False)

    def _unsent(self, asked: Asked, machine: Client) -> None:
        if asked.machine is machine and not machine.over:
            actions = machine.transport_failed()
            self._carry_out_asked(asked, actions, self._clock.now(), asked.hops[0].host)

    def _next_way(self, asked: Asked) -> None:
        """Try the next place: a transaction of its own, so that late answers are told apart."""
        following = Asked(asked.request, asked.owner, asked.hops[1:])
        # Whoever asked knows the request it made; what was sent the old way keeps the old Via.
        asked.machine.request = asked.request.copy()
        if self._asked.get(asked.key) is asked and asked.machine.over:
            del self._asked[asked.key]
        asked.owner = None
        self._attempt(following)

    def _carry_out_served(self, served: Served, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Transmit):
                self._wire.send(action.message.encode(), served.hop)
        if served.machine.over:
            self._timetable.drop(served)
            self._served.pop(served.key, None)
        else:
            self._timetable.note(served)
