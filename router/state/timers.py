"""When something is due: a heap of moments, one living entry per interaction."""

from heapq import heappop, heappush

from router.model.ids import Instant, InteractionId


class Timers:
    """The deadlines of interactions. Setting one replaces the one before; the dead are skipped.

    ``asked`` is up to when the steps of an interaction's plan have been asked without being taken.
    It is no part of the truth: after a restart a step is simply asked again.
    """

    __slots__ = ("_due", "_heap", "asked")

    def __init__(self) -> None:
        self.asked: dict[InteractionId, Instant] = {}
        self._due: dict[InteractionId, Instant] = {}
        self._heap: list[tuple[Instant, InteractionId]] = []

    def set(self, interaction_id: InteractionId, due: Instant | None) -> None:
        """Let this interaction be due at a moment, or never."""
        if due is None:
            self._due.pop(interaction_id, None)
        elif self._due.get(interaction_id) != due:
            self._due[interaction_id] = due
            heappush(self._heap, (due, interaction_id))
        if len(self._heap) > 4 * len(self._due) + 64:
            self._heap = sorted((due, of) for of, due in self._due.items())

    def next(self) -> Instant | None:
        """The earliest deadline."""
        self._skip()
        return self._heap[0][0] if self._heap else None

    def pop(self, now: Instant) -> InteractionId | None:
        """An interaction that is due by now, the earliest first; it has no deadline any more."""
        self._skip()
        if not self._heap or self._heap[0][0] > now:
            return None
        _, interaction_id = heappop(self._heap)
        del self._due[interaction_id]
        return interaction_id

    def due(self, interaction_id: InteractionId) -> Instant | None:
        """When this interaction is due."""
        return self._due.get(interaction_id)

    def asked_until(self, interaction_id: InteractionId) -> Instant:
        """Up to when the steps of its plan have been asked."""
        return self.asked.get(interaction_id, Instant(0))

    def forget(self, interaction_id: InteractionId) -> None:
        """The interaction is gone."""
        self._due.pop(interaction_id, None)
        self.asked.pop(interaction_id, None)

    def _skip(self) -> None:
        heap, due = self._heap, self._due
        while heap and due.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
