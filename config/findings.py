"""What is wrong with a configuration and where: mistakes, warnings, places and suggestions."""

import difflib
import re
from collections.abc import Iterable, Mapping

import msgspec
from typing_extensions import override

FieldPath = tuple[str | int, ...]
"""A field as the keys that lead to it: ``("queue", "billing", "plan")``; indices are integers."""

MISTAKES_KEPT = 500
"""More than this many mistakes of one configuration are counted, not listed."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Place(msgspec.Struct, frozen=True):
    """Where something stands: line and column count from 1; 0 is "not known"."""

    file: str
    line: int = 0
    column: int = 0


class Mistake(msgspec.Struct, frozen=True):
    """One finding: the place, the dotted field and a sentence that says what is wrong."""

    file: str
    line: int
    column: int
    field: str
    message: str

    @override
    def __str__(self) -> str:
        """The line a person reads: ``queues.toml:12:1: queue.billing.plan: ...``."""
        place = self.file or "configuration"
        if self.line:
            place += f":{self.line}:{self.column}" if self.column else f":{self.line}"
        return (
            f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"
        )


def dotted(path: FieldPath) -> str:
    """The path as people write it: ``plan.patient.step[2].when``, keys quoted where TOML must."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        key = part if _BARE_KEY.fullmatch(part) else '"' + part.replace('"', '\\"') + '"'
        text += f".{key}" if text else key
    return text


def undotted(field: str) -> FieldPath:
    """The path of a dotted field: ``sites[1].origin`` or ``sites.1.origin``; ``"a.b".c`` is two."""
    parts = re.findall(r'"([^"]*)"|([^.\[\]"]+)', field)
    return tuple(quoted or (int(part) if part.isdecimal() else part) for quoted, part in parts)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A closing sentence with the nearest known name, or the known ones when they are few."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.7)
    if not near:
        near = [name for name in names if name.lower() == word.lower()]
    if near:
        return f'; did you mean "{near[0]}"?'
    if 0 < len(names) <= 8:
        return "; known: " + ", ".join(names)
    return ""


class Findings:
    """Collects mistakes and warnings; knows the place of each field of the text that was read."""

    def __init__(self, places: Mapping[FieldPath, Place] | None = None) -> None:
        self.places: dict[FieldPath, Place] = dict(places or {})
        self._mistakes: dict[Mistake, None] = {}
        self._warnings: dict[Mistake, None] = {}
        self.left_out = 0

    def place(self, path: FieldPath) -> Place:
        """The place of a field, or of the nearest table around it."""
        for length in range(len(path), 0, -1):
            if (found := self.places.get(path[:length])) is not None:
                return found
        return self.places.get((), Place(""))

    def written(self, path: FieldPath) -> bool:
        """Whether the text says anything at this very path (right or wrong)."""
        return path in self.places

    def wrong_at(self, path: FieldPath) -> bool:
        """Whether a mistake was noted at this very field."""
        field = dotted(path)
        return any(mistake.field == field for mistake in self._mistakes)

    def mistake(self, path: FieldPath, message: str, *, at: Place | None = None) -> None:
        """Note what must be put right before this configuration can be used."""
        self._note(self._mistakes, path, message, at)

    def warning(self, path: FieldPath, message: str, *, at: Place | None = None) -> None:
        """Note what can be used but is hardly meant."""
        self._note(self._warnings, path, message, at)

    def _note(
        self, into: dict[Mistake, None], path: FieldPath, message: str, at: Place | None
    ) -> None:
        place = at or self.place(path)
        found = Mistake(place.file, place.line, place.column, dotted(path), message)
        if len(into) >= MISTAKES_KEPT and found not in into:
            self.left_out += 1
            return
        into[found] = None

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The mistakes in the order of the text."""
        return _in_order(self._mistakes)

    @property
    def warnings(self) -> tuple[Mistake, ...]:
        """The warnings in the order of the text."""
        return _in_order(self._warnings)


def _in_order(found: Iterable[Mistake]) -> tuple[Mistake, ...]:
    return tuple(sorted(found, key=lambda each: (each.file, each.line, each.column)))
