"""The versions of a configuration: every text that was in force, who put it there, when and why."""

import difflib
import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from config.numbered import NumberedFiles
from router.model.ids import Instant
from router.ports import Clock

VERSIONS_MAX = 2_000
"""Older versions go; interactions they decided still name them."""

ANNOUNCED_MAX = 100


class VersionHead(msgspec.Struct, frozen=True, kw_only=True):
    """A version without its texts.

    ``version`` is what interactions remember, ``revision`` the digest of the text. ``by`` is empty
    for a change of the files by hand.
    """

    number: int
    at: Instant
    by: str
    why: str
    version: str
    revision: str


class Version(VersionHead, frozen=True, kw_only=True):
    """One version with the text of each file."""

    texts: dict[str, str]


def revision_of(texts: Mapping[str, str]) -> str:
    """The digest of the files' texts: what an editor must have seen to change them."""
    digest = hashlib.sha256()
    for name in sorted(texts):
        for part in (name, texts[name]):
            data = part.encode()
            digest.update(len(data).to_bytes(8, "big"))
            digest.update(data)
    return digest.hexdigest()[:16]


class Versions:
    """A folder with a file for each version. All methods block; call them in a thread."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._files = NumberedFiles(folder, Version, "version")
        self._clock = clock
        self._announced: dict[str, tuple[str, str]] = {}

    def announce(self, revision: str, *, by: str, why: str) -> None:
        """Remember who is about to put a text in force; without it, it was changed by hand."""
        while len(self._announced) >= ANNOUNCED_MAX:
            self._announced.pop(next(iter(self._announced)))
        self._announced[revision] = (by, why)

    def record(self, texts: Mapping[str, str], version: str) -> int:
        """Keep these texts, now in force, unless they are what was kept last; their number.

        Raises StorageFailed.
        """
        numbers = self._files.numbers()
        last = self._files.read_as(numbers[-1], VersionHead) if numbers else None
        revision = revision_of(texts)
        if last is not None and (last.revision, last.version) == (revision, version):
            return last.number
        by, why = self._announced.pop(revision, ("", ""))
        entry = Version(
            number=(numbers[-1] if numbers else 0) + 1,
            at=self._clock.now(),
            by=by,
            why=why,
            version=version,
            revision=revision,
            texts=dict(texts),
        )
        self._files.write(entry.number, entry)
        for number in numbers[: max(0, len(numbers) + 1 - VERSIONS_MAX)]:
            self._files.forget(number)
        return entry.number

    def heads(self, before: int | None = None, limit: int = 50) -> list[VersionHead]:
        """The newest versions first, those before a number when one is given."""
        numbers = [each for each in self._files.numbers() if before is None or each < before]
        return [
            self._files.read_as(number, VersionHead)
            for number in reversed(numbers[-limit:] if limit else [])
        ]

    def show(self, number: int) -> Version:
        """One version with its texts. Raises NotFound."""
        return self._files.read(number)

    def difference(self, number: int, against: int | None = None) -> str:
        """What changed from the version before it (or the one named), as a unified diff."""
        after = self.show(number)
        numbers = [each for each in self._files.numbers() if each < number]
        before_number = against if against is not None else (numbers[-1] if numbers else 0)
        before = self.show(before_number).texts if before_number else {}
        return difference(before, after.texts)


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """A unified diff over all files, by name."""
    parts: list[str] = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            parts += difflib.unified_diff(
                old.splitlines(keepends=True),
                new.splitlines(keepends=True),
                f"before/{name}",
                f"after/{name}",
            )
    return "".join(line if line.endswith("\n") else line + "\n" for line in parts)
