"""Run the benchmarks, print every figure with its target, and write build/bench.json."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import msgspec

import tests.bench
from tests.bench import Figure

RESULT = Path("build") / "bench.json"


def groups(only: set[str]) -> Iterator[ModuleType]:
    """The modules of this folder that measure something, found by looking."""
    for found in pkgutil.iter_modules(tests.bench.__path__):
        if found.name.startswith("_"):
            continue
        module = importlib.import_module(f"tests.bench.{found.name}")
        if hasattr(module, "GROUP") and (not only or module.GROUP in only):
            yield module


def line(figure: Figure) -> str:
    bound = "at most" if figure.at_most else "at least"
    met = "met" if figure.met else "NOT MET"
    text = (
        f"  {figure.name:32} {figure.value:14,.3f} {figure.unit:12}"
        f" target {bound} {figure.target:,.3f}: {met}"
    )
    return f"{text}\n      {figure.note}" if figure.note else text


def write(figures: list[Figure]) -> None:
    rows = [
        {
            "name": figure.name,
            "value": figure.value,
            "unit": figure.unit,
            "target": figure.target,
            "met": figure.met,
        }
        for figure in figures
    ]
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_bytes(msgspec.json.format(msgspec.json.encode(rows)) + b"\n")


def take_priority() -> str:
    """Let other programs wait while we measure, children included; in words, whether that is so.

    A few seconds at a time; the kernel keeps a twentieth of each processor for the others.
    """
    if not hasattr(os, "sched_setscheduler"):
        return "measured beside other programs: this system has no real-time priority"
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(20))
    except PermissionError:
        return "measured beside other programs: real-time priority is not allowed (root has it)"
    return "measured at real-time priority"


def main() -> int:
    """Returns 0 when every target was met, 1 when not, 2 when nothing of that name exists."""
    print(take_priority(), flush=True)  # noqa: T201 -- a program's output
    only = {name for name in os.environ.get("ONLY", "").replace(",", " ").split() if name}
    figures: list[Figure] = []
    ran: set[str] = set()
    for module in groups(only):
        print(f"{module.GROUP}: {(module.__doc__ or '').splitlines()[0]}", flush=True)  # noqa: T201 -- a program's output
        measured: list[Figure] = module.run()
        for figure in measured:
            print(line(figure), flush=True)  # noqa: T201 -- a program's output
        figures.extend(measured)
        ran.add(module.GROUP)
    if only - ran or not ran:
        print(f"no group named {', '.join(sorted(only - ran))}", file=sys.stderr)  # noqa: T201 -- a program's output
        return 2
    write(figures)
    print(f"written to {RESULT}")  # noqa: T201 -- a program's output
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
