"""Check a configuration folder: every mistake at once, with file and line, then warnings.

Exit code 0: it can be used (warnings do not count). 1: there are mistakes. 2: called wrongly.
"""

import argparse
import sys
from datetime import UTC, date, datetime

import msgspec

from config.check import Loaded, load
from config.folder import add_folder
from router.storage.system import SystemClock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``carillon check``."""
    add_folder(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Check and print; 0 when the configuration can be used, else 1."""
    loaded = load(arguments.folder, today=today())
    sys.stdout.write(as_json(loaded) if arguments.json else as_text(loaded))
    return 1 if loaded.mistakes else 0


def today() -> date:
    """The date, in UTC."""
    return datetime.fromtimestamp(SystemClock().now() / 1_000, UTC).date()


def as_text(loaded: Loaded) -> str:
    """All mistakes, then all warnings, a line each, and a closing line that counts them."""
    lines = [f"mistake  {each}" for each in loaded.mistakes]
    lines += [f"warning  {each}" for each in loaded.warnings]
    if loaded.left_out:
        lines.append(f"... and {loaded.left_out} more")
    if loaded.catalogue is not None:
        lines.append(
            f"{loaded.folder}: {len(loaded.catalogue.queues)} queues,"
            f" {len(loaded.catalogue.agents)} agents, {len(loaded.catalogue.rules.rules)} rules;"
            f" version {loaded.catalogue.version}; {_count(len(loaded.warnings), 'warning')}"
        )
    else:
        mistakes = _count(len(loaded.mistakes) + loaded.left_out, "mistake")
        lines.append(f"{loaded.folder}: {mistakes}; it cannot be used")
    return "\n".join(lines) + "\n"


def as_json(loaded: Loaded) -> str:
    """``{"ok", "folder", "version", "mistakes", "warnings"}`` for programs."""
    answer = {
        "ok": not loaded.mistakes,
        "folder": str(loaded.folder),
        "version": loaded.catalogue.version if loaded.catalogue is not None else None,
        "mistakes": loaded.mistakes,
        "warnings": loaded.warnings,
        "left_out": loaded.left_out,
    }
    return msgspec.json.encode(answer).decode() + "\n"


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"
