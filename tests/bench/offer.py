"""From an agent's "end" to the next offer on their screen: the whole process, 500 agents at desks.

One process runs the hub on its SQLite log, the seals, the customers and the desk's server; another
one is 500 browsers with their sockets. A thousand mails wait, so whoever ends one is free and is
offered the next at once. The clock runs in the browser, from sending the command to having the
push: command, decision, disk, offer and two ways over the socket are all in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import msgspec
import uvloop

from agent_desktop.auth import digest
from agent_desktop.guards import COOKIE
from agent_desktop.permissions import Role
from agent_desktop.store.sessions import SessionRow, SessionRows
from agent_desktop.store.users import User, UserRows
from router.hub import settle
from router.model.agent import Capacity, WrapUpMode, WrapUpRule
from router.model.catalogue import Agent, Catalogue, Queue, RuleSet
from router.model.ids import DAY_MS, AgentId, CatalogueVersion, Instant
from router.storage.sqlite import SqliteLog
from tests.agent_desktop.client import DeskClient, Person
from tests.agent_desktop.world import BILLING, MAIL, World, world
from tests.bench import Figure
from tests.bench.disturbance import Window, best, waited_s
from tests.bench.durable import QuietMedium

GROUP = "offer"

AGENTS = 500
WAITING = 1_000
WORK_S = 20.0
"""25 ends a second: five times what 500 busy agents on the telephone do."""

SETTLING_S = 6.0
WINDOWS = 20
WINDOWS_WANTED = 5
START_S = 60.0
OPENED_AT_ONCE = 20
PING_S = 10.0


class Site(msgspec.Struct):
    """What the server says when it is ready: its process, its address and a session for each."""

    pid: int
    origin: str
    tokens: list[str]


def _name(number: int) -> str:
    return f"agent{number:03}"


def _catalogue() -> Catalogue:
    names = [AgentId(_name(number)) for number in range(AGENTS)]
    return Catalogue(
        version=CatalogueVersion("bench"),
        queues={BILLING: Queue(name=BILLING, wrap_up={MAIL: WrapUpRule(mode=WrapUpMode.NONE)})},
        rules=RuleSet(default_queue=BILLING),
        agents={name: Agent(id=name, queues=(BILLING,)) for name in names},
        capacity=Capacity(slots={MAIL: 1}),
        offer_ms={MAIL: 120_000},
    )


async def serve(folder: Path) -> None:
    """The centre: says where it is, keeps the queue filled, and lives until its input ends."""
    log = SqliteLog(folder / "log.db")
    async with world(folder, log=log, catalogue=_catalogue()) as made:
        made.hub.attach(QuietMedium())
        tokens = [await _session(made, _name(number)) for number in range(AGENTS)]
        for number in range(WAITING):
            await _mail(made, number)
        settle()
        site = Site(os.getpid(), made.origin, tokens)
        sys.stdout.buffer.write(msgspec.json.encode(site) + b"\n")
        sys.stdout.buffer.flush()
        filling = asyncio.create_task(_fill(made))
        await asyncio.to_thread(sys.stdin.read)
        filling.cancel()


async def _session(made: World, name: str) -> str:
    """A signed-in user, without the half second that a password's hash takes on purpose."""
    now = made.clock.now()
    user = User(name, name, Role.AGENT, AgentId(name), (), disabled=False, created=now)
    await UserRows(made.server.database).add(user, "no password opens this")
    token = secrets.token_urlsafe(32)
    expires = Instant(now + DAY_MS)
    row = SessionRow(digest(token), name, now, now, expires, now, "127.0.0.1")
    await SessionRows(made.server.database).add(row, 5)
    return token


async def _mail(made: World, number: int) -> None:
    sender = f"customer{number}@example.test"
    await made.arrive(MAIL, f"Question {number}", sender, f"Customer {number}")


async def _fill(made: World) -> None:
    number = WAITING
    while True:
        while made.hub.conservation().waiting < WAITING:
            await _mail(made, number)
            number += 1
        await asyncio.sleep(0.01)


