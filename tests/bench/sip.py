"""New calls a second that one core signals: INVITE, 180, 200, ACK, BYE, 200, by UDP.

SIPp calls an endpoint in a process of its own, which rings and answers at once. The figure is calls
by CPU time of that process: neither SIPp nor other programs of the machine are in it.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config.loop import run as run_loop
from tests.bench import Figure
from tests.support.programs import where

GROUP = "sip"
CALLS, RATE = 3_000, 300
TARGET = 300.0


async def serve() -> None:
    """Answer calls until the input ends, then print the CPU seconds since the first call."""
    # Imported late: Twisted's reactor must be made by ``run_loop`` first.
    from channels.voice.sip.calls import Call
    from tests.channels.voice.sip.listening import listening

    started: list[float] = []

    def answer(call: Call) -> None:
        if not started:
            started.append(time.process_time())
        call.ring()
        call.answer(ear.sound)

    async with listening() as ear:
        ear.on_call = answer
        print(ear.endpoint.port(), flush=True)  # noqa: T201 -- read by the parent
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, sys.stdin.readline)
        cpu_s = time.process_time() - started[0]
        print(cpu_s, len(ear.calls), ear.endpoint.core.in_hand["calls"], flush=True)  # noqa: T201 -- read by the parent


def call_with_sipp(port: int, folder: str) -> int:
    """The calls that went as they should; SIPp ends with an error when one did not."""
    command = [where("sipp"), f"127.0.0.1:{port}", "-sn", "uac", "-i", "127.0.0.1", "-nostdin"]
    command += ["-d", "0", "-m", str(CALLS), "-r", str(RATE), "-l", str(CALLS)]
    done = subprocess.run(  # noqa: S603 -- arguments of our own
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=200
    )
    counts = re.findall(r"Successful call\s*\|\s*\d+\s*\|\s*(\d+)", done.stdout)
    return int(counts[-1]) if counts else 0


def run() -> list[Figure]:
    """Start an endpoint, let SIPp call it, and measure."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.sip"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        port = int(child.stdout.readline())
        with tempfile.TemporaryDirectory(prefix="carillon-bench-") as folder:
            successful = call_with_sipp(port, folder)
        child.stdin.write("\n")
        child.stdin.flush()
        cpu_s, taken, _ = child.stdout.readline().split()
    finally:
        child.kill()
        child.wait()
    note = f"{successful} of {CALLS} calls as they should be, {float(cpu_s):.2f} s of CPU"
    return [
        Figure(
            "sip.calls_per_s",
            int(taken) / float(cpu_s),
            "calls/s",
            TARGET,
            at_most=False,
            note=note,
        ),
        Figure("sip.failed_calls", CALLS - successful, "calls", 0),
    ]


if __name__ == "__main__":
    run_loop(serve())
