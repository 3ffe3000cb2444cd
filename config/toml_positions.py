"""Where each key of a TOML text stands.

``tomllib`` says what a text means but not where a key stood, so a mistake found later could not
name its line. This scanner reads a text that ``tomllib`` has already accepted, understands just
enough of TOML 1.0 to find keys and array items, and gives their positions; it never decides what
a value is. ``docs/decisions/0005-positions-of-keys-in-toml.md`` has the reasons.
"""

import re
import tomllib
from bisect import bisect_right

from config.findings import FieldPath

Position = tuple[int, int]
"""Line and column, both from 1, columns in characters."""

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def key_positions(text: str) -> dict[FieldPath, Position]:
    """The position of every table, key and array item of a valid TOML text, by its path.

    A table written in several places has the position of the first one. Raises ValueError when
    the text is not TOML (call it after ``tomllib.loads`` has accepted the text).
    """
    return _Scanner(text.replace("\r\n", "\n")).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._found: dict[FieldPath, Position] = {}
        self._array_tables: dict[FieldPath, int] = {}

    def scan(self) -> dict[FieldPath, Position]:
        table: FieldPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[[", self._at):
                table = self._header("]]", many=True)
            elif self._text.startswith("[", self._at):
                table = self._header("]", many=False)
            else:
                self._key_and_value(table)
            self._skip(_BLANK)
        return self._found

    def _header(self, closing: str, *, many: bool) -> FieldPath:
        start = self._at
        self._at += len(closing)
        keys = self._key()
        self._expect(closing)
        path: FieldPath = ()
        for key, _ in keys[:-1]:
            path = self._latest((*path, key))
            self._note(path, start)
        path = (*path, keys[-1][0])
        self._note(path, start)
        if not many:
            return self._latest(path)
        index = self._array_tables.get(path, -1) + 1
        self._array_tables[path] = index
        self._note((*path, index), start)
        return (*path, index)

    def _latest(self, path: FieldPath) -> FieldPath:
        """The path into the last element where the path names an array of tables."""
        index = self._array_tables.get(path)
        return path if index is None else (*path, index)

    def _key(self) -> list[tuple[str, int]]:
        parts: list[tuple[str, int]] = []
        while True:
            self._skip(_SPACE)
            start = self._at
            raw = self._match(_KEY_PART)
            parts.append((_plain(raw), start))
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _key_and_value(self, table: FieldPath) -> None:
        path = table
        for key, start in self._key():
            path = (*path, key)
            self._note(path, start)
        self._expect("=")
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: FieldPath) -> None:
        first = self._text[self._at : self._at + 1]
        if first == "[":
            self._items(path)
        elif first == "{":
            self._inline_table(path)
        elif first in {'"', "'"}:
            self._match(_STRING)
        else:
            self._match(_SCALAR)

    def _items(self, path: FieldPath) -> None:
        self._at += 1
        index = 0
        self._skip(_BLANK)
        while not self._text.startswith("]", self._at):
            self._note((*path, index), self._at)
            self._value((*path, index))
            index += 1
            self._comma(_BLANK)
        self._at += 1

    def _inline_table(self, path: FieldPath) -> None:
        self._at += 1
        self._skip(_BLANK)
        while not self._text.startswith("}", self._at):
            self._key_and_value(path)
            self._comma(_BLANK)
        self._at += 1

    def _comma(self, blank: re.Pattern[str]) -> None:
        self._skip(blank)
        if self._text.startswith(",", self._at):
            self._at += 1
            self._skip(blank)

    def _note(self, path: FieldPath, offset: int) -> None:
        if path not in self._found:
            line = bisect_right(self._line_starts, offset)
            self._found[path] = (line, offset - self._line_starts[line - 1] + 1)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if (match := pattern.match(self._text, self._at)) is not None:
            self._at = match.end()

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"not TOML at character {self._at}")
        self._at = match.end()
        return match.group()

    def _expect(self, text: str) -> None:
        self._skip(_SPACE)
        if not self._text.startswith(text, self._at):
            raise ValueError(f"expected {text!r} at character {self._at}")
        self._at += len(text)


def _plain(raw: str) -> str:
    """A key part without its quotes; ``tomllib`` itself resolves the escapes."""
    if raw[0] == '"':
        return next(iter(tomllib.loads(f"{raw}=0")))
    return raw[1:-1] if raw[0] == "'" else raw
