"""SIPp: calls as a scenario says, counted by a program nobody here wrote."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import LOOPBACK, ProgramFailed, where

_SUCCESSFUL = re.compile(r"Successful call\s*\|\s*\d+\s*\|\s*(\d+)")
_FAILED = re.compile(r"Failed call\s*\|\s*\d+\s*\|\s*(\d+)")

# On a busy machine SIPp may wait a second for a processor, while messages wait for it.
PATIENCE = ("-buff_size", "2097152", "-max_retrans", "20")


@dataclass(frozen=True)
class Outcome:
    """How many calls of a run went as the scenario says, and what SIPp printed."""

    successful: int
    failed: int
    said: str


async def sipp(
    *arguments: str, scenario: Path | str, folder: Path, deadline_s: float = 120
) -> Outcome:
    """Run SIPp to its end; `scenario` is a file, or the name of one that is built in.

    Raises:
        ProgramFailed: when it does not end in time, or says nothing about calls.
    """
    chosen = ["-sf", str(scenario)] if isinstance(scenario, Path) else ["-sn", scenario]
    process = await asyncio.create_subprocess_exec(
        where("sipp"),
        *chosen,
        *("-i", LOOPBACK, "-nostdin", "-trace_err", "-error_file", str(folder / "errors.log")),
        *PATIENCE,
        *arguments,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(deadline_s):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise ProgramFailed(f"sipp took longer than {deadline_s:.0f} s") from None
    said = output.decode("utf-8", "replace")[-6_000:]
    errors = folder / "errors.log"
    if errors.exists():
        said += errors.read_text(encoding="utf-8", errors="replace")[:2_000]
    successful, failed = _SUCCESSFUL.findall(said), _FAILED.findall(said)
    if not successful or not failed:
        raise ProgramFailed(f"sipp said nothing about calls:\n{said[-3000:]}")
    return Outcome(int(successful[-1]), int(failed[-1]), said)
