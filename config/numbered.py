"""Records in a folder, a JSON file each, named by their number; each is written as a whole."""

import re
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from router.model.errors import NotFound, StorageFailed
from router.storage.durable_files import write_durably

Kind = TypeVar("Kind", bound=msgspec.Struct)
Other = TypeVar("Other", bound=msgspec.Struct)

_FILE = re.compile(r"(\d{8})\.json")


class NumberedFiles(Generic[Kind]):
    """The records of one folder. ``what`` names one in errors. All methods block."""

    def __init__(self, folder: Path, kind: type[Kind], what: str) -> None:
        self._folder = folder
        self._kind = kind
        self._what = what

    def numbers(self) -> list[int]:
        """The numbers that are there, the oldest first."""
        if not self._folder.is_dir():
            return []
        matches = (_FILE.fullmatch(path.name) for path in self._folder.iterdir())
        return sorted(int(match.group(1)) for match in matches if match)

    def read(self, number: int) -> Kind:
        """One record. Raises NotFound, or StorageFailed when it cannot be read."""
        return self.read_as(number, self._kind)

    def read_as(self, number: int, kind: type[Other]) -> Other:
        """One record, or as much of it as ``kind`` has. Raises as ``read`` does."""
        try:
            return msgspec.json.decode(self._path(number).read_bytes(), type=kind)
        except FileNotFoundError:
            raise NotFound(f"there is no {self._what} {number}") from None
        except (OSError, msgspec.MsgspecError) as error:
            raise StorageFailed(f"{self._what} {number}: {error}") from error

    def write(self, number: int, record: Kind) -> None:
        """Keep a record, durably. Raises StorageFailed."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(self._path(number), msgspec.json.encode(record))
        except OSError as error:
            raise StorageFailed(f"{self._what} {number}: {error}") from error

    def forget(self, number: int) -> None:
        """Let a record go. Raises StorageFailed."""
        try:
            self._path(number).unlink(missing_ok=True)
        except OSError as error:
            raise StorageFailed(f"{self._what} {number}: {error}") from error

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08}.json"
