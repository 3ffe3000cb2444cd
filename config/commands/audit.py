"""Verify the audit: whether a line of who did and changed what was changed, left out or put in.

Exit code 0: the chain holds and every signed checkpoint fits it. 1: it does not, and the first bad
line is named. ``key`` prints the public key: kept elsewhere, with checkpoints collected from the
log, it shows what whoever owns this machine did to the files.
"""

import argparse
import sys
from pathlib import Path

import msgspec

from agent_desktop.audit import Verdict
from config.audit import verify
from config.check import load
from config.checkpoints import Marks, pem_of, public_key
from config.folder import add_folder
from config.settings_types import StorageSettings
from router.model.errors import InvalidInput


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``carillon audit``."""
    parser.add_argument("action", nargs="?", choices=["verify", "key"], default="verify")
    add_folder(parser)
    parser.add_argument("--file", type=Path, help="the file itself, of a copy for example")
    parser.add_argument("--checkpoints", type=Path, help="signed checkpoints kept elsewhere")
    parser.add_argument("--public-key", type=Path, help="the key they are signed with, as PEM")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Verify and print, or print the public key."""
    if arguments.action == "key":
        sys.stdout.write(pem_of(public_key(_storage(arguments.folder).audit_key_file)))
        return 0
    verdict = _verify(arguments)
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(verdict).decode() + "\n")
    elif verdict.first_bad is None:
        sys.stdout.write(
            f"{verdict.entries} lines, none was changed; the last one is {verdict.last}\n"
            f"{verdict.checkpoints} checkpoints, signed to line {verdict.signed_to}\n"
        )
    else:
        sys.stdout.write(f"line {verdict.first_bad} {verdict.reason}\n")
    return 0 if verdict.first_bad is None else 1


def _verify(arguments: argparse.Namespace) -> Verdict:
    """With the centre's own key and checkpoints, where no others are named.

    A file alone, without both, is followed by its hashes only.
    """
    file, marks, key = arguments.file, arguments.checkpoints, arguments.public_key
    if file is None or (marks is None) != (key is None):
        storage = _storage(arguments.folder)
        file, marks = file or storage.audit_file, marks or storage.checkpoints_file
        key = key or storage.audit_key_file
    if marks is None or (not key.exists() and not marks.exists()):
        return verify(file)
    return verify(file, Marks(marks, public_key(key)))


def _storage(folder: Path) -> StorageSettings:
    loaded = load(folder)
    if loaded.settings is None:
        raise InvalidInput(f"{loaded.folder} cannot be used; see: carillon check")
    return loaded.settings.storage
