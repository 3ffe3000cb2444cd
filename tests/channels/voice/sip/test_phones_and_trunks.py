"""Phones register with us, we at trunks, trunks stand in for each other; names (RFC 3263)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from twisted.names import common, dns, server
from typing_extensions import override

from channels.voice.sip.attempts import Caller
from channels.voice.sip.calls import Call
from channels.voice.sip.happenings import Answered, CallEvent, Ended
from channels.voice.sip.hops import TCP, TLS, UDP, Hop
from channels.voice.sip.locating import DnsLocator, Names, Pointer, Server
from channels.voice.sip.trunks import Trunk
from channels.voice.sip.uri import parse_uri
from channels.voice.sip.wire.domain_names import TwistedNames
from router.model.errors import Refused
from tests.channels.voice.sip.listening import LAB, Ear, listening, settings_of, until
from tests.channels.voice.sip.world import PASSWORD, REALM, sound
from tests.support.loop import run

records_of: Any = dns
factory: Any = server.DNSServerFactory
"""Twisted's name server carries no types."""


def registering_at(far: Ear, transport: str = "UDP", **more: Any) -> Trunk:
    port = far.endpoint.port(transport)
    suffix = "" if transport == "UDP" else ";transport=tcp"
    return Trunk(
        "up",
        f"sip:127.0.0.1:{port}{suffix}",
        register=True,
        user="100",
        password=PASSWORD,
        realm=REALM,
        **more,
    )


async def registered(near: Ear) -> None:
    registration = near.endpoint.registrations["up"]
    await until(lambda: registration.registered)


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_we_register_at_a_trunk_call_it_and_are_called(transport: str) -> None:
    """The other side knows us as a phone: it challenges us, and finds us where we registered."""

    async def story() -> None:
        async with listening(settings_of(trunks=())) as far:
            settings = settings_of(trunks=(registering_at(far, transport),))
            async with listening(settings) as near:
                await registered(near)
                assert near.endpoint.health() == {}
                (device,) = far.endpoint.devices("100")
                assert device.flow.transport == transport
                call = near.endpoint.call_trunk(
                    "200",
                    sound("127.0.0.1"),
                    trunks=["up"],
                    listener=near.told,
                    caller=Caller("100", "Us"),
                )
                await near.until(lambda: near.count(Answered) == 1)
                assert far.calls[0].peer.name == "100"
                call.hang_up()
                await far.until_over()
                back = far.endpoint.call_phone("100", sound("127.0.0.1"), listener=far.told)
                await far.until(lambda: far.count(Answered) == 1)
                assert near.calls[0].peer.name == "up"
                back.hang_up()
                await near.until_over(2)
            await until(lambda: not far.endpoint.devices("100"))
            with pytest.raises(Refused):
                far.endpoint.call_phone("100", sound(), listener=far.told)

    run(story())


def test_a_wrong_password_is_told_and_tried_again_patiently() -> None:
    async def story() -> None:
        async with listening(settings_of(trunks=())) as far:
            trunk = registering_at(far)
            wrong = Trunk("up", trunk.proxy, register=True, user="100", password="x", realm=REALM)
            async with listening(settings_of(trunks=(wrong,))) as near:
                registration = near.endpoint.registrations["up"]
                await until(lambda: registration.deadline is not None)
                assert near.endpoint.health() == {"trunk up": "401 Unauthorized"}

    run(story())


def test_another_trunk_takes_the_call_where_one_is_dead_overloaded_or_full() -> None:
    async def story() -> None:
        async with listening() as busy, listening() as good:
            busy.on_call = lambda call: call.reject(503)
            trunks = (
                Trunk("dead", "sip:127.0.0.1:1;transport=tcp", networks=("192.0.2.1/32",)),
                Trunk("busy", f"sip:127.0.0.1:{busy.endpoint.port()}", networks=("192.0.2.1/32",)),
                Trunk("full", "sip:127.0.0.1:1", networks=("192.0.2.1/32",), max_calls=0),
                Trunk("good", f"sip:127.0.0.1:{good.endpoint.port()}", networks=("192.0.2.1/32",)),
            )
            names = [trunk.name for trunk in trunks]
            async with listening(settings_of(trunks=trunks)) as near:
                call = near.endpoint.call_trunk("1", sound(), trunks=names, listener=near.told)
                await near.until(lambda: near.count(Answered) == 1)
                assert near.count(Ended) == 0
                assert call.peer.name == "good"
                assert len(busy.calls) == 1
                call.hang_up()
                await near.until_over()
                again = near.endpoint.call_trunk("1", sound(), trunks=names, listener=near.told)
                assert again.peer.name == "good"  # The others were found wanting just now.
                await near.until(lambda: near.count(Answered) == 2)
                again.hang_up()
                await near.until_over(2)
                with pytest.raises(Refused):
                    near.endpoint.call_trunk("1", sound(), trunks=["full"], listener=near.told)
                bad = near.endpoint.call_trunk("1", sound(), trunks=["busy"], listener=near.told)
                await near.until_over(3)
                assert bad.ended
                assert near.events[-1] == Ended(503, "Service Unavailable", "nobody")

    run(story())


