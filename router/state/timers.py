"""When something is due: a heap of moments, one living entry per interaction or agent."""

from heapq import heappop, heappush
from typing import Generic, TypeVar

from router.model.ids import Instant

Key = TypeVar("Key", bound=str)


class Timers(Generic[Key]):
    """Deadlines by id. Setting one replaces the one before; the dead are skipped.

    ``asked`` is up to when the steps of an interaction's plan have been asked without being taken.
    It is no part of the truth: after a restart a step is simply asked again.
    """

    __slots__ = ("_due", "_heap", "asked")

    def __init__(self) -> None:
        self.asked: dict[Key, Instant] = {}
        self._due: dict[Key, Instant] = {}
        self._heap: list[tuple[Instant, Key]] = []

    def set(self, key: Key, due: Instant | None) -> None:
        """Let this one be due at a moment, or never."""
        if due is None:
            self._due.pop(key, None)
        elif self._due.get(key) != due:
            self._due[key] = due
            heappush(self._heap, (due, key))
        if len(self._heap) > 4 * len(self._due) + 64:
            self._heap = sorted((due, of) for of, due in self._due.items())

    def next(self) -> Instant | None:
        """The earliest deadline."""
        self._skip()
        return self._heap[0][0] if self._heap else None

    def pop(self, now: Instant) -> Key | None:
        """One that is due by now, the earliest first; it has no deadline any more."""
        self._skip()
        if not self._heap or self._heap[0][0] > now:
            return None
        _, key = heappop(self._heap)
        del self._due[key]
        return key

    def due(self, key: Key) -> Instant | None:
        """When this one is due."""
        return self._due.get(key)

    def asked_until(self, key: Key) -> Instant:
        """Up to when the steps of its plan have been asked."""
        return self.asked.get(key, Instant(0))

    def forget(self, key: Key) -> None:
        """It is gone."""
        self._due.pop(key, None)
        self.asked.pop(key, None)

    def _skip(self) -> None:
        heap, due = self._heap, self._due
        while heap and due.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
