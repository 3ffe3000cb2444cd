"""Lines: waiting interactions of equal needs as a heap, and the heads of all lines in order.

Keys are static (``router.waiting.keys``), so a line is never re-sorted. Leaving is a deletion from
a dictionary; the heap forgets the dead when they come to its head or outnumber the living.
"""

from bisect import bisect_left, insort
from collections.abc import Collection
from heapq import heapify, heappop, heappush
from itertools import islice

from router.model.ids import AgentId, Instant, InteractionId
from router.waiting.classes import NeedClass, Squad
from router.waiting.keys import NEVER, merit

_PROBES = 4
"""Walks over the heads are cut off after this many times the square root of their number."""


class Line:
    """The waiting interactions of one need class, one rank and slope, and one set of exceptions.

    ``excluded`` agents are not offered its interactions; when ``only`` is not empty nobody else
    is. ``head`` is the smallest living key, NEVER when the line is empty.
    """

    __slots__ = ("_heap", "excluded", "group", "head", "items", "need", "only")

    def __init__(
        self,
        group: "Group",
        need: NeedClass,
        only: frozenset[AgentId],
        excluded: frozenset[AgentId],
    ) -> None:
        self.group = group
        self.need = need
        self.only = only
        self.excluded = excluded
        self.items: dict[int, InteractionId] = {}
        self.head = NEVER
        self._heap: list[int] = []

    def add(self, key: int, item: InteractionId) -> None:
        """Let an interaction wait here."""
        self.items[key] = item
        heappush(self._heap, key)
        if key < self.head:
            self.group.moved(self, key)

    def remove(self, key: int) -> None:
        """Take an interaction out, wherever in the line it stands."""
        del self.items[key]
        if key == self.head:
            self._forget_dead_heads()
            self.group.moved(self, self._heap[0] if self._heap else NEVER)
        elif len(self._heap) > 2 * len(self.items) + 64:
            self._heap = list(self.items)
            heapify(self._heap)

    def _forget_dead_heads(self) -> None:
        heap, items = self._heap, self.items
        while heap and heap[0] not in items:
            heappop(heap)


class Group:
    """All lines of one rank and one slope in one medium: their heads can be compared as they are.

    Open lines (no exceptions) have one head per need; guarded ones (somebody is excluded) stand in
    an order of their own; personal ones (``only``) are found through the agents they wait for.
    """

    __slots__ = ("_guarded", "_guarded_order", "_heads", "_open", "_order", "rank", "slope")

    def __init__(self, rank: int, slope: int) -> None:
        self.rank = rank
        self.slope = slope
        self._open: list[Line | None] = []
        self._heads: list[int] = []
        self._order: list[tuple[int, Line]] = []
        self._guarded: dict[tuple[int, frozenset[AgentId]], Line] = {}
        self._guarded_order: list[tuple[int, Line]] = []

    def open_line(self, need: NeedClass) -> Line:
        """The line of a need without exceptions; ``make_room`` has been told of the need."""
        line = self._open[need.number]
        if line is None:
            line = self._open[need.number] = Line(self, need, frozenset(), frozenset())
        return line

    def guarded_line(self, need: NeedClass, excluded: frozenset[AgentId]) -> Line:
        """The line of a need that some agents are not offered."""
        line = self._guarded.get((need.number, excluded))
        if line is None:
            line = Line(self, need, frozenset(), excluded)
            self._guarded[need.number, excluded] = line
        return line

    def make_room(self, needs: int) -> None:
        """Be ready for this many need classes."""
        missing = needs - len(self._open)
        if missing > 0:
            self._open.extend([None] * missing)
            self._heads.extend([NEVER] * missing)

    def moved(self, line: Line, head: int) -> None:
        """A line has another head: keep the orders right. Called by the line alone."""
        before, line.head = line.head, head
        if line.only:
            return
        order = self._guarded_order if line.excluded else self._order
        if before != NEVER:
            del order[bisect_left(order, (before,))]
        if head != NEVER:
            insort(order, (head, line))
        if not line.excluded:
            self._heads[line.need.number] = head
        elif head == NEVER:
            del self._guarded[line.need.number, line.excluded]

    def first_for(self, squad: Squad, agent: AgentId) -> Line | None:
        """The line with the best head that an agent of the squad may be offered."""
        found = self._first_open(squad) if self._order else None
        limit = found.head if found is not None else NEVER
        for head, line in self._guarded_order:
            if head > limit:
                break
            if line.need.number in squad.need_numbers and agent not in line.excluded:
                return line
        return found

    def _first_open(self, squad: Squad) -> Line | None:
        """By the cheaper side: walk the heads in order, or look at the squad's own needs."""
        order, numbers = self._order, squad.need_numbers
        count, mine = len(order), len(numbers)
        if not mine:
            return None
        if count <= 16:
            return _walk(order, numbers)
        if mine * mine > 4 * count or count <= mine:
            # The share of matching heads is mine / needs, so a match is expected soon; the walk
            # is cut off where looking at the own needs becomes the cheaper way after all.
            line = _walk(islice(order, _PROBES * mine), numbers)
            if line is not None or count <= _PROBES * mine:
                return line
        heads = self._heads
        best = min(map(heads.__getitem__, numbers))
        if best == NEVER:
            return None
        return order[bisect_left(order, (best,))][1]

    def lines(self) -> list[Line]:
        """All lines with somebody in them, open and guarded."""
        return [line for _, line in self._order] + [line for _, line in self._guarded_order]

    def merit(self, line: Line, now: Instant) -> int:
        """What compares the line's head with heads of other slopes now."""
        return merit(line.head, self.slope, now)


def _walk(
    order: "Collection[tuple[int, Line]] | islice[tuple[int, Line]]", numbers: set[int]
) -> Line | None:
    for _, line in order:
        if line.need.number in numbers:
            return line
    return None
