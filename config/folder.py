"""Which folder holds the configuration."""

import argparse
import os
from pathlib import Path

FOLDER_VARIABLE = "CARILLON_CONFIG"
DEFAULT_FOLDER = Path("centre")


def configuration_folder() -> Path:
    """The folder named by ``$CARILLON_CONFIG``, else ``centre`` in the current folder."""
    return Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Add the argument ``--folder``, which every command with a configuration has."""
    parser.add_argument(
        "--folder",
        type=Path,
        default=configuration_folder(),
        help=f"the configuration's folder (default: ${FOLDER_VARIABLE}, else ./{DEFAULT_FOLDER})",
    )
