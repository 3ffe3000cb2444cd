"""Place in the queue and expected wait, told to who waits whenever the log says it may differ."""

import asyncio

from channels.chat import records
from channels.chat.parts import Parts
from channels.chat.protocol import write_frame
from channels.chat.rooms import Room
from router.model.events import (
    Closed,
    CustomerLeft,
    Engaged,
    OfferEnded,
    PlanStepTaken,
    PresenceChanged,
    Queued,
    Recorded,
    SignedOut,
)

AT_MOST_EVERY_MS = 1_000
_MOVES = (
    Queued,
    OfferEnded,
    Engaged,
    CustomerLeft,
    Closed,
    PlanStepTaken,
    PresenceChanged,
    SignedOut,
)


class Places:
    """Follows the log; nothing is asked of the floor unless something moved."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def follow(self) -> None:
        """Tell places for as long as the channel runs, at most once a second."""
        feed = self._parts.context.feed
        async for batch in feed.follow(feed.head()):
            if any(moves(recorded) for recorded in batch):
                self.show_all()
                await asyncio.sleep(AT_MOST_EVERY_MS / 1000)

    def show_all(self) -> None:
        """Tell every visitor who waits and is here."""
        for room in self._parts.rooms:
            self.show(room)

    def show(self, room: Room) -> None:
        """Tell one room its place, and the wait when an honest interval is known."""
        if not room.listeners or room.conversation.state != records.WAITING:
            return
        floor = self._parts.context.floor
        position = floor.position_in_queue(room.interaction_id)
        wait = floor.expected_wait(room.interaction_id) if position else None
        place = {"position": position or None, "low_ms": None, "high_ms": None}
        if wait is not None:
            place |= {"low_ms": wait.low_ms, "high_ms": wait.high_ms}
        room.tell(write_frame("queue", **place))


def moves(recorded: Recorded) -> bool:
    """Whether an event may change somebody's place or wait."""
    return isinstance(recorded.event, _MOVES)
