"""Standings: whether agents have room, by medium, worked out once for all whose case is the same.

A thousand agents with one capacity are in a handful of cases: free, rung, on one call, not ready.
So what follows from a case is kept with it, and an agent who changes moves from one to another.
"""

from router.model.agent import Capacity
from router.model.ids import Medium
from router.state.capacity import Status, Usage, medium_status

KEPT_MOST = 4_096
"""Cases kept of one capacity; with more than that they are forgotten and worked out again."""

Case = tuple[Status, tuple[Medium, ...] | None, tuple[Medium, ...], int]
"""What keeps the agent from all media, the media they narrowed themselves to, the medium of each
piece of work and of each ring, and how many of these are rings."""

Moves = tuple[tuple[Medium, int | None, int | None], ...]
"""The media whose status differs, with the status left and the status taken (None: no slot)."""


class Standing:
    """One case; shared, so never changed.

    ``status`` has the media of which the agent has a slot, ``open`` those with room for one more.
    ``load`` is what their work takes up.
    """

    __slots__ = ("_moves", "load", "open", "status")

    def __init__(self, status: dict[Medium, Status], load: int) -> None:
        self.status = status
        self.load = load
        self.open = tuple(each for each, found in status.items() if found is Status.AVAILABLE)
        self._moves: dict[Standing, Moves] = {}

    def towards(self, other: "Standing") -> Moves:
        """What has to be counted otherwise when an agent moves from this standing to another."""
        found = self._moves.get(other)
        if found is None:
            if len(self._moves) >= KEPT_MOST:
                self._moves.clear()
            before, after = self.status, other.status
            found = self._moves[other] = tuple(
                (medium, _number(before.get(medium)), _number(after.get(medium)))
                for medium in {**before, **after}
                if before.get(medium) is not after.get(medium)
            )
        return found


def _number(status: Status | None) -> int | None:
    return None if status is None else int(status)


NOWHERE = Standing({}, 0)
"""Of an agent nobody has looked at yet."""


class Standings:
    """The cases of one capacity."""

    __slots__ = ("_capacity", "_known")

    def __init__(self, capacity: Capacity) -> None:
        self._capacity = capacity
        self._known: dict[Case, Standing] = {}

    def of(
        self,
        overall: Status,
        media: tuple[Medium, ...] | None,
        work: tuple[Medium, ...],
        ringing: int,
    ) -> Standing:
        """The standing of an agent in this case (``Case``)."""
        case = (overall, media, work, ringing)
        found = self._known.get(case)
        if found is None:
            if len(self._known) >= KEPT_MOST:
                self._known.clear()
            found = self._known[case] = self._worked_out(*case)
        return found

    def _worked_out(
        self,
        overall: Status,
        media: tuple[Medium, ...] | None,
        work: tuple[Medium, ...],
        ringing: int,
    ) -> Standing:
        capacity = self._capacity
        usage = Usage(work, ringing, capacity)
        status = {
            medium: overall or medium_status(media, capacity, usage, medium)
            for medium, slots in capacity.slots.items()
            if slots > 0
        }
        return Standing(status, usage.load)