def test_a_call_that_was_refused_by_the_one_called_is_not_tried_elsewhere() -> None:
    async def story() -> None:
        async with listening() as far, listening() as other:
            far.on_call = lambda call: call.reject(486)
            trunks = tuple(
                Trunk(name, f"sip:127.0.0.1:{ear.endpoint.port()}", networks=("192.0.2.1/32",))
                for name, ear in (("one", far), ("two", other))
            )
            async with listening(settings_of(trunks=trunks)) as near:
                near.endpoint.call_trunk("1", sound(), trunks=["one", "two"], listener=near.told)
                await near.until_over()
                assert not other.calls

    run(story())


def test_a_phone_at_a_fixed_address_is_called() -> None:
    async def story() -> None:
        async with listening() as far, listening() as near:
            address = f"sip:desk@127.0.0.1:{far.endpoint.port()}"
            call = near.endpoint.call_address(address, sound(), listener=near.told)
            await near.until(lambda: near.count(Answered) == 1)
            assert far.calls[0].dialled == "desk"
            call.hang_up()
            await far.until_over()

    run(story())


def test_two_calls_are_joined_back_to_back() -> None:
    """What the voice channel does with two calls: what one side does, the other hears."""

    async def story() -> None:
        async with listening() as agent:
            trunk = Trunk(
                "out", f"sip:127.0.0.1:{agent.endpoint.port()}", networks=("127.0.0.1/32",)
            )
            async with listening(settings_of(trunks=(trunk,))) as middle:
                join(middle)
                lab = Trunk(
                    "lab", f"sip:127.0.0.1:{middle.endpoint.port()}", networks=("127.0.0.1/32",)
                )
                async with listening(settings_of(trunks=(lab,))) as caller:
                    call = caller.endpoint.call_trunk(
                        "300", sound("127.0.0.1"), trunks=["lab"], listener=caller.told
                    )
                    await caller.until(lambda: caller.count(Answered) == 1)
                    assert agent.calls[0].dialled == "300"
                    call.hang_up()
                    await agent.until_over()
                    assert middle.endpoint.core.in_hand["calls"] == 0

    run(story())


def join(middle: Ear) -> None:
    """A back-to-back user agent in a few lines: enough for what is asked here."""

    def bridge(incoming: Call) -> None:
        def there(call: Call, event: CallEvent) -> None:
            if isinstance(event, Answered) and event.description is not None:
                incoming.answer(event.description)
            elif isinstance(event, Ended):
                incoming.hang_up(event.status)

        outgoing = middle.endpoint.call_trunk(
            incoming.dialled, incoming.offer, trunks=["out"], listener=there
        )

        def here(call: Call, event: CallEvent) -> None:
            if isinstance(event, Ended):
                outgoing.hang_up()

        incoming.listener = here

    middle.on_call = bridge


# -- names


class Book(Names):
    """A name service written down."""

    def __init__(self, **records: Sequence[Any]) -> None:
        self._records = records

    def _of(self, kind: str, name: str) -> list[Any]:
        return [r[1] for r in self._records.get(kind, ()) if r[0] == name]

    @override
    async def pointers(self, name: str) -> list[Pointer]:
        return self._of("naptr", name)

    @override
    async def servers(self, name: str) -> list[Server]:
        return self._of("srv", name)

    @override
    async def addresses(self, name: str) -> list[str]:
        return self._of("a", name)


BOOK = Book(
    naptr=[
        ("example.com", Pointer(20, 1, "SIP+D2U", "_sip._udp.example.com")),
        ("example.com", Pointer(10, 1, "SIPS+D2T", "_sips._tcp.example.com")),
        ("example.com", Pointer(5, 1, "E2U+web", "nothing")),
    ],
    srv=[
        ("_sips._tcp.example.com", Server(1, 0, 5071, "a.example.com")),
        ("_sip._udp.example.com", Server(2, 0, 5072, "b.example.com")),
        ("_sip._udp.example.com", Server(1, 5, 5073, "a.example.com")),
        ("_sip._udp.example.com", Server(1, 0, 0, ".")),
        ("_sip._udp.plain.example", Server(1, 0, 5080, "a.example.com")),
    ],
    a=[
        ("a.example.com", "192.0.2.1"),
        ("b.example.com", "192.0.2.2"),
        ("b.example.com", "2001:db8::2"),
        ("plain.example", "192.0.2.9"),
        ("bare.example", "192.0.2.8"),
    ],
)


