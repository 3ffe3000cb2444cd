"""A random centre whose process dies at every append, before or after it, again and again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from random import Random

import pytest
from typing_extensions import override

from router import core
from router.hub import Hub, HubSettings
from router.model.commands import ChangeCatalogue, Command, SignIn, Tick
from router.model.errors import Refused, StorageFailed
from router.model.events import Event
from router.model.ids import Instant, Position
from router.ports import Receipt, Snapshot
from router.storage.memory import MemoryLog
from tests.router.hub.centre import NotingMedium, Wrapped, folded_digest
from tests.simulation import invariants
from tests.simulation.player import Player
from tests.simulation.random_centre import MEDIA, catalogue
from tests.support.clock import StillClock
from tests.support.waiting import soon

SETTINGS = HubSettings(snapshot_events=120, effects_saved_ms=1, effects=50)
BEFORE, AFTER, NEVER = "before", "after", "never"


class MortalLog(Wrapped):
    """A log whose process dies at a chosen append: before anything is written, or just after."""

    def __init__(self, log: MemoryLog) -> None:
        super().__init__(log)
        self.dead = asyncio.Event()
        self.left = 0
        self.when = NEVER

    @override
    async def append(self, events: Sequence[Event], epoch: int) -> Position:
        self.left -= bool(events)
        dying = self.when != NEVER and self.left == 0
        if dying and self.when == BEFORE:
            await self._die()
        position = await super().append(events, epoch)
        if dying:
            await self._die()
        return position

    async def _die(self) -> None:
        self.dead.set()
        await asyncio.Event().wait()


class History:
    """One log and one world through many lives of the process."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)  # noqa: S311 - a test's dice, not a secret
        self.memory = MemoryLog()
        self.clock = StillClock(Instant(1_000_000))
        self.media = [NotingMedium(medium) for medium in MEDIA]
        self.player = Player(self.rng, core.new_state())
        self.first: list[Command] = []
        self.receipts: list[Receipt] = []
        self.audited = 0
        chosen = catalogue(self.rng)
        self.first = [ChangeCatalogue(chosen), *(SignIn(agent) for agent in chosen.agents)]

    def live(self, commands: int, dies_at: int, when: str) -> bool:
        """One life; whether it died. The loop that it ran on is gone with it."""
        return asyncio.run(self._live(commands, dies_at, when))

    async def _live(self, commands: int, dies_at: int, when: str) -> bool:
        log = MortalLog(self.memory)
        await log.open()
        log.left, log.when = dies_at, when
        hub = Hub(log, self.clock, settings=SETTINGS)
        for medium in self.media:
            hub.attach(medium)
        life = asyncio.create_task(self._work(hub, commands))
        death = asyncio.create_task(log.dead.wait())
        await asyncio.wait((life, death), return_when=asyncio.FIRST_COMPLETED)
        if life.done():
            death.cancel()
            await life
            await hub.stop()
        return log.dead.is_set()

    async def _work(self, hub: Hub, commands: int) -> None:
        await hub.start()
        assert await folded_digest(self.memory) == core.state_digest(hub._state)
        await hub.submit(Tick())
        await self._audit(hub)
        for _ in range(commands):
            self.player.state = hub._state
            command = self.first.pop(0) if self.first else self.player.wish()
            with contextlib.suppress(Refused):
                self.receipts.append(await hub.submit(command))
            self.clock.pass_ms(self.rng.choice((0, 10, 500, 3_000, 20_000)))
        assert await folded_digest(self.memory) == core.state_digest(hub._state)
        await self._audit(hub)

    async def _audit(self, hub: Hub) -> None:
        invariants.check(hub._state)
        records = await self.memory.read(Position(0), 1_000_000)
        assert [record.position for record in records] == list(range(1, len(records) + 1))
        fresh, self.audited = self.receipts[self.audited :], len(self.receipts)
        for receipt in fresh:
            first = receipt.position - len(receipt.events)
            kept = tuple(record.event for record in records[first : receipt.position])
            assert kept == receipt.events, "acknowledged and not in the log"
        closed = invariants.AfterClosed()
        for record in records:
            closed.see(record.event)

    def effects_owed(self) -> set[str]:
        """Every effect the log's events have, for the media that are served."""

        async def fold() -> set[str]:
            state = core.new_state()
            owed = set()
            for record in await self.memory.read(Position(0), 1_000_000):
                core.apply(state, record.event)
                owed |= {repr(effect) for effect in core.effects_of(state, record.event)}
            return owed

        return asyncio.run(fold())

    def effects_done(self) -> set[str]:
        return {repr(effect) for medium in self.media for _, effect in medium.done}


