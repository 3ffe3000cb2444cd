"""How much others took from a measurement: the kernel counts how long a thread was ready to run and
had no processor, and how long the disk was busy with how many operations. Neither is a property of
the program that is measured.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

QUIET_SHARE = 0.03
"""A window in which threads waited for a processor for less than this share of it is quiet."""


QUIET_DISK_MS = 0.3
"""A window in which an operation kept the disk busy for less than this on average is quiet."""


class Disk:
    """The disk a folder lies on, as the kernel counts it."""

    def __init__(self, folder: Path) -> None:
        device = folder.stat().st_dev
        self._stat = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat")

    def so_far(self) -> tuple[int, int]:
        """Operations, and milliseconds in which there were any (zeros where unknown)."""
        try:
            numbers = [int(word) for word in self._stat.read_text().split()]
        except OSError:
            return 0, 0
        return numbers[0] + numbers[4], numbers[9]

    def each_ms(self, since: tuple[int, int]) -> float:
        """Milliseconds that one operation kept the disk busy since then, on average."""
        operations, busy_ms = self.so_far()
        return (busy_ms - since[1]) / max(1, operations - since[0])


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
    """One second of a measurement: latencies in seconds, what was done, what was lost to other
    programs (seconds), and how long an operation kept the disk busy."""

    latencies: list[float] = []
    count: int = 0
    waited: float = 0.0
    disk_ms: float = 0.0

    @property
    def disturbance(self) -> float:
        """How much it was disturbed: below 1 in both respects it is quiet."""
        return max(self.waited / QUIET_SHARE, self.disk_ms / QUIET_DISK_MS)

    def p99_ms(self) -> float:
        """The 99th percentile, milliseconds."""
        return sorted(self.latencies)[int(len(self.latencies) * 0.99)] * 1_000


def quiet(windows: Sequence[Window]) -> Sequence[Window]:
    """The quiet windows."""
    return [window for window in windows if window.disturbance < 1]


def best(windows: Sequence[Window], wanted: int) -> tuple[Sequence[Window], str]:
    """The quiet windows, or the least disturbed ones where these are few; and which, in words."""
    found = quiet(windows)
    if len(found) >= wanted:
        return found, f"median of {len(found)} quiet one-second windows of {len(windows)}"
    found = sorted(windows, key=lambda window: window.disturbance)[:wanted]
    share = max(window.waited for window in found)
    disk_ms = max(window.disk_ms for window in found)
    words = f"other programs took {share:.0%}"
    if disk_ms:
        words += f", the disk {disk_ms:.1f} ms an operation"
    return found, f"median of the {wanted} calmest windows; {words}"
