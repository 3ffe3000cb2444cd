"""The resolver against a small name server on loopback."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from typing_extensions import override

from channels.mail.resolving import SystemResolver
from channels.mail.verdicts import Answer

Found = TypeVar("Found")
RECORDS = {
    ("customer.example.", "TXT"): ['"v=spf1 " "ip4:192.0.2.10 -all"', '"other"'],
    ("customer.example.", "MX"): ["20 b.customer.example.", "10 a.customer.example."],
    ("a.customer.example.", "A"): ["192.0.2.10"],
    ("a.customer.example.", "AAAA"): ["2001:db8::10"],
    ("10.2.0.192.in-addr.arpa.", "PTR"): ["a.customer.example."],
}
CODES = {"gone.example.": dns.rcode.NXDOMAIN, "broken.example.": dns.rcode.SERVFAIL}


class NameServer(asyncio.DatagramProtocol):
    """Answers from the table; ``silent.example`` gets no answer at all."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text().lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        if name == "silent.example.":
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        response.set_rcode(CODES.get(name, dns.rcode.NOERROR))
        records = RECORDS.get((name, kind))
        if records:
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
        self.transport.sendto(response.to_wire(), addr)


def ask(use: Callable[[SystemResolver], Awaitable[Found]]) -> Found:
    async def run() -> Found:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(NameServer, ("127.0.0.1", 0))
        try:
            port = transport.get_extra_info("sockname")[1]
            return await use(SystemResolver(("127.0.0.1",), port=port, wait_s=0.4))
        finally:
            transport.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("name", "kind", "answer"),
    [
        ("customer.example", "TXT", Answer(("other", "v=spf1 ip4:192.0.2.10 -all"))),
        ("customer.example", "MX", Answer(("10 a.customer.example", "20 b.customer.example"))),
        ("a.customer.example", "A", Answer(("192.0.2.10",))),
        ("a.customer.example", "AAAA", Answer(("2001:db8::10",))),
        ("10.2.0.192.in-addr.arpa", "PTR", Answer(("a.customer.example",))),
        ("a.customer.example", "TXT", Answer()),
        ("gone.example", "TXT", Answer()),
        ("broken.example", "TXT", Answer(failed=True)),
        ("silent.example", "TXT", Answer(failed=True)),
        ("x" * 70 + ".example", "TXT", Answer(failed=True)),
        ("a..b", "TXT", Answer(failed=True)),
        ("customer.example", "ANY", Answer(failed=True)),
    ],
)
def test_names_are_answered_and_nothing_raises(name: str, kind: str, answer: Answer) -> None:
    assert ask(lambda resolver: resolver.lookup(name, kind)) == answer
