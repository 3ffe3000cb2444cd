"""How much other programs took from a measurement: the kernel counts how long a thread was ready
to run and had no processor. What it counts is not a property of the program that is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

QUIET_SHARE = 0.03
"""A window in which threads waited for a processor for less than this share of it is quiet."""


def waited_s(pid: int | str = "self") -> float:
    """Seconds that a process's threads have been ready and had no processor (0 where unknown)."""
    total_ns = 0
    for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total_ns += int(file.read_text().split()[1])
        except (OSError, IndexError):
            # The thread has ended, or this kernel does not count.
            continue
    return total_ns / 1e9


class Window(msgspec.Struct):
    """One second of a measurement: latencies in seconds, what was done, and what was lost."""

    latencies: list[float] = []
    count: int = 0
    waited: float = 0.0

    def p99_ms(self) -> float:
        """The 99th percentile, milliseconds."""
        return sorted(self.latencies)[int(len(self.latencies) * 0.99)] * 1_000


def quiet(windows: Sequence[Window]) -> Sequence[Window]:
    """The quiet windows."""
    return [window for window in windows if window.waited < QUIET_SHARE]


def best(windows: Sequence[Window], wanted: int) -> tuple[Sequence[Window], str]:
    """The quiet windows, or the least disturbed ones where these are few; and which, in words."""
    found = quiet(windows)
    if len(found) >= wanted:
        return found, f"median of {len(found)} quiet one-second windows of {len(windows)}"
    found = sorted(windows, key=lambda window: window.waited)[:wanted]
    share = max(window.waited for window in found)
    return found, f"median of the {wanted} calmest windows; other programs took {share:.0%}"
