"""From the log back to the state: a snapshot, then the events behind it.

Effects that were not carried out come to light on the way. A snapshot is only ever kept when the
effects before it are done, so folding from it meets every effect that is not.
"""

import logging
from collections.abc import Callable, Sequence

import msgspec

from router import core
from router.hub.effects import Owned, Placed
from router.model.errors import CarillonError, StorageFailed
from router.model.events import Event, Recorded
from router.model.ids import Medium, Position
from router.ports import EventLog
from router.state.live import State

_LOG = logging.getLogger(__name__)

_BATCH = 2_000

EFFECTS = "hub.effects"
"""Under this name the log keeps how far effects have been carried out."""


class Recovered(msgspec.Struct):
    """What a log amounts to: the state and its position.

    ``snapshot`` is the position of the snapshot it was folded from.
    """

    state: State
    head: Position
    snapshot: Position


async def base(log: EventLog) -> tuple[State, Position]:
    """The newest snapshot that this version can read, or the beginning."""
    snapshot = await log.load_snapshot()
    if snapshot is None or snapshot.version != core.STATE_VERSION:
        return core.new_state(), Position(0)
    if snapshot.position > await log.last():
        _LOG.warning("the snapshot is ahead of its log and is not used")
        return core.new_state(), Position(0)
    try:
        return core.restore(b"".join(snapshot.pages)), snapshot.position
    except (CarillonError, msgspec.MsgspecError) as error:
        _LOG.warning("the snapshot is not readable, folding the whole log: %s", error)
        return core.new_state(), Position(0)


async def recover(log: EventLog, undone: Callable[[Position, Sequence[Owned]], None]) -> Recovered:
    """Fold the log to its end. Raises StorageFailed when it cannot be read.

    ``undone`` is told, in order, the effects that are not on record as carried out.
    """
    done = await log.load_position(EFFECTS)
    state, head = await base(log)
    if head > done:
        # Cannot come from this hub's order of saving; the log holds the truth all the same.
        state, head = core.new_state(), Position(0)
    snapshot = head
    while batch := await log.read(head, _BATCH):
        for record in batch:
            core.apply(state, record.event)
            if record.position > done:
                undone(record.position, effects_at(state, record.event))
        head = _end(batch, head)
    return Recovered(state, head, snapshot)


async def reread(
    log: EventLog, medium: Medium, first: Position, most: int, put_up_to: Callable[[], Position]
) -> list[Placed]:
    """A medium's effects from a position on, at most so many, by folding the log again.

    It ends where, at the moment of returning, every effect up to ``put_up_to`` has been met: what
    is put from then on misses nothing.
    """
    state, position = await base(log)
    found: list[Placed] = []
    while len(found) < most:
        batch = await log.read(position, _BATCH)
        for record in batch:
            core.apply(state, record.event)
            if record.position >= first:
                owned = effects_at(state, record.event)
                found += [(record.position, effect) for owner, effect in owned if owner == medium]
        position = _end(batch, position)
        if not batch and position >= put_up_to():
            break
    return found[:most]


def effects_at(state: State, event: Event) -> list[Owned]:
    """The effects of an event that has just been applied, with the media they are for."""
    return [
        (state.interactions[effect.interaction_id].medium, effect)
        for effect in core.effects_of(state, event)
    ]


def _end(batch: Sequence[Recorded], after: Position) -> Position:
    if batch and batch[0].position != after + 1:
        raise StorageFailed(f"the event at position {after + 1} is missing")
    return batch[-1].position if batch else after