@pytest.mark.parametrize("seed", range(3))
def test_a_process_that_dies_at_any_append_loses_nothing_it_acknowledged(seed: int) -> None:
    history = History(seed)
    history.live(60, 0, NEVER)
    deaths = 0
    for life in range(100):
        # From the very first append of a life (its WriterStarted) to a few dozen later.
        deaths += history.live(60, 1 + life % 25, (BEFORE, AFTER)[life % 2])
    history.live(40, 0, NEVER)
    assert deaths > 80
    assert len(history.receipts) > 600
    assert history.effects_owed() <= history.effects_done()


class CopyingLog(Wrapped):
    """Keeps, at each append, what a crash would leave behind just before and just after it."""

    def __init__(self, log: MemoryLog) -> None:
        super().__init__(log)
        self.left_behind: list[tuple[Position, Position, Snapshot | None]] = []

    @override
    async def append(self, events: Sequence[Event], epoch: int) -> Position:
        await self._copy()
        position = await super().append(events, epoch)
        await self._copy()
        return position

    async def _copy(self) -> None:
        self.left_behind.append(
            (
                await self.log.last(),
                await self.log.load_position("hub.effects"),
                await self.log.load_snapshot(),
            )
        )


def test_every_single_append_of_a_day_is_a_place_where_the_process_may_die() -> None:
    history = History(99)

    async def day() -> CopyingLog:
        log = CopyingLog(history.memory)
        await log.open()
        hub = Hub(log, history.clock, settings=SETTINGS)
        for medium in history.media:
            hub.attach(medium)
        await history._work(hub, 600)
        await hub.stop()
        return log

    async def after_a_crash(last: Position, done: Position, snapshot: Snapshot | None) -> None:
        left = MemoryLog()
        await left.open()
        epoch = 0
        for record in await history.memory.read(Position(0), last):
            while epoch < record.epoch:
                epoch = await left.take_lead()
            await left.append([record.event], record.epoch)
        await left.save_position("hub.effects", done)
        if snapshot is not None:
            await left.save_snapshot(snapshot)
        hub = Hub(left, history.clock, settings=SETTINGS)
        await hub.start()
        assert hub.head() == last + 1
        assert await folded_digest(left) == core.state_digest(hub._state)
        await hub.submit(Tick())
        invariants.check(hub._state)
        await hub.stop(deadline_ms=100)

    crashes = asyncio.run(day()).left_behind
    assert len(crashes) > 400
    assert any(snapshot is not None for _, _, snapshot in crashes)
    for number, crash in enumerate(crashes):
        # Before the next append stands what stood after the last one: one of both is enough.
        if number % 2 == 0 or number == len(crashes) - 1:
            asyncio.run(after_a_crash(*crash))


@pytest.mark.parametrize("seed", range(3))
def test_a_disk_that_fills_up_now_and_then_costs_refusals_and_nothing_else(seed: int) -> None:
    history = History(seed)

    async def run() -> None:
        log = Wrapped(history.memory)
        await log.open()
        hub = Hub(log, history.clock, settings=SETTINGS)
        for medium in history.media:
            hub.attach(medium)
        await hub.start()
        failed = 0
        for number in range(600):
            history.player.state = hub._state
            command = history.first[0] if history.first else history.player.wish()
            if number % 20 == 19:
                log.failure = StorageFailed("disk full")
            if number % 27 == 26:
                log.failure_after_writing = StorageFailed("the answer was lost")
            try:
                history.receipts.append(await hub.submit(command))
                history.first = history.first[1:]
            except Refused:
                pass
            except StorageFailed:
                failed += 1
                log.failure = None
                await soon(lambda: not hub.health())
            history.clock.pass_ms(history.rng.choice((0, 10, 500, 3_000)))
        assert failed > 10
        assert await folded_digest(log) == core.state_digest(hub._state)
        await history._audit(hub)
        await hub.stop()

    asyncio.run(run())
    assert history.effects_owed() <= history.effects_done()


def test_instants_in_the_log_never_run_backwards() -> None:
    history = History(5)
    for life in range(20):
        history.clock.at = Instant(1_000_000 if life % 3 else 5_000_000)
        history.live(20, 8, AFTER)
    records = asyncio.run(history.memory.read(Position(0), 1_000_000))
    moments = [record.event.at for record in records]
    assert moments == sorted(moments)
