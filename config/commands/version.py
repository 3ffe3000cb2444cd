"""Print the version of the program."""

import argparse
import json
import platform
import sys
from importlib.metadata import version

DISTRIBUTION = "carillon-contact-centre"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``carillon version``."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print the version of Carillon and of Python."""
    found = {"carillon": version(DISTRIBUTION), "python": platform.python_version()}
    if arguments.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.write(f"carillon {found['carillon']} (Python {found['python']})\n")
    return 0
