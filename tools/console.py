"""How set-up speaks: one line a step, the whole output of a step only when it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder of the project."""


class StepFailed(Exception):
    """A step could not be done; the text says what the reader can do about it."""


def say(text: str) -> None:
    """Print one line of progress at once, on standard error so that results stay clean."""
    sys.stderr.write(f"carillon: {text}\n")
    sys.stderr.flush()


def run_step(
    title: str,
    command: Sequence[str],
    *,
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    deadline_s: float = 1800,
    quiet: bool = False,
) -> str:
    """Run one command and return what it printed, both streams together.

    Args:
        title: what is being done, shown before it starts.
        environment: variables laid over our own.
        deadline_s: after these seconds the command is ended and the step has failed.
        quiet: show nothing while all goes well.

    Raises:
        StepFailed: with everything the command printed, when it could not be started, took too
            long or ended with another code than 0.
    """
    if not quiet:
        say(title)
    try:
        done = subprocess.run(
            list(command),
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=deadline_s,
            check=False,
        )
    except FileNotFoundError as missing:
        raise StepFailed(f"{title}: the program {command[0]} is not installed") from missing
    except subprocess.TimeoutExpired as late:
        raise StepFailed(f"{title}: not finished after {deadline_s:.0f} seconds") from late
    if done.returncode != 0:
        said = done.stdout.strip()
        raise StepFailed(f"{title}: {command[0]} ended with code {done.returncode}\n{said}")
    return done.stdout