@pytest.mark.parametrize(
    ("address", "hops"),
    [
        ("sip:192.0.2.5", [(UDP, "192.0.2.5", 5060)]),
        ("sip:192.0.2.5:5099;transport=tcp", [(TCP, "192.0.2.5", 5099)]),
        ("sips:[2001:db8::1]", [(TLS, "2001:db8::1", 5061)]),
        (
            "sip:u@example.com",
            [
                (TLS, "192.0.2.1", 5071),
                (UDP, "192.0.2.1", 5073),
                (UDP, "192.0.2.2", 5072),
                (UDP, "2001:db8::2", 5072),
            ],
        ),
        (
            "sip:example.com;transport=udp",
            [(UDP, "192.0.2.1", 5073), (UDP, "192.0.2.2", 5072), (UDP, "2001:db8::2", 5072)],
        ),
        ("sip:b.example.com:5090", [(UDP, "192.0.2.2", 5090), (UDP, "2001:db8::2", 5090)]),
        ("sip:plain.example", [(UDP, "192.0.2.1", 5080)]),
        ("sip:bare.example", [(UDP, "192.0.2.8", 5060)]),
        ("sip:bare.example;transport=tls", [(TLS, "192.0.2.8", 5061)]),
        ("sip:nobody.example", []),
        ("tel:+49", []),
    ],
)
def test_rfc_3263_finds_transport_address_and_port(
    address: str, hops: list[tuple[str, str, int]]
) -> None:
    locator = DnsLocator(BOOK, lambda transport: True)
    found = asyncio.run(locator.hops(parse_uri(address)))
    assert [(hop.transport, hop.host, hop.port) for hop in found] == hops


def test_transports_we_do_not_speak_are_left_out() -> None:
    locator = DnsLocator(BOOK, lambda transport: transport == UDP)
    found = asyncio.run(locator.hops(parse_uri("sip:example.com")))
    assert {hop.transport for hop in found} == {UDP}


def test_weights_share_the_load() -> None:
    book = Book(
        srv=[
            ("_sip._udp.h.example", Server(1, weight, 5060 + weight, "a.h")) for weight in (90, 10)
        ],
        a=[("a.h", "192.0.2.1")],
    )
    locator = DnsLocator(book, lambda transport: True)

    async def first() -> int:
        return (await locator.hops(parse_uri("sip:h.example")))[0].port

    async def story() -> list[int]:
        return [await first() for _ in range(400)]

    firsts = asyncio.run(story())
    assert 280 < firsts.count(5150) < 400


@asynccontextmanager
async def name_server(records: dict[bytes, list[Any]]) -> AsyncIterator[int]:
    """A real name server on loopback."""
    from twisted.internet import reactor

    class Zone(common.ResolverBase):
        @override
        def _lookup(self, name: bytes, cls: int, type: int, timeout: Any) -> Any:
            from twisted.internet import defer

            answers = [
                dns.RRHeader(name, record.TYPE, dns.IN, 60, record)
                for record in records.get(name.lower(), ())
                if type == record.TYPE
            ]
            return defer.succeed((answers, [], []))

    where: Any = reactor
    zone: Any = Zone
    protocol = records_of.DNSDatagramProtocol(factory(clients=[zone()]))
    port = where.listenUDP(0, protocol, interface="127.0.0.1")
    try:
        yield int(port.getHost().port)
    finally:
        await port.stopListening().asFuture(asyncio.get_running_loop())


def test_a_trunk_behind_a_name_is_found_by_asking_the_name_server() -> None:
    async def story() -> None:
        async with listening() as far:
            records: dict[bytes, list[Any]] = {
                b"trunk.example": [
                    records_of.Record_NAPTR(1, 1, b"s", b"SIP+D2U", b"", b"_sip._udp.trunk.example")
                ],
                b"_sip._udp.trunk.example": [
                    records_of.Record_SRV(1, 1, far.endpoint.port(), b"gw.trunk.example")
                ],
                b"gw.trunk.example": [
                    records_of.Record_A("127.0.0.1"),
                    records_of.Record_AAAA("::1"),
                ],
            }
            async with name_server(records) as port:
                names = TwistedNames([("127.0.0.1", port)])
                assert await names.addresses("gw.trunk.example") == ["127.0.0.1", "::1"]
                assert await names.addresses("nobody.example") == []
                trunk = Trunk("out", "sip:trunk.example", networks=("127.0.0.1/32",))
                async with listening(settings_of(trunks=(trunk, LAB)), names=names) as near:
                    call = near.endpoint.call_trunk(
                        "1", sound(), trunks=["out"], listener=near.told
                    )
                    await near.until(lambda: near.count(Answered) == 1)
                    assert far.calls[0].invite.target == "sip:1@trunk.example"
                    call.hang_up()
                    await far.until_over()

    run(story())


def test_hops_are_values() -> None:
    assert Hop(UDP, "h", 1) == Hop(UDP, "h", 1)
    assert not Hop(UDP, "h", 1).reliable
