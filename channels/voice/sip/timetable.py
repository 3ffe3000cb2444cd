"""Who wants to be called when: one wake-up for all machines."""

import heapq
from collections.abc import Callable
from typing import Protocol

from router.model.ids import Instant


class Timed(Protocol):
    """Something with a deadline that may change whenever it is touched."""

    @property
    def deadline(self) -> Instant | None:
        """When it wants to be called; None for not at all."""
        ...


class Timetable:
    """Keeps deadlines in order. ``wake`` is asked for whenever an earlier one than before comes."""

    def __init__(self, wake: Callable[[Instant], None]) -> None:
        self._wake = wake
        self._heap: list[tuple[Instant, int, Timed]] = []
        self._noted: dict[int, Instant] = {}
        self._count = 0
        self._woken: Instant | None = None

    def note(self, one: Timed) -> None:
        """Look at a deadline that may have changed."""
        at = one.deadline
        if at is None:
            return
        noted = self._noted.get(id(one))
        if noted is None or at < noted:
            self._push(one, at)

    def due(self, now: Instant) -> list[Timed]:
        """Those whose deadline has come; each must be noted again afterwards."""
        found: list[Timed] = []
        self._woken = None
        while self._heap and self._heap[0][0] <= now:
            at, _, one = heapq.heappop(self._heap)
            if self._noted.get(id(one)) != at:
                continue
            del self._noted[id(one)]
            deadline = one.deadline
            if deadline is not None and deadline <= now:
                found.append(one)
            elif deadline is not None:
                self._push(one, deadline)
        self._ask()
        return found

    def _push(self, one: Timed, at: Instant) -> None:
        self._count += 1
        self._noted[id(one)] = at
        heapq.heappush(self._heap, (at, self._count, one))
        self._ask()

    def _ask(self) -> None:
        if self._heap and (self._woken is None or self._heap[0][0] < self._woken):
            self._woken = self._heap[0][0]
            self._wake(self._woken)
