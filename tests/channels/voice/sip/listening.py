"""An endpoint on real sockets of the loopback address, and what happens to its calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from channels.voice.sip.calls import Call
from channels.voice.sip.endpoint import SipEndpoint
from channels.voice.sip.happenings import CallEvent, Ended, Reoffered
from channels.voice.sip.locating import Names
from channels.voice.sip.sdp import Description
from channels.voice.sip.settings import Phone, SipSettings
from channels.voice.sip.trunks import Trunk
from channels.voice.sip.wire.carrier import Listening
from router.storage.system import SystemClock
from tests.channels.voice.sip.world import PASSWORD, REALM, sound

LAB = Trunk(
    "lab", "sip:127.0.0.1:9", networks=("127.0.0.1/32",), calls_a_second=5_000, max_calls=5_000
)
"""Whoever calls from the loopback address is let in."""
PHONES = (Phone("100", PASSWORD), Phone("101", PASSWORD))
EVERYWHERE = Listening(udp_port=0, tcp_port=0)


class Ear:
    """Listens to an endpoint. By default every call rings, is answered, and may be changed."""

    def __init__(self) -> None:
        self.endpoint: SipEndpoint = None  # type: ignore[assignment]  # Set before anybody asks.
        self.calls: list[Call] = []
        self.events: list[CallEvent] = []
        self.changed = asyncio.Condition()
        self.on_call: Callable[[Call], None] = self.answer
        self.on_event: Callable[[Call, CallEvent], None] = lambda call, event: None
        self.sound = sound("127.0.0.1")
        self._tasks: set[asyncio.Task[None]] = set()

    def take_call(self, call: Call) -> None:
        self.calls.append(call)
        call.listener = self.told
        self.on_call(call)

    def answer(self, call: Call) -> None:
        call.ring()
        call.answer(self.sound)

    def told(self, call: Call, event: CallEvent) -> None:
        self.events.append(event)
        if isinstance(event, Reoffered):
            call.accept(_mirrored(event.description))
        self.on_event(call, event)
        task = asyncio.get_running_loop().create_task(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def count(self, kind: type) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    async def until(self, holds: Callable[[], bool], wait_s: float = 20) -> None:
        """Wait for something that happens to calls."""
        async with asyncio.timeout(wait_s), self.changed:
            await self.changed.wait_for(holds)

    async def until_over(self, count: int = 1) -> None:
        """Wait until so many calls have ended; one whose BYE was lost ends after 32 s."""
        await self.until(lambda: self.count(Ended) >= count, wait_s=60)

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def quiet(self) -> None:
        """Let what was told be heard."""
        await asyncio.gather(*self._tasks)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something nobody tells us about, for 10 s at most."""
    for _ in range(1_000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


def _mirrored(offer: Description | None) -> Description:
    """Our answer to a change: the direction the other side leaves us."""
    direction = offer.direction_of(offer.media[0]) if offer is not None else "sendrecv"
    ours = {"sendonly": "recvonly", "recvonly": "sendonly"}.get(direction, direction)
    return sound("127.0.0.1", ours, version=2)


def settings_of(
    *,
    trunks: tuple[Trunk, ...] = (LAB,),
    phones: tuple[Phone, ...] = PHONES,
    listening: Listening = EVERYWHERE,
    algorithms: tuple[str, ...] = ("SHA-256",),
) -> SipSettings:
    return SipSettings(
        realm=REALM, listening=listening, trunks=trunks, phones=phones, algorithms=algorithms
    )


@asynccontextmanager
async def listening(
    settings: SipSettings | None = None, *, names: Names | None = None
) -> AsyncIterator[Ear]:
    """An endpoint that listens, within the ``async with``."""
    ear = Ear()
    ear.endpoint = SipEndpoint(
        settings or settings_of(),
        clock=SystemClock(),
        key=b"k" * 32,
        on_call=ear.take_call,
        names=names,
    )
    await ear.endpoint.start()
    try:
        yield ear
    finally:
        await ear.endpoint.stop()
        await ear.quiet()
