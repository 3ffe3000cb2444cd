"""How punctual a node is, and how it asks the system for what it needs to be so."""

import contextlib
import os
import resource
from pathlib import Path

import numpy as np

TICKS_KEPT = 500
"""Ten seconds."""
_PRIORITY = 10
_NICE = -11


class TickFigures:
    """How long the last ticks worked, and how late they began, in seconds."""

    def __init__(self) -> None:
        self._work = np.zeros(TICKS_KEPT)
        self._late = np.zeros(TICKS_KEPT)
        self._count = 0
        self.skipped = 0
        """Ticks left out because the node stood still for longer than 100 ms."""

    def add(self, work_s: float, late_s: float) -> None:
        """One tick."""
        at = self._count % TICKS_KEPT
        self._work[at], self._late[at] = work_s, late_s
        self._count += 1

    def work_ms(self, percent: float) -> float:
        """The percentile of the work of a tick."""
        return self._percentile(self._work, percent)

    def late_ms(self, percent: float) -> float:
        """The percentile of how late a tick began."""
        return self._percentile(self._late, percent)

    def _percentile(
        self, values: "np.ndarray[tuple[int], np.dtype[np.float64]]", at: float
    ) -> float:
        count = min(self._count, TICKS_KEPT)
        return round(float(np.percentile(values[:count], at)) * 1_000, 3) if count else 0.0


def raise_priority() -> bool:
    """Ask for real-time scheduling, else for a better place; whether real time was given.

    Measured: without it a machine that compiles beside costs a third of all packets.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_PRIORITY))
    except OSError:
        with contextlib.suppress(OSError):
            os.nice(_NICE)
        return False
    return True


def more_descriptors() -> None:
    """As many sockets as we are allowed: a leg has up to three."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def cpu_s() -> float:
    """Processor time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident_bytes() -> int:
    """Memory of this process now."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024
