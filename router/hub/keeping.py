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

_LOUD_TIMES = 4
"""A snapshot waits for a quiet moment, but not for more than this many times its distance."""


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
        self._task: asyncio.Task[None] | None = None

    def start(self, snapshot: Position) -> None:
        """Begin to save; the newest snapshot is of this position."""
        self._last_snapshot = snapshot
        self._task = asyncio.create_task(self._run(), name="hub keeping")

    def consider(self, state: State, head: Position, *, quiet: bool) -> None:
        """Take a snapshot if one is due; ``state`` is durable up to ``head``."""
        folded = head - self._last_snapshot
        wanted = self._settings.snapshot_events
        if folded >= (wanted if quiet else _LOUD_TIMES * wanted):
            self._take(state, head)

    async def stop(self, state: State | None, head: Position) -> None:
        """Save for the last time; without a state (it is in doubt) no snapshot is taken."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        if state is not None and head > self._last_snapshot:
            self._take(state, head)
        await self._save()

    def _take(self, state: State, head: Position) -> None:
        self._fresh = Snapshot(head, core.STATE_VERSION, core.snapshot(state))
        self._last_snapshot = head
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
