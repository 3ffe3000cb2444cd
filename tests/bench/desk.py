"""5,000 desks on one process: how long a push takes to a browser, and what the connections cost.

One process is the centre (hub, seals, customers, desk's server), another one is 5,000 browsers that
count what they get and ping as the protocol asks. Customers write 500 messages a second, each to
one of 5,000 open chats; the clock runs from submitting the message to having the push with its
opened words and the changed item in the browser. Both processes read the same monotonic clock.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import json
import os
import random
import re
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import cast

import msgspec
import uvloop
from sqlalchemy import insert
from typing_extensions import override

from agent_desktop.auth import digest
from agent_desktop.guards import COOKIE
from agent_desktop.permissions import Role
from agent_desktop.store.schema import SESSIONS, TICKETS, USERS
from router.hub import settle
from router.model.agent import Capacity, Presence
from router.model.catalogue import Agent, Catalogue, Queue, RuleSet
from router.model.commands import Accept, AddEntry, Arrive, SetPresence, SignIn
from router.model.content import Author, Content
from router.model.ids import (
    DAY_MS,
    AgentId,
    CatalogueVersion,
    InteractionId,
    QueueName,
    SubjectId,
    TeamName,
)
from router.seals import Address
from tests.agent_desktop.world import BILLING, CHAT, World, world
from tests.bench import Figure
from tests.bench.disturbance import Window, best, waited_s

GROUP = "desk"

DESKS = 5_000
TEAM = 50
CUSTOMERS = 200
PUSHES_PER_S = 500
WINDOWS = 10
WINDOWS_WANTED = 5
START_S = 240.0
OPENED_AT_ONCE = 40
PING_S = 5.0
PING_STEPS = 250
_STAMP = re.compile(rb'"sent (\d+)"')


class Site(msgspec.Struct):
    """What the server says when it is ready: its process, its port, a cookie and ticket each."""

    pid: int
    port: int
    origin: str
    keys: list[tuple[str, str]]


def _name(number: int) -> str:
    return f"agent{number:04}"


def _catalogue() -> Catalogue:
    """A hundred teams of fifty, each with a queue of its own."""
    agents, queues = {}, {}
    for number in range(DESKS):
        team = f"team{number // TEAM:03}"
        queues[QueueName(team)] = Queue(name=QueueName(team))
        name = AgentId(_name(number))
        agents[name] = Agent(id=name, queues=(QueueName(team), BILLING), teams=(TeamName(team),))
    queues[BILLING] = Queue(name=BILLING)
    return Catalogue(
        version=CatalogueVersion("bench"),
        queues=queues,
        rules=RuleSet(default_queue=BILLING),
        agents=agents,
        capacity=Capacity(slots={CHAT: 1}),
        offer_ms={CHAT: 3_600_000},
    )


# --- the centre ---------------------------------------------------------------------------------


async def serve(folder: Path) -> None:
    """The centre: everybody engaged; then it does what its input says until that ends."""
    async with world(folder, catalogue=_catalogue()) as made:
        chats = await _engage(made)
        keys = await _keys(made)
        settle()
        site = Site(os.getpid(), int(made.origin.rpartition(":")[2]), made.origin, keys)
        _say(msgspec.json.encode(site))
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while order := (await reader.readline()).strip():
            if order == b"memory":
                gc.collect()
                _say(str(_resident_bytes("self")).encode())
            else:
                await _write(made, chats, int(order))


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


async def _engage(made: World) -> list[tuple[InteractionId, SubjectId]]:
    """An open chat for every agent."""
    subjects = [
        await made.customers.resolve(Address("chat", f"guest-{number}"), f"Guest {number}")
        for number in range(CUSTOMERS)
    ]

    async def one(number: int) -> tuple[InteractionId, SubjectId]:
        agent_id, subject = AgentId(_name(number)), subjects[number % CUSTOMERS]
        chat = InteractionId(secrets.token_hex(16))
        entry = await made.content(subject, Content(text="Where is my invoice?"))
        await made.submit(SignIn(agent_id))
        await made.submit(SetPresence(agent_id, Presence.READY))
        await made.submit(Arrive(chat, CHAT, "bench", subject, entry=entry))
        return chat, subject

    found = []
    for start in range(0, DESKS, 100):
        found += await asyncio.gather(*(one(number) for number in range(start, start + 100)))
    for agent in made.hub.agents():
        for offer_id in agent.offers:
            await made.submit(Accept(offer_id, agent.agent_id))
    return found


async def _keys(made: World) -> list[tuple[str, str]]:
    """A session and a ticket for everybody, as the API would have given them."""
    now = made.clock.now()
    users, sessions, tickets, keys = [], [], [], []
    for number in range(DESKS):
        name, token, ticket = _name(number), secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        users.append(
            {
                **{"user": name, "name": name, "role": Role.AGENT.value, "agent_id": name},
                **{"teams": "[]", "password_hash": "none", "disabled": False},
                **{"created": now, "changed": now},
            }
        )
        sessions.append(
            {
                **{"token_hash": digest(token), "user": name, "created": now, "last_active": now},
                **{"expires": now + DAY_MS, "confirmed": now, "address": "127.0.0.1"},
            }
        )
        tickets.append(
            {
                "ticket_hash": digest(ticket),
                "session_hash": digest(token),
                "expires": now + DAY_MS,
            }
        )
        keys.append((token, ticket))
    async with made.server.database.writing() as connection:
        for table, rows in ((USERS, users), (SESSIONS, sessions), (TICKETS, tickets)):
            await connection.execute(insert(table), rows)
    return keys


async def _write(made: World, chats: list[tuple[InteractionId, SubjectId]], seconds: int) -> None:
    """Customers write, evenly spread over the seconds."""
    dice = random.Random(500)  # noqa: S311 - a load, no secret
    loop = asyncio.get_running_loop()
    start, writing = loop.time(), set()
    for number in range(seconds * PUSHES_PER_S):
        due = start + number / PUSHES_PER_S
        if (wait := due - loop.time()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(_say_something(made, *dice.choice(chats)))
        writing.add(task)
        task.add_done_callback(writing.discard)
    await asyncio.gather(*writing)


async def _say_something(made: World, chat: InteractionId, subject: SubjectId) -> None:
    text = f"sent {time.monotonic_ns()}"
    entry = await made.content(subject, Content(text=text))
    await made.submit(AddEntry(chat, Author.CUSTOMER, entry))


def _resident_bytes(pid: int | str) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# --- the browsers ---------------------------------------------------------------------------------


class Browser(asyncio.Protocol):
    """A websocket that says hello, pings, and notes when what was sent arrived. No more."""

    def __init__(self, site: Site, number: int, waits: list[tuple[float, float]]) -> None:
        self._site = site
        self._number = number
        self._waits = waits
        self._transport: asyncio.Transport
        self._seen = b""
        self.lost = False
        self.caught_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        token, ticket = self._site.keys[self._number]
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        head = (
            f"GET /ws/desk?ticket={ticket} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Origin: {self._site.origin}\r\nCookie: {COOKIE}={token}\r\n\r\n"
        )
        self._transport.write(head.encode())

    @override
    def data_received(self, data: bytes) -> None:
        for found in _STAMP.finditer(data):
            now = time.monotonic_ns()
            sent = int(found.group(1))
            self._waits.append((sent / 1e9, (now - sent) / 1e9))
        if not self.caught_up.done():
            if not self._seen:
                self._frame({"type": "hello", "protocol": 1, "desk": _name(self._number)})
            self._seen = self._seen[-200:] + data
            if b'"caught_up"' in self._seen:
                self.caught_up.set_result(None)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.caught_up.done():
            self.caught_up.set_exception(ConnectionError(f"desk {self._number}: {self._seen!r}"))

    def ping(self) -> None:
        self._frame({"type": "ping", "id": "p"})

    def _frame(self, message: dict[str, object]) -> None:
        body = json.dumps(message).encode()
        assert len(body) < 126
        self._transport.write(bytes([0x81, 0x80 | len(body), 0, 0, 0, 0]) + body)


async def _open_all(site: Site, browsers: list[Browser], waits: list[tuple[float, float]]) -> None:
    """Open all desks; each is in the list, and pings, as soon as it is there."""
    gate = asyncio.Semaphore(OPENED_AT_ONCE)
    loop = asyncio.get_running_loop()

    async def one(number: int) -> None:
        async with gate:
            _, browser = await loop.create_connection(
                lambda: Browser(site, number, waits), "127.0.0.1", site.port
            )
            await browser.caught_up
            browsers.append(browser)

    await asyncio.gather(*(one(number) for number in range(DESKS)))


async def _ping_all(browsers: list[Browser]) -> None:
    """Each desk pings every five seconds; all of them evenly spread."""
    while True:
        for start in range(PING_STEPS):
            for browser in browsers[start::PING_STEPS]:
                browser.ping()
            await asyncio.sleep(PING_S / PING_STEPS)


async def _measure(centre: asyncio.subprocess.Process, site: Site) -> list[Figure]:
    waits: list[tuple[float, float]] = []
    before = await _memory(centre)
    browsers: list[Browser] = []
    pinging = asyncio.create_task(_ping_all(browsers))
    await _open_all(site, browsers, waits)
    await asyncio.sleep(2)  # What opening left behind is told before it is measured.
    memory = await _memory(centre) - before
    settle()
    assert centre.stdin is not None
    centre.stdin.write(f"{WINDOWS + 2}\n".encode())
    await asyncio.sleep(1)
    windows, edges, cpu = [], [], _cpu_s(site.pid)
    for _ in range(WINDOWS):
        lost = waited_s() + waited_s(site.pid)
        edges.append(time.monotonic())
        await asyncio.sleep(1)
        windows.append(Window(waited=waited_s() + waited_s(site.pid) - lost))
    cpu = _cpu_s(site.pid) - cpu
    await asyncio.sleep(2)
    pinging.cancel()
    lost = sum(browser.lost for browser in browsers)
    if lost or len(waits) < PUSHES_PER_S * WINDOWS:
        raise RuntimeError(f"{lost} of {DESKS} desks were lost, {len(waits)} pushes came")
    for sent, wait in waits:
        for window, edge in zip(windows, edges, strict=True):
            if edge <= sent < edge + 1:
                window.latencies.append(wait)
    chosen, which = best(windows, WINDOWS_WANTED)
    together = Window([wait for window in chosen for wait in window.latencies])
    share = cpu / WINDOWS * 100
    rate = len(waits) / (WINDOWS + 2)
    note = f"p99 of the {which}; {rate:.0f} pushes/s to {DESKS} desks, {share:.0f} % of a core"
    return [
        Figure("desk.push_p99_ms", together.p99_ms(), "ms", 10, note=note),
        Figure("desk.memory_mb", memory / 1e6, "MB", 120, note=f"{memory / DESKS:,.0f} B a desk"),
    ]


async def _memory(centre: asyncio.subprocess.Process) -> int:
    assert centre.stdin is not None
    assert centre.stdout is not None
    centre.stdin.write(b"memory\n")
    return int(await centre.stdout.readline())


def _cpu_s(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _against(command: list[str]) -> list[Figure]:
    centre = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=2**24
    )
    assert centre.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            site = msgspec.json.decode(await centre.stdout.readline(), type=Site)
        return await _measure(centre, site)
    finally:
        with contextlib.suppress(ProcessLookupError):
            centre.kill()
        await centre.wait()


def run() -> list[Figure]:
    """Start the centre, connect 5,000 desks, and measure."""
    with tempfile.TemporaryDirectory(prefix="carillon-bench-") as folder:
        return uvloop.run(_against([sys.executable, "-m", "tests.bench.desk", folder]))


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
