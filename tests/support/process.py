"""The real program in a process of its own: `carillon run`, as somebody at a terminal sees it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.programs import free_port

ROOT = Path(__file__).resolve().parents[2]
START_S = 60.0
STOP_S = 30.0
LAST_LINE = "  stop with Ctrl+C"


class Ended(AssertionError):
    """The program ended before it was ready; what it said is the text."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"carillon ended with code {code}:\n{said}")
        self.code = code
        self.said = said


class Program:
    """A running centre: what it printed, and how to end it."""

    def __init__(self, process: asyncio.subprocess.Process, errors: Path) -> None:
        self._process = process
        self._errors = errors
        self.lines: list[str] = []

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What it wrote to standard error so far."""
        return self._errors.read_text(encoding="utf-8")

    @property
    def passwords(self) -> dict[str, str]:
        """The log-ins it showed."""
        words = [line.split() for line in self.lines if line.startswith("    ")]
        return {each[0]: each[1] for each in words if len(each) >= 3}

    def address(self, what: str) -> str:
        """The address behind a word of the greeting: desk, chat, mail."""
        return next(line.split()[1] for line in self.lines if line.split()[:1] == [what])

    async def ready(self) -> None:
        """Wait for its greeting. Raises Ended when it ends instead."""
        assert self._process.stdout is not None
        async with asyncio.timeout(START_S):
            while not self.lines or self.lines[-1] != LAST_LINE:
                line = await self._process.stdout.readline()
                if not line:
                    raise Ended(await self._process.wait(), self.log)
                self.lines.append(line.decode().rstrip("\n"))

    def kill(self) -> None:
        """Let it die at once, as the kernel would."""
        self._process.kill()

    async def ended(self) -> int:
        """Wait for its end; its exit code."""
        async with asyncio.timeout(STOP_S):
            return await self._process.wait()

    async def stop(self) -> int:
        """Ask it to end, and wait; its exit code."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        return await self.ended()


@asynccontextmanager
async def program(folder: Path, *arguments: str) -> AsyncIterator[Program]:
    """`carillon run` over a folder, greeted; ended at the end of the block at the latest.

    Raises Ended when it does not come up.
    """
    errors = folder.parent / f"{folder.name}-{os.urandom(4).hex()}.log"
    with errors.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "config.main", "run", "--folder", str(folder), *arguments),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=stream,
        )
    made = Program(process, errors)
    try:
        await made.ready()
        yield made
    finally:
        if process.returncode is None:
            try:
                await made.stop()
            except TimeoutError:
                process.kill()
                await process.wait()


def free_ports() -> int:
    """The first of some neighbouring ports nobody has: `--ports` takes them."""
    while True:
        first = free_port()
        if first < 65_000 and all(_is_free(first + more) for more in range(1, 4)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) != 0
