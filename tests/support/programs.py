"""Starts real programs for tests, waits until they speak, and ends them without remains.

Every program gets a temporary folder and loopback addresses of its own, so that tests run beside
each other and beside whatever the machine serves otherwise. `make test` installs the programs.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

KEEPER = Path(__file__).with_name("keeper.py")
START_S = 30.0
GRACE_S = 10.0
LOOPBACK = "127.0.0.1"

_handed_out: set[int] = set()


class ProgramFailed(AssertionError):
    """A real program did not start, did not speak in time or ended by itself; the text says why."""


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on and that was not given before."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port not in _handed_out:
            _handed_out.add(port)
            return port


def where(program: str, *, also: Sequence[str] = ()) -> str:
    """The path of an installed program, looked for in the administrator's folders too.

    Raises:
        ProgramFailed: when it is not installed.
    """
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", *also])
    found = shutil.which(program, path=folders)
    if found is None:
        raise ProgramFailed(f"{program} is not installed; `make test` installs what tests need")
    return found


def speaks(port: int, opening: bytes = b"", *, host: str = LOOPBACK, hello: bytes = b"") -> bool:
    """Whether a server on this port accepts and, after `hello`, says something with `opening`."""
    try:
        with socket.create_connection((host, port), timeout=1) as line:
            if hello:
                line.sendall(hello)
            return not opening or line.recv(256).startswith(opening)
    except OSError:
        return False


def wait_until(holds: Callable[[], bool], what: str, deadline_s: float = START_S) -> None:
    """Wait for something another process does and cannot tell us about.

    Raises:
        ProgramFailed: naming `what` when it does not hold after the deadline.
    """
    pause = threading.Event()
    interval_s = 0.02
    for _ in range(int(deadline_s / interval_s)):
        if holds():
            return
        pause.wait(interval_s)
    raise ProgramFailed(f"not within {deadline_s:.0f} s: {what}")


@dataclass
class Running:
    """A program that runs: its folder, its log, and its keeper."""

    name: str
    folder: Path
    log: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    def said(self) -> str:
        """What the program has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End it as an administrator would; harmless when it has ended already."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(GRACE_S * 2)


def start(
    command: Sequence[str | os.PathLike[str]],
    *,
    folder: Path,
    ready: Callable[[], bool],
    stop_signal: signal.Signals = signal.SIGTERM,
    deadline_s: float = START_S,
) -> Running:
    """Start a program that stays in the foreground and return once `ready` holds.

    It ends with `Running.stop`, and by itself when the process of the tests is gone.

    Raises:
        ProgramFailed: with all it printed, when it ended or was not ready in time.
    """
    name = Path(command[0]).name
    log = folder / f"{name}.log"
    keeper = [sys.executable, "-S", "-E", str(KEEPER)]
    order = [*keeper, str(os.getpid()), str(int(stop_signal)), str(GRACE_S), "--", *command]
    with log.open("ab") as output:
        process = subprocess.Popen(
            order,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    program = Running(name, folder, log, process)
    try:
        wait_until(lambda: not program.alive() or ready(), f"{name} is ready", deadline_s)
    except ProgramFailed as late:
        program.stop()
        raise ProgramFailed(f"{late}\n{program.said()}") from late
    if not program.alive():
        raise ProgramFailed(f"{name} ended with {process.returncode}\n{program.said()}")
    return program


@contextlib.contextmanager
def running(
    command: Sequence[str | os.PathLike[str]],
    *,
    folder: Path,
    ready: Callable[[], bool],
    stop_signal: signal.Signals = signal.SIGTERM,
    deadline_s: float = START_S,
) -> Iterator[Running]:
    """The program of `start`, for as long as the `with` lasts."""
    program = start(
        command, folder=folder, ready=ready, stop_signal=stop_signal, deadline_s=deadline_s
    )
    try:
        yield program
    finally:
        program.stop()


@contextlib.contextmanager
def own_folder(name: str, *, owner: str | None = None) -> Iterator[Path]:
    """A short-named temporary folder, which another user of the system may own, removed at the end.

    Short, because the path of a unix socket has at most 107 bytes.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    try:
        folder.chmod(0o711)
        if owner is not None and os.geteuid() == 0:
            shutil.chown(folder, owner, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def as_user(user: str) -> list[str]:
    """The beginning of a command that runs as another user; nothing when we are not root.

    It becomes the program instead of starting it, so that signals reach the program itself.
    """
    if os.geteuid() != 0:
        return []
    group = pwd.getpwnam(user).pw_gid
    return [where("setpriv"), f"--reuid={user}", f"--regid={group}", "--init-groups", "--"]


def run(command: Sequence[str], *, deadline_s: float = START_S, text: str = "") -> str:
    """Run a program to its end and return what it printed, both streams together.

    Raises:
        ProgramFailed: with the same text, when it ended with another code than 0 or too late.
    """
    try:
        done = subprocess.run(
            list(command),
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=deadline_s,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise ProgramFailed(f"{command[0]} took longer than {deadline_s:.0f} s") from late
    if done.returncode != 0:
        raise ProgramFailed(f"{command[0]} ended with {done.returncode}\n{done.stdout}")
    return done.stdout
