"""Reads the TOML files of one folder into one tree of sections, with the place of every key.

Every ``*.toml`` of the folder that is not hidden is read, and ``channels/NAME.toml`` as the table
``channels.NAME``. Which section stands in which file is up to the writer; the same name may stand
only once.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from config.findings import FieldPath, Findings, Place
from config.toml_positions import key_positions

FILE_MAX_BYTES = 4 * 1024 * 1024
FILES_MAX = 200
"""Bounds of one configuration: 200 files of 4 MiB at most."""

_AT = re.compile(r"\(at line (\d+), column (\d+)\)$")


class TomlFolder(msgspec.Struct):
    """What the files say: the merged tree, the text of each file, and where everything stands.

    ``whole`` is false when a file could not be read or parsed: what it says is not known then.
    """

    folder: Path
    tree: dict[str, Any]
    texts: dict[str, str]
    findings: Findings
    whole: bool = True


def read_folder(folder: Path) -> TomlFolder:
    """Read all files; what cannot be read or parsed is a mistake with its line, never an error.

    A folder that does not exist is a mistake too; an empty one gives an empty tree.
    """
    found = TomlFolder(folder, {}, {}, Findings({(): Place(str(folder))}))
    if not folder.is_dir():
        found.findings.mistake((), "there is no such folder")
        return found
    paths = [*_toml_files(folder), *_toml_files(folder / "channels")]
    for path in paths[:FILES_MAX]:
        name = path.relative_to(folder).as_posix()
        add_text(found, name, _text_of(path, name, found.findings))
    if len(paths) > FILES_MAX:
        found.findings.mistake((), f"has {len(paths)} files; {FILES_MAX} at most are read")
    return found


def folder_of(folder: Path, texts: Mapping[str, str]) -> TomlFolder:
    """A folder as it would be with these texts by file name; nothing is read."""
    found = TomlFolder(folder, {}, {}, Findings({(): Place(str(folder))}))
    for name in sorted(texts):
        add_text(found, name, texts[name])
    return found


def _toml_files(folder: Path) -> list[Path]:
    """The TOML files of a folder by name, without hidden ones (editors put theirs there)."""
    return sorted(path for path in folder.glob("*.toml") if not path.name.startswith("."))


def add_text(found: TomlFolder, name: str, text: str | None) -> None:
    """Parse one file's text and merge it; ``None`` was not readable.

    The name decides: ``channels/mail.toml`` is the table ``channels.mail``.
    """
    if text is None:
        found.whole = False
        return
    found.texts[name] = text
    parsed = _parsed(text, name, found.findings)
    if parsed is None:
        found.whole = False
        return
    tree, places = parsed
    prefix = tuple(Path(name).with_suffix("").parts) if "/" in name else ()
    for key in reversed(prefix):
        tree = {key: tree}
    placed: dict[FieldPath, Place] = {(*prefix, *path): at for path, at in places.items()}
    for length in range(1, len(prefix) + 1):
        placed.setdefault(prefix[:length], Place(name, 1, 1))
    _merge(found, tree, placed)


def parse_text(text: str, name: str) -> TomlFolder:
    """One text by itself, as for the defaults that come with the program."""
    alone = TomlFolder(Path(), {}, {}, Findings({(): Place(name)}))
    add_text(alone, name, text)
    return alone


def _text_of(path: Path, name: str, findings: Findings) -> str | None:
    try:
        with path.open("rb") as stream:
            content = stream.read(FILE_MAX_BYTES + 1)
    except OSError as error:
        findings.mistake((), f"cannot be read: {error.strerror}", at=Place(name))
        return None
    if len(content) > FILE_MAX_BYTES:
        findings.mistake((), "is longer than 4 MiB", at=Place(name))
        return None
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        findings.mistake((), "is not UTF-8 text", at=Place(name, line))
        return None


def _parsed(
    text: str, name: str, findings: Findings
) -> tuple[dict[str, Any], dict[FieldPath, Place]] | None:
    try:
        tree = tomllib.loads(text)
        positions = key_positions(text)
    except tomllib.TOMLDecodeError as error:
        place, reason = _syntax_place(str(error), text, name)
        findings.mistake((), f"is not valid TOML: {reason}", at=place)
        return None
    except RecursionError:
        findings.mistake((), "is nested too deeply", at=Place(name))
        return None
    return tree, {path: Place(name, line, column) for path, (line, column) in positions.items()}


def _syntax_place(message: str, text: str, name: str) -> tuple[Place, str]:
    if (match := _AT.search(message)) is not None:
        place = Place(name, int(match.group(1)), int(match.group(2)))
        return place, message[: match.start()].rstrip()
    place = Place(name, text.rstrip("\n").count("\n") + 1)
    return place, message.removesuffix("(at end of document)").rstrip()


def _merge(found: TomlFolder, tree: dict[str, Any], places: dict[FieldPath, Place]) -> None:
    """Merge sections; within a section each name may stand in one file only."""
    refused: list[FieldPath] = []
    for section, value in tree.items():
        known = found.tree.setdefault(section, value)
        if known is value:
            continue
        if isinstance(known, dict) and isinstance(value, dict):
            for key in value:
                if key in known:
                    refused.append((section, key))
                else:
                    known[key] = value[key]
        else:
            refused.append((section,))
    for path in refused:
        first = found.findings.place(path)
        message = f"stands already in {first.file}, line {first.line}"
        found.findings.mistake(path, message, at=places.get(path))
    for path, place in places.items():
        if not any(path[: len(each)] == each for each in refused):
            found.findings.places.setdefault(path, place)
