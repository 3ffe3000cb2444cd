"""Verify the audit: whether a line of who did and changed what was changed, left out or put in.

Exit code 0: the chain holds. 1: it does not, and the first bad line is named. The hash of the last
line, kept elsewhere, shows whether the end was cut off.
"""

import argparse
import sys
from pathlib import Path

import msgspec

from config.audit import verify
from config.check import load
from config.folder import add_folder
from router.model.errors import InvalidInput


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``carillon audit``."""
    parser.add_argument("action", nargs="?", choices=["verify"], default="verify")
    add_folder(parser)
    parser.add_argument("--file", type=Path, help="the file itself, of a copy for example")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Verify and print."""
    verdict = verify(arguments.file or _file(arguments.folder))
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(verdict).decode() + "\n")
    elif verdict.first_bad is None:
        sys.stdout.write(
            f"{verdict.entries} lines, none was changed; the last one is {verdict.last}\n"
        )
    else:
        sys.stdout.write(f"line {verdict.first_bad} {verdict.reason}\n")
    return 0 if verdict.first_bad is None else 1


def _file(folder: Path) -> Path:
    loaded = load(folder)
    if loaded.settings is None:
        raise InvalidInput(f"{loaded.folder} cannot be used; see: carillon check")
    return loaded.settings.storage.audit_file
