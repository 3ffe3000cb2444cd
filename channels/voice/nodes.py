"""The media nodes as calls use them: legs with whoever hears of them, and sounds by their files."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from weakref import WeakKeyDictionary

from channels.voice.media.answers import (
    Allocated,
    Event,
    LegFigures,
    Recorded,
)
from channels.voice.media.client import MediaLine, MediaLost, MediaRefused
from channels.voice.media.commands import FETCH_BYTES_MAX, Alloc, Command, Play, PutSound, Stop
from channels.voice.media.pool import MediaPool, NodeBack, NodeLost, PoolEvent, Settings
from router.ports import Ids

log = logging.getLogger(__name__)
LegEvent = Event | NodeLost
Hears = Callable[[LegEvent], None]
"""Told what happens on a leg; must not raise."""


class Nodes:
    """All media nodes of a centre. ``on_recorded`` hears of recordings, whatever became of the leg.

    Every act raises MediaLost or MediaRefused, as the pool's.
    """

    def __init__(
        self, settings: Settings, epoch: int, ids: Ids, on_recorded: Callable[[Recorded], None]
    ) -> None:
        self._pool = MediaPool(settings, "main", epoch, self._tell)
        self._ids = ids
        self._on_recorded = on_recorded
        self._hears: dict[str, Hears] = {}
        self._names: dict[tuple[Path, int], str] = {}
        self._known: WeakKeyDictionary[MediaLine, set[str]] = WeakKeyDictionary()

    async def start(self) -> None:
        """Start the nodes. Raises MediaLost when one of ours does not come up."""
        await self._pool.start()

    async def stop(self) -> None:
        """End the nodes of ours."""
        await self._pool.stop()

    def health(self) -> dict[str, str]:
        """The nodes that are not there."""
        return self._pool.health()

    @property
    def legs(self) -> int:
        """How many legs there are."""
        return len(self._hears)

    def name(self) -> str:
        """A fresh name for a leg, a play or a recording: it tells nothing (RTP-9)."""
        return self._ids.new()

    async def open(
        self, leg: str, hears: Hears, *, kind: str = "plain", beside: str = ""
    ) -> Allocated:
        """Have a leg, on the node of another one or where there is most room."""
        wish = Alloc(leg, kind=kind, rtcp_mux=kind == "browser")
        self._hears[leg] = hears
        try:
            if beside:
                return await self._pool.alloc_beside(beside, wish)
            return await self._pool.alloc(wish)
        except BaseException:
            self._hears.pop(leg, None)
            raise

    async def close(self, leg: str) -> LegFigures | None:
        """End a leg; its last figures, or None when its node is gone."""
        self._hears.pop(leg, None)
        try:
            return await self._pool.free(leg)
        except (MediaLost, MediaRefused):
            return None

    def line_of(self, leg: str) -> MediaLine:
        """The line to the node of a leg."""
        return self._pool.line_of(leg)

    def lines(self) -> list[MediaLine]:
        """The lines to all nodes that are there."""
        return self._pool.lines()

    async def do(self, leg: str, wish: Command) -> None:
        """Have something done by the node of a leg."""
        await self._pool.line_of(leg).do(wish)

    async def play(
        self, leg: str, play: str, files: Sequence[Path], *, repeat: bool = False, gain: float = 1.0
    ) -> None:
        """Play files to a leg, one behind the other; ``play_done`` is told of it."""
        line = self._pool.line_of(leg)
        sounds = [await self._at(line, file) for file in files]
        await line.do(Play(leg, play, sounds, repeat=repeat, gain=gain))

    async def stop_playing(self, leg: str) -> None:
        """Stop what a leg is played."""
        await self.do(leg, Stop(leg))

    # -- sounds

    async def _at(self, line: MediaLine, file: Path) -> str:
        """The name of a file's sound at a node, which is given it when it has it not yet.

        Raises MediaRefused for a file that is no sound a node can play.
        """
        key = (file, (await asyncio.to_thread(file.stat)).st_mtime_ns)
        name = self._names.get(key)
        known = self._known.setdefault(line, set())
        if name is not None and name in known:
            return name
        data = await asyncio.to_thread(file.read_bytes)
        name = self._names[key] = hashlib.sha256(data).hexdigest()[:40]
        if name not in known:
            starts = range(0, len(data), FETCH_BYTES_MAX)
            for start in starts:
                part = data[start : start + FETCH_BYTES_MAX]
                first, last = start == 0, start + FETCH_BYTES_MAX >= len(data)
                await line.do(PutSound(name, part, first=first, last=last))
            known.add(name)
        return name

    # -- events

    def _tell(self, event: PoolEvent) -> None:
        match event:
            case NodeLost(node=node, legs=legs):
                log.error("A media node was lost", extra={"node": node, "legs": len(legs)})
                self._each(legs, event)
            case NodeBack(node=node):
                log.info("A media node is back", extra={"node": node})
            case Recorded():
                self._on_recorded(event)
            case _:
                self._each((event.leg,), event)

    def _each(self, legs: Iterable[str], event: LegEvent) -> None:
        for leg in legs:
            hears = self._hears.get(leg)
            if hears is not None:
                hears(event)
