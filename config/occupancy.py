"""One running centre in a storage folder: a second one is told so instead of taking the lead."""

import fcntl
import os
from pathlib import Path

from router.model.errors import Refused, StorageFailed

LOCK_FILE = "lock"


class Occupancy:
    """Holds a folder from ``take`` to ``release``, or to the end of the process, however it ends.

    The system keeps the lock (``flock``), so nothing is left behind by a process that was killed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: int | None = None

    def take(self) -> None:
        """Hold the folder. Raises Refused (``occupied``) naming the process that has it."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(
                self._folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise StorageFailed(f"{self._folder}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise Refused(
                f"a centre runs in {self._folder} already (process {holder or 'unknown'});"
                " stop it, or start this one with another folder: --folder NAME",
                code="occupied",
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._held = descriptor

    def release(self) -> None:
        """Let the folder go."""
        if self._held is not None:
            os.close(self._held)
            self._held = None
