"""What the hub keeps beside the events: how far effects are, and snapshots for a quick start.

Both only save work after a restart; losing either loses nothing.
"""

import asyncio
import logging

from router import core
from router.hub.effects import Effects
from router.hub.recovery import EFFECTS
from router.hub.settings import HubSettings
from router.model.errors import StorageFailed
from router.model.ids import Position
from router.ports import EventLog, Snapshot
from router.state.live import State

_LOG = logging.getLogger(__name__)

_RECORDS, _PAUSE_S = 250, 0.002
"""A snapshot is written down so many records at a time, which takes a fraction of a millisecond,
with pauses between, in which the hub goes on."""


class Keeping:
    """Saves the effects' position as they progress, and a snapshot when enough was folded.

    A snapshot is kept only once every effect before it is carried out and this is on record:
    folding from it then meets all that are not.
    """

    def __init__(self, log: EventLog, effects: Effects, settings: HubSettings) -> None:
        self._log = log
        self._effects = effects
        self._settings = settings
        self._saved = Position(0)
        self._last_snapshot = Position(0)
        self._fresh: Snapshot | None = None
        self._picturing: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, snapshot: Position) -> None:
        """Begin to save; the newest snapshot is of this position."""
        self._last_snapshot = snapshot
        self._task = asyncio.create_task(self._run(), name="hub keeping")

    def consider(self, state: State, head: Position) -> None:
        """Begin to take a snapshot if one is due; ``state`` is durable up to ``head``."""
        due = head - self._last_snapshot >= self._settings.snapshot_events
        if due and self._picturing is None:
            self._picturing = asyncio.create_task(
                self._take(core.Picture(state), head), name="hub snapshot"
            )

    async def stop(self, state: State | None, head: Position) -> None:
        """Save for the last time; without a state (it is in doubt) no snapshot is taken."""
        tasks = [task for task in (self._task, self._picturing) if task is not None]
        self._task = self._picturing = None
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if state is not None and head > self._last_snapshot:
            self._fresh = Snapshot(head, core.STATE_VERSION, (core.snapshot(state),))
        await self._save()

    async def _take(self, picture: core.Picture, position: Position) -> None:
        try:
            while picture.take(_RECORDS):  # noqa: ASYNC110 - it takes; there is no event to wait for
                await asyncio.sleep(_PAUSE_S)
        finally:
            picture.let_go()
            self._picturing = None
        self._fresh = Snapshot(position, core.STATE_VERSION, picture.pages())
        self._last_snapshot = position
        self._effects.progressed.set()

    async def _run(self) -> None:
        while True:
            await self._effects.progressed.wait()
            self._effects.progressed.clear()
            await self._save()
            await asyncio.sleep(self._settings.effects_saved_ms / 1_000)

    async def _save(self) -> None:
        done = self._effects.done
        try:
            if done > self._saved:
                await self._log.save_position(EFFECTS, done)
                self._saved = done
            if self._fresh is not None and self._saved >= self._fresh.position:
                await self._log.save_snapshot(self._fresh)
                self._fresh = None
        except StorageFailed as error:
            _LOG.warning("neither snapshot nor position was kept, trying later: %s", error)
