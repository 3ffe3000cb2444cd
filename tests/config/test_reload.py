"""Live reload: under a second, all or nothing, and never a loss (issue: changes apply live)."""

from __future__ import annotations

import asyncio
import os
import queue
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.check import Loaded, load
from config.reload import Reload
from config.settings_types import Settings
from config.watching import FolderWatch
from router.model.catalogue import Catalogue
from router.model.errors import Overloaded
from router.storage.system import SystemClock
from tests.config.support import CENTRE, with_line, write

DEADLINE_S = 10.0
"""Only so that a broken reload fails; what is promised is asserted apart."""


class Centre:
    """What takes over a configuration, and what it was given."""

    def __init__(self) -> None:
        self.catalogues: list[Catalogue] = []
        self.settings: list[Settings] = []
        self.versions: list[str] = []
        self.refusals = 0
        self.news = asyncio.Condition()

    async def take_catalogue(self, catalogue: Catalogue) -> None:
        if self.refusals:
            self.refusals -= 1
            raise Overloaded("the mailbox is full")
        self.catalogues.append(catalogue)
        await self.tell()

    async def take_settings(self, settings: Settings) -> None:
        self.settings.append(settings)
        await self.tell()

    async def note(self, loaded: Loaded) -> None:
        assert loaded.catalogue is not None
        self.versions.append(loaded.catalogue.version)
        await self.tell()

    async def tell(self) -> None:
        async with self.news:
            self.news.notify_all()

    async def until(self, there: Callable[[], bool]) -> None:
        async with self.news:
            await asyncio.wait_for(self.news.wait_for(there), DEADLINE_S)


def read(folder: Path) -> Loaded:
    return load(folder, environment={}, channels={})


@asynccontextmanager
async def following(folder: Path) -> AsyncIterator[tuple[Centre, Reload]]:
    """A running reload over the small centre, its first reading done."""
    centre = Centre()
    reload = Reload(
        read(folder),
        lambda: read(folder),
        centre.take_catalogue,
        centre.take_settings,
        SystemClock(),
        centre.note,
    )
    await reload.start()
    try:
        await centre.until(lambda: len(centre.versions) == 1)
        yield centre, reload
    finally:
        await reload.stop()


def with_centre(folder: Path, story: Callable[[Centre, Reload], Awaitable[None]]) -> None:
    async def tell() -> None:
        async with following(write(folder, CENTRE)) as (centre, reload):
            await asyncio.wait_for(story(centre, reload), DEADLINE_S)

    asyncio.run(tell())


def target_ms(catalogue: Catalogue) -> int:
    sales = next(each for name, each in catalogue.queues.items() if name == "sales")
    return next(iter(sales.target_ms.values()))


def test_a_changed_file_is_in_force_within_a_second(tmp_path: Path) -> None:
    async def story(centre: Centre, reload: Reload) -> None:
        loop = asyncio.get_running_loop()
        before = loop.time()
        write(tmp_path, with_line("queues.toml", '"30 s"', '"31 s"'))
        await centre.until(lambda: bool(centre.catalogues))
        assert loop.time() - before < 1
        assert target_ms(centre.catalogues[-1]) == 31_000
        assert len(set(map(repr, centre.settings))) == 1
        await reload.reload()
        assert reload.state.version == centre.catalogues[-1].version
        assert reload.state.mistakes == ()

    with_centre(tmp_path, story)


def test_a_wrong_file_changes_nothing_and_its_mistakes_are_shown(tmp_path: Path) -> None:
    async def story(centre: Centre, reload: Reload) -> None:
        version = reload.state.version
        write(tmp_path, with_line("queues.toml", '"patient"', '"patent"'))
        state = await reload.reload()
        assert state.version == version
        assert [mistake.field for mistake in state.mistakes] == ["queue.sales.plan"]
        assert centre.catalogues == []
        write(tmp_path, with_line("queues.toml", '"30 s"', '"32 s"'))
        state = await reload.reload()
        assert state.mistakes == ()
        assert target_ms(centre.catalogues[-1]) == 32_000

    with_centre(tmp_path, story)


def test_many_changes_at_once_end_with_the_last_one(tmp_path: Path) -> None:
    async def story(centre: Centre, reload: Reload) -> None:
        for seconds in range(100, 150):
            write(tmp_path, with_line("queues.toml", '"30 s"', f'"{seconds} s"'))
            await asyncio.sleep(0)
        await centre.until(
            lambda: bool(centre.catalogues) and target_ms(centre.catalogues[-1]) == 149_000
        )
        assert len(centre.catalogues) < 10

    with_centre(tmp_path, story)


