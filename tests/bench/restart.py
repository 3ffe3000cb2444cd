"""From the start of the process to the first durable offer, with 100,000 open interactions.

The log is as a crash leaves it: a snapshot some 50,000 events old, the rest to be folded. The
clock runs from before the interpreter starts; an agent then signs in and is offered work.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from router import core
from router.hub import Hub
from router.model.agent import Presence
from router.model.commands import Arrive, ChangeCatalogue, NewEntry, SetPresence, SignIn
from router.model.events import Event, Offered
from router.model.ids import AgentId, EntryId, Instant, InteractionId, Position, SubjectId
from router.ports import Snapshot
from router.storage.sqlite import SqliteLog
from router.storage.system import SystemClock
from tests.bench import Figure
from tests.bench.disturbance import waited_s
from tests.bench.durable import MAIL, QuietMedium, catalogue

GROUP = "restart"

OPEN = 100_000
TAIL_EVENTS = 50_000
RUNS = 3


async def _fill(path: Path) -> None:
    """Lay out the log with the core's own decisions."""
    log = SqliteLog(path)
    await log.open()
    epoch = await log.take_lead()
    state = core.new_state()
    start = SystemClock().now() - OPEN
    first = core.decide(state, ChangeCatalogue(catalogue()), Instant(start))
    events: list[Event] = list(first.events)
    head = Position(0)
    kept = False
    for number in range(OPEN):
        events += core.decide(state, _arrival(number), Instant(start + number)).events
        if len(events) >= 3_000 or number == OPEN - 1:
            head = await log.append(events, epoch)
            events = []
            if not kept and head >= 3 * OPEN - TAIL_EVENTS:
                await log.save_snapshot(Snapshot(head, core.STATE_VERSION, (core.snapshot(state),)))
                kept = True
    await log.save_position("hub.effects", head)
    await log.close()


def _arrival(number: int) -> Arrive:
    name = f"{number:032x}"
    return Arrive(
        interaction_id=InteractionId(name),
        medium=MAIL,
        address="help@example.test",
        subject=SubjectId(name),
        source_key=name,
        attributes={"language": "en", "tier": "gold"},
        entry=NewEntry(EntryId(name), size_bytes=900),
    )


async def first_offer(path: Path, agent: AgentId) -> None:
    """Start as the centre does and offer one interaction; raises when nothing is offered."""
    log = SqliteLog(path)
    await log.open()
    hub = Hub(log, SystemClock())
    hub.attach(QuietMedium())
    await hub.start()
    await hub.submit(SignIn(agent))
    receipt = await hub.submit(SetPresence(agent, Presence.READY))
    if not any(isinstance(event, Offered) for event in receipt.events):
        raise RuntimeError("nothing was offered")
    if hub.conservation().accepted < OPEN:
        raise RuntimeError("the open interactions are not there")


def run() -> list[Figure]:
    """Crash and start again, each time in a new process; the median."""
    with tempfile.TemporaryDirectory(prefix="carillon-bench-") as folder:
        path = Path(folder) / "log.db"
        asyncio.run(_fill(path))
        taken = []
        for number in range(RUNS):
            began = time.perf_counter()
            command = [sys.executable, "-m", "tests.bench.restart", str(path), f"agent-{number:03}"]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own module
                assert process.stdout is not None
                word = process.stdout.readline()
                taken.append(time.perf_counter() - began - waited_s(process.pid))
                # It has said what it had to say; a crash is how it ends.
                process.kill()
            if word != b"offered\n":
                raise RuntimeError("the restarted process offered nothing")
    note = "interpreter and imports included, time without a processor taken off"
    return [Figure("restart.seconds", statistics.median(taken), "s", 3, note=note)]


if __name__ == "__main__":
    uvloop.install()

    async def main() -> None:
        """Say when work is offered, then wait to be killed."""
        await first_offer(Path(sys.argv[1]), AgentId(sys.argv[2]))
        sys.stdout.write("offered\n")
        sys.stdout.flush()
        await asyncio.sleep(60)

    asyncio.run(main())
