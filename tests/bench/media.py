"""One media node under load: calls mixed, transcoded and recorded in stereo, and browsers' legs.

Every call has two legs, one mu-law and one A-law, so that nothing is passed through uncoded, and
its first leg is recorded. The other ends run in a process of their own. CPU is the node's own, all
of its threads.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from channels.voice.media.answers import LegFigures, NodeFigures
from channels.voice.media.arrangements import conference
from channels.voice.media.codings import Codec
from channels.voice.media.commands import Alloc, Browser, Mix, Record, SetRemote, Stats
from channels.voice.media.pool import MediaPool, Settings
from tests.bench import Figure

GROUP = "media"

CALLS = 300
SECONDS = 16
SOAK_CALLS = 100
BROWSERS = 100
SOAK_S = int(os.environ.get("SOAK_S", "40"))
"""An hour: SOAK_S=3600."""
HOST = "127.0.0.1"
TYPES = {Codec.PCMU: 0, Codec.PCMA: 8}


class OtherEnds:
    """The process that is the other end of all calls."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def say(self, wish: dict[str, object]) -> Any:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the load has no pipes")
        self._process.stdin.write(json.dumps(wish).encode() + b"\n")
        return json.loads(await self._process.stdout.readline())


@asynccontextmanager
async def other_ends(program: str) -> AsyncIterator[OtherEnds]:
    real_time = ["chrt", "-r", "20"] if shutil.which("chrt") and os.geteuid() == 0 else []
    process = await asyncio.create_subprocess_exec(
        *real_time,
        *(sys.executable, "-m", program),
        stdin=PIPE,
        stdout=PIPE,
        limit=1 << 20,
    )
    try:
        yield OtherEnds(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def call(pool: MediaPool, name: str, ports: list[int]) -> list[tuple[int, int]]:
    """One call between two of the other ends' ports; where they must send."""
    legs = [f"{name}-a", f"{name}-b"]
    remotes = []
    for leg, port, codec in zip(legs, ports, TYPES, strict=True):
        at = await pool.alloc(Alloc(leg))
        wish = SetRemote(leg, codec, TYPES[codec], address=HOST, port=port, known=True)
        await pool.line_of(leg).do(wish)
        remotes.append((at.port, TYPES[codec]))
    line = pool.line_of(legs[0])
    await line.do(Mix(legs, conference(legs)))
    await line.do(Record(legs[0], name, secrets.token_bytes(32)))
    return remotes


async def figures(pool: MediaPool, leg: str = "call-0-a") -> NodeFigures:
    return await pool.line_of(leg).ask(Stats(), NodeFigures, deadline_s=10)


@asynccontextmanager
async def idle_node() -> AsyncIterator[MediaPool]:
    """One node, without legs."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Settings(home, home / "sounds", HOST, nodes=1, loopback=True)
        pool = MediaPool(settings, "bench", 1, lambda event: None)
        await pool.start()
        try:
            yield pool
        finally:
            await pool.stop()


@asynccontextmanager
async def calls(count: int) -> AsyncIterator[tuple[MediaPool, OtherEnds]]:
    """So many calls on one node, ready to be talked on."""
    async with idle_node() as pool, other_ends("tests.bench._media_load") as others:
        ports = await others.say({"legs": 2 * count})
        remotes = []
        for number in range(count):
            remotes += await call(pool, f"call-{number}", ports[2 * number : 2 * number + 2])
        await others.say({"remotes": remotes})
        yield pool, others


async def lost_by_call(pool: MediaPool) -> list[int]:
    """How many packets of each call did not reach the node."""
    lost = []
    for number in range(CALLS):
        told = [
            await pool.line_of(leg).ask(Stats(leg), LegFigures)
            for leg in (f"call-{number}-a", f"call-{number}-b")
        ]
        lost.append(sum(each.quality.lost for each in told))
    return lost


async def loaded() -> list[Figure]:
    async with calls(CALLS) as (pool, others):
        await others.say({"seconds": 3})
        before = await figures(pool)
        load = await others.say({"seconds": SECONDS})
        after = await figures(pool)
        gone = await lost_by_call(pool)
    lost, whole = sum(gone), gone.count(0)
    if load["lost"]:
        whole = min(whole, load["legs_whole"] // 2)
    share = (after.cpu_s - before.cpu_s) / SECONDS
    detail = (
        f"lost to the node {lost}, from it {load['lost']} of {load['received']};"
        f" tick p50 {after.tick_p50_ms:.1f} ms, max {after.tick_max_ms:.1f} ms,"
        f" begun late p99 {after.late_p99_ms:.2f} ms; {after.resident_bytes / 2**20:.0f} MiB;"
        f" real time {'given' if after.real_time else 'refused'}"
    )
    return [
        Figure("media.calls", whole, "calls", 300, at_most=False, note=detail),
        Figure("media.cpu", share, "cores", 0.5, note=f"{CALLS} calls"),
        Figure("media.tick_p99_ms", after.tick_p99_ms, "ms", 10),
    ]


async def soaked() -> Figure:
    async with calls(SOAK_CALLS) as (pool, others):
        await others.say({"seconds": 10})
        before = await figures(pool)
        for _ in range(max(1, SOAK_S // 20)):
            await others.say({"seconds": min(20, SOAK_S)})
        after = await figures(pool)
    growth = (after.resident_bytes - before.resident_bytes) / before.resident_bytes * 100
    note = f"{SOAK_CALLS} calls for {SOAK_S} s, from {before.resident_bytes / 2**20:.1f} MiB"
    return Figure("soak.rss_growth", growth, "%", 2, note=note)


async def browsers() -> Figure:
    """Browsers' legs, bridged in pairs; handshakes are not counted."""
    async with idle_node() as pool, other_ends("tests.bench._browser_load") as others:
        prints = await others.say({"legs": BROWSERS})
        allocated = []
        for number, fingerprint in enumerate(prints):
            leg = f"desk-{number}"
            at = await pool.alloc(Alloc(leg, kind="browser"))
            allocated.append((at.port, at.ufrag, at.password))
            said = Browser("abcd", "0123456789abcdef0123456789abcdef", fingerprint)
            await pool.line_of(leg).do(SetRemote(leg, Codec.PCMU, 0, browser=said))
        for number in range(0, BROWSERS, 2):
            legs = [f"desk-{number}", f"desk-{number + 1}"]
            await pool.line_of(legs[0]).do(Mix(legs, conference(legs)))
        connected = await others.say({"allocated": allocated})
        await others.say({"seconds": 2})
        before = await figures(pool, "desk-0")
        load = await others.say({"seconds": SECONDS})
        after = await figures(pool, "desk-0")
    share = (after.cpu_s - before.cpu_s) / SECONDS / BROWSERS * 100
    note = (
        f"{connected} of {BROWSERS} connected; {load['received']} of {load['expected']} packets"
        f" came back; tick p99 {after.tick_p99_ms:.1f} ms"
    )
    return Figure("webrtc.cpu_per_leg", share, "%", 0.4, note=note)


def run() -> list[Figure]:
    return [*asyncio.run(loaded()), asyncio.run(browsers()), asyncio.run(soaked())]