def test_a_file_that_takes_the_place_of_another_is_noticed(tmp_path: Path) -> None:
    """Editors and the administration write aside and rename."""

    async def story(centre: Centre, reload: Reload) -> None:
        aside = write(tmp_path / "aside", with_line("queues.toml", '"30 s"', '"33 s"'))
        os.replace(aside / "queues.toml", tmp_path / "queues.toml")
        await centre.until(lambda: bool(centre.catalogues))
        assert target_ms(centre.catalogues[-1]) == 33_000

    with_centre(tmp_path, story)


def test_a_new_channel_folder_is_watched_too(tmp_path: Path) -> None:
    async def story(centre: Centre, reload: Reload) -> None:
        write(tmp_path, {"channels/pigeon.toml": "wings = 2\n"})
        state = await reload.reload()
        assert [mistake.file for mistake in state.mistakes] == ["channels/pigeon.toml"]
        write(tmp_path, with_line("queues.toml", '"30 s"', '"34 s"'))
        (tmp_path / "channels" / "pigeon.toml").unlink()
        await centre.until(lambda: bool(centre.catalogues))
        assert target_ms(centre.catalogues[-1]) == 34_000

    with_centre(tmp_path, story)


def test_a_folder_that_is_taken_away_and_put_back_is_followed_on(tmp_path: Path) -> None:
    folder = tmp_path / "centre"

    async def story(centre: Centre, reload: Reload) -> None:
        version = reload.state.version
        shutil.rmtree(folder)
        state = await reload.reload()
        assert state.version == version
        assert [mistake.message for mistake in state.mistakes] == ["there is no such folder"]
        write(folder, with_line("queues.toml", '"30 s"', '"35 s"'))
        await centre.until(lambda: bool(centre.catalogues))
        write(folder, with_line("queues.toml", '"30 s"', '"36 s"'))
        await centre.until(lambda: target_ms(centre.catalogues[-1]) == 36_000)

    with_centre(folder, story)


def test_settings_that_changed_are_handed_over_alone(tmp_path: Path) -> None:
    async def story(centre: Centre, reload: Reload) -> None:
        write(tmp_path, {"site.toml": '[site]\nname = "Other"\n'})
        await centre.until(lambda: centre.settings[-1].site.name == "Other")
        assert centre.catalogues == []

    with_centre(tmp_path, story)


def test_what_cannot_be_taken_now_is_tried_again(tmp_path: Path) -> None:
    async def story(centre: Centre, reload: Reload) -> None:
        centre.refusals = 2
        write(tmp_path, with_line("queues.toml", '"30 s"', '"37 s"'))
        state = await reload.reload()
        assert state.trouble == "the mailbox is full"
        await centre.until(lambda: len(centre.versions) == 2)
        assert target_ms(centre.catalogues[-1]) == 37_000
        assert reload.state.trouble == ""
        assert reload.state.version == centre.catalogues[-1].version

    with_centre(tmp_path, story)


def test_reading_the_files_is_no_change(tmp_path: Path) -> None:
    """The check itself opens every file; that must not start it again."""
    folder = write(tmp_path / "centre", CENTRE)
    aside = write(tmp_path / "aside", CENTRE)
    called = queue.SimpleQueue[None]()
    watch = FolderWatch(folder, lambda: called.put(None))
    watch.start()
    try:
        for path in folder.glob("*.toml"):
            path.read_bytes()
        (folder / "notes.txt").write_text("nothing of ours", encoding="utf-8")
        (folder / ".queues.toml").write_text("an editor's own", encoding="utf-8")
        os.replace(aside / "queues.toml", folder / "queues.toml")
        called.get(timeout=DEADLINE_S)
    finally:
        watch.stop()
    assert called.qsize() < 3, "one file was exchanged, no other was"


def test_a_centre_does_not_start_with_mistakes(tmp_path: Path) -> None:
    async def ignore(_: object) -> None:
        return None

    wrong = read(write(tmp_path, {"queues.toml": "["}))
    with pytest.raises(ValueError, match="without mistakes"):
        Reload(wrong, lambda: wrong, ignore, ignore, SystemClock())