class Browser:
    """One agent: takes every offer, works on it for a while, ends it."""

    def __init__(self, desk: DeskClient, dice: random.Random) -> None:
        self._desk = desk
        self._dice = dice
        self.waits: list[tuple[float, float]] = []

    async def breathe(self) -> None:
        """Give the signs of life that the protocol asks for."""
        while True:
            await asyncio.sleep(PING_S * self._dice.random())
            await self._desk.ping()

    async def work(self) -> None:
        """Work for ever."""
        await self._desk.do("presence", presence="ready")
        offer = (await self._desk.push("offered"))["offer"]
        while True:
            await self._desk.do("accept", offer_id=offer["offer_id"])
            await asyncio.sleep(self._dice.expovariate(1 / WORK_S))
            began = time.perf_counter()
            ended = asyncio.create_task(
                self._desk.do("end", interaction_id=offer["interaction_id"])
            )
            offer = (await self._desk.push("offered"))["offer"]
            self.waits.append((began, time.perf_counter() - began))
            await ended


async def _measure(site: Site) -> tuple[float, str]:
    dice = random.Random(500)  # noqa: S311 - a load, no secret
    gate = asyncio.Semaphore(OPENED_AT_ONCE)
    limits = httpx.Limits(max_connections=OPENED_AT_ONCE)
    async with httpx.AsyncClient(base_url=site.origin, limits=limits, timeout=START_S) as http:

        async def open_desk(token: str) -> Browser:
            person = Person(site.origin, http)
            person.cookies[COOKIE] = token
            async with gate:
                return Browser(await DeskClient.open(person), random.Random(dice.random()))  # noqa: S311 -- load

        browsers = await asyncio.gather(*(open_desk(token) for token in site.tokens))
    breathing = [asyncio.create_task(browser.breathe()) for browser in browsers]
    settle()
    working = [asyncio.create_task(browser.work()) for browser in browsers]
    # Everybody's first offer, and the first of the works that began together, are no steady state.
    await asyncio.sleep(SETTLING_S)
    windows, edges, cpu = [], [], _cpu_s(site.pid)
    for _ in range(WINDOWS):
        before = waited_s() + waited_s(site.pid)
        edges.append(time.perf_counter())
        await asyncio.sleep(1)
        windows.append(Window(waited=waited_s() + waited_s(site.pid) - before))
    for task in (*working, *breathing):
        task.cancel()
    done = await asyncio.gather(*working, return_exceptions=True)
    broken = [each for each in done if not isinstance(each, asyncio.CancelledError)]
    if broken:
        raise RuntimeError(f"{len(broken)} desks broke: {broken[0]!r}")
    for began, wait in (pair for browser in browsers for pair in browser.waits):
        for window, edge in zip(windows, edges, strict=True):
            if edge <= began < edge + 1:
                window.latencies.append(wait)
    chosen, which = best(windows, WINDOWS_WANTED)
    together = Window([wait for window in chosen for wait in window.latencies])
    count = len(together.latencies)
    each_ms = (_cpu_s(site.pid) - cpu) * 1_000 / sum(len(window.latencies) for window in windows)
    which = which.removeprefix("median of ").removeprefix("the ")
    how = f"p99 of {count} offers in the {which}; {each_ms:.1f} ms of the server's CPU each"
    return together.p99_ms(), how


def _cpu_s(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _against(command: list[str]) -> tuple[float, str]:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=2**20
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            site = msgspec.json.decode(await process.stdout.readline(), type=Site)
        return await _measure(site)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def run() -> list[Figure]:
    """Start the centre, sit 500 agents down, and measure."""
    with tempfile.TemporaryDirectory(prefix="carillon-bench-") as folder:
        command = [sys.executable, "-m", "tests.bench.offer", folder]
        p99_ms, how = uvloop.run(_against(command))
    return [Figure("offer.free_to_offer_p99_ms", p99_ms, "ms", 20, note=how)]


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
