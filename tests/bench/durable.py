"""Whole transitions: a command, its decision, its events on the disk, its acknowledgement.

One process with uvloop, as in production: the hub, the core and the SQLite log (WAL, FULL) in a
temporary folder, under an open load of arrivals, acceptances and endings at 500 agents: commands
come at their rate whether or not the answers keep up. Latency is from the moment at which a command
was meant to be given to having its receipt, so a stop of the loop counts for everyone who would
have come during it. The load is made in the same process, as channels make theirs, and its
processor time is in the figure. A transition is an event that became durable. Both figures are of
all one-second windows in which no other program took the processor away and the disk answered as
it does, snapshots included.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import uvloop

from router.hub import Hub, HubSettings, settle
from router.model.agent import Capacity, Presence, WrapUpMode, WrapUpRule
from router.model.catalogue import Agent, Catalogue, Queue, RuleSet
from router.model.commands import Accept, Arrive, ChangeCatalogue, Command, End, SetPresence, SignIn
from router.model.effects import Effect
from router.model.events import Engaged, Event, Offered
from router.model.ids import (
    AgentId,
    CatalogueVersion,
    InteractionId,
    Medium,
    Position,
    QueueName,
    SubjectId,
)
from router.storage.sqlite import SqliteLog
from router.storage.system import RandomIds, SystemClock
from tests.bench import Figure
from tests.bench.disturbance import Disk, Window, best, quiet, waited_s

GROUP = "durable"

AGENTS = 500
COMMANDS_PER_S = 4_400
"""Arrive, Accept and End make seven events together, so this is above 10,000 events a second."""

WINDOWS_WANTED = 12
WINDOWS_MOST = 30
ENGAGED_WANTED = 200
MAIL = Medium("mail")
HELP = QueueName("help")


def catalogue() -> Catalogue:
    """One queue, agents with one place each, no wrap-up."""
    names = [AgentId(f"agent-{number:03}") for number in range(AGENTS)]
    return Catalogue(
        version=CatalogueVersion("bench"),
        queues={HELP: Queue(name=HELP, wrap_up={MAIL: WrapUpRule(mode=WrapUpMode.NONE)})},
        rules=RuleSet(default_queue=HELP),
        agents={name: Agent(id=name, queues=(HELP,)) for name in names},
        capacity=Capacity(slots={MAIL: 1}),
    )


class QuietMedium:
    """Carries out effects without wires."""

    medium = MAIL

    async def perform(self, effect: Effect, position: Position) -> None:
        """Nothing to send."""


class Load:
    """Gives commands at a steady rate, whether or not the answers keep up."""

    def __init__(self, hub: Hub, disk: Disk) -> None:
        self._hub = hub
        self._disk = disk
        self._ids = RandomIds()
        self._next: deque[Command] = deque()
        self._engaged: deque[Engaged] = deque()
        self._given: set[asyncio.Task[None]] = set()
        self.windows: list[Window] = []

    async def run(self) -> None:
        """Load until enough quiet windows were seen, or for half a minute."""
        while len(self.windows) < WINDOWS_MOST and len(quiet(self.windows)) < WINDOWS_WANTED:
            waited, worked = waited_s(), self._disk.so_far()
            self.windows.append(Window())
            await self._window(self.windows[-1])
            self.windows[-1].waited = waited_s() - waited
            self.windows[-1].disk_ms = self._disk.each_ms(worked)

    async def _window(self, window: Window) -> None:
        began = time.perf_counter()
        given = 0
        while (passed := time.perf_counter() - began) < 1:
            while given < passed * COMMANDS_PER_S:
                meant = began + given / COMMANDS_PER_S
                given += 1
                task = asyncio.create_task(self._give(self._wish(), window, meant))
                self._given.add(task)
                task.add_done_callback(self._given.discard)
            await asyncio.sleep(0.001)
        await asyncio.gather(*self._given)
        # What was late is within its window's time, so that no backlog is hidden.
        window.count = int(window.count / (time.perf_counter() - began))

    async def _give(self, command: Command, window: Window, meant: float) -> None:
        receipt = await self._hub.submit(command)
        window.latencies.append(time.perf_counter() - meant)
        window.count += len(receipt.events)
        for event in receipt.events:
            self._notice(event)

    def _notice(self, event: Event) -> None:
        if isinstance(event, Offered):
            self._next.append(Accept(event.offer_id, event.agent_id))
        elif isinstance(event, Engaged):
            self._engaged.append(event)

    def _wish(self) -> Command:
        if self._next:
            return self._next.popleft()
        if len(self._engaged) > ENGAGED_WANTED:
            ending = self._engaged.popleft()
            return End(ending.interaction_id, ending.agent_id)
        name = self._ids.new()
        return Arrive(
            interaction_id=InteractionId(name),
            medium=MAIL,
            address="help@example.test",
            subject=SubjectId(name),
            source_key=name,
            attributes={"language": "en", "tier": "gold"},
        )


async def _measure(folder: Path) -> tuple[float, float, str]:
    log = SqliteLog(folder / "log.db")
    await log.open()
    hub = Hub(log, SystemClock(), settings=HubSettings(mailbox=50_000))
    hub.attach(QuietMedium())
    await hub.start()
    await hub.submit(ChangeCatalogue(catalogue()))
    for name in catalogue().agents:
        await hub.submit(SignIn(name))
        await hub.submit(SetPresence(name, Presence.READY))
    settle()
    load = Load(hub, Disk(folder))
    head, cpu = hub.head(), time.process_time()
    await load.run()
    cpu_us = (time.process_time() - cpu) / (hub.head() - head) * 1e6
    await hub.stop()
    await log.close()
    windows, which = best(load.windows[1:], WINDOWS_WANTED // 2)
    which = which.removeprefix("median of ")
    per_s = statistics.median(window.count for window in windows)
    together = Window([latency for window in windows for latency in window.latencies])
    p99_ms = together.p99_ms()
    return per_s, p99_ms, f"{which}; {cpu_us:.0f} us of CPU a transition, load included"


def measured() -> tuple[float, float, str]:
    """Transitions a second, their p99 in milliseconds, and how they were come by."""
    with tempfile.TemporaryDirectory(prefix="carillon-bench-") as folder:
        return uvloop.run(_measure(Path(folder)))


def run() -> list[Figure]:
    """Measure in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        per_s, p99_ms, how = apart.submit(measured).result()
    return [
        Figure("durable.transitions_per_s", per_s, "1/s", 10_000, at_most=False, note=how),
        Figure(
            "durable.p99_ms",
            p99_ms,
            "ms",
            10,
            note="from when a command was meant to come to its receipt, at that rate",
        ),
    ]
