"""A small world without sockets: user agents, a network that can lose, and time that is set."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable

from typing_extensions import override

from channels.voice.sip.addresses import COOKIE, NameAddress
from channels.voice.sip.calls import Call
from channels.voice.sip.challenges import Challenger
from channels.voice.sip.core import Core
from channels.voice.sip.gate import Gate, Peer
from channels.voice.sip.happenings import CallEvent
from channels.voice.sip.hops import TCP, UDP, Hop
from channels.voice.sip.leg import Authorise
from channels.voice.sip.locating import DnsLocator, Names, Pointer, Server
from channels.voice.sip.message import Message, Request, Response
from channels.voice.sip.outgoing import OutgoingLeg
from channels.voice.sip.parsing import parse_datagram
from channels.voice.sip.registrar import Registrar
from channels.voice.sip.sdp import Description, Media, parse_description
from channels.voice.sip.settings import Phone, PhoneBook
from channels.voice.sip.trunks import Trunk, TrunkDirectory
from channels.voice.sip.uri import sip_uri
from router.model.ids import Instant

REALM = "centre.example"
PASSWORD = "generated-password-of-100"
EMPTY = {"transactions": 0, "calls": 0, "bindings": 0, "deadlines": 0}
"""What a stack has in hand when nothing goes on."""
START = Instant(1_800_000_000_000)


def sound(address: str = "192.0.2.1", direction: str = "sendrecv", version: int = 1) -> Description:
    """A description with one line of sound."""
    media = Media("audio", 10_000, "RTP/AVP", ("0",), attributes=((direction, None),))
    return Description(address, "7", version, (media,), origin_address=address)


class NoNames(Names):
    @override
    async def pointers(self, name: str) -> list[Pointer]:
        return []

    @override
    async def servers(self, name: str) -> list[Server]:
        return []

    @override
    async def addresses(self, name: str) -> list[str]:
        return []


class World:
    """The network, and the one clock."""

    def __init__(self) -> None:
        self.at = START
        self.drop: Callable[[Message], bool] = lambda message: False
        self.sent: list[Message] = []
        self._mail: deque[tuple[bytes, Hop, Hop]] = deque()
        self._places: dict[str, Agent | Stranger] = {}

    def now(self) -> Instant:
        return self.at

    def place(self, one: Agent | Stranger) -> None:
        self._places[one.host] = one

    def post(self, data: bytes, source: Hop, target: Hop) -> None:
        message = parse_datagram(data)
        self.sent.append(message)
        if not self.drop(message):
            self._mail.append((data, source, target))

    def settle(self) -> None:
        """Deliver everything that is under way."""
        while self._mail:
            data, source, target = self._mail.popleft()
            place = self._places.get(target.host)
            if place is not None:
                place.take(data, source)

    def pass_ms(self, passed: int) -> None:
        """Let time go by, step by step."""
        end = self.at + passed
        self.settle()
        while True:
            due = [p for p in self._places.values() if p.wake_at is not None and p.wake_at <= end]
            if not due:
                break
            first = min(due, key=lambda p: p.wake_at or 0)
            self.at = Instant(max(self.at, first.wake_at or 0))
            first.wake_at = None
            first.timer()
            self.settle()
        self.at = Instant(end)

    def methods(self) -> list[str]:
        """What went over the network, in short."""
        return [
            m.method if isinstance(m, Request) else str(getattr(m, "status", 0)) for m in self.sent
        ]


class Agent:
    """A whole stack at one address; everything that happens to its calls is in ``events``."""

    def __init__(
        self, world: World, host: str, *trunks: Trunk, phones: tuple[str, ...] = ()
    ) -> None:
        self.world = world
        self.host = host
        self.wake_at: Instant | None = None
        self.calls: list[Call] = []
        self.events: list[CallEvent] = []
        self.on_event: Callable[[Call, CallEvent], None] = lambda call, event: None
        self.on_call: Callable[[Call], None] = lambda call: None
        self.registrar = Registrar()
        self.directory = TrunkDirectory(trunks)
        book = PhoneBook(REALM, [Phone(name, PASSWORD) for name in phones], ("SHA-256",))
        self.gate = Gate(
            trunks=self.directory,
            challenger=Challenger(realm=REALM, key=host.encode(), accounts=book),
            registrar=self.registrar,
        )
        self.core = Core(
            wire=self,
            locator=DnsLocator(NoNames(), self.offers),
            clock=world,
            gate=self.gate,
            registrar=self.registrar,
            key=host.encode(),
            on_call=self._take_call,
            wake=self._wake,
        )
        self.unreachable: set[str] = set()
        world.place(self)

    # -- the wire

    def send(self, data: bytes, hop: Hop, failed: Callable[[], None] | None = None) -> None:
        if hop.host in self.unreachable or hop.transport == TCP:
            if failed is not None:
                failed()
            return
        self.world.post(data, Hop(UDP, self.host, 5060), hop)

    def soon(self, then: Callable[[], None]) -> None:
        then()

    def here(self, hop: Hop) -> tuple[str, int]:
        return self.host, 5060

    def offers(self, transport: str) -> bool:
        return transport == UDP

    def take(self, data: bytes, source: Hop) -> None:
        self.core.take_datagram(data, source)

    def timer(self) -> None:
        self.core.timer()

    def _wake(self, at: Instant) -> None:
        self.wake_at = at

    # -- calls

    def _take_call(self, call: Call) -> None:
        self.calls.append(call)
        call.listener = self._told
        self.on_call(call)

    def _told(self, call: Call, event: CallEvent) -> None:
        self.events.append(event)
        self.on_event(call, event)

    def call(
        self,
        host: str,
        description: Description | None,
        *,
        authorise: Authorise | None = None,
        headers: dict[str, str] | None = None,
    ) -> Call:
        leg = OutgoingLeg(
            target=f"sip:200@{host}",
            sender=NameAddress(sip_uri(self.host, user="100"), "Caller"),
            recipient=NameAddress(sip_uri(host, user="200")),
            contact=f"sip:{self.host}:5060",
            authorise=authorise,
            headers=headers,
        )
        call = Call(leg, peer=Peer("trunk", "t"), stack=self.core, clock=self.world)
        call.listener = self._told
        leg.start(description, self.world.now())
        self.core.add(call)
        self.calls.append(call)
        return call

    def told(self, kind: type) -> list[CallEvent]:
        return [event for event in self.events if isinstance(event, kind)]


class Stranger:
    """Somebody who writes messages by hand, and keeps what arrives."""

    def __init__(self, world: World, host: str) -> None:
        self.world = world
        self.host = host
        self.wake_at: Instant | None = None
        self.heard: list[Message] = []
        world.place(self)

    def take(self, data: bytes, source: Hop) -> None:
        self.heard.append(parse_datagram(data))

    def timer(self) -> None:
        raise AssertionError("nobody wakes a stranger")

    def say(self, message: Message, to: str) -> None:
        self.world.post(message.encode(), Hop(UDP, self.host, 5060), Hop(UDP, to, 5060))
        self.world.settle()

    def request(self, method: str, host: str, /, **headers: str | Description) -> Request:
        """A request with all it needs; ``headers`` (underscores for dashes) replace the usual.

        One named ``body`` is a description to carry.
        """
        body = headers.pop("body", None)
        lines = {
            "via": f"SIP/2.0/UDP {self.host}:5060;branch={COOKIE}{secrets.token_hex(6)}",
            "from": f"<sip:100@{self.host}>;tag=them",
            "to": f"<sip:200@{host}>",
            "call-id": "by-hand",
            "cseq": f"1 {method}",
            "contact": f"<sip:100@{self.host}>",
        }
        lines |= {name.replace("_", "-"): str(line) for name, line in headers.items()}
        kept = {name: [line] for name, line in lines.items() if line}
        made = Request(method, f"sip:200@{host}", kept)
        if isinstance(body, Description):
            made.body = body.encode()
            made.put("content-type", "application/sdp")
        return made

    @property
    def last(self) -> Message:
        return self.heard[-1]

    def answers(self) -> list[int]:
        return [m.status for m in self.heard if isinstance(m, Response)]

    def asked(self, method: str) -> list[Request]:
        return [m for m in self.heard if isinstance(m, Request) and m.method == method]


def described(message: Message) -> Description:
    return parse_description(message.body)


def roomy(name: str, network: str) -> Trunk:
    """A trunk that may call as often as it likes."""
    return Trunk(name, "sip:192.0.2.1", networks=(network,), calls_a_second=5_000, max_calls=5_000)


def two_agents() -> tuple[World, Agent, Agent]:
    """A world with two agents that let each other in."""
    world = World()
    ann = Agent(world, "10.0.0.1", roomy("bob", "10.0.0.2/32"))
    bob = Agent(world, "10.0.0.2", roomy("ann", "10.0.0.0/24"))
    return world, ann, bob


def answering(agent: Agent, description: Description | None = None) -> None:
    """From now on an agent answers every call at once."""

    def answer(call: Call) -> None:
        call.answer(description or sound("192.0.2.2"))

    agent.on_call = answer


def nothing_left(world: World, *agents: Agent) -> None:
    """After 40 s nothing of a call is kept (SIP-10)."""
    world.pass_ms(40_000)
    for agent in agents:
        assert agent.core.in_hand == EMPTY
        assert not +agent.gate.calls
