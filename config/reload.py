"""Live reload: a changed file is in force in under a second, a wrong one changes nothing.

The folder is watched by the operating system's own events (``watchdog``, inotify on Linux);
nothing polls. After a change it is read and checked off the loop. Where there are mistakes the
configuration in force stays and the mistakes are shown; else what differs is handed over.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from config.check import Loaded
from config.findings import Mistake
from config.settings_types import Settings
from config.watching import FolderWatch
from router.model.catalogue import Catalogue
from router.model.errors import CarillonError, Overloaded
from router.model.ids import Instant
from router.ports import Clock

QUIET_MS = 80
"""A change is read when nothing changed for this long: editors write in several steps."""

QUIET_MAX_MS = 300
"""... but after this long it is read even if something still changes."""

SETTLED_MS = 30_000

RETRY_FIRST_MS = 200
RETRY_MAX_MS = 5_000
"""What was checked but could not be put in force is tried again, with growing rests."""

OnCatalogue = Callable[[Catalogue], Awaitable[None]]
OnSettings = Callable[[Settings], Awaitable[None]]

log = logging.getLogger(__name__)


class ReloadState(msgspec.Struct, frozen=True):
    """What pages and figures show of the configuration.

    ``version`` is in force ``since``; ``mistakes`` are those of the last reading at ``read`` (empty
    when it is in force); ``trouble`` says why a good reading is not in force yet.
    """

    version: str
    since: Instant
    read: Instant
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()
    trouble: str = ""


class Reload:
    """Follows one folder. ``loading`` reads it (``lambda: load(folder)``), in a thread.

    ``on_loaded`` hears of every version that is in force, for the history.
    """

    def __init__(
        self,
        first: Loaded,
        loading: Callable[[], Loaded],
        on_catalogue: OnCatalogue,
        on_settings: OnSettings,
        clock: Clock,
        on_loaded: Callable[[Loaded], Awaitable[None]] | None = None,
    ) -> None:
        if first.catalogue is None or first.settings is None:
            raise ValueError("a centre starts with a configuration without mistakes")
        self._catalogue = first.catalogue
        self._folder: Path = first.folder
        self._loading = loading
        self._on_catalogue = on_catalogue
        self._on_settings = on_settings
        self._on_loaded = on_loaded
        self._clock = clock
        self._changed = asyncio.Event()
        self._settled = asyncio.Condition()
        self._asked = 0
        self._done = 0
        self._task: asyncio.Task[None] | None = None
        self._watch: FolderWatch | None = None
        now = clock.now()
        self._state = ReloadState(
            version=first.catalogue.version, since=now, read=now, warnings=first.warnings
        )

    @property
    def state(self) -> ReloadState:
        """How things stand."""
        return self._state

    async def start(self) -> None:
        """Begin to watch; what changed since the first reading is noticed too."""
        loop = asyncio.get_running_loop()

        def changed() -> None:
            loop.call_soon_threadsafe(self._note)

        self._watch = FolderWatch(self._folder, changed)
        try:
            await asyncio.to_thread(self._watch.start)
        except OSError as error:
            log.warning("changes of the configuration are noticed on request only: %s", error)
        self._task = asyncio.create_task(self._follow(), name="configuration")
        self._note()

    async def stop(self) -> None:
        """Stop watching; what was being put in force is finished or given up within 5 s."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=5)
            self._task = None
        if self._watch is not None:
            await asyncio.to_thread(self._watch.stop)
            self._watch = None

    def request(self) -> None:
        """Read the folder soon, without waiting for it (SIGHUP)."""
        self._note()

    async def reload(self) -> ReloadState:
        """Read the folder now (a signal, the administration) and wait until that is done.

        Raises Overloaded after 30 s without an answer; it goes on all the same.
        """
        self._note()
        asked = self._asked
        try:
            async with self._settled, asyncio.timeout(SETTLED_MS / 1_000):
                await self._settled.wait_for(lambda: self._done >= asked)
        except TimeoutError:
            raise Overloaded("the configuration is still being read") from None
        return self._state

    def _note(self) -> None:
        self._asked += 1
        self._changed.set()

    async def _follow(self) -> None:
        rest_ms = 0
        while True:
            if rest_ms:
                await _or_timeout(self._changed.wait(), rest_ms)
            else:
                await self._changed.wait()
            await self._quiet()
            asked = self._asked
            try:
                good = await self._once()
            except Exception:
                # A fault of ours must not end the watching: the next change gets its chance.
                log.exception("the configuration could not be read")
                good = False
            rest_ms = 0 if good else min(max(2 * rest_ms, RETRY_FIRST_MS), RETRY_MAX_MS)
            async with self._settled:
                self._done = asked
                self._settled.notify_all()

    async def _quiet(self) -> None:
        """Wait until nothing has changed for a moment."""
        loop = asyncio.get_running_loop()
        latest = loop.time() + QUIET_MAX_MS / 1_000
        while self._changed.is_set() and loop.time() < latest:
            self._changed.clear()
            await _or_timeout(self._changed.wait(), QUIET_MS)
        self._changed.clear()

    async def _once(self) -> bool:
        """Read once; False when a good configuration could not be put in force yet."""
        loaded = await asyncio.to_thread(self._loading)
        if self._watch is not None:
            await asyncio.to_thread(self._watch.arm)
        now = self._clock.now()
        if loaded.catalogue is None or loaded.settings is None:
            self._refuse(loaded, now)
            return True
        trouble = await self._put_in_force(loaded.catalogue, loaded.settings)
        self._state = msgspec.structs.replace(
            self._state, read=now, mistakes=(), warnings=loaded.warnings, trouble=trouble
        )
        if not trouble and self._state.version != loaded.catalogue.version:
            self._state = msgspec.structs.replace(
                self._state, version=loaded.catalogue.version, since=now
            )
            log.info(
                "configuration in force",
                extra={"event": "configuration", "version": loaded.catalogue.version},
            )
        if not trouble and self._on_loaded is not None:
            await self._on_loaded(loaded)
        return not trouble

    def _refuse(self, loaded: Loaded, now: Instant) -> None:
        if loaded.mistakes != self._state.mistakes:
            log.error(
                "configuration refused, the former one stays in force: %s",
                "; ".join(str(mistake) for mistake in loaded.mistakes[:5]),
                extra={"event": "configuration_refused", "mistakes": len(loaded.mistakes)},
            )
        self._state = msgspec.structs.replace(
            self._state, read=now, mistakes=loaded.mistakes, warnings=loaded.warnings, trouble=""
        )

    async def _put_in_force(self, catalogue: Catalogue, settings: Settings) -> str:
        """Hand over what differs; the reason when somebody could not take it."""
        try:
            # Settings first: they may fail (a port is taken), and then nothing shall have changed.
            # They are handed over each time, since a file they name may have changed.
            await self._on_settings(settings)
            if catalogue.version != self._catalogue.version:
                await self._on_catalogue(catalogue)
                self._catalogue = catalogue
        except (CarillonError, OSError) as error:
            log.warning(
                "configuration not in force yet: %s",
                error,
                extra={"event": "configuration_delayed"},
            )
            return str(error)
        return ""


async def _or_timeout(waiting: Awaitable[object], timeout_ms: int) -> None:
    try:
        await asyncio.wait_for(waiting, timeout_ms / 1_000)
    except TimeoutError:
        return
