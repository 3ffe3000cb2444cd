"""The centre as an operator runs it: ``carillon run`` on a folder, killed without warning."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

from tests.support.centre import write_configuration
from tests.support.programs import Running, free_port, speaks, start, wait_until
from tools.console import ROOT

START_S = 60.0
_LOG_IN = re.compile(r"^    (\w+) +(\S+)  (?:agent|supervisor|manager|administrator)", re.MULTILINE)


class Program:
    """A laboratory centre of one process, on ports that stay its own over restarts."""

    def __init__(self, folder: Path, channels: str) -> None:
        self.desk_port, self.widget_port, self.smtp_port = free_port(), free_port(), free_port()
        self._outputs = folder / "outputs"
        self._outputs.mkdir()
        self._folder = write_configuration(
            folder / "centre",
            site=f"""
[desk]
listen = "127.0.0.1:{self.desk_port}"
[widget]
listen = "127.0.0.1:{self.widget_port}"
""",
            channels=channels.replace("SMTP", str(self.smtp_port)),
        )
        self._running: Running | None = None
        self._starts = 0
        self.passwords: dict[str, str] = {}

    @property
    def desk(self) -> str:
        """Where the desk's pages are."""
        return f"http://127.0.0.1:{self.desk_port}"

    @property
    def widget(self) -> str:
        """Where the widget is served."""
        return f"http://127.0.0.1:{self.widget_port}"

    async def start(self) -> None:
        """Start it, and know the log-ins it shows the first time."""
        await asyncio.to_thread(self._start)

    def _start(self) -> None:
        self._starts += 1
        output = self._outputs / str(self._starts)
        output.mkdir()
        command = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "config.main", "run"]
        command += ["--folder", str(self._folder)]
        self._running = start(
            command,
            folder=output,
            ready=lambda: speaks(self.desk_port) and speaks(self.smtp_port),
            deadline_s=START_S,
        )
        wait_until(lambda: "stop with Ctrl+C" in self.said(), "the greeting is written")
        if not self.passwords:
            self.passwords = dict(_LOG_IN.findall(self.said()))

    async def kill(self) -> None:
        """SIGKILL to the process itself: nothing is finished, nothing is said."""
        await asyncio.to_thread(self._kill)

    def _kill(self) -> None:
        running = self._running
        assert running is not None, "it does not run"
        os.kill(_child(running.process.pid), signal.SIGKILL)
        assert running.process.wait(START_S) == signal.SIGKILL
        self._running = None

    async def kill_and_start(self) -> None:
        """Kill it, and start it again on the same folder."""
        await self.kill()
        await self.start()

    def stop(self) -> None:
        """End it well, where it still runs."""
        if self._running is not None:
            self._running.stop()

    def said(self) -> str:
        """What this life of it has printed."""
        assert self._running is not None, "it does not run"
        return self._running.said()


def _child(keeper: int) -> int:
    """The one process below a keeper: ``env`` has become the program by then."""
    children = Path(f"/proc/{keeper}/task/{keeper}/children").read_text(encoding="ascii")
    (child,) = children.split()
    return int(child)
