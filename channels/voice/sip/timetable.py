"""Who wants to be called when: one wake-up for all machines."""

import heapq
from collections.abc import Callable
from typing import Protocol

from router.model.ids import Instant

_TIDY = 1_000
"""With more dropped entries than this, and more than half of all, the heap is made anew."""


class Timed(Protocol):
    """Something with a deadline that may change whenever it is touched."""

    @property
    def deadline(self) -> Instant | None:
        """When it wants to be called; None for not at all."""
        ...


class _Entry:
    """A moment and whom to call then; nobody once it was dropped."""

    __slots__ = ("at", "one", "place")

    def __init__(self, at: Instant, place: int, one: Timed) -> None:
        self.at = at
        self.place = place
        self.one: Timed | None = one

    def __lt__(self, other: "_Entry") -> bool:
        return (self.at, self.place) < (other.at, other.place)


class Timetable:
    """Keeps deadlines in order. ``wake`` is asked for whenever an earlier one than before comes.

    What is over must be dropped: a call may have a deadline half an hour ahead, and would be kept
    for so long.
    """

    def __init__(self, wake: Callable[[Instant], None]) -> None:
        self._wake = wake
        self._heap: list[_Entry] = []
        self._entries: dict[int, _Entry] = {}
        self._dropped = 0
        self._count = 0
        self._woken: Instant | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def note(self, one: Timed) -> None:
        """Look at a deadline that may have changed."""
        at = one.deadline
        entry = self._entries.get(id(one))
        if at is None:
            self.drop(one)
        elif entry is None or at < entry.at:
            self.drop(one)
            self._push(one, at)

    def drop(self, one: Timed) -> None:
        """Forget it; harmless when it is not kept."""
        entry = self._entries.pop(id(one), None)
        if entry is None:
            return
        entry.one = None
        self._dropped += 1
        if self._dropped > _TIDY and self._dropped * 2 > len(self._heap):
            self._heap = [kept for kept in self._heap if kept.one is not None]
            heapq.heapify(self._heap)
            self._dropped = 0

    def due(self, now: Instant) -> list[Timed]:
        """Those whose deadline has come; each must be noted again afterwards."""
        found: list[Timed] = []
        self._woken = None
        while self._heap and self._heap[0].at <= now:
            entry = heapq.heappop(self._heap)
            if entry.one is None:
                self._dropped -= 1
                continue
            del self._entries[id(entry.one)]
            deadline = entry.one.deadline
            if deadline is not None and deadline <= now:
                found.append(entry.one)
            elif deadline is not None:
                self._push(entry.one, deadline)
        self._ask()
        return found

    def _push(self, one: Timed, at: Instant) -> None:
        self._count += 1
        entry = _Entry(at, self._count, one)
        self._entries[id(one)] = entry
        heapq.heappush(self._heap, entry)
        self._ask()

    def _ask(self) -> None:
        if self._heap and (self._woken is None or self._heap[0].at < self._woken):
            self._woken = self._heap[0].at
            self._wake(self._woken)
