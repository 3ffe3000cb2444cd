"""A bad network for datagrams: a UDP relay on loopback that loses some of what goes through."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from typing_extensions import override

Address = tuple[str, int]


class LossyRelay(asyncio.DatagramProtocol):
    """Relays to a port; each client has a socket of its own behind it, as behind a router."""

    def __init__(self, target: Address, *, loss: float, seed: int) -> None:
        self._target = target
        self._loss = loss
        self._chance = random.Random(seed)  # noqa: S311 -- the same losses in every run
        self._behind: dict[Address, asyncio.DatagramTransport] = {}
        self._opening: dict[Address, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._front: Any = None
        self.lost = 0
        self.passed = 0

    @property
    def port(self) -> int:
        return int(self._front.get_extra_info("sockname")[1])

    def loses(self) -> bool:
        """Decide about one datagram."""
        gone = self._chance.random() < self._loss
        self.lost += gone
        self.passed += not gone
        return gone

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._front = transport

    @override
    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self.loses():
            return
        behind = self._behind.get(addr)
        if behind is not None:
            behind.sendto(data)
        elif addr in self._opening:
            self._opening[addr].append(data)
        else:
            self._opening[addr] = [data]
            task = asyncio.get_running_loop().create_task(self._open(addr))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _open(self, client: Address) -> None:
        loop = asyncio.get_running_loop()
        behind, _ = await loop.create_datagram_endpoint(
            lambda: _Behind(self, client), remote_addr=self._target
        )
        self._behind[client] = behind
        for data in self._opening.pop(client):
            behind.sendto(data)

    def back(self, data: bytes, client: Address) -> None:
        """What the other side answers goes back to the client, if it is not lost."""
        if not self.loses():
            self._front.sendto(data, client)

    async def close(self) -> None:
        """Close every socket."""
        await asyncio.gather(*self._tasks)
        for transport in (self._front, *self._behind.values()):
            transport.close()


class _Behind(asyncio.DatagramProtocol):
    def __init__(self, relay: LossyRelay, client: Address) -> None:
        self._relay = relay
        self._client = client

    @override
    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._relay.back(data, self._client)


@asynccontextmanager
async def lossy_relay(port: int, *, loss: float, seed: int = 1) -> AsyncIterator[LossyRelay]:
    """A relay in front of a UDP port, within the ``async with``; ``loss`` is 0.05 for 5 %."""
    loop = asyncio.get_running_loop()
    _, relay = await loop.create_datagram_endpoint(
        lambda: LossyRelay(("127.0.0.1", port), loss=loss, seed=seed), local_addr=("127.0.0.1", 0)
    )
    try:
        yield relay
    finally:
        await relay.close()
