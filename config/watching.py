"""Watching a configuration folder by the operating system's events."""

import os
from collections.abc import Callable
from pathlib import Path

from typing_extensions import override
from watchdog.events import (
    EVENT_TYPE_CLOSED_NO_WRITE,
    EVENT_TYPE_DELETED,
    EVENT_TYPE_MODIFIED,
    EVENT_TYPE_MOVED,
    EVENT_TYPE_OPENED,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import ObservedWatch

_READING = frozenset({EVENT_TYPE_OPENED, EVENT_TYPE_CLOSED_NO_WRITE})
_ENDING = frozenset({EVENT_TYPE_DELETED, EVENT_TYPE_MOVED})
_MOUNTED = "..data"
"""The link a container's mounted configuration is exchanged by, all files at once."""


class FolderWatch:
    """Calls ``changed`` (from a thread of its own) when a file that counts may have changed.

    Watched are the folder, its ``channels``, and, while the folder is missing, the one around it.
    """

    def __init__(self, folder: Path, changed: Callable[[], None]) -> None:
        self._folder = folder
        self._handler = _Changes(folder, changed)
        self._observer = Observer()
        self._watched: dict[Path, tuple[ObservedWatch, int]] = {}

    def start(self) -> None:
        """Begin; raises OSError when the system has no watches left."""
        self._observer.start()
        self.arm()

    def stop(self) -> None:
        """End, and wait for the thread."""
        self._observer.stop()
        self._observer.join()

    def arm(self) -> None:
        """Watch what is there now: folders may have come, gone or been exchanged."""
        wanted = {self._folder, self._folder / "channels"}
        if not self._folder.is_dir():
            wanted = {self._folder.parent}
        present = {path: os.stat(path).st_ino for path in wanted if path.is_dir()}
        gone, self._handler.gone = self._handler.gone, set()
        for path, (watch, inode) in list(self._watched.items()):
            if path in gone or present.get(path) != inode:
                self._observer.unschedule(watch)
                del self._watched[path]
        for path, inode in present.items():
            if path not in self._watched:
                watch = self._observer.schedule(self._handler, str(path), recursive=False)
                self._watched[path] = (watch, inode)


class _Changes(FileSystemEventHandler):
    def __init__(self, folder: Path, changed: Callable[[], None]) -> None:
        self._folders = {folder, folder / "channels"}
        self._changed = changed
        self.gone: set[Path] = set()

    @override
    def on_any_event(self, event: FileSystemEvent) -> None:
        # A folder "is modified" by anything within, which has events of its own.
        within = event.is_directory and event.event_type == EVENT_TYPE_MODIFIED
        if event.event_type in _READING or within:
            return
        places = [Path(os.fsdecode(path)) for path in (event.src_path, event.dest_path) if path]
        if event.event_type in _ENDING:
            # A folder made anew may have the number of the old one, but its watch has ended.
            self.gone.update(self._folders.intersection(places))
        if any(self._counts(place) for place in places):
            self._changed()

    def _counts(self, path: Path) -> bool:
        if path in self._folders or path.name == _MOUNTED:
            return True
        return path.suffix == ".toml" and not path.name.startswith(".")
