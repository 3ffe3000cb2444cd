"""The tracked files, read once, for every rule that looks at the source text."""

from __future__ import annotations

import ast
import functools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("router", "channels", "agent_desktop", "ivr", "reporting", "config")


@functools.cache
def tracked() -> tuple[Path, ...]:
    """Every file of this checkout that git knows or would take, so that new ones are judged too.

    A copy of the project without its history is judged whole, but for what is made here.
    """
    if not (ROOT / ".git").exists():
        return tuple(sorted(_everything()))
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    paths = {ROOT / name.decode() for name in listed.split(b"\0") if name}
    return tuple(sorted(path for path in paths if path.is_file()))


def _everything() -> Iterator[Path]:
    made = {"node_modules", "__pycache__", "static", "build", "dist", "site"}
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if name not in made and name[0] != "."]
        yield from (Path(folder) / name for name in names)


def text_of(path: Path) -> str | None:
    """The text of a file, or None for one that is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


@functools.cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """The Python files below these top-level folders; all of them when none is named."""
    return tuple(
        path
        for path in tracked()
        if path.suffix == ".py" and (not folders or path.relative_to(ROOT).parts[0] in folders)
    )


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def place(path: Path, line: int) -> str:
    """`folder/file.py:12`, as editors understand it."""
    return f"{path.relative_to(ROOT).as_posix()}:{line}"
