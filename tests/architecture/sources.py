"""The tracked files, read once, for every rule that looks at the source text."""

from __future__ import annotations

import ast
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("router", "channels", "agent_desktop", "ivr", "reporting", "config")


@functools.cache
def tracked() -> tuple[Path, ...]:
    """Every file of this checkout that git knows or would take, so that new ones are judged too."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    paths = {ROOT / name.decode() for name in listed.split(b"\0") if name}
    return tuple(sorted(path for path in paths if path.is_file()))


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
