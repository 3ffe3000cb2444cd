"""A small name server on loopback, with exactly these records."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from typing_extensions import override

Records = Mapping[tuple[str, str], Sequence[str]]
"""By name (with its last dot) and kind."""


class NameServer(asyncio.DatagramProtocol):
    """Answers from its records. ``codes`` are names that get an error, ``silent`` those that get
    no answer at all."""

    def __init__(
        self, records: Records, codes: Mapping[str, dns.rcode.Rcode], silent: Sequence[str]
    ) -> None:
        self._records = records
        self._codes = codes
        self._silent = silent

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text().lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        if name in self._silent:
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        response.set_rcode(self._codes.get(name, dns.rcode.NOERROR))
        if records := self._records.get((name, kind)):
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
        self._transport.sendto(response.to_wire(), addr)


@asynccontextmanager
async def name_server(
    records: Records,
    codes: Mapping[str, dns.rcode.Rcode] | None = None,
    silent: Sequence[str] = (),
) -> AsyncIterator[int]:
    """A running name server; its port."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(records, codes or {}, silent), ("127.0.0.1", 0)
    )
    try:
        yield int(transport.get_extra_info("sockname")[1])
    finally:
        transport.close()
