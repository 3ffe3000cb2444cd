"""The resolver against a small name server on loopback."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import dns.rcode
import pytest

from channels.mail.resolving import SystemResolver
from channels.mail.verdicts import Answer
from tests.channels.mail.name_server import name_server

Found = TypeVar("Found")
RECORDS = {
    ("customer.example.", "TXT"): ['"v=spf1 " "ip4:192.0.2.10 -all"', '"other"'],
    ("customer.example.", "MX"): ["20 b.customer.example.", "10 a.customer.example."],
    ("a.customer.example.", "A"): ["192.0.2.10"],
    ("a.customer.example.", "AAAA"): ["2001:db8::10"],
    ("10.2.0.192.in-addr.arpa.", "PTR"): ["a.customer.example."],
}
CODES = {"gone.example.": dns.rcode.NXDOMAIN, "broken.example.": dns.rcode.SERVFAIL}


def ask(use: Callable[[SystemResolver], Awaitable[Found]]) -> Found:
    async def run() -> Found:
        async with name_server(RECORDS, CODES, ("silent.example.",)) as port:
            return await use(SystemResolver([("127.0.0.1", port)], wait_s=0.4))

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
